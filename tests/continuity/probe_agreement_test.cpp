// When a probe and a shallow one are said to disagree, and when to agree again.
#include "garde/continuity/probe_agreement.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace garde::continuity {
namespace {

constexpr reason passes = reason::none;
constexpr reason fails = reason::probe_unexpected;
constexpr auto no_change = std::nullopt;

/// Both say something, the deep one first.
std::optional<agreement> both(probe_agreement& of, reason deep, reason shallow) {
    EXPECT_EQ(of.deep(deep), no_change) << "the other has said nothing yet";
    return of.shallow(shallow);
}

TEST(probe_agreement, it_takes_some_disagreements_in_a_row) {
    probe_agreement it({.rise = 2, .fall = 3});
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(it.current(), agreement::agree);
    EXPECT_EQ(both(it, fails, passes), agreement::only_shallow_passes);
    EXPECT_EQ(it.why(), fails);
    EXPECT_EQ(both(it, fails, passes), no_change) << "it is said once";
    EXPECT_EQ(it.current(), agreement::only_shallow_passes);
}

TEST(probe_agreement, an_agreement_in_between_begins_the_count_anew) {
    probe_agreement it({.rise = 2, .fall = 2});
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(both(it, fails, fails), no_change) << "both fail: they agree";
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(both(it, passes, passes), no_change);
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(both(it, fails, passes), agreement::only_shallow_passes);
}

TEST(probe_agreement, it_is_over_after_some_agreements_in_a_row) {
    probe_agreement it({.rise = 2, .fall = 1});
    EXPECT_EQ(both(it, passes, fails), agreement::only_deep_passes);
    EXPECT_EQ(both(it, fails, fails), no_change);
    EXPECT_EQ(both(it, passes, fails), no_change);
    EXPECT_EQ(both(it, passes, passes), no_change);
    EXPECT_EQ(both(it, fails, fails), agreement::agree);
    EXPECT_EQ(it.current(), agreement::agree);
}

TEST(probe_agreement, the_other_disagreement_is_another) {
    probe_agreement it({.rise = 5, .fall = 2});
    EXPECT_EQ(both(it, passes, fails), no_change);
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(both(it, passes, fails), no_change);
    EXPECT_EQ(both(it, passes, fails), agreement::only_deep_passes);
    EXPECT_EQ(both(it, fails, passes), no_change);
    EXPECT_EQ(both(it, fails, passes), agreement::only_shallow_passes);
}

TEST(probe_agreement, one_that_comes_more_often_does_not_count_more_often) {
    probe_agreement it({.rise = 1, .fall = 2});
    EXPECT_EQ(it.shallow(passes), no_change);
    EXPECT_EQ(it.deep(fails), no_change);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(it.deep(fails), no_change) << "the other has said nothing new";
    EXPECT_EQ(it.shallow(passes), agreement::only_shallow_passes);
}

TEST(probe_agreement, the_latest_word_of_each_is_compared) {
    probe_agreement it({.rise = 1, .fall = 1});
    EXPECT_EQ(it.deep(fails), no_change);
    EXPECT_EQ(it.deep(passes), no_change);
    EXPECT_EQ(it.shallow(passes), no_change);
    EXPECT_EQ(it.current(), agreement::agree);
    EXPECT_EQ(it.why(), reason::none);
}

TEST(probe_agreement, other_rules_do_not_forget) {
    probe_agreement it({.rise = 1, .fall = 1});
    EXPECT_EQ(both(it, fails, passes), agreement::only_shallow_passes);
    it.adopt({.rise = 3, .fall = 1});
    EXPECT_EQ(it.current(), agreement::only_shallow_passes);
    EXPECT_EQ(both(it, passes, passes), no_change);
    EXPECT_EQ(both(it, passes, passes), no_change);
    EXPECT_EQ(both(it, passes, passes), agreement::agree);
}

TEST(probe_agreement, has_words_for_all_that_it_says) {
    EXPECT_EQ(to_text(agreement::agree), "agree");
    EXPECT_EQ(to_text(agreement::only_deep_passes), "only-deep-passes");
    EXPECT_EQ(to_text(agreement::only_shallow_passes), "only-shallow-passes");
}

}  // namespace
}  // namespace garde::continuity
