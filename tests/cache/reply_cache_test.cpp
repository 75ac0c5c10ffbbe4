// The kept answers: what comes back, what goes, and when.
#include "garde/cache/reply_cache.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;
using test::fixture;
using test::with;
using test::with_all;
using test::with_section;

constexpr std::size_t roomy = 1024 * 1024;

/// How a question names the patient.
const std::string by_ssin = "<c:Ssin>00000000101</c:Ssin>";
const std::string by_registration =
    "<c:RegNrWithMut>0000000000001</c:RegNrWithMut><c:Mutuality>100</c:Mutuality>";

std::string asked(std::string_view patient) {
    return with_section(fixture("consult-request.xml"), "<c:CareReceiver>", "</c:CareReceiver>",
                        "<c:CareReceiver>" + std::string(patient) + "</c:CareReceiver>");
}

std::string answered() {
    return fixture("consult-reply.xml");
}
std::string without_coverage() {
    return with_section(answered(), "<c:Coverage>", "</c:Coverage>", "");
}
std::string of_the_deceased() {
    return with(answered(), "<c:Sex>", "<c:Deceased>2018-08-10</c:Deceased><c:Sex>");
}

/// A patient's number in question and answer: 00000000101, …
std::string for_patient(std::string text, int number) {
    return with_all(std::move(text), "00000000101</c:Ssin>",
                    "00000000" + std::to_string(number) + "</c:Ssin>");
}

struct caching : testing::Test {
    wall_time wall = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;
    steady_time steady{1000h};
    caller::identity one{"CN=Example CA", "CN=Example Pharmacy One", {}};
    caller::identity two{"CN=Example CA", "CN=Example Pharmacy Two", {}};
    std::shared_ptr<config::cache_settings> rules = std::make_shared<config::cache_settings>();
    reply_cache cache{roomy};

    [[nodiscard]] offer make_offer(std::string request, std::string reply) const {
        return {.service = "assurability",
                .rules = rules,
                .who = one,
                .request_body = std::move(request),
                .reply_body = std::move(reply),
                .reply_content_type = "text/xml; charset=utf-8",
                .reply_status = 200,
                .consulted_at = wall,
                .consulted_at_steady = steady};
    }

    refusal admit(std::string request, std::string reply) {
        return cache.admit(make_offer(std::move(request), std::move(reply)));
    }

    [[nodiscard]] question make_question(std::string request) const {
        return {.service = "assurability",
                .rules = rules,
                .who = one,
                .request_body = std::move(request),
                .now = wall,
                .now_steady = steady};
    }

    /// `hit`, or the miss's detail.
    std::string find(std::string request) { return outcome(make_question(std::move(request))); }

    std::string outcome(const question& what) {
        const auto found = cache.find(what);
        return found ? "hit" : found.error().detail;
    }

    void pass(seconds time) {
        wall += time;
        steady += time;
    }
};

// --- admit and find
// --------------------------------------------------------------------------------------------------------

TEST_F(caching, an_empty_cache_has_no_entry) {
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
}

TEST_F(caching, a_kept_answer_comes_back_byte_for_byte) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(1h);
    const auto found = cache.find(make_question(asked(by_ssin)));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found->body, answered());
    EXPECT_EQ(found->content_type, "text/xml; charset=utf-8");
    EXPECT_EQ(found->consulted_at, wall - 1h);
    EXPECT_EQ(found->age, 1h);
}

TEST_F(caching, the_answer_outlives_its_entry) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    const auto found = cache.find(make_question(asked(by_ssin)));
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(admit(asked(by_ssin), of_the_deceased()), refusal::deceased);
    EXPECT_EQ(*found->body, answered());
}

TEST_F(caching, another_reference_and_header_find_the_same_answer) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    auto later = with(asked(by_ssin), ">20180809093001<", ">20180809103002<");
    later = with_section(later, "<wsu:Timestamp", "</wsu:Timestamp>", "");
    EXPECT_EQ(find(later), "hit");
}

