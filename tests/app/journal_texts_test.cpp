// How records are printed for people, programs and spreadsheets.
#include "../../src/app/journal_texts.hpp"

#include <gtest/gtest.h>

namespace garde::app {
namespace {

journal::shown_record sample() {
    return {.seq = 7,
            .at = "2018-08-09T09:00:00.000000000Z",
            .event = "override",
            .configuration = "ab12",
            .incident = "2018-1",
            .drill = true,
            .attributes = {{"mode", "backup"}, {"reason", "two \"words\""}, {"empty", ""}}};
}

TEST(journal_texts, one_record_is_one_line) {
    EXPECT_EQ(
        record_text(sample()),
        R"(7  2018-08-09T09:00:00.000000000Z  override  (drill)  incident=2018-1  mode=backup  reason="two \"words\""  empty="")");
    auto other = sample();
    other.attributes = {{"reason", "two\nlines"}};
    EXPECT_EQ(record_text(other).find('\n'), std::string::npos);
}

TEST(journal_texts, json_has_all_of_it) {
    EXPECT_EQ(
        record_json(sample()),
        R"({"seq":7,"at":"2018-08-09T09:00:00.000000000Z","event":"override","configuration":"ab12",)"
        R"("incident":"2018-1","drill":true,"attributes":{"mode":"backup","reason":"two \"words\"","empty":""}})");
    EXPECT_EQ(record_json({.seq = 1, .at = "t", .event = "stop"}),
              R"({"seq":1,"at":"t","event":"stop","attributes":{}})");
}

TEST(journal_texts, csv_quotes_what_it_must) {
    EXPECT_EQ(record_csv({.seq = 1, .at = "t", .event = "stop", .attributes = {{"why", "a"}}}),
              R"(1,t,stop,,,no,"{""why"":""a""}")");
    EXPECT_EQ(record_csv({.seq = 1, .at = "t", .event = "=1+1"}), R"(1,t,'=1+1,,,no,{})")
        << "no formula for a spreadsheet";
}

TEST(journal_texts, a_verification_says_in_the_end_what_it_means) {
    journal::verification found{.records = 3, .names_opened = 1};
    EXPECT_TRUE(verification_text(found).ends_with("1 fit, 0 sealed, 0 erased: intact\n"));
    found.problems.push_back("somewhere:1: something");
    EXPECT_TRUE(verification_text(found).starts_with("somewhere:1: something\n3 records"));
    EXPECT_TRUE(verification_text(found).ends_with("NOT intact\n"));
}

}  // namespace
}  // namespace garde::app
