// The key over generated questions: two of them have the same key exactly when they ask the same, however
// they are written; and no two callers share.
#include "garde/cache/key.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::cache {
namespace {

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}
bool maybe(generator& random) {
    return below(random, 2) == 0;
}

/// What a question asks: all that the key depends on.
struct consult {
    bool generic = false;
    bool is_test = false;
    std::string quality, provider, organization;
    std::string ssin, mutuality, registration;
    std::string type, contact, message, version;
};

/// Two questions with the same one must have the same key, two with different ones must not.
std::string meaning(const consult& of) {
    const bool by_ssin = !of.ssin.empty();
    std::string out;
    for (const auto& part :
         {std::string(of.generic ? "generic" : "pharmacist"), std::string(of.is_test ? "test" : "real"),
          of.quality, of.provider, of.organization, of.ssin, by_ssin ? "" : of.mutuality,
          by_ssin ? "" : of.registration, of.type, of.generic ? of.contact : "", of.generic ? of.message : "",
          of.generic ? of.version : ""})
        out += part + "|";
    return out;
}

template <std::size_t N>
std::string one_of(generator& random, const std::array<std::string_view, N>& values) {
    return std::string(values[below(random, N)]);
}

/// Few values for each field, so that many questions mean the same and others differ in one field only.
consult draw(generator& random) {
    static constexpr std::array<std::string_view, 2> qualities{"pharmacy-holder", "pharmacy"};
    static constexpr std::array<std::string_view, 2> numbers{"00000000101", "00000000102"};
    static constexpr std::array<std::string_view, 3> organizations{"", "00000101", "00000102"};
    static constexpr std::array<std::string_view, 2> insurers{"100", "200"};
    static constexpr std::array<std::string_view, 2> registrations{"0000000000001", "0000000000002"};
    consult out{.generic = maybe(random),
                .is_test = maybe(random),
                .quality = one_of(random, qualities),
                .provider = one_of(random, numbers),
                .organization = one_of(random, organizations),
                .ssin = {},
                .mutuality = {},
                .registration = {},
                .type = maybe(random) ? "0" : "1",
                .contact = maybe(random) ? "ambulatory_care" : "hospitalized",
                .message = maybe(random) ? "M801000" : "",
                .version = maybe(random) ? "01" : "02"};
    const auto named = below(random, 3);
    if (named != 0) out.ssin = one_of(random, numbers);
    if (named != 1) {
        out.mutuality = one_of(random, insurers);
        out.registration = one_of(random, registrations);
    }
    return out;
}

/// Plain: without what few programs write, that is comments, instructions, references and sections.
enum class style { any, plain };

/// Writes a question in one of the many ways that mean the same.
class writer {
  public:
    explicit writer(generator& random, style how = style::any) : random_(random), how_(how) {
        envelope_ = prefix({"soap", "soapenv", "S", "e"});
        protocol_ = prefix({"p", "ns1", "urn", ""});
        core_ = prefix({"c", "ns2", "core", "_x"});
    }

    std::string message(const consult& of) {
        const bool header = maybe(random_);
        std::string out = maybe(random_) ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : "";
        out += "<" + envelope_ + ":Envelope" + space() + declaration(envelope_, soap) + ">" + gap();
        if (header)
            out += "<" + envelope_ + ":Header><x:Id xmlns:x=\"urn:x\">" + fresh() + "</x:Id></" + envelope_ +
                   ":Header>" + gap();
        out += "<" + envelope_ + ":Body" + (maybe(random_) ? " Id=\"B-" + fresh() + "\"" : "") + ">" + gap() +
               payload(of) + gap() + "</" + envelope_ + ":Body>" + gap() + "</" + envelope_ + ":Envelope>";
        return out + (maybe(random_) ? "\n" : "");
    }

  private:
    static constexpr std::string_view soap = "http://schemas.xmlsoap.org/soap/envelope/";