TEST_F(caching, another_caller_service_or_provider_finds_nothing) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    auto what = make_question(asked(by_ssin));
    what.who = two;
    EXPECT_EQ(outcome(what), "no-entry");
    what = make_question(asked(by_ssin));
    what.service = "other";
    EXPECT_EQ(outcome(what), "no-entry");
    EXPECT_EQ(find(with(asked(by_ssin), ">00000000101</c:Value>", ">00000000102</c:Value>")), "no-entry");
}

TEST_F(caching, an_unverified_caller_is_neither_kept_for_nor_served) {
    auto what = make_offer(asked(by_ssin), answered());
    what.who = {};
    EXPECT_EQ(cache.admit(what), refusal::caller_unverified);
    auto question = make_question(asked(by_ssin));
    question.who = {};
    EXPECT_EQ(outcome(question), "caller-unverified");
    EXPECT_EQ(cache.stats().entries, 0U);
}

// --- answers to questions that were seen before

TEST_F(caching, the_answer_to_a_repeated_question_is_never_kept) {
    EXPECT_EQ(cache.take_back(make_offer(asked(by_ssin), answered())), refusal::repeated);
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
    EXPECT_EQ(cache.stats().admitted, 0U);
}

TEST_F(caching, the_answer_to_a_repeated_question_takes_away_what_it_makes_wrong) {
    for (const auto& [reply, why] : {std::pair{of_the_deceased(), refusal::deceased},
                                     std::pair{without_coverage(), refusal::no_coverage}}) {
        ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
        pass(1min);
        EXPECT_EQ(cache.take_back(make_offer(asked(by_ssin), reply)), why);
        EXPECT_EQ(find(asked(by_ssin)), "no-entry");
    }
}

TEST_F(caching, the_answer_to_a_repeated_question_takes_nothing_from_others_or_without_bad_news) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(cache.take_back(make_offer(asked(by_ssin), answered())), refusal::repeated);
    EXPECT_EQ(cache.take_back(make_offer(asked(by_ssin), "<odd/>")), refusal::unreadable);
    auto of_another = make_offer(asked(by_ssin), of_the_deceased());
    of_another.who = two;
    EXPECT_EQ(cache.take_back(of_another), refusal::deceased);
    EXPECT_EQ(find(asked(by_ssin)), "hit");
}

TEST_F(caching, a_question_that_cannot_be_read_says_why) {
    EXPECT_EQ(find("hello"), "request-not-xml");
    EXPECT_EQ(find(with(asked(by_ssin), "<c:Nihii>", "<c:Nihii Ref='#x'>")), "request-reference");
    EXPECT_EQ(find(asked("")), "request-missing-field");
}

TEST_F(caching, a_question_under_two_names_needs_an_answer_known_under_both) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(find(asked(by_ssin + by_registration)), "hit");
    EXPECT_EQ(find(asked(by_ssin + with(by_registration, "100", "200"))), "no-entry");
}

TEST_F(caching, a_newer_answer_replaces_the_older) {
    const auto newer = with(answered(), ">standard<", ">elevated<");
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(1h);
    ASSERT_EQ(admit(asked(by_ssin), newer), refusal::none);
    const auto found = cache.find(make_question(asked(by_ssin)));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found->body, newer);
    EXPECT_EQ(found->age, 0s);
    EXPECT_EQ(cache.stats().entries, 1U);
}

TEST_F(caching, an_answer_with_an_older_communicated_does_not_replace_a_newer_one) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(1h);
    EXPECT_EQ(admit(asked(by_ssin), with(answered(), "2018-08-01", "2018-07-31")),
              refusal::older_communicated);
    const auto found = cache.find(make_question(asked(by_ssin)));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found->body, answered());
}

