// Limits of a caller's own: that they go before those for everybody, are exact, and follow a reload.
#include "garde/proxy/admission.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace garde::proxy {
namespace {

caller_key caller(std::uint64_t number) {
    // As a keyed hash would: both halves of their own.
    return static_cast<caller_key>(number * 0x9e3779b97f4a7c15U);
}

/// With room for many callers, and little for each.
admission_limits roomy() {
    return {.connections = 100'000,
            .connections_per_caller = 2,
            .requests = 100'000,
            .requests_per_service = 100'000,
            .requests_per_caller = 2,
            .buffer_bytes = 1};
}

constexpr siphash_key key{.low = 0x1234, .high = 0x5678};

/// A connection from an address of its own, identified as this caller; nothing when he has too many.
std::optional<connection_pass> connected(admission& at, std::uint64_t who,
                                         const caller::caller_limits& own = {}) {
    static std::uint64_t address = 1'000'000;
    auto out = at.admit_connection(caller(++address));
    if (!out || out->identify(caller(who), own)) return std::nullopt;
    return std::move(*out);
}

TEST(own_limits, go_before_those_for_everybody) {
    admission at(roomy(), key);
    std::vector<connection_pass> open;
    const auto has_room = [&](std::uint64_t who, const caller::caller_limits& own) {
        auto one = connected(at, who, own);
        if (one) open.push_back(std::move(*one));
        return one.has_value();
    };
    EXPECT_TRUE(has_room(1, {.connections = 1}));
    EXPECT_FALSE(has_room(1, {.connections = 1})) << "less than the two of everybody";
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(has_room(2, {.connections = 3})) << "more than the two of everybody";
    EXPECT_FALSE(has_room(2, {.connections = 3}));
    for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(has_room(3, {.requests = 9})) << "a limit of requests is none of these";
    EXPECT_FALSE(has_room(3, {.requests = 9}));
}

TEST(own_limits, of_requests_count_over_all_connections_of_the_caller) {
    admission at(roomy(), key);
    const auto one = connected(at, 1, {.requests = 1});
    const auto two = connected(at, 1, {.requests = 1});
    const auto other = connected(at, 2);
    ASSERT_TRUE(one && two && other);
    {
        const auto under_way = at.admit_request(at.service("a"), one->who());
        ASSERT_TRUE(under_way);
        EXPECT_EQ(at.admit_request(at.service("b"), two->who()).error(), shed::requests_of_caller);
        EXPECT_TRUE(at.admit_request(at.service("b"), other->who()));
    }
    EXPECT_TRUE(at.admit_request(at.service("b"), two->who())) << "it is over";
}

TEST(own_limits, may_be_more_than_everybodys) {
    admission at(roomy(), key);
    const auto one = connected(at, 1, {.requests = 3});
    ASSERT_TRUE(one);
    std::vector<request_pass> under_way;
    for (int i = 0; i < 3; ++i) {
        auto next = at.admit_request(at.service("a"), one->who());
        ASSERT_TRUE(next) << i;
        under_way.push_back(std::move(*next));
    }
    EXPECT_EQ(at.admit_request(at.service("a"), one->who()).error(), shed::requests_of_caller);
}

// Of so many callers some share both places in caller_counts; a limit of one must not feel that.
TEST(own_limits, are_counted_exactly_however_many_others_there_are) {
    admission_limits limits = roomy();
    limits.connections_per_caller = 100;  // addresses are counted there
    admission at(limits, key);
    std::vector<connection_pass> open;
    for (std::uint64_t who = 1; who <= 20'000; ++who) {
        auto one = connected(at, who, {.connections = 1});
        ASSERT_TRUE(one) << who;
        open.push_back(std::move(*one));
    }
    EXPECT_FALSE(connected(at, 77, {.connections = 1}));
    open.clear();
    EXPECT_TRUE(connected(at, 77, {.connections = 1})) << "all counts went back";
}

TEST(own_limits, that_come_later_hold_from_the_next_request_on) {
    admission at(roomy(), key);
    auto one = connected(at, 1);
    auto two = connected(at, 1);
    ASSERT_TRUE(one && two);
    for (auto* each : {&*one, &*two}) each->hold_to({.connections = 2, .requests = 1});
    EXPECT_FALSE(connected(at, 1, {.connections = 2})) << "both open connections count";
    const auto under_way = at.admit_request(at.service("a"), one->who());
    ASSERT_TRUE(under_way);
    EXPECT_FALSE(at.admit_request(at.service("a"), two->who()));
    two->hold_to({});
    EXPECT_TRUE(at.admit_request(at.service("a"), two->who())) << "everybody's again";
}

TEST(own_limits, of_one_caller_on_many_threads_are_never_exceeded_and_all_counts_go_back) {
    admission at(roomy(), key);
    std::atomic<std::size_t> inside{0};
    std::atomic<std::size_t> most{0};
    {
        std::array<std::jthread, 4> threads;
        for (std::size_t i = 0; i < threads.size(); ++i)
            threads[i] = std::jthread([&, i] {
                for (int n = 0; n < 5'000; ++n) {
                    auto by = at.admit_connection(caller(100 + i));
                    if (!by || by->identify(caller(1), {.connections = 2, .requests = 2})) continue;
                    const std::size_t now = inside.fetch_add(1) + 1;
                    if (now > most) most = now;
                    const auto request = at.admit_request(at.service("a"), by->who());
                    inside.fetch_sub(1);
                }
            });
    }
    EXPECT_GE(most, 1U);
    EXPECT_LE(most, 2U);
    const auto one = connected(at, 1, {.connections = 2});
    const auto two = connected(at, 1, {.connections = 2});
    EXPECT_TRUE(one && two);
    EXPECT_EQ(at.requests(), 0U);
}

}  // namespace
}  // namespace garde::proxy
