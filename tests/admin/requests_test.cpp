// What an operator may order, and what he is told when he may not.
#include "../../src/admin/requests.hpp"

#include <gmock/gmock.h>

namespace garde::admin {
namespace {

using continuity::override_mode;
using testing::HasSubstr;

class requests_test : public testing::Test {
  protected:
    requests_test() {
        service_.name = "consult";
        service_.backends.resize(2);
        service_.backends[0].role = config::backend_role::primary;
        service_.backends[1].role = config::backend_role::backup;
    }

    [[nodiscard]] auto parse(std::string_view body, std::string_view type = "application/json") const {
        return parse_mode_request(type, body, service_, "anne", now_);
    }
    void expect_refused(std::string_view body, int status, const std::string& part) const {
        const auto got = parse(body);
        ASSERT_FALSE(got.has_value()) << body;
        EXPECT_EQ(got.error().status, status) << body;
        EXPECT_THAT(got.error().detail, HasSubstr(part)) << body;
    }
    void expect_expiry_refused(const std::string& expires, const std::string& part) const {
        expect_refused(R"({"mode":"primary","reason":"r","expires":)" + expires + "}", 422, part);
    }
    static std::string with_reason(const std::string& reason) {
        return R"({"mode":"emergency","reason":")" + reason + R"("})";
    }