TEST_F(caching, an_answer_that_comes_late_does_not_replace_a_newer_one) {
    auto early = make_offer(asked(by_ssin), with(answered(), ">standard<", ">none<"));
    pass(10s);
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(cache.admit(early), refusal::older_communicated);
    EXPECT_EQ(*cache.find(make_question(asked(by_ssin)))->body, answered());
}

TEST_F(caching, an_answer_of_the_generic_service_comes_back) {
    auto what = make_offer(fixture("generic-request.xml"), fixture("generic-reply.xml"));
    ASSERT_EQ(cache.admit(what), refusal::none);
    EXPECT_EQ(find(fixture("generic-request.xml")), "hit");
    EXPECT_EQ(
        find(with(fixture("generic-request.xml"), "2018-08-10</g:PeriodEnd>", "2018-08-11</g:PeriodEnd>")),
        "outside-period");
    EXPECT_EQ(find(with(fixture("generic-request.xml"), "ambulatory_care", "other")), "no-entry");
}

// --- refusals that only the cache can tell
// ---------------------------------------------------------------------------------

TEST_F(caching, only_status_200_is_kept) {
    for (const std::uint16_t status : {0, 201, 204, 206, 304, 500, 503}) {
        auto what = make_offer(asked(by_ssin), answered());
        what.reply_status = status;
        EXPECT_EQ(cache.admit(what), refusal::http_status);
    }
    EXPECT_EQ(cache.stats().entries, 0U);
}

TEST_F(caching, an_unreadable_answer_is_not_kept_and_removes_nothing) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(admit(asked(by_ssin), answered().substr(0, 3000)), refusal::unreadable);
    EXPECT_EQ(admit(asked(by_ssin), "<html/>"), refusal::unreadable);
    EXPECT_EQ(find(asked(by_ssin)), "hit");
}

TEST_F(caching, an_answer_to_an_unreadable_question_is_not_kept) {
    EXPECT_EQ(admit(with(asked(by_ssin), "<c:Nihii>", "<c:Nihii Ref='#x'>"), answered()),
              refusal::request_unreadable);
    EXPECT_EQ(cache.stats().entries, 0U);
}

TEST_F(caching, a_large_answer_is_not_kept_and_outdates_the_older) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    rules->entry_bytes = answered().size();
    EXPECT_EQ(admit(asked(by_ssin), answered() + " "), refusal::too_large);
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
    EXPECT_EQ(admit(asked(by_ssin), answered()), refusal::none);
}

TEST_F(caching, an_answer_larger_than_the_whole_cache_is_not_kept) {
    reply_cache small(1000);
    EXPECT_EQ(small.admit(make_offer(asked(by_ssin), answered())), refusal::too_large);
    EXPECT_EQ(small.stats().bytes, 0U);
}

// --- removal
// -----------------------------------------------------------------------------------------------------------------

TEST_F(caching, news_about_the_patient_removes_the_older_answer) {
    for (const auto& news :
         {of_the_deceased(), without_coverage(), with(answered(), ">200<", ">404<"),
          with(answered(), ">00000<", ">00001<"),
          with(answered(), "</c:ReturnCode>", "</c:ReturnCode><c:MultipleIO>1 2</c:MultipleIO>"),
          with(answered(), "00000000101</c:Ssin>", "00000000102</c:Ssin>"),
          with(answered(), "<soapenv:Header/>", "<soapenv:Header><RelatesTo/></soapenv:Header>")}) {
        ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
        const auto why = admit(asked(by_ssin), news);
        EXPECT_TRUE(removes_older(why)) << to_text(why);
        EXPECT_EQ(find(asked(by_ssin)), "no-entry") << to_text(why);
    }
    EXPECT_EQ(cache.stats().removed, 7U);
    EXPECT_EQ(cache.stats().bytes, 0U);
}

TEST_F(caching, a_fault_removes_nothing) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    const auto fault =
        with_section(answered(), "<p:GetInsurability", "</p:GetInsurabilityForPharmacistResponse>",
                     "<soapenv:Fault><faultstring>SOA-02001</faultstring></soapenv:Fault>");
    EXPECT_EQ(admit(asked(by_ssin), fault), refusal::fault);
    EXPECT_EQ(find(asked(by_ssin)), "hit");
}

