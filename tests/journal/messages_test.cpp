// What goes over the wire: syslog frames, webhooks and records, byte for byte.
#include "garde/base/hash.hpp"

#include "../../src/journal/ascii_json.hpp"
#include "../../src/journal/record_json.hpp"
#include "../../src/journal/syslog_message.hpp"
#include "../../src/journal/webhook_message.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace garde::journal {
namespace {

namespace json = boost::json;
using testing::StartsWith;

const wall_time at = *parse_rfc3339("2018-08-09T09:00:00.125Z");

signed_checkpoint checkpoint_of(std::uint64_t size) {
    return {.what = {.origin = "garde-1/journal", .head = {.size = size, .root = {}}},
            .note = "garde-1/journal\n…\n\n\u2014 garde-1/journal AAAA\n",
            .at = at};
}

std::string text_at(const json::object& in, const char* key) {
    const auto& text = in.at(key).as_string();
    return {text.data(), text.size()};
}

TEST(ascii_json, escapes_what_is_not_ascii_and_reads_back_the_same) {
    const json::value text = json::object{{"é", "a\u2014b \U0001f4a5 \"\n\x7f"}};
    const auto written = ascii_json(text);
    EXPECT_EQ(written, "{\"\\u00e9\":\"a\\u2014b \\ud83d\\udca5 \\\"\\n\x7f\"}");
    EXPECT_EQ(json::parse(written), text);
}

TEST(record_json, is_one_line_of_ascii_whatever_is_in_it) {
    const auto line = record_json(
        {.at = at, .event = "override", .attributes = {{"by", "opérateur"}, {"reason", "a\nb\xff"}}});
    EXPECT_EQ(line, R"({"at":"2018-08-09T09:00:00.125Z","event":"override",)"
                    R"("attributes":{"by":"op\u00e9rateur","reason":"a\nb\ufffd"}})");
}

TEST(record_json, cuts_values_as_the_log_does) {
    const auto line = record_json({.at = at, .event = "e", .attributes = {{"x", std::string(100'000, 'x')}}});
    EXPECT_LT(line.size(), 5'000U);
}

TEST(syslog_frame, is_counted_and_has_the_header_of_rfc_5424) {
    const syslog_sender_name from{.host = "garde-1", .process = "42"};
    EXPECT_EQ(syslog_frame(from, syslog_kind::checkpoint, at, "{}"),
              "64 <109>1 2018-08-09T09:00:00.125Z garde-1 garde 42 checkpoint - {}");
    EXPECT_EQ(syslog_frame(from, syslog_kind::record, at, "x"),
              "59 <108>1 2018-08-09T09:00:00.125Z garde-1 garde 42 record - x");
}

TEST(webhook, is_signed_over_id_time_and_body) {
    const secret_string secret(std::string(32, 'k'));
    const auto now = *parse_rfc3339("2018-08-09T10:00:00.999Z");
    const auto made = make_webhook(checkpoint_of(7), secret, now);
    ASSERT_EQ(made.fields.size(), 4U);
    EXPECT_EQ(made.fields[0], "Content-Type: application/json");
    EXPECT_THAT(made.fields[1], StartsWith("webhook-id: msg_"));
    EXPECT_EQ(made.fields[2], "webhook-timestamp: 1533808800");
    const auto id = made.fields[1].substr(made.fields[1].find(' ') + 1);
    const auto mac = hmac_sha256(secret.reveal(), id + ".1533808800." + made.body);
    EXPECT_EQ(made.fields[3],
              "webhook-signature: v1," + to_base64({reinterpret_cast<const char*>(mac.data()), mac.size()}));
    const auto body = json::parse(made.body).as_object();
    EXPECT_EQ(body.at("type"), "checkpoint");
    EXPECT_EQ(body.at("timestamp"), "2018-08-09T09:00:00.125Z");
    const auto& data = body.at("data").as_object();
    EXPECT_EQ(data.at("origin"), "garde-1/journal");
    EXPECT_EQ(data.at("size"), 7);
    EXPECT_EQ(text_at(data, "root"), to_base64(std::string(32, '\0')));
    EXPECT_EQ(text_at(data, "checkpoint"), checkpoint_of(7).note);
}

TEST(webhook, the_same_checkpoint_has_the_same_id_and_another_has_another) {
    const secret_string secret(std::string(32, 'k'));
    const auto first = make_webhook(checkpoint_of(7), secret, at);
    const auto again = make_webhook(checkpoint_of(7), secret, at + std::chrono::seconds(5));
    const auto other = make_webhook(checkpoint_of(8), secret, at);
    EXPECT_EQ(first.fields[1], again.fields[1]);
    EXPECT_EQ(first.body, again.body);
    EXPECT_NE(first.fields[3], again.fields[3]) << "the time is signed too";
    EXPECT_NE(first.fields[1], other.fields[1]);
}

TEST(webhook, agrees_with_the_published_example) {
    // https://github.com/standard-webhooks/standard-webhooks: its libraries' test vector.
    const auto secret = *from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const auto mac = hmac_sha256(secret, R"(msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314})");
    EXPECT_EQ(to_base64({reinterpret_cast<const char*>(mac.data()), mac.size()}),
              "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

}  // namespace
}  // namespace garde::journal
