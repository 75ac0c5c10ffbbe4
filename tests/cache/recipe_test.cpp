// Answers that are kept by a route's own recipe.
#include "garde/cache/key.hpp"
#include "garde/cache/reply_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

std::string envelope(const std::string& body, std::string_view prefix = "s") {
    const std::string p(prefix);
    return "<" + p + ":Envelope xmlns:" + p + "=\"http://schemas.xmlsoap.org/soap/envelope/\"><" + p +
           ":Body>" + body + "</" + p + ":Body></" + p + ":Envelope>";
}

std::shared_ptr<const config::cache_recipe> recipe(config::cache_scope scope) {
    return std::make_shared<const config::cache_recipe>(config::cache_recipe{
        *soap::element_recipe::make({"/Ask/Number", "/Ask/@kind", "/Ask/Period/From"}, {"/Ask/Reference"}),
        scope});
}

struct recipes : testing::Test {
    wall_time wall = std::chrono::sys_days{std::chrono::year{2026} / 8 / 9} + 9h;
    steady_time steady{1000h};
    caller::identity one{"CN=Example CA", "CN=Example Pharmacy One", {}};
    caller::identity two{"CN=Example CA", "CN=Example Pharmacy Two", {}};
    std::shared_ptr<config::cache_settings> rules = std::make_shared<config::cache_settings>();
    std::shared_ptr<const config::cache_recipe> by = recipe(config::cache_scope::caller);
    reply_cache cache{1024 * 1024};

    refusal admit(const caller::identity& who, const std::string& asked, const std::string& answered,
                  const std::string& target = "/codes") {
        return cache.admit({.service = "codes",
                            .rules = rules,
                            .who = who,
                            .request_body = envelope(asked),
                            .reply_body = answered,
                            .reply_content_type = "text/xml",
                            .reply_status = 200,
                            .consulted_at = wall,
                            .consulted_at_steady = steady,
                            .recipe = by,
                            .target = target});
    }
    /// The answer, or why there is none.
    std::string find(const caller::identity& who, const std::string& asked,
                     const std::string& target = "/codes") {
        const auto found = cache.find({.service = "codes",
                                       .rules = rules,
                                       .who = who,
                                       .request_body = envelope(asked),
                                       .now = wall,
                                       .now_steady = steady,
                                       .recipe = by,
                                       .target = target});
        return found ? *found->body : found.error().detail;
    }
    void pass(std::chrono::seconds time) {
        wall += time;
        steady += time;
    }
};

const std::string asked = "<Ask><Number>7</Number><Reference>1</Reference></Ask>";
const std::string asked_again = "<Ask><Reference>2</Reference><Number> 7</Number></Ask>";
const std::string answer = envelope("<Answer>seven</Answer>");

TEST_F(recipes, an_answer_without_fault_is_kept_until_it_is_too_old) {
    ASSERT_EQ(admit(one, asked, answer), refusal::none);
    EXPECT_EQ(find(one, asked_again), answer);
    pass(rules->max_age - 1s);
    EXPECT_EQ(find(one, asked_again), answer);
    pass(1s);
    EXPECT_NE(find(one, asked_again), answer);
}

TEST_F(recipes, callers_do_not_share_unless_the_scope_says_so) {
    ASSERT_EQ(admit(one, asked, answer), refusal::none);
    EXPECT_EQ(find(two, asked), "no-entry");
    by = recipe(config::cache_scope::everybody);
    EXPECT_EQ(find(one, asked), "no-entry") << "what was one caller's became everybody's";
    ASSERT_EQ(admit(one, asked, answer), refusal::none);
    EXPECT_EQ(find(two, asked), answer);
    EXPECT_EQ(find({}, asked), "caller-unverified");
}

TEST_F(recipes, another_address_or_recipe_is_another_question) {
    ASSERT_EQ(admit(one, asked, answer), refusal::none);
    EXPECT_EQ(find(one, asked, "/codes?language=fr"), "no-entry");
    by = std::make_shared<const config::cache_recipe>(
        config::cache_recipe{*soap::element_recipe::make({"/Ask/Number"}, {"/Ask/Reference"}), {}});
    EXPECT_EQ(find(one, asked), "no-entry");
}