TEST_F(caching, news_removes_what_was_asked_under_the_other_identifier) {
    ASSERT_EQ(admit(asked(by_registration), answered()), refusal::none);
    EXPECT_EQ(admit(asked(by_ssin), of_the_deceased()), refusal::deceased);
    EXPECT_EQ(find(asked(by_registration)), "no-entry");

    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(admit(asked(by_registration), of_the_deceased()), refusal::deceased);
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
}

TEST_F(caching, news_that_names_no_patient_removes_by_the_question) {
    const auto unknown =
        with_section(with(answered(), ">200<", ">404<"), "<p:CommonOutput>", "</p:ExtendedInformation>", "");
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    // The entry's answer names the registration too.
    EXPECT_EQ(admit(asked(by_registration), unknown), refusal::status_code);
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
}

TEST_F(caching, news_reaches_entries_that_only_another_entry_links_to_the_patient) {
    const auto without_ssin = with_section(answered(), "<c:Ssin>", "</c:Ssin>", "");
    const auto unknown =
        with_section(with(answered(), ">200<", ">404<"), "<p:CommonOutput>", "</p:ExtendedInformation>", "");
    ASSERT_EQ(admit(asked(by_registration), without_ssin), refusal::none);  // known by registration only
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);            // known by both: the link
    EXPECT_EQ(admit(asked(by_ssin), unknown), refusal::status_code);
    EXPECT_EQ(find(asked(by_registration)), "no-entry");
    EXPECT_EQ(cache.stats().removed, 2U);
}

TEST_F(caching, news_removes_all_questions_about_the_patient) {
    const auto of_type_1 = with(asked(by_ssin), ">0</c:RequestType>", ">1</c:RequestType>");
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    ASSERT_EQ(admit(of_type_1, answered()), refusal::none);
    EXPECT_EQ(admit(asked(by_ssin), without_coverage()), refusal::no_coverage);
    EXPECT_EQ(find(of_type_1), "no-entry");
}

TEST_F(caching, news_leaves_other_patients_and_callers_alone) {
    auto of_two = make_offer(asked(by_ssin), answered());
    of_two.who = two;
    const auto other_reply =
        with(for_patient(answered(), 102), "0000000000001</c:Reg", "0000000000002</c:Reg");
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    ASSERT_EQ(cache.admit(of_two), refusal::none);
    ASSERT_EQ(admit(for_patient(asked(by_ssin), 102), other_reply), refusal::none);
    EXPECT_EQ(admit(asked(by_ssin), of_the_deceased()), refusal::deceased);
    EXPECT_EQ(find(for_patient(asked(by_ssin), 102)), "hit");
    auto question = make_question(asked(by_ssin));
    question.who = two;
    EXPECT_EQ(outcome(question), "hit");
    EXPECT_EQ(cache.stats().entries, 2U);
}

TEST_F(caching, news_in_the_answer_to_an_unreadable_question_counts) {
    const auto unreadable = with(asked(by_ssin), "<c:Nihii>", "<c:Nihii Ref='#x'>");
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(admit(unreadable, answered()), refusal::request_unreadable);
    EXPECT_EQ(find(asked(by_ssin)), "hit");
    EXPECT_EQ(admit(unreadable, of_the_deceased()), refusal::request_unreadable);
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
}

// --- age and clocks
// ----------------------------------------------------------------------------------------------------------

TEST_F(caching, a_day_outside_the_period_is_a_miss) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(find(with(asked(by_ssin), ">2018-08-09</c:Date>", ">2019-01-01</c:Date>")), "outside-period");
    EXPECT_EQ(find(with(asked(by_ssin), ">2018-08-09</c:Date>", ">2018-12-31</c:Date>")), "hit");
}

