// What a worker counts, and what all workers' counts add up to.
#include "garde/proxy/worker_counters.hpp"

#include "../support/postures.hpp"

#include <gtest/gtest.h>

#include <array>

namespace garde::proxy {
namespace {

using namespace std::chrono_literals;
using continuity::backend_index;
using continuity::reason;

constexpr std::array<std::size_t, 2> two_services{3, 1};

TEST(worker_counters, workers_add_up_each_in_its_place) {
    worker_counters a(two_services);
    worker_counters b(two_services);
    a.node().accepted.add(3);
    b.node().accepted.add(2);
    a.node().ended[connection_end::idle].add();
    a.node().handshakes[handshake_result::resumed].add();
    b.node().refusals[refusal::too_slow].add();
    b.node().sheds[shed::requests_of_service].add();
    a.node().bytes[flow::to_callers].add(1000);
    b.node().bytes[flow::to_callers].add(500);
    a.request(0, answer_kind::backup, served_mode::backup);
    b.request(0, answer_kind::backup, served_mode::backup);
    b.request(1, answer_kind::cached, served_mode::degraded);
    a.backend(0, backend_index{2}).attempts[reason::timed_out].add();
    b.backend(1, backend_index{0}).pool[pool_event::resent].add();
    a.exchange_took(0, 6ms);
    b.exchange_took(0, 8ms);
    b.first_answer_took(1, 2ms);

    counter_totals all(two_services);
    a.add_to(all);
    b.add_to(all);
    EXPECT_EQ(all.node.accepted, 5U);
    EXPECT_EQ(all.open_connections(), 4U);
    EXPECT_EQ(all.node.handshakes[handshake_result::resumed], 1U);
    EXPECT_EQ(all.node.handshakes[handshake_result::full], 0U);
    EXPECT_EQ(all.node.refusals[refusal::too_slow], 1U);
    EXPECT_EQ(all.node.sheds[shed::requests_of_service], 1U);
    EXPECT_EQ(all.node.bytes[flow::to_callers], 1500U);
    EXPECT_EQ(all.services[0].requests[static_cast<std::size_t>(answer_kind::backup)][served_mode::backup],
              2U);
    EXPECT_EQ(all.services[1].requests[static_cast<std::size_t>(answer_kind::cached)][served_mode::degraded],
              1U);
    EXPECT_EQ(all.backends[0][2].attempts[reason::timed_out], 1U);
    EXPECT_EQ(all.backends[0][0].attempts[reason::timed_out], 0U);
    EXPECT_EQ(all.backends[1][0].pool[pool_event::resent], 1U);
    EXPECT_EQ(all.services[0].exchange_time.count(), 2U);
    EXPECT_EQ(all.services[0].exchange_time.sum, 14ms);
    EXPECT_EQ(all.services[1].first_answer_time.count(), 1U);
}

TEST(worker_counters, each_worker_writes_lines_of_its_own) {
    EXPECT_EQ(alignof(worker_counters) % cache_line_bytes, 0U);
    EXPECT_EQ(sizeof(worker_counters) % cache_line_bytes, 0U);
    worker_counters one(two_services);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&one.backend(0, backend_index{1})) % cache_line_bytes, 0U);
}

TEST(worker_counters, a_connection_that_ends_while_it_is_read_does_not_make_the_number_wrap) {
    counter_totals all(two_services);
    all.node.ended[connection_end::broken] = 1;
    EXPECT_EQ(all.open_connections(), 0U);
}

TEST(worker_counters, every_value_has_its_text) {
    EXPECT_EQ(connection_end_texts.size(), static_cast<std::size_t>(connection_end::shed) + 1);
    EXPECT_EQ(handshake_result_texts.size(), static_cast<std::size_t>(handshake_result::plain_http) + 1);
    EXPECT_EQ(answer_kind_texts.size(), static_cast<std::size_t>(answer_kind::shed) + 1);
    EXPECT_EQ(served_mode_texts.size(), static_cast<std::size_t>(served_mode::transparent) + 1);
    EXPECT_EQ(refusal_texts.size(), static_cast<std::size_t>(refusal::wrong_method) + 1);
    EXPECT_EQ(pool_event_texts.size(), static_cast<std::size_t>(pool_event::resent) + 1);
    EXPECT_EQ(shed_texts.size(), static_cast<std::size_t>(shed::buffered_bytes) + 1);
}

TEST(served_mode, is_the_mode_or_the_order_transparent) {
    using continuity::mode;
    using continuity::override_mode;
    EXPECT_EQ(mode_served(test::asking({}, mode::backup)), served_mode::backup);
    EXPECT_EQ(mode_served(test::asking({}, mode::emergency)), served_mode::emergency);
    EXPECT_EQ(mode_served(test::pinned(override_mode::primary)), served_mode::primary);
    EXPECT_EQ(mode_served(test::pinned(override_mode::transparent)), served_mode::transparent);
}

TEST(refusal, of_each_status) {
    EXPECT_EQ(refusal_of(400), refusal::framing);
    EXPECT_EQ(refusal_of(404), refusal::no_route);
    EXPECT_EQ(refusal_of(405), refusal::wrong_method);
    EXPECT_EQ(refusal_of(408), refusal::timed_out);
    EXPECT_EQ(refusal_of(413), refusal::body_too_large);
    EXPECT_EQ(refusal_of(414), refusal::head_too_large);
    EXPECT_EQ(refusal_of(431), refusal::head_too_large);
    EXPECT_EQ(refusal_of(501), refusal::not_supported);
    EXPECT_EQ(refusal_of(505), refusal::not_supported);
}

}  // namespace
}  // namespace garde::proxy
