// Admission: limits from the machine, who comes in, who is turned away and why, and that all counts go back.
#include "garde/proxy/admission.hpp"

#include "garde/net/page_bound.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace garde::proxy {
namespace {

using namespace std::chrono_literals;

constexpr siphash_key key{.low = 0x1234, .high = 0x5678};
constexpr std::uint64_t gib = std::uint64_t{1} << 30;

caller_key caller(std::uint64_t number) {
    // As a keyed hash would: both halves of their own.
    return static_cast<caller_key>(number * 0x9e3779b97f4a7c15U);
}

admission_limits small() {
    return {.connections = 4,
            .connections_per_caller = 2,
            .requests = 4,
            .requests_per_service = 3,
            .requests_per_caller = 2,
            .buffer_bytes = 1};
}

// --- limits from the machine

TEST(derived_limits, of_an_ordinary_server) {
    const machine_facts machine{
        .descriptors = 524'288, .memory_bytes = 8 * gib, .workers = 8, .services = 1, .backends = 3};
    const auto limits = derive_limits({}, machine);
    EXPECT_EQ(limits.buffer_bytes, 2 * gib);
    EXPECT_EQ(limits.connections, 2 * gib / (24 * 1024));
    EXPECT_EQ(limits.connections_per_caller, limits.connections / 2);
    EXPECT_EQ(limits.requests, 2 * gib / (64 * 1024));
    EXPECT_EQ(limits.requests_per_service, limits.requests) << "the only service may have all";
    EXPECT_EQ(limits.requests_per_caller, limits.requests / 2);
}

TEST(derived_limits, one_of_several_services_cannot_take_all_requests) {
    const machine_facts machine{
        .descriptors = 65'536, .memory_bytes = 8 * gib, .workers = 4, .services = 3, .backends = 6};
    const auto limits = derive_limits({}, machine);
    EXPECT_EQ(limits.requests_per_service, limits.requests * 3 / 4);
}

/// Every machine, however small or odd.
std::vector<machine_facts> machines() {
    std::vector<machine_facts> out;
    for (const std::size_t descriptors : {0, 20, 256, 1'024, 4'096, 20'000, 1'048'576})
        for (const std::uint64_t memory : {std::uint64_t{0}, gib / 8, gib, 64 * gib})
            for (const std::size_t workers : {1, 2, 256})
                out.push_back({.descriptors = descriptors,
                               .memory_bytes = memory,
                               .workers = workers,
                               .services = 2,
                               .backends = 5});
    return out;
}

TEST(derived_limits, fit_into_the_descriptors_with_the_reserve) {
    for (const auto& machine : machines()) {
        const auto limits = derive_limits({}, machine);
        if (reserved_descriptors(machine) + 10 > machine.descriptors) continue;
        EXPECT_LE(reserved_descriptors(machine) + limits.connections + limits.requests, machine.descriptors)
            << machine.descriptors << " descriptors, " << machine.workers << " workers";
    }
}

TEST(derived_limits, are_never_nothing) {
    for (const auto& machine : machines()) {
        const auto limits = derive_limits({}, machine);
        EXPECT_GE(limits.connections, 1U);
        EXPECT_GE(limits.connections_per_caller, 1U);
        EXPECT_GE(limits.requests, 1U);
        EXPECT_GE(limits.requests_per_service, 1U);
        EXPECT_GE(limits.requests_per_caller, 1U);
        EXPECT_GE(limits.buffer_bytes, 16U << 20);
    }
}

TEST(derived_limits, what_is_configured_counts) {
    const config::limits_settings wanted{.connections = 100,
                                         .connections_per_caller = 10,
                                         .requests = 50,
                                         .requests_per_service = 40,
                                         .requests_per_caller = 5,
                                         .buffer_bytes = 32 << 20};
    const auto limits = derive_limits(wanted, {.descriptors = 20'000});
    EXPECT_EQ(limits, (admission_limits{.connections = 100,
                                        .connections_per_caller = 10,
                                        .requests = 50,
                                        .requests_per_service = 40,
                                        .requests_per_caller = 5,
                                        .buffer_bytes = 32 << 20}));
}

TEST(derived_limits, more_connections_than_descriptors_are_never_allowed) {
    const machine_facts machine{.descriptors = 4'096, .memory_bytes = 8 * gib};
    const auto limits = derive_limits({.connections = 100'000, .connections_per_caller = 50'000}, machine);
    EXPECT_EQ(limits.connections, (4'096 - reserved_descriptors(machine)) * 5 / 8);
    EXPECT_EQ(limits.connections_per_caller, limits.connections);
}

TEST(derived_limits, the_reserve_holds_what_the_own_sites_may_have) {
    for (const std::size_t descriptors : {1'024, 20'000, 1'048'576})
        EXPECT_GT(reserved_descriptors({.descriptors = descriptors}),
                  net::page_sites * net::page_connections(descriptors));
}

// --- who asks

TEST(caller_keys, an_ipv4_address_is_the_same_in_both_forms) {
    const admission at(small(), key);
    const std::array<std::uint8_t, 4> plain{192, 0, 2, 1};
    const std::array<std::uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    EXPECT_EQ(at.key_of_address(plain), at.key_of_address(mapped));
    const std::array<std::uint8_t, 4> other{192, 0, 2, 2};
    EXPECT_NE(at.key_of_address(plain), at.key_of_address(other));
}

TEST(caller_keys, an_ipv6_network_is_one_caller) {
    const admission at(small(), key);
    std::array<std::uint8_t, 16> one{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8};
    const auto first = at.key_of_address(one);
    one[15] = 99;
    EXPECT_EQ(at.key_of_address(one), first);
    one[7] = 3;
    EXPECT_NE(at.key_of_address(one), first);
}

TEST(caller_keys, addresses_and_identities_do_not_meet_and_depend_on_the_key) {
    const admission at(small(), key);
    const admission other(small(), {.low = 1, .high = 1});
    const std::array<std::uint8_t, 4> bytes{'a', 'b', 'c', 'd'};
    EXPECT_NE(at.key_of_address(bytes), at.key_of_identity("abcd"));
    EXPECT_NE(at.key_of_identity("abcd"), other.key_of_identity("abcd"));
}

TEST(caller_counts, ten_thousand_callers_with_one_each_look_like_few) {
    caller_counts counts;
    for (std::uint64_t i = 1; i <= 10'000; ++i) counts.enter(caller(i));
    std::size_t most = 0;
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
        EXPECT_GE(counts.of(caller(i)), 1U);
        most = std::max(most, counts.of(caller(i)));
    }
    EXPECT_LE(most, 8U);
    for (std::uint64_t i = 1; i <= 10'000; ++i) counts.leave(caller(i));
    EXPECT_EQ(counts.of(caller(1)), 0U);
}

TEST(caller_counts, who_shares_one_place_with_a_heavy_caller_is_not_taken_for_him) {
    caller_counts counts;
    const auto heavy = static_cast<caller_key>(0x0000'0001'0000'0001);
    const auto beside_in_one_row = static_cast<caller_key>(0x0000'0002'0000'0001);
    const auto beside_in_the_other = static_cast<caller_key>(0x0000'0001'0000'0002);
    for (int i = 0; i < 1000; ++i) counts.enter(heavy);
    EXPECT_EQ(counts.enter(beside_in_one_row), 1U);
    EXPECT_EQ(counts.of(beside_in_one_row), 1U);
    counts.leave(beside_in_one_row);
    EXPECT_EQ(counts.enter(beside_in_the_other), 1U);
    EXPECT_EQ(counts.of(beside_in_the_other), 1U);
}

// --- connections

TEST(connections, one_address_has_its_limit_and_all_have_theirs) {
    admission at(small(), key);
    auto a1 = at.admit_connection(caller(1));
    auto a2 = at.admit_connection(caller(1));
    ASSERT_TRUE(a1 && a2);
    EXPECT_EQ(at.admit_connection(caller(1)).error(), shed::connections_of_address);
    auto b1 = at.admit_connection(caller(2));
    auto c1 = at.admit_connection(caller(3));
    ASSERT_TRUE(b1 && c1);
    EXPECT_EQ(at.admit_connection(caller(4)).error(), shed::connections);
    EXPECT_EQ(at.connections(), 4U) << "what was turned away is not counted";
}

TEST(connections, an_ended_one_makes_room) {
    admission at(small(), key);
    {
        auto a1 = at.admit_connection(caller(1));
        const connection_pass moved = std::move(*a1);
        auto a2 = at.admit_connection(caller(1));
        EXPECT_FALSE(at.admit_connection(caller(1)));
    }
    EXPECT_EQ(at.connections(), 0U);
    auto first = at.admit_connection(caller(1));
    auto second = at.admit_connection(caller(1));
    EXPECT_TRUE(first && second);
}

TEST(connections, verified_callers_behind_one_address_do_not_disturb_each_other) {
    admission at(small(), key);
    std::vector<connection_pass> open;
    for (std::uint64_t pharmacy = 10; pharmacy < 14; ++pharmacy) {
        auto one = at.admit_connection(caller(1));
        ASSERT_TRUE(one) << pharmacy;
        EXPECT_FALSE(one->identify(caller(pharmacy)));
        EXPECT_EQ(one->who().key, caller(pharmacy));
        open.push_back(std::move(*one));
    }
    EXPECT_EQ(at.connections(), 4U);
}

TEST(connections, a_verified_caller_has_his_limit_over_all_addresses) {
    admission at(small(), key);
    auto one = at.admit_connection(caller(1));
    auto two = at.admit_connection(caller(2));
    auto three = at.admit_connection(caller(3));
    ASSERT_TRUE(one && two && three);
    EXPECT_FALSE(one->identify(caller(10)));
    EXPECT_FALSE(two->identify(caller(10)));
    EXPECT_EQ(three->identify(caller(10)), shed::connections_of_caller);
    EXPECT_EQ(three->who().key, caller(3)) << "still counted for its address";
    *one = connection_pass();
    EXPECT_FALSE(three->identify(caller(10)));
}

// --- requests

TEST(requests, of_a_caller_of_a_service_and_of_all) {
    admission at(small(), key);
    auto a1 = at.admit_request(at.service("a"), {caller(1)});
    auto a2 = at.admit_request(at.service("a"), {caller(1)});
    ASSERT_TRUE(a1 && a2);
    EXPECT_EQ(at.admit_request(at.service("b"), {caller(1)}).error(), shed::requests_of_caller);
    auto b1 = at.admit_request(at.service("a"), {caller(2)});
    ASSERT_TRUE(b1);
    EXPECT_EQ(at.admit_request(at.service("a"), {caller(2)}).error(), shed::requests_of_service);
    auto b2 = at.admit_request(at.service("b"), {caller(2)});
    ASSERT_TRUE(b2);
    EXPECT_EQ(at.admit_request(at.service("b"), {caller(3)}).error(), shed::requests);
    EXPECT_EQ(at.requests(), 4U);
    EXPECT_EQ(at.service("a").read(), 3U);
    *a1 = request_pass();
    EXPECT_EQ(at.service("a").read(), 2U);
    EXPECT_TRUE(at.admit_request(at.service("b"), {caller(3)}));
}

TEST(requests, a_service_keeps_its_own_by_its_name_whatever_else_there_is) {
    admission at(small(), key);
    auto pass = at.admit_request(at.service("a"), {caller(1)});
    for (int i = 0; i < 100; ++i) (void)at.service("other" + std::to_string(i));
    EXPECT_EQ(at.service("a").read(), 1U);
    *pass = request_pass();
    EXPECT_EQ(at.service("a").read(), 0U);
}

TEST(limits, others_count_from_now_on_and_who_is_in_stays) {
    admission at(small(), key);
    auto a1 = at.admit_request(at.service("a"), {caller(1)});
    auto a2 = at.admit_request(at.service("a"), {caller(1)});
    auto c1 = at.admit_connection(caller(1));
    ASSERT_TRUE(a1 && a2 && c1);
    admission_limits less = small();
    less.requests_per_caller = 1;
    less.connections_per_caller = 1;
    at.set_limits(less);
    EXPECT_EQ(at.limits(), less);
    EXPECT_EQ(at.requests(), 2U);
    EXPECT_EQ(at.admit_connection(caller(1)).error(), shed::connections_of_address);
    *a1 = request_pass();
    EXPECT_EQ(at.admit_request(at.service("a"), {caller(1)}).error(), shed::requests_of_caller);
    at.set_limits(small());
    EXPECT_TRUE(at.admit_request(at.service("a"), {caller(1)}));
}

TEST(requests, threads_together_never_exceed_a_limit_and_all_counts_go_back) {
    admission at(small(), key);
    std::atomic<std::size_t> inside{0};
    std::atomic<std::size_t> most{0};
    {
        std::array<std::jthread, 4> threads;
        for (std::size_t i = 0; i < threads.size(); ++i)
            threads[i] = std::jthread([&, i] {
                for (int n = 0; n < 20'000; ++n) {
                    const auto pass = at.admit_request(at.service("a"), {caller(i)});
                    if (!pass) continue;
                    const std::size_t now = inside.fetch_add(1) + 1;
                    if (now > most) most = now;
                    inside.fetch_sub(1);
                }
            });
    }
    EXPECT_GE(most, 1U);
    EXPECT_LE(most, small().requests_per_service);
    EXPECT_EQ(at.requests(), 0U);
    EXPECT_EQ(at.service("a").read(), 0U);
}

TEST(retry_after, spreads_those_who_were_turned_away_together) {
    std::set<std::chrono::seconds> seen;
    for (std::uint32_t random = 0; random < 1000; ++random) seen.insert(retry_after(random * 2'654'435'761U));
    EXPECT_EQ(seen.size(), 8U);
    EXPECT_EQ(*seen.begin(), 2s);
    EXPECT_EQ(*seen.rbegin(), 9s);
}

}  // namespace
}  // namespace garde::proxy