TEST_F(caching, an_answer_is_served_for_less_than_its_time_and_then_gone) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(days{30} - 1s);
    EXPECT_EQ(find(asked(by_ssin)), "hit");
    pass(1s);
    EXPECT_EQ(find(asked(by_ssin)), "too-old");
    EXPECT_EQ(cache.stats().entries, 0U);
    EXPECT_EQ(cache.stats().expired, 1U);
    EXPECT_EQ(find(asked(by_ssin)), "no-entry");
}

TEST_F(caching, an_answer_that_nobody_asks_for_goes_too) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(days{30});
    EXPECT_EQ(find("hello"), "request-not-xml");
    EXPECT_EQ(cache.stats().entries, 0U);

    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(days{30});
    EXPECT_EQ(admit("hello", "hello"), refusal::unreadable);
    EXPECT_EQ(cache.stats().entries, 0U);
    EXPECT_EQ(cache.stats().expired, 2U);
}

TEST_F(caching, the_larger_of_both_ages_counts) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    auto question = make_question(asked(by_ssin));
    question.now += 2h;
    question.now_steady += 1h;
    EXPECT_EQ(cache.find(question)->age, 2h);
    question.now -= 2h;
    EXPECT_EQ(cache.find(question)->age, 1h);
}

TEST_F(caching, a_wall_clock_far_ahead_makes_an_answer_too_old) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    wall += days{31};
    EXPECT_EQ(find(asked(by_ssin)), "too-old");
}

TEST_F(caching, while_the_clock_cannot_be_trusted_nothing_is_deleted) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(days{29});
    EXPECT_EQ(cache.trust(), clock_trust::good);
    wall += days{2};
    EXPECT_EQ(find(asked(by_ssin)), "too-old");
    EXPECT_EQ(cache.trust(), clock_trust::stepped);
    EXPECT_EQ(cache.stats().entries, 1U);
    wall -= days{2};
    EXPECT_EQ(find(asked(by_ssin)), "hit") << "the clock was set right again";
    wall += days{2};
    pass(days{2});
    EXPECT_EQ(find("hello"), "request-not-xml");
    EXPECT_EQ(cache.stats().entries, 1U) << "over by the steady clock, too, and not deleted";
}

TEST_F(caching, a_wall_clock_behind_the_consult_proves_no_age) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    steady += 10s;
    wall -= 5s;
    EXPECT_EQ(find(asked(by_ssin)), "hit");
    wall -= 1ms;
    EXPECT_EQ(find(asked(by_ssin)), "age-unproven");
    wall += 1h;
    EXPECT_EQ(find(asked(by_ssin)), "hit");
}

TEST_F(caching, the_questions_rules_count) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(1h);
    auto question = make_question(asked(by_ssin));
    auto strict = std::make_shared<config::cache_settings>(*rules);
    strict->max_age = 1h;
    question.rules = strict;
    EXPECT_EQ(outcome(question), "too-old");
}

TEST_F(caching, the_time_left_ends_with_the_maximal_age_or_the_period) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    pass(1h);
    EXPECT_EQ(cache.find(make_question(asked(by_ssin)))->ttl, days{30} - 1h);

    ASSERT_EQ(admit(asked(by_ssin), with(answered(), "2018-12-31", "2018-08-10")), refusal::none);
    EXPECT_EQ(cache.find(make_question(asked(by_ssin)))->ttl,
              38h);  // from the 9th, 10:00, to the end of the 10th

    ASSERT_EQ(admit(asked(by_ssin), with(answered(), "2018-12-31", "2018-08-09")), refusal::none);
    pass(days{2});
    EXPECT_EQ(cache.find(make_question(asked(by_ssin)))->ttl, 0s);
}

TEST_F(caching, a_period_without_a_practical_end_is_no_trouble) {
    ASSERT_EQ(admit(asked(by_ssin), with(answered(), "2018-12-31", "9999-12-31")), refusal::none);
    EXPECT_EQ(cache.find(make_question(asked(by_ssin)))->ttl, days{30});
}

