// What takes the place of an answer: every combination.
#include "garde/continuity/attempt_plan.hpp"

#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

last_resort without_own_error(mode current, bool has_procedure) {
    return choose_last_resort({.current = current, .has_procedure = has_procedure, .has_own_error = false});
}

last_resort with_own_error(mode current, bool has_procedure, reason why) {
    return choose_last_resort(
        {.current = current, .has_procedure = has_procedure, .has_own_error = true, .own_reason = why});
}

TEST(last_resort, without_backend_by_mode_the_procedure_answers) {
    for (const mode current : {mode::degraded, mode::emergency}) {
        EXPECT_EQ(without_own_error(current, true), last_resort::procedure);
        for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i)
            EXPECT_EQ(with_own_error(current, true, static_cast<reason>(i)), last_resort::procedure);
    }
}

TEST(last_resort, a_backends_own_words_are_not_hidden_by_the_procedure) {
    for (const mode current : {mode::primary, mode::backup})
        for (const auto why : {reason::fault_undefined, reason::unclassified})
            EXPECT_EQ(with_own_error(current, true, why), last_resort::own_error) << to_text(why);
}

TEST(last_resort, the_procedure_takes_the_place_of_mere_unavailability) {
    for (const mode current : {mode::primary, mode::backup}) {
        EXPECT_EQ(without_own_error(current, true), last_resort::procedure);
        for (const auto why : {reason::http_error, reason::http_unavailable, reason::empty, reason::not_xml,
                               reason::fault_unavailable, reason::fault_temporary, reason::possible_replay})
            EXPECT_EQ(with_own_error(current, true, why), last_resort::procedure) << to_text(why);
    }
}

TEST(last_resort, without_a_procedure_the_callers_see_the_backends_error) {
    for (const mode current : {mode::primary, mode::backup, mode::degraded, mode::emergency})
        for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i)
            EXPECT_EQ(with_own_error(current, false, static_cast<reason>(i)), last_resort::own_error);
}

TEST(last_resort, with_neither_it_is_gardes_own_error) {
    for (const mode current : {mode::primary, mode::backup, mode::degraded, mode::emergency})
        EXPECT_EQ(without_own_error(current, false), last_resort::gateway_error);
}

}  // namespace
}  // namespace garde::continuity
