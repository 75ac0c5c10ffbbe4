// Kept answers as bytes and back, and how small they get.
#include "garde/cache/reply_codec.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <string>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;
using test::fixture;

const boot_id this_boot{1};
const boot_id other_boot{2};

kept_reply sample(std::string_view body) {
    return {.who = {},
            .key = sha256("key"),
            .removal_keys = {sha256("one"), sha256("two")},
            .body = keep_body(body),
            .content_type = "text/xml; charset=utf-8",
            .consulted = {wall_time{1533805200123456789ns}, steady_time{1000h}},
            .communicated = std::chrono::sys_days{std::chrono::year{2018} / 8 / 1},
            .period_begin = std::chrono::sys_days{std::chrono::year{2018} / 1 / 1},
            .period_end = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};
}

TEST(reply_codec, what_goes_in_comes_out) {
    reply_codec codec(this_boot);
    for (const std::string& body : {fixture("consult-reply.xml"), fixture("generic-reply.xml"), std::string(),
                                    std::string("\0\xff<", 3), std::string(1'000'000, 'x')}) {
        const auto in = sample(body);
        const auto out = codec.decode(codec.encode(in).reveal());
        ASSERT_TRUE(out.has_value());
        EXPECT_EQ(*out->body, body);
        EXPECT_EQ(out->key, in.key);
        EXPECT_EQ(out->removal_keys, in.removal_keys);
        EXPECT_EQ(out->content_type, in.content_type);
        EXPECT_EQ(out->consulted.wall, in.consulted.wall);
        EXPECT_EQ(out->consulted.steady, in.consulted.steady);
        EXPECT_EQ(out->communicated, in.communicated);
        EXPECT_EQ(out->period_begin, in.period_begin);
        EXPECT_EQ(out->period_end, in.period_end);
    }
}

TEST(reply_codec, a_steady_time_counts_in_its_own_boot_only) {
    const auto bytes = reply_codec(this_boot).encode(sample("x"));
    const auto later = reply_codec(other_boot).decode(bytes.reveal());
    ASSERT_TRUE(later.has_value());
    EXPECT_FALSE(later->consulted.steady.has_value());
    EXPECT_EQ(later->consulted.wall, sample("x").consulted.wall);

    const auto again = reply_codec(other_boot).encode(*later);
    EXPECT_FALSE(reply_codec(other_boot).decode(again.reveal())->consulted.steady.has_value())
        << "kept again, it is still of no boot that is known";
}

TEST(reply_codec, bytes_that_are_cut_or_changed_harm_nobody) {
    reply_codec codec(this_boot);
    const std::string bytes(codec.encode(sample(fixture("consult-reply.xml"))).reveal());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        ASSERT_FALSE(codec.decode(bytes.substr(0, size)).has_value()) << "cut to " << size;
    std::mt19937_64 random(18);
    for (int i = 0; i < 20'000; ++i) {
        auto changed = bytes;
        for (int n = 0; n < 3; ++n) changed[random() % changed.size()] = static_cast<char>(random());
        const auto out = codec.decode(changed);
        ASSERT_TRUE(!out || out->body->size() <= reply_codec::body_bound);
    }
}

TEST(reply_codec, a_fixture_consult_gets_small) {
    reply_codec codec(this_boot);
    const auto size = codec.encode(sample(fixture("consult-reply.xml"))).size();
    std::cout << "  " << fixture("consult-reply.xml").size() << " bytes become " << size << "\n";
    EXPECT_LE(size, 400U);
}

TEST(reply_codec, this_boot_is_the_same_twice) {
    EXPECT_EQ(read_boot_id(), read_boot_id());
    EXPECT_NE(read_boot_id(), boot_id{});
}

}  // namespace
}  // namespace garde::cache
