// What two processes say to each other is what the other one understands; anything else is refused.
#include "../../src/app/hand_over_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::app {
namespace {

using testing::HasSubstr;

template <class Message>
Message there_and_back(const Message& what) {
    const auto out = decode(encode(what));
    EXPECT_TRUE(out) << out.error().message;
    return std::get<Message>(*out);
}

control::service_memory some_service() {
    const auto at = *parse_rfc3339("2030-05-06T07:08:09.123456789Z");
    return {.name = "consult",
            .active_backend = "two",
            .since = at,
            .order = control::override_view{.pinned = continuity::override_mode::backup,
                                            .strict = true,
                                            .by = "anna",
                                            .reason = "\"storage\"\nmoves é",
                                            .since = at - std::chrono::hours(1),
                                            .until = at + std::chrono::hours(1)},
            .procedure = control::procedure_memory{.since = at - std::chrono::hours(2), .ordered = true},
            .backends = {{.name = "one",
                          .address = "10.0.0.1:443",
                          .state = continuity::verdict::down,
                          .since = at,
                          .last_reason = continuity::reason::timed_out},
                         {.name = "two", .address = "[::1]:443"}}};
}

TEST(hand_over_message, numbers_and_names_arrive) {
    EXPECT_EQ(there_and_back(hello{7}).version, 7);
    EXPECT_EQ(there_and_back(handed_socket{"listener"}).name, "listener");
    EXPECT_EQ(there_and_back(offered{3, 4}).sockets, 3U);
    EXPECT_EQ(there_and_back(offered{3, 4}).services, 4U);
    EXPECT_EQ(there_and_back(refused{"no"}).why, "no");
    there_and_back(serving{});
    there_and_back(released{});
}

TEST(hand_over_message, everything_that_is_known_of_a_service_arrives) {
    const auto sent = some_service();
    const auto got = there_and_back(handed_service{sent}).what;
    EXPECT_EQ(got.name, sent.name);
    EXPECT_EQ(got.active_backend, sent.active_backend);
    EXPECT_EQ(got.since, sent.since);
    ASSERT_TRUE(got.order);
    EXPECT_EQ(got.order->pinned, sent.order->pinned);
    EXPECT_EQ(got.order->strict, sent.order->strict);
    EXPECT_EQ(got.order->by, sent.order->by);
    EXPECT_EQ(got.order->reason, sent.order->reason);
    EXPECT_EQ(got.order->since, sent.order->since);
    EXPECT_EQ(got.order->until, sent.order->until);
    ASSERT_TRUE(got.procedure);
    EXPECT_EQ(got.procedure->since, sent.procedure->since);
    EXPECT_EQ(got.procedure->ordered, sent.procedure->ordered);
    ASSERT_EQ(got.backends.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(got.backends[i].name, sent.backends[i].name);
        EXPECT_EQ(got.backends[i].address, sent.backends[i].address);
        EXPECT_EQ(got.backends[i].state, sent.backends[i].state);
        EXPECT_EQ(got.backends[i].since, sent.backends[i].since);
        EXPECT_EQ(got.backends[i].last_reason, sent.backends[i].last_reason);
    }
}

TEST(hand_over_message, that_there_is_no_order_or_no_end_of_it_arrives) {
    auto sent = some_service();
    sent.procedure.reset();
    EXPECT_FALSE(there_and_back(handed_service{sent}).what.procedure);
    sent.order->until.reset();
    EXPECT_FALSE(there_and_back(handed_service{sent}).what.order->until);
    sent.order.reset();
    EXPECT_FALSE(there_and_back(handed_service{sent}).what.order);
}

TEST(hand_over_message, what_is_no_message_is_refused) {
    for (const auto* text :
         {"", "hello", "[]", "{}", R"({"say":7})", R"({"say":"goodbye"})", R"({"say":"hello"})",
          R"({"say":"hello","version":"1"})", R"({"say":"socket","name":3})"})
        EXPECT_FALSE(decode(text)) << text;
}

TEST(hand_over_message, a_service_without_any_of_its_parts_is_refused) {
    const std::string whole = encode(handed_service{some_service()});
    for (const auto* part : {"name", "active", "since", "order", "backends", "mode", "strict", "by", "reason",
                             "until", "address", "verdict"}) {
        std::string text = whole;
        const std::string key = std::string("\"") + part + "\":";
        for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1))
            text[at + 1] = '_';
        EXPECT_FALSE(decode(text)) << part;
    }
}

TEST(hand_over_message, words_that_are_not_known_are_refused) {
    std::string text = encode(handed_service{some_service()});
    const std::string word = "\"down\"";
    text.replace(text.find(word), word.size(), "\"sideways\"");
    const auto got = decode(text);
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().message, HasSubstr("service"));
}

}  // namespace
}  // namespace garde::app
