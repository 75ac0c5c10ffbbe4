// What the check of a signed assertion costs, beside what it cannot do without: one RSA-2048 verification and
// one libxml2 parse of the message; the sum of these two is the unit of all ratios. CPU time of one thread,
// medians over interleaved rounds.
//
// A message whose assertion was seen before has one signature to verify, its own. With a new assertion there
// are two, its own and the assertion's: their ratios are also given per signature, which is half of the
// whole. The key that a new assertion binds may be known from an earlier one (a pharmacy has the same key for
// years, and a new assertion every day), or have to be decoded too.
//
// Usage: bench-callers FILE: writes the figures there as JSON, and to standard output as a table.
#include "../../tests/caller/message_maker.hpp"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

using garde::caller::assertion_checker;
using namespace garde::test;

constexpr int rounds = 15;
constexpr int messages_a_round = 200;

double cpu_us() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

/// Of one call, over as many as there are messages.
double cost_us(const std::function<void(int)>& call) {
    const double begin = cpu_us();
    for (int i = 0; i < messages_a_round; ++i) call(i);
    return (cpu_us() - begin) / messages_a_round;
}

void require(bool holds, const char* what) {
    if (holds) return;
    fmt::print(stderr, "bench-callers: {}\n", what);
    std::exit(1);
}

/// How messages share assertions.
enum class assertions { one, each_its_own };

/// Different messages of one caller. With one assertion, as pharmacy software sends them through a day; or
/// each with a new one, as if nothing were remembered.
std::vector<std::string> make_messages(assertions shared) {
    std::vector<std::string> out;
    std::string assertion;
    for (int i = 0; i < messages_a_round; ++i) {
        message_plan plan;
        plan.created = message_time + std::chrono::milliseconds{i};
        plan.edit_assertion = [&](std::string text) {
            const std::string_view instant = "2026-03-02T08:00:00Z";
            return text.replace(text.find(instant), instant.size(),
                                fmt::format("2026-03-02T08:00:00.{:03}Z", i));
        };
        if (shared == assertions::each_its_own || assertion.empty()) assertion = make_assertion(plan);
        plan.edit_message = [&](std::string text) {
            const std::string_view end = "</saml:Assertion>";
            const auto from = text.find("<saml:Assertion");
            return text.replace(from, text.find(end) + end.size() - from, assertion);
        };
        out.push_back(make_message(plan));
    }
    return out;
}

/// An RSA-2048 verification of a kilobyte by SHA-256, about what a SignedInfo is.
class verification {
  public:
    verification() {
        std::size_t size = 0;
        context([&](EVP_MD_CTX* made) {
            EVP_DigestSignInit(made, nullptr, EVP_sha256(), nullptr, key_);
            EVP_DigestSign(made, nullptr, &size, bytes(text_), text_.size());
            value_.resize(size);
            require(EVP_DigestSign(made, reinterpret_cast<unsigned char*>(value_.data()), &size, bytes(text_),
                                   text_.size()) == 1,
                    "cannot sign");
        });
    }

    void run() const {
        context([&](EVP_MD_CTX* made) {
            require(EVP_DigestVerifyInit(made, nullptr, EVP_sha256(), nullptr, key_) == 1 &&
                        EVP_DigestVerify(made, bytes(value_), value_.size(), bytes(text_), text_.size()) == 1,
                    "a good signature does not hold");
        });
    }

  private:
    static const unsigned char* bytes(const std::string& text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    }
    static void context(const std::function<void(EVP_MD_CTX*)>& use) {
        EVP_MD_CTX* made = EVP_MD_CTX_new();
        use(made);
        EVP_MD_CTX_free(made);
    }

    EVP_PKEY* key_ = shared_signer("Pharmacy One").key.get();
    std::string text_ = std::string(1024, 'x');
    std::string value_;
};

void parse(const std::string& message) {
    xmlDoc* tree = xmlReadMemory(message.data(), static_cast<int>(message.size()), nullptr, "UTF-8",
                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    require(tree != nullptr, "a message is not XML");
    xmlFreeDoc(tree);
}

void check(assertion_checker& checker, const std::string& message) {
    require(checker.check(message, message_time).has_value(), "an honest message is refused");
}

struct figure {
    const char* unit = "us";
    std::vector<double> values;
};

std::string as_json(std::map<std::string, figure>& figures) {
    std::string out = "[";
    for (auto& [name, one] : figures) {
        std::ranges::sort(one.values);
        out +=
            fmt::format(R"({}{{"name": "{}", "unit": "{}", "median": {:.3f}, "min": {:.3f}, "max": {:.3f}}})",
                        out.size() > 1 ? ",\n " : "\n ", name, one.unit, one.values[one.values.size() / 2],
                        one.values.front(), one.values.back());
    }
    return out + "\n]\n";
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        fmt::print(stderr, "usage: bench-callers FILE\n");
        return 2;
    }
    const auto messages = make_messages(assertions::one);
    const auto strangers = make_messages(assertions::each_its_own);
    const verification rsa;
    std::map<std::string, figure> figures;
    const auto add = [&](const char* name, double value, const char* unit = "us") {
        figures[name].unit = unit;
        figures[name].values.push_back(value);
    };
    const auto add_new = [&](const std::string& name, double cost, double unit) {
        add((name + "_us").c_str(), cost);
        add((name + "_over_verify_plus_parse").c_str(), cost / unit, "ratio");
        add((name + "_per_signature_over_verify_plus_parse").c_str(), cost / 2 / unit, "ratio");
    };
    for (int round = 0; round < rounds; ++round) {
        const double verify = cost_us([&](int) { rsa.run(); });
        const double parsing = cost_us([&](int i) { parse(messages[static_cast<std::size_t>(i)]); });
        assertion_checker checker(usual_rules());
        const double known = cost_us([&](int i) { check(checker, messages[static_cast<std::size_t>(i)]); });
        assertion_checker other(usual_rules());
        const double unseen = cost_us([&](int i) { check(other, strangers[static_cast<std::size_t>(i)]); });
        assertion_checker without_keys(usual_rules(), {.keys = 0});
        const double unknown =
            cost_us([&](int i) { check(without_keys, strangers[static_cast<std::size_t>(i)]); });
        add("rsa2048_verify_us", verify);
        add("parse_us", parsing);
        add("check_us", known);
        add("check_over_verify_plus_parse", known / (verify + parsing), "ratio");
        add_new("check_of_new_assertion", unseen, verify + parsing);
        add_new("check_of_new_assertion_and_key", unknown, verify + parsing);
    }
    const auto text = as_json(figures);
    std::ofstream(arguments[1]) << text;
    fmt::print("messages of {} bytes\n{}", messages.front().size(), text);
    return 0;
}
