// The ring of ticket keys by itself: time is what the test says.
#include "garde/net/ticket_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace garde::net {
namespace {

using namespace std::chrono_literals;

constexpr wall_time start{std::chrono::hours(400'000)};

std::string text(const ticket_key& key) {
    return {reinterpret_cast<const char*>(key.content.data()), key.content.size()};
}

TEST(ticket_keys, a_key_makes_tickets_until_it_is_due) {
    ticket_keys keys(start);
    const auto first = keys.current(start);
    EXPECT_EQ(text(keys.current(start + ticket_keys::rotation - 1s)), text(first));
    EXPECT_EQ(keys.made(), 1U);
    EXPECT_NE(text(keys.current(start + ticket_keys::rotation)), text(first));
    EXPECT_EQ(keys.made(), 2U);
}

TEST(ticket_keys, an_old_key_is_found_for_as_long_as_its_last_ticket_lives) {
    ticket_keys keys(start);
    const auto first = keys.current(start);
    const auto end = start + ticket_keys::rotation + ticket_keys::ticket_life;
    for (wall_time at = start; at < end; at += 10min) {
        (void)keys.current(at);
        const auto found = keys.find(first.name(), at);
        ASSERT_TRUE(found) << (at - start) / 1min;
        EXPECT_EQ(text(*found), text(first));
        EXPECT_EQ(found->newest, at < start + ticket_keys::rotation);
    }
    EXPECT_FALSE(keys.find(first.name(), end));
}

TEST(ticket_keys, a_key_that_was_idle_is_not_found_beyond_its_time_either) {
    ticket_keys keys(start);
    const auto first = keys.current(start);
    EXPECT_FALSE(keys.find(first.name(), start + 30h));
}

TEST(ticket_keys, an_unknown_name_is_not_found) {
    ticket_keys keys(start);
    const std::array<unsigned char, ticket_key::name_bytes> zeros{};
    EXPECT_FALSE(keys.find(zeros, start));
}

TEST(ticket_keys, a_clock_that_was_put_back_makes_a_new_key) {
    ticket_keys keys(start);
    const auto first = keys.current(start);
    const auto second = keys.current(start - 30h);
    EXPECT_NE(text(first), text(second));
    EXPECT_EQ(text(keys.current(start - 30h + 1s)), text(second));
}

TEST(ticket_keys, no_two_rings_and_no_two_keys_are_alike) {
    ticket_keys a(start);
    ticket_keys b(start);
    std::set<std::string> seen{text(a.current(start)), text(b.current(start))};
    for (int hour = 1; hour < 10; ++hour) seen.insert(text(a.current(start + hour * ticket_keys::rotation)));
    EXPECT_EQ(seen.size(), 11u);
}

TEST(ticket_keys, threads_that_read_while_keys_change_see_whole_keys) {
    ticket_keys keys(start);
    std::vector<std::vector<std::string>> seen(4);
    {
        std::vector<std::jthread> threads;
        for (auto& mine : seen)
            threads.emplace_back([&keys, &mine] {
                for (int minute = 0; minute < 2000; ++minute) {
                    const auto key = keys.current(start + minute * 10min);
                    mine.push_back(text(key));
                }
            });
    }
    // A key that was read in halves would share its name with a whole one and differ from it.
    std::set<std::string> whole;
    std::set<std::string> names;
    for (const auto& mine : seen)
        for (const auto& key : mine) {
            whole.insert(key);
            names.insert(key.substr(0, ticket_key::name_bytes));
        }
    EXPECT_EQ(whole.size(), names.size());
}

}  // namespace
}  // namespace garde::net
