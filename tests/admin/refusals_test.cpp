// Refused attempts reach the journal, and cannot fill it.
#include "../../src/admin/refusals.hpp"

#include <gtest/gtest.h>

#include <string>

namespace garde::admin {
namespace {

using std::chrono::minutes;
constexpr steady_time start{minutes(100)};

class refusals_test : public testing::Test {
  protected:
    std::optional<refusal_note> attempt(steady_time at, std::string_view source = "192.0.2.1",
                                        std::string_view path = "/v1/services") {
        return log_.count(at, source, path, "wrong-token");
    }
    refusal_log log_;
};

TEST_F(refusals_test, TheFirstAttemptIsNotedAtOnce) {
    const auto note = log_.count(start, "192.0.2.1", "/v1/services", "no-token");
    ASSERT_TRUE(note.has_value());
    EXPECT_EQ(note->source, "192.0.2.1");
    EXPECT_EQ(note->path, "/v1/services");
    EXPECT_EQ(note->why, "no-token");
    EXPECT_EQ(note->count, 1U);
}

TEST_F(refusals_test, FurtherOnesAreSummarisedWhenTheMinuteIsOver) {
    ASSERT_TRUE(attempt(start));
    for (int i = 1; i <= 500; ++i) EXPECT_FALSE(attempt(start + milliseconds(i * 100), "192.0.2.1", "/late"));
    EXPECT_TRUE(log_.take_due(start + minutes(1) - milliseconds(1)).empty());
    const auto notes = log_.take_due(start + minutes(1));
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].count, 500U);
    EXPECT_EQ(notes[0].source, "192.0.2.1");
    EXPECT_EQ(notes[0].path, "/late");
}

TEST_F(refusals_test, ASourceThatGoesOnIsNotedOnceAMinute) {
    std::uint64_t counted = 0;
    int notes = 0;
    const auto take = [&](const refusal_note& note) {
        counted += note.count;
        ++notes;
    };
    for (int second = 0; second < 600; ++second) {
        const auto at = start + seconds(second);
        for (const auto& note : log_.take_due(at)) take(note);
        if (const auto note = attempt(at)) take(*note);
    }
    for (const auto& note : log_.take_all()) take(note);
    EXPECT_EQ(counted, 600U);
    EXPECT_EQ(notes, 11);
}

TEST_F(refusals_test, AnAttemptAfterTheMinuteTellsTheSummaryToo) {
    ASSERT_TRUE(attempt(start));
    ASSERT_FALSE(attempt(start + seconds(30)));
    const auto note = attempt(start + minutes(2));
    ASSERT_TRUE(note.has_value());
    EXPECT_EQ(note->count, 2U);
    EXPECT_FALSE(attempt(start + minutes(2) + seconds(59)));
}

TEST_F(refusals_test, AQuietSourceIsForgotten) {
    ASSERT_TRUE(attempt(start));
    EXPECT_EQ(log_.next_due(), start + minutes(1));
    EXPECT_TRUE(log_.take_due(start + minutes(1)).empty());
    EXPECT_FALSE(log_.next_due().has_value());
    EXPECT_TRUE(attempt(start + minutes(1)));
}

TEST_F(refusals_test, SourcesAreCountedApart) {
    ASSERT_TRUE(attempt(start, "192.0.2.1"));
    EXPECT_TRUE(attempt(start + seconds(1), "192.0.2.2"));
    EXPECT_FALSE(attempt(start + seconds(2), "192.0.2.1"));
    EXPECT_EQ(log_.next_due(), start + minutes(1));
}

TEST_F(refusals_test, SourcesBeyondTheBoundShareOnePlace) {
    std::size_t notes = 0;
    for (int i = 0; i < 10'000; ++i)
        if (attempt(start, "2001:db8::" + std::to_string(i))) ++notes;
    EXPECT_EQ(notes, refusal_log::source_bound);
    const auto rest = log_.take_due(start + minutes(1));
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].source, "others");
    EXPECT_EQ(rest[0].count, 10'000U - refusal_log::source_bound);
}

TEST_F(refusals_test, APathIsCutAndMadeText) {
    const auto note = attempt(start, "192.0.2.1", "/\xff" + std::string(5000, 'x'));
    ASSERT_TRUE(note.has_value());
    EXPECT_LE(note->path.size(), refusal_log::path_limit);
    EXPECT_EQ(note->path.find('\xff'), std::string::npos);
}

TEST_F(refusals_test, AReasonIsCutAndMadeText) {
    const auto note = log_.count(start, "192.0.2.1", "/", "\xff" + std::string(5000, 'x'));
    ASSERT_TRUE(note.has_value());
    EXPECT_LE(note->why.size(), refusal_log::why_limit);
    EXPECT_EQ(note->why.find('\xff'), std::string::npos);
}

TEST(refusals, WhoHasSeveralNotesAMinuteIsSummarisedBehindThem) {
    refusal_log log(3);
    const auto attempt = [&](steady_time at) { return log.count(at, "anna", "/v1/reload", "busy"); };
    for (int i = 0; i < 3; ++i) {
        const auto note = attempt(start + seconds(i));
        ASSERT_TRUE(note) << i;
        EXPECT_EQ(note->count, 1U) << i;
    }
    EXPECT_FALSE(attempt(start + seconds(3)));
    EXPECT_FALSE(attempt(start + seconds(59)));
    const auto summary = log.take_due(start + minutes(1));
    ASSERT_EQ(summary.size(), 1U);
    EXPECT_EQ(summary[0].count, 2U);
    EXPECT_FALSE(attempt(start + minutes(1) + seconds(1))) << "the summary was this minute's word";
    const auto later = attempt(start + minutes(3));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->count, 2U);
    EXPECT_TRUE(attempt(start + minutes(3))) << "a new minute, new notes";
}

TEST_F(refusals_test, AtTheEndNothingCountedIsLost) {
    ASSERT_TRUE(attempt(start));
    EXPECT_TRUE(log_.take_all().empty());
    ASSERT_TRUE(attempt(start));
    ASSERT_FALSE(attempt(start));
    const auto notes = log_.take_all();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].count, 1U);
}

}  // namespace
}  // namespace garde::admin