TEST_F(recipes, what_is_not_kept) {
    EXPECT_EQ(
        admit(one, asked,
              envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault>")),
        refusal::fault);
    EXPECT_EQ(admit(one, asked, "no xml"), refusal::unreadable);
    EXPECT_EQ(admit({}, asked, answer), refusal::caller_unverified);
    EXPECT_EQ(admit(one, "<Ask><Number>7</Number><Other/></Ask>", answer), refusal::request_unreadable);
    EXPECT_EQ(
        cache.stats().unreadable_questions[static_cast<std::size_t>(soap::consult_error::unknown_element)],
        1U);
    EXPECT_EQ(cache.stats().entries, 0U);
    EXPECT_EQ(find(one, "<Ask><Other/></Ask>"), "request-unknown-element");
}

TEST_F(recipes, a_newer_answer_takes_the_place_even_when_it_cannot_be_kept) {
    ASSERT_EQ(admit(one, asked, answer), refusal::none);
    pass(1s);
    const auto newer = envelope("<Answer>eight</Answer>");
    ASSERT_EQ(admit(one, asked, newer), refusal::none);
    EXPECT_EQ(find(one, asked), newer);
    pass(1s);
    rules->entry_bytes = 10;
    ASSERT_EQ(admit(one, asked, answer), refusal::too_large);
    EXPECT_EQ(find(one, asked), "no-entry");
}

/// One way of many to write a question; absent parts are empty.
struct question_parts {
    std::string kind, number, from;
};

std::string written(generator& random, const question_parts& of) {
    static constexpr std::array<std::string_view, 3> prefixes{"a", "ns1", ""};
    static constexpr std::array<std::string_view, 4> gaps{"", "\n  ", "<!-- note -->", "\t"};
    static constexpr std::array<std::string_view, 3> spaces{"", " ", "\r\n"};
    const std::string prefix(prefixes[below(random, prefixes.size())]);
    const auto name = [&](std::string_view local) {
        return prefix.empty() ? std::string(local) : prefix + ":" + std::string(local);
    };
    const auto gap = [&] { return std::string(gaps[below(random, gaps.size())]); };
    const auto space = [&] { return std::string(spaces[below(random, spaces.size())]); };
    const auto text = [&](std::string_view local, const std::string& value) {
        const bool section = below(random, 3) == 0;
        return "<" + name(local) + ">" + space() + (section ? "<![CDATA[" + value + "]]>" : value) + space() +
               "</" + name(local) + ">" + gap();
    };
    std::array<std::string, 3> parts{
        of.number.empty() ? "" : text("Number", of.number),
        of.from.empty()
            ? ""
            : "<" + name("Period") + ">" + gap() + text("From", of.from) + "</" + name("Period") + ">",
        text("Reference", std::to_string(random()))};
    std::shuffle(parts.begin(), parts.end(), random);
    std::string body = "<" + name("Ask") + " xmlns" + (prefix.empty() ? "" : ":" + prefix) + "='urn:a'";
    if (!of.kind.empty()) body += space().empty() ? " kind=\"" + of.kind + "\"" : "\n kind='" + of.kind + "'";
    body += ">" + gap();
    for (const auto& part : parts) body += part + gap();
    return envelope(body + "</" + name("Ask") + ">", below(random, 2) == 0 ? "s" : "soap");
}

TEST(recipe_property, equal_exactly_when_the_same_is_asked) {
    const char* given = std::getenv("GARDE_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    SCOPED_TRACE("GARDE_SEED=" + std::to_string(seed));
    generator random(seed);
    static constexpr std::array<std::string_view, 4> values{"", "1", "2", "1 2"};
    std::map<std::string, cache_key> by_meaning;
    std::map<cache_key, std::string> by_key;
    for (const auto scope : {config::cache_scope::caller, config::cache_scope::everybody}) {
        const auto by = recipe(scope);
        for (int i = 0; i < 1500; ++i) {
            const auto value = [&] { return std::string(values[below(random, values.size())]); };
            const question_parts parts{value(), value(), value()};
            const caller::identity who{"CN=CA", below(random, 2) == 0 ? "CN=One" : "CN=Two", {}};
            const bool shared = scope == config::cache_scope::everybody;
            const auto meaning = std::string(shared ? "everybody" : who.subject()) + "|" + parts.kind + "|" +
                                 parts.number + "|" + parts.from;
            const auto message = written(random, parts);
            const auto read = by->reads.read(message);
            ASSERT_TRUE(read.has_value()) << to_text(read.error()) << "\n" << message;
            const auto key = make_key("codes", "/codes", who, *by, *read);
            ASSERT_EQ(by_meaning.emplace(meaning, key).first->second, key) << message;
            ASSERT_EQ(by_key.emplace(key, meaning).first->second, meaning) << message;
        }
    }
    EXPECT_EQ(by_key.size(), 3 * 4 * 4 * 4U) << "not all of them were asked: the test says too little";
}

}  // namespace
}  // namespace garde::cache
