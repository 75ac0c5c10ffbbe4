// What counts of an answer, and that who waits for the service's word on a question hears it.
#include "garde/cache/service_word.hpp"

#include "garde/cache/reply_cache.hpp"

#include "../support/messages.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;
using test::fixture;
using test::with;
using test::with_section;

std::optional<answer_facts> facts(const std::string& reply) {
    const auto read = soap::read_reply(reply);
    EXPECT_TRUE(read);
    return read ? facts_of(*read) : std::nullopt;
}

std::string answered() {
    return fixture("consult-reply.xml");
}

TEST(answer_facts, what_comes_anew_with_each_answer_does_not_count) {
    const auto before = facts(answered());
    ASSERT_TRUE(before);
    for (const auto& [old, fresh] :
         {std::pair{"<c:Communicated>2018-08-01<", "<c:Communicated>2018-08-09<"},
          std::pair{"EXAMPLEAPPROVAL00000000000000001", "EXAMPLEAPPROVAL00000000000000002"},
          std::pair{"20180809093001", "20180810093001"},
          std::pair{"<c:Requested>2018-08-09<", "<c:Requested>2018-08-10<"}}) {
        const auto now = facts(with(answered(), old, fresh));
        ASSERT_TRUE(now) << fresh;
        EXPECT_EQ(now->says, before->says) << fresh;
    }
}

TEST(answer_facts, each_code_and_the_regime_count) {
    const auto before = facts(answered());
    for (const auto& [old, fresh] :
         {std::pair{"<c:Code1>110<", "<c:Code1>111<"}, std::pair{"<c:Code2>110<", "<c:Code2>111<"},
          std::pair{"<c:Code2>110</c:Code2>", ""}, std::pair{"Regime>standard<", "Regime>other<"}})
        EXPECT_NE(facts(with(answered(), old, fresh))->says, before->says) << fresh;
}

TEST(answer_facts, of_a_generic_answer_are_its_codes) {
    const auto reply = fixture("generic-reply.xml");
    const auto before = facts(reply);
    ASSERT_TRUE(before);
    EXPECT_EQ(before->period_begin, std::chrono::sys_days{std::chrono::year{2018} / 8 / 9});
    EXPECT_EQ(before->period_end, std::chrono::sys_days{std::chrono::year{2018} / 8 / 10});
    EXPECT_EQ(facts(with(reply, "EXAMPLEAPPROVAL", "ANOTHERAPPROVAL"))->says, before->says);
    EXPECT_NE(facts(with(reply, "<g:CT1>110<", "<g:CT1>111<"))->says, before->says);
}

TEST(answer_facts, without_a_period_there_are_none) {
    EXPECT_FALSE(facts(with_section(answered(), "<c:Coverage>", "</c:Coverage>", "")));
}

// --- who hears

class listener final : public word_listener {
  public:
    bool waiting = true;
    cache_key wanted{};
    std::vector<service_word> heard;

    [[nodiscard]] bool waits() const noexcept override { return waiting; }
    [[nodiscard]] bool waits_for(const cache_key& key) const override { return key == wanted; }
    void hear(const cache_key& /*key*/, const service_word& word) override { heard.push_back(word); }
};

struct hearing : testing::Test {
    wall_time wall = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;
    caller::identity one{"CN=Example CA", "CN=Example Pharmacy One", {}};
    std::shared_ptr<config::cache_settings> rules = std::make_shared<config::cache_settings>();
    reply_cache cache{1024 * 1024};
    listener ear;

    hearing() {
        ear.wanted = make_key("assurability", one, *soap::read_request(fixture("consult-request.xml")));
        cache.let_hear(&ear);
    }
    refusal admit(std::string reply) {
        return cache.admit({.service = "assurability",
                            .rules = rules,
                            .who = one,
                            .request_body = fixture("consult-request.xml"),
                            .reply_body = std::move(reply),
                            .reply_content_type = "text/xml",
                            .reply_status = 200,
                            .consulted_at = wall,
                            .consulted_at_steady = steady_time{1000h}});
    }
};

TEST_F(hearing, a_good_answer_is_heard_with_what_it_says) {
    EXPECT_EQ(admit(answered()), refusal::none);
    ASSERT_EQ(ear.heard.size(), 1U);
    EXPECT_EQ(ear.heard[0].why, refusal::none);
    EXPECT_EQ(ear.heard[0].facts->says, facts(answered())->says);
}

TEST_F(hearing, bad_news_is_heard_as_what_it_is) {
    admit(with(answered(), "<c:Sex>", "<c:Deceased>2018-08-10</c:Deceased><c:Sex>"));
    ASSERT_EQ(ear.heard.size(), 1U);
    EXPECT_EQ(ear.heard[0].why, refusal::deceased);
}

TEST_F(hearing, nothing_is_said_to_who_waits_for_another_question_or_for_none) {
    ear.wanted = {};
    admit(answered());
    ear.wanted = make_key("assurability", one, *soap::read_request(fixture("consult-request.xml")));
    ear.waiting = false;
    admit(answered());
    EXPECT_TRUE(ear.heard.empty());
}

}  // namespace
}  // namespace garde::cache
