// When a node says of itself that it is cut off.
#include "garde/continuity/network_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(1h);
constexpr auto no_change = std::nullopt;

TEST(network_watch, it_takes_silence_of_references_and_backends_for_a_while) {
    network_watch it(4s);
    EXPECT_EQ(it.references_silent(start), no_change);
    EXPECT_EQ(it.references_silent(start + 3'999ms), no_change);
    EXPECT_EQ(it.references_silent(start + 4s), connection::cut_off);
    EXPECT_EQ(it.references_silent(start + 5s), no_change) << "it is said once";
    EXPECT_EQ(it.current(), connection::cut_off);
}

TEST(network_watch, a_backend_that_is_heard_shows_that_it_is_the_references_that_fail) {
    network_watch it(4s);
    for (auto now = start; now < start + 60s; now += 2s) {
        EXPECT_EQ(it.references_silent(now), no_change);
        EXPECT_EQ(it.backend_reached(now + 10ms), no_change);
    }
    EXPECT_EQ(it.references_silent(start + 62s), no_change);
    EXPECT_EQ(it.references_silent(start + 64s), connection::cut_off) << "once the backends are silent, too";
}

TEST(network_watch, one_reference_that_answers_begins_anew) {
    network_watch it(4s);
    EXPECT_EQ(it.references_silent(start), no_change);
    EXPECT_EQ(it.reference_answered(), no_change);
    EXPECT_EQ(it.references_silent(start + 4s), no_change);
    EXPECT_EQ(it.references_silent(start + 8s), connection::cut_off);
}

TEST(network_watch, whoever_answers_ends_it) {
    const auto cut_off = [] {
        network_watch it(1s);
        EXPECT_EQ(it.references_silent(start), no_change);
        EXPECT_EQ(it.references_silent(start + 1s), connection::cut_off);
        return it;
    };
    auto by_reference = cut_off();
    EXPECT_EQ(by_reference.reference_answered(), connection::connected);
    EXPECT_EQ(by_reference.reference_answered(), no_change);
    auto by_backend = cut_off();
    EXPECT_EQ(by_backend.backend_reached(start + 2s), connection::connected);
    auto without_references = cut_off();
    EXPECT_EQ(without_references.forget(), connection::connected);
}

TEST(network_watch, a_backend_that_was_heard_long_ago_does_not_count) {
    network_watch it(4s);
    EXPECT_EQ(it.backend_reached(start - 1h), no_change);
    EXPECT_EQ(it.references_silent(start), no_change);
    EXPECT_EQ(it.references_silent(start + 4s), connection::cut_off);
}

TEST(network_watch, backends_are_asked_while_references_are_silent_and_nobody_was_heard_lately) {
    network_watch it(4s);
    EXPECT_FALSE(it.needs_backends(start));
    EXPECT_EQ(it.references_silent(start), no_change);
    EXPECT_TRUE(it.needs_backends(start));
    EXPECT_EQ(it.backend_reached(start), no_change);
    EXPECT_FALSE(it.needs_backends(start + 999ms));
    EXPECT_TRUE(it.needs_backends(start + 1s));
    EXPECT_EQ(it.reference_answered(), no_change);
    EXPECT_FALSE(it.needs_backends(start + 1h));
}

TEST(network_watch, backends_that_answer_whenever_they_are_asked_are_asked_often_enough) {
    // A check every two seconds, each a little late.
    network_watch it(4s);
    for (auto now = start; now < start + 5min; now += 2'003ms) {
        EXPECT_EQ(it.references_silent(now), no_change);
        if (it.needs_backends(now)) {
            EXPECT_EQ(it.backend_reached(now + 5ms), no_change);
        }
    }
}

TEST(network_watch, silence_is_what_nothing_came_back_from) {
    for (const auto silent :
         {reason::connect_failed, reason::connect_timeout, reason::timed_out, reason::reset})
        EXPECT_FALSE(was_reached(silent)) << to_text(silent);
    for (const auto heard : {reason::none, reason::tls_failed, reason::truncated, reason::http_unavailable,
                             reason::fault_temporary, reason::probe_unexpected})
        EXPECT_TRUE(was_reached(heard)) << to_text(heard);
}

}  // namespace
}  // namespace garde::continuity