// --- the bound
// ---------------------------------------------------------------------------------------------------------------

TEST_F(caching, the_least_recently_used_answers_make_room) {
    const auto reply_for = [](int number) {
        return with(for_patient(answered(), number), "0000000000001</c:Reg",
                    "0000000000" + std::to_string(number) + "</c:Reg");
    };
    reply_cache small(3 * (answered().size() + 1500));
    const auto ask = [&](int number) {
        return small.find(make_question(for_patient(asked(by_ssin), number))).has_value();
    };
    for (const int number : {111, 112, 113}) {
        ASSERT_EQ(small.admit(make_offer(for_patient(asked(by_ssin), number), reply_for(number))),
                  refusal::none);
    }
    ASSERT_TRUE(ask(111));
    ASSERT_EQ(small.admit(make_offer(for_patient(asked(by_ssin), 114), reply_for(114))), refusal::none);
    EXPECT_TRUE(ask(111));
    EXPECT_FALSE(ask(112));
    EXPECT_TRUE(ask(113));
    EXPECT_TRUE(ask(114));
    EXPECT_EQ(small.stats().evicted, 1U);
}

/// A question and its answer about a patient of whom nothing else is known.
struct numbered {
    static std::string request(int number) { return for_patient(asked(by_ssin), number); }
    static std::string reply(int number) {
        return with(for_patient(answered(), number), "0000000000001</c:Reg",
                    "0000000000" + std::to_string(number) + "</c:Reg");
    }
};

TEST_F(caching, a_crowd_that_comes_once_does_not_put_out_who_comes_again) {
    reply_cache small(10 * (answered().size() + 1500));
    const auto admit_to = [&](int number) {
        return small.admit(make_offer(numbered::request(number), numbered::reply(number)));
    };
    const auto has = [&](int number) {
        return small.find(make_question(numbered::request(number))).has_value();
    };
    for (const int number : {111, 112, 113}) ASSERT_EQ(admit_to(number), refusal::none);
    pass(1h);
    ASSERT_EQ(admit_to(111), refusal::none) << "consulted again";
    ASSERT_TRUE(has(112)) << "asked for";
    for (int number = 200; number < 260; ++number) ASSERT_EQ(admit_to(number), refusal::none);
    EXPECT_TRUE(has(111));
    EXPECT_TRUE(has(112));
    EXPECT_FALSE(has(113));
    EXPECT_TRUE(has(259)) << "the newest of the crowd has a place, too";
}

TEST_F(caching, regulars_leave_room_for_new_ones) {
    reply_cache small(10 * (answered().size() + 1500));
    for (int round = 0; round < 2; ++round)
        for (int number = 111; number < 131; ++number) {
            pass(1s);
            ASSERT_EQ(small.admit(make_offer(numbered::request(number), numbered::reply(number))),
                      refusal::none);
            ASSERT_TRUE(small.find(make_question(numbered::request(number))).has_value())
                << "all are regulars";
        }
    ASSERT_EQ(small.admit(make_offer(numbered::request(300), numbered::reply(300))), refusal::none);
    ASSERT_EQ(small.admit(make_offer(numbered::request(301), numbered::reply(301))), refusal::none);
    EXPECT_TRUE(small.find(make_question(numbered::request(300))).has_value());
    EXPECT_TRUE(small.find(make_question(numbered::request(301))).has_value());
}