    config::service_settings service_;
    wall_time now_ = *parse_rfc3339("2030-05-06T07:08:09Z");
};

TEST_F(requests_test, AFullOrderIsRead) {
    const auto got = parse(
        R"({"mode":"backup","reason":"écrit « tel quel »","expires":"2030-05-06T12:00:00+02:00","strict":true})");
    ASSERT_TRUE(got.has_value()) << got.error().detail;
    EXPECT_EQ(got->service, "consult");
    EXPECT_EQ(got->pinned, override_mode::backup);
    EXPECT_TRUE(got->strict);
    EXPECT_EQ(got->by, "anne");
    EXPECT_EQ(got->reason, "écrit « tel quel »");
    EXPECT_EQ(got->until, parse_rfc3339("2030-05-06T10:00:00Z"));
}

TEST_F(requests_test, ModeAndReasonAreEnough) {
    const auto got = parse(R"({"mode":"transparent","reason":"r"})");
    ASSERT_TRUE(got.has_value()) << got.error().detail;
    EXPECT_EQ(got->pinned, override_mode::transparent);
    EXPECT_FALSE(got->strict);
    EXPECT_FALSE(got->until.has_value());
}

TEST_F(requests_test, AutomaticPinsNothing) {
    const auto got = parse(R"({"mode":"automatic","reason":"over","expires":null,"strict":false})");
    ASSERT_TRUE(got.has_value()) << got.error().detail;
    EXPECT_FALSE(got->pinned.has_value());
}

TEST_F(requests_test, AutomaticCannotEndOrBeStrict) {
    expect_refused(R"({"mode":"automatic","reason":"r","strict":true})", 422, "automatic");
    expect_refused(R"({"mode":"automatic","reason":"r","expires":"2030-06-01T00:00:00Z"})", 422, "automatic");
}

TEST_F(requests_test, OnlyJsonIsRead) {
    constexpr std::string_view good = R"({"mode":"primary","reason":"r"})";
    EXPECT_TRUE(parse(good, "application/json; charset=utf-8").has_value());
    EXPECT_TRUE(parse(good, "Application/JSON ;charset=utf-8").has_value());
    for (const auto* type :
         {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"}) {
        const auto got = parse(good, type);
        ASSERT_FALSE(got.has_value()) << type;
        EXPECT_EQ(got.error().status, 415) << type;
    }
}

TEST_F(requests_test, ABrokenDocumentIsABadRequest) {
    for (const auto* body : {"", "{", R"({"mode":"primary","reason":"r"} x)", R"({"mode":primary})",
                             "{\"mode\":\"primary\",\"reason\":\"\xff\"}"})
        expect_refused(body, 400, "no JSON document");
}

TEST_F(requests_test, DeepNestingIsABadRequest) {
    expect_refused(std::string(60'000, '['), 400, "no JSON document");
}

TEST_F(requests_test, AnythingButAnObjectIsRefused) {
    for (const auto* body : {"null", "[]", "\"emergency\"", "1"}) expect_refused(body, 422, "object");
}

TEST_F(requests_test, AnUnknownMemberIsNamed) {
    expect_refused(R"({"mode":"primary","reason":"r","for":"10m"})", 422, "\"for\"");
    expect_refused(R"({"mode":"primary","reason":"r","Mode":"primary"})", 422, "\"Mode\"");
}

TEST_F(requests_test, AnUnknownModeIsToldWhichThereAre) {
    for (const auto* body :
         {R"({"reason":"r"})", R"({"mode":"holiday","reason":"r"})", R"({"mode":null,"reason":"r"})",
          R"({"mode":["primary"],"reason":"r"})", R"({"mode":"Primary","reason":"r"})"})
        expect_refused(body, 422, "\"transparent\"");
}

TEST_F(requests_test, BackupNeedsABackup) {
    service_.backends.pop_back();
    expect_refused(R"({"mode":"backup","reason":"r"})", 422, "consult has no backup");
    EXPECT_TRUE(parse(R"({"mode":"primary","reason":"r"})").has_value());
}

TEST_F(requests_test, AReasonMustBeGiven) {
    for (const auto* body : {R"({"mode":"primary"})", R"({"mode":"primary","reason":""})",
                             R"({"mode":"primary","reason":" \t\n "})", R"({"mode":"primary","reason":1})",
                             R"({"mode":"primary","reason":null})"})
        expect_refused(body, 422, "\"reason\" must say why");
}

TEST_F(requests_test, AReasonIsCountedInCharacters) {
    std::string longest;
    for (std::size_t i = 0; i < reason_limit; ++i) longest += "é";
    EXPECT_TRUE(parse(with_reason(longest)).has_value());
    expect_refused(with_reason(longest + "x"), 422, "500 characters");
}

TEST_F(requests_test, AReasonIsOneLineWithoutControls) {
    for (const auto* bad :
         {R"(a\nb)", R"(a\u0000b)", R"(a\u001bb)", R"(a\u007fb)", R"(a\u0085b)", R"(a\u009f)"})
        expect_refused(with_reason(bad), 422, "control characters");
    EXPECT_TRUE(parse(with_reason(R"(a\u00a0b)")).has_value());
}

TEST_F(requests_test, AnExpiryMustBeATimeWithItsZone) {
    for (const auto* bad : {"\"soon\"", "\"\"", "5", "\"2030-06-01T00:00:00\"", "\"2030-06-01\"",
                            "\"2030-06-01Z\"", "\"2030-13-01T00:00:00Z\"", "\"2030-06-01T25:00:00Z\""})
        expect_expiry_refused(bad, "must be a time");
}

TEST_F(requests_test, AnExpiryMustLieAhead) {
    for (const auto* bad : {"\"2030-05-06T07:08:09Z\"", "\"2030-05-06T09:08:08+02:00\"",
                            "\"2030-05-04T00:00:00Z\"", "\"0001-01-01T00:00:00Z\""})
        expect_expiry_refused(bad, "has passed");
    EXPECT_TRUE(parse(R"({"mode":"primary","reason":"r","expires":"2030-05-06T07:08:10Z"})").has_value());
}

TEST_F(requests_test, AnExpiryBeyondWhatTheClockCountsIsRefused) {
    expect_expiry_refused("\"9999-12-31T23:59:59Z\"", "more than ten years");
    expect_expiry_refused("\"2263-01-01T00:00:00Z\"", "more than ten years");
}

TEST_F(requests_test, StrictIsTrueOrFalse) {
    for (const auto* bad : {"\"yes\"", "1", "null"})
        expect_refused(std::string(R"({"mode":"primary","reason":"r","strict":)") + bad + "}", 422,
                       "\"strict\"");
}

TEST(erasure_request_test, TimeAndReasonAreRead) {
    const auto now = *parse_rfc3339("2030-05-06T07:08:09Z");
    const auto got = parse_erasure_request(
        "application/json", R"({"before":"2029-05-06T12:00:00+02:00","reason":"asked for"})", "anne", now);
    ASSERT_TRUE(got.has_value()) << got.error().detail;
    EXPECT_EQ(got->before, parse_rfc3339("2029-05-06T10:00:00Z"));
    EXPECT_EQ(got->by, "anne");
    EXPECT_EQ(got->reason, "asked for");
}

TEST(erasure_request_test, AnythingElseIsRefused) {
    const auto now = *parse_rfc3339("2030-05-06T07:08:09Z");
    for (const auto* body :
         {"{}", R"({"before":"2029-05-06T12:00:00Z"})", R"({"reason":"r"})", R"({"before":5,"reason":"r"})",
          R"({"before":"2029-05-06T12:00:00","reason":"r"})",
          R"({"before":"2031-05-06T12:00:00Z","reason":"r"})",
          R"({"before":"2029-05-06T12:00:00Z","reason":" "})",
          R"({"before":"2029-05-06T12:00:00Z","reason":"r","older":"1d"})"}) {
        const auto got = parse_erasure_request("application/json", body, "anne", now);
        ASSERT_FALSE(got.has_value()) << body;
        EXPECT_EQ(got.error().status, 422) << body;
    }
    EXPECT_EQ(parse_erasure_request("text/plain", "{}", "anne", now).error().status, 415);
}

}  // namespace
}  // namespace garde::admin