    std::string prefix(std::initializer_list<std::string_view> from) {
        return std::string(*(from.begin() + below(random_, from.size())));
    }
    std::string fresh() { return std::to_string(random_() % 1'000'000'000); }
    std::string space() {
        static constexpr std::array<std::string_view, 4> spaces{" ", "  ", "\n\t", " \r\n "};
        return one_of(random_, spaces);
    }
    /// Between two elements.
    std::string gap() {
        static constexpr std::array<std::string_view, 6> gaps{
            "", "", "\n    ", "<!-- a comment -->", "\t<!-- > & < -->\r\n", "<?note to nobody?>"};
        if (how_ == style::plain) return maybe(random_) ? "" : space();
        return one_of(random_, gaps);
    }
    std::string declaration(const std::string& prefix, std::string_view uri) {
        const char quote = maybe(random_) ? '"' : '\'';
        return "xmlns" + (prefix.empty() ? "" : ":" + prefix) + (maybe(random_) ? " = " : "=") + quote +
               std::string(uri) + quote;
    }
    std::string tag(const std::string& prefix, std::string_view name) const {
        return prefix.empty() ? std::string(name) : prefix + ":" + std::string(name);
    }

    /// A value's characters, some of them as references or in a section, with white space around them.
    std::string value(const std::string& text) {
        std::string out = maybe(random_) ? space() : "";
        const auto form = how_ == style::plain ? 3 : below(random_, 4);
        if (form == 0 && !text.empty()) {
            out += "<![CDATA[" + text + "]]>";
        } else {
            for (const char c : text) {
                const auto number = static_cast<int>(static_cast<unsigned char>(c));
                if (form == 1 && below(random_, 4) == 0)
                    out += "&#" + std::to_string(number) + ";";
                else
                    out += c;
            }
        }
        return out + (maybe(random_) ? space() : "");
    }
    std::string attribute(std::string_view name, const std::string& text) {
        const char quote = maybe(random_) ? '"' : '\'';
        return space() + std::string(name) + "=" + quote + text + quote;
    }
    std::string start(const std::string& name, const std::string& attributes = {}) {
        return "<" + name + attributes + (maybe(random_) ? attribute("Id", "i" + fresh()) : "") +
               (maybe(random_) ? space() : "") + ">";
    }
    std::string end(const std::string& name) const { return "</" + name + ">"; }
    std::string text(std::string_view name, const std::string& content) {
        const auto full = tag(core_, name);
        return gap() + start(full) + value(content) + end(full) + gap();
    }
    std::string group(const std::string& prefix, std::string_view name, const std::string& content,
                      const std::string& attributes = {}) {
        const auto full = tag(prefix, name);
        return gap() + start(full, attributes) + gap() + content + end(full) + gap();
    }
    std::string core(std::string_view name, const std::string& content) {
        return group(core_, name, content);
    }

    std::string truth(bool what) {
        return what ? (maybe(random_) ? "true" : "1") : (maybe(random_) ? "false" : "0");
    }
    std::string nihii(const std::string& quality, const std::string& number) {
        return core("Nihii", text("Quality", quality) + text("Value", number));
    }

    std::string common(const consult& of) {
        const bool says = of.is_test || maybe(random_);
        std::string package = text("Name", "package-" + fresh());
        if (maybe(random_))
            package += core("License", text("Username", "u" + fresh()) + text("Password", "p" + fresh()));
        std::string provider = nihii(of.quality, of.provider);
        if (maybe(random_)) provider += core("PhysicalPerson", text("Name", "Holder " + fresh()));
        if (!of.organization.empty()) provider += core("Organization", nihii("pharmacy", of.organization));
        return group(protocol_, "CommonInput",
                     core("Request", says ? text("IsTest", truth(of.is_test)) : "") +
                         core("Origin", core("Package", package) + core("CareProvider", provider)));
    }
    std::string patient(const consult& of, std::string_view element, std::string_view number) {
        std::string out;
        if (!of.ssin.empty()) out += text(number, of.ssin);
        if (!of.registration.empty())
            out += text("RegNrWithMut", of.registration) + text("Mutuality", of.mutuality);
        return core(element, out);
    }
    std::string day() { return "2018-08-" + std::to_string(10 + below(random_, 9)); }

    std::string payload(const consult& of) { return of.generic ? generic(of) : pharmacist(of); }

    std::string whole(const std::string& name, std::string_view protocol, std::string_view core,
                      const std::string& content) {
        auto first = declaration(protocol_, protocol);
        auto second = declaration(core_, core);
        if (maybe(random_)) std::swap(first, second);
        const auto full = tag(protocol_, name);
        return start(full, space() + first + space() + second) + content + end(full);
    }

    std::string pharmacist(const consult& of) {
        const auto record = group(protocol_, "RecordCommonInput",
                                  text("Reference", fresh()) + text("UserReference", "U" + fresh()));
        const auto asked =
            group(protocol_, "InsurabilityRequest",
                  text("Date", day()) + text("RequestType", of.type) + patient(of, "CareReceiver", "Ssin"));
        return whole("GetInsurabilityForPharmacistRequest", "urn:be:fgov:ehealth:insurability:protocol:v2",
                     "urn:be:fgov:ehealth:insurability:core:v2",
                     common(of) + record + asked +
                         (maybe(random_) ? group(protocol_, "ExtendedInformation", "") : ""));
    }

    std::string generic(const consult& of) {
        std::vector<std::string> attributes{attribute("Version", of.version),
                                            attribute("TestFlag", truth(of.is_test)),
                                            attribute("SenderReference", fresh())};
        if (!of.message.empty()) attributes.push_back(attribute("MessageName", of.message));
        std::shuffle(attributes.begin(), attributes.end(), random_);
        std::string all;
        for (const auto& each : attributes) all += each;
        const auto detail =
            core("InsurabilityRequestDetail",
                 text("InsurabilityRequestType", of.type) +
                     core("Period", text("PeriodStart", day()) + text("PeriodEnd", "2018-08-20")) +
                     text("InsurabilityContactType", of.contact) + text("InsurabilityReference", fresh()));
        return whole("GetInsurabilityRequest", "urn:be:fgov:ehealth:genericinsurability:protocol:v1",
                     "urn:be:fgov:ehealth:genericinsurability:core:v1",
                     common(of) + group(protocol_, "RecordCommonInput", text("InputReference", fresh())) +
                         group(protocol_, "Request", patient(of, "CareReceiverId", "Inss") + detail, all));
    }

    generator& random_;
    style how_;
    std::string envelope_, protocol_, core_;
};

const caller::identity pharmacy{"CN=Example CA", "CN=Example Pharmacy One", {}};

TEST(key_property, equal_exactly_when_the_same_is_asked) {
    const char* given = std::getenv("GARDE_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    SCOPED_TRACE("GARDE_SEED=" + std::to_string(seed));
    generator random(seed);
    std::map<std::string, cache_key> by_meaning;
    std::map<cache_key, std::string> by_key;
    std::size_t again = 0;
    for (int i = 0; i < 4000; ++i) {
        const auto asked = draw(random);
        const auto message = writer(random).message(asked);
        const auto read = soap::read_request(message);
        ASSERT_TRUE(read.has_value()) << to_text(read.error()) << "\n" << message;
        const auto key = make_key("assurability", pharmacy, *read);
        const auto [by, fresh] = by_meaning.emplace(meaning(asked), key);
        again += fresh ? 0 : 1;
        ASSERT_EQ(by->second, key) << "asked in another way it has another key:\n" << message;
        const auto [of, other] = by_key.emplace(key, meaning(asked));
        ASSERT_EQ(of->second, meaning(asked)) << "two different questions have one key:\n" << message;
    }
    EXPECT_GT(again, 500U) << "too few questions came twice: the test says nothing";
    EXPECT_GT(by_meaning.size(), 500U);
}

/// What is written plainly is read without libxml2; with a comment it never is, and must mean the same.
std::string with_a_comment(const std::string& message) {
    return message + "<!-- -->";
}

void expect_the_same(const std::string& message) {
    const auto plainly = soap::read_request(message);
    const auto by_tree = soap::read_request(with_a_comment(message));
    ASSERT_EQ(plainly.has_value(), by_tree.has_value()) << message;
    if (!plainly) {
        ASSERT_EQ(to_text(plainly.error()), to_text(by_tree.error())) << message;
        return;
    }
    ASSERT_EQ(make_key("assurability", pharmacy, *plainly), make_key("assurability", pharmacy, *by_tree))
        << message;
    ASSERT_EQ(make_removal_keys("assurability", pharmacy, plainly->care_receiver),
              make_removal_keys("assurability", pharmacy, by_tree->care_receiver))
        << message;
    ASSERT_EQ(plainly->date, by_tree->date) << message;
    ASSERT_EQ(plainly->last_date, by_tree->last_date) << message;
}

/// One small thing of it is another one now; mostly one that matters to XML.
std::string damaged(generator& random, std::string message) {
    static constexpr std::array<std::string_view, 26> pieces{"<",
                                                             ">",
                                                             "/",
                                                             "\"",
                                                             "'",
                                                             "=",
                                                             " ",
                                                             "&amp;",
                                                             "&",
                                                             "]]>",
                                                             "\r",
                                                             "\t",
                                                             ":",
                                                             "x:",
                                                             "a",
                                                             "\x7F",
                                                             "\xC3\xA9",
                                                             "\xC3",
                                                             "\xEF\xBF\xBF",
                                                             "\xED\xA0\x80",
                                                             "xmlns=\"\"",
                                                             " xmlns:c='urn:other'",
                                                             " Id=\"1\"",
                                                             " xml:lang=\"fr\"",
                                                             " c:a=\"1\"",
                                                             "<c:X/>"};
    const auto at = below(random, message.size());
    const auto piece = one_of(random, pieces);
    return message.replace(at, maybe(random) ? 0 : std::min<std::size_t>(piece.size(), message.size() - at),
                           piece);
}

/// Many are plain: no comments, references or sections.
TEST(key_property, plain_questions_mean_what_libxml2_says) {
    const char* given = std::getenv("GARDE_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    SCOPED_TRACE("GARDE_SEED=" + std::to_string(seed));
    generator random(seed);
    for (int i = 0; i < 3000; ++i) {
        auto message = writer(random, style::plain).message(draw(random));
        expect_the_same(message);
        for (int times = 0; times < 4; ++times) {
            message = damaged(random, std::move(message));
            expect_the_same(message);
        }
        if (HasFatalFailure()) return;
    }
}

TEST(key_property, two_callers_never_share) {
    generator random(6);
    std::set<cache_key> seen;
    std::size_t made = 0;
    std::set<std::string> meanings;
    while (meanings.size() < 50) {
        const auto asked = draw(random);
        if (!meanings.insert(meaning(asked)).second) continue;
        const auto read = soap::read_request(writer(random).message(asked));
        ASSERT_TRUE(read.has_value());
        for (int who = 0; who < 40; ++who) {
            // Names that run into each other where nothing separates them.
            const caller::identity one{std::string(static_cast<std::size_t>(who / 8), 'a'),
                                       "a" + std::string(static_cast<std::size_t>(who % 8), 'a'),
                                       {}};
            seen.insert(make_key("assurability", one, *read));
            ++made;
        }
    }
    EXPECT_EQ(seen.size(), made);
}

}  // namespace
}  // namespace garde::cache