TEST_F(caching, what_is_kept_and_removed_is_told) {
    struct listener final : reply_keeper {
        std::vector<cache_key> kept;
        std::vector<cache_key> removed;
        void keep(const kept_reply& what) override { kept.push_back(what.key); }
        void remove(const std::vector<cache_key>& keys) override {
            removed.insert(removed.end(), keys.begin(), keys.end());
        }
    } told;
    cache.tell(&told);
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(told.kept.size(), 1U);
    pass(1h);
    ASSERT_EQ(admit(asked(by_ssin), with(answered(), "2018-08-01</c:Com", "2018-07-01</c:Com")),
              refusal::older_communicated);
    EXPECT_EQ(told.kept.size(), 1U) << "what is not kept here is not kept elsewhere";
    EXPECT_TRUE(told.removed.empty());
    ASSERT_EQ(
        admit(asked(by_ssin), with(of_the_deceased(), "<c:RegNrWithMut>0000000000001</c:RegNrWithMut>", "")),
        refusal::deceased);
    EXPECT_EQ(told.removed.size(), 2U) << "under the registration, too, that only the entry knew";
}

TEST_F(caching, the_bound_holds_whatever_comes) {
    constexpr std::size_t bound = 50'000;
    reply_cache small(bound);
    for (int number = 100; number < 200; ++number) {
        pass(1s);
        const auto reply = with(for_patient(answered(), number), "</Status>",
                                "</Status>" + std::string(static_cast<std::size_t>(number), ' '));
        ASSERT_EQ(small.admit(make_offer(for_patient(asked(by_ssin), number), reply)), refusal::none);
        ASSERT_LE(small.stats().bytes, bound);
    }
    EXPECT_EQ(small.stats().admitted, 100U);
    EXPECT_EQ(small.stats().entries + small.stats().evicted, 100U);
    EXPECT_GT(small.stats().entries, 5U);
    EXPECT_GT(small.stats().bytes, small.stats().entries * answered().size());
}

TEST_F(caching, a_smaller_bound_takes_the_least_recently_used_answers) {
    for (const int number : {111, 112, 113}) {
        const auto reply = with(for_patient(answered(), number), "0000000000001</c:Reg",
                                "0000000000" + std::to_string(number) + "</c:Reg");
        ASSERT_EQ(cache.admit(make_offer(for_patient(asked(by_ssin), number), reply)), refusal::none);
    }
    cache.resize(cache.stats().bytes - 1);
    EXPECT_EQ(cache.stats().entries, 2U);
    EXPECT_FALSE(cache.find(make_question(for_patient(asked(by_ssin), 111))).has_value());
    EXPECT_TRUE(cache.find(make_question(for_patient(asked(by_ssin), 113))).has_value());
    cache.resize(0);
    EXPECT_EQ(cache.stats().entries, 0U);
    EXPECT_EQ(admit(asked(by_ssin), answered()), refusal::too_large);
}

TEST_F(caching, questions_without_a_key_are_counted_by_reason) {
    const auto count = [this](soap::consult_error why) {
        return cache.stats().unreadable_questions[static_cast<std::size_t>(why)];
    };
    admit("hello", answered());
    admit(with(asked(by_ssin), "<c:Ssin>", "<c:Ssin Ref=\"x\">"), answered());
    admit(with(asked(by_ssin), "<c:Ssin>", "<c:Other/><c:Ssin>"), answered());
    admit(with(asked(by_ssin), "<c:Ssin>", "<c:Other/><c:Ssin>"), of_the_deceased());
    EXPECT_EQ(count(soap::consult_error::not_xml), 1U);
    EXPECT_EQ(count(soap::consult_error::reference), 1U);
    EXPECT_EQ(count(soap::consult_error::unknown_element), 2U);
    EXPECT_EQ(count(soap::consult_error::dtd), 0U);
}

TEST_F(caching, hits_and_misses_are_counted) {
    ASSERT_EQ(admit(asked(by_ssin), answered()), refusal::none);
    EXPECT_EQ(find(asked(by_ssin)), "hit");
    EXPECT_EQ(find(asked(by_registration)), "no-entry");
    EXPECT_EQ(find("hello"), "request-not-xml");
    EXPECT_EQ(cache.stats().hits, 1U);
    EXPECT_EQ(cache.stats().misses, 2U);
}

}  // namespace
}  // namespace garde::cache
