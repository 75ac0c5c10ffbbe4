// Orders for exercises: what is read of them, what is refused, what is answered and shown.
#include "../../src/admin/answers.hpp"
#include "../../src/admin/requests.hpp"
#include "../../src/admin/routes.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace garde::admin {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

const wall_time now = *parse_rfc3339("2026-03-02T08:00:00Z");

class exercise_order_test : public testing::Test {
  protected:
    exercise_order_test() {
        service_.name = "consult";
        service_.procedure.emplace();
        for (const auto* path : {"/v2/consult", "/v2/report"}) service_.routes.emplace_back().path = path;
    }
    [[nodiscard]] auto parse(std::string_view body, std::string_view type = "application/json") const {
        return parse_exercise_request(type, body, service_, "anne", now);
    }
    void expect_refused(std::string_view body, int status, const std::string& part) const {
        const auto got = parse(body);
        ASSERT_FALSE(got.has_value()) << body;
        EXPECT_EQ(got.error().status, status) << body;
        EXPECT_THAT(got.error().detail, HasSubstr(part)) << body;
    }

    config::service_settings service_;
};

TEST_F(exercise_order_test, beginning_and_ending_are_read) {
    const auto begin = parse(
        R"({"begin":true,"route":"/v2/consult","caller":"DNS:one.example","expires":"2026-03-02T09:00:00Z","reason":"r"})");
    ASSERT_TRUE(begin.has_value()) << begin.error().detail;
    EXPECT_TRUE(begin->begin);
    EXPECT_EQ(begin->ordered.service, "consult");
    EXPECT_EQ(begin->ordered.route, "/v2/consult");
    EXPECT_EQ(begin->ordered.callers->text(), "DNS:one.example");
    EXPECT_EQ(begin->ordered.until, now + 1h);
    EXPECT_EQ(begin->ordered.by, "anne");
    EXPECT_EQ(begin->ordered.reason, "r");
    const auto end = parse(R"({"begin":false,"reason":"done"})");
    ASSERT_TRUE(end.has_value()) << end.error().detail;
    EXPECT_FALSE(end->begin);
    EXPECT_EQ(end->ordered.reason, "done");
}

TEST_F(exercise_order_test, either_a_route_or_callers_will_do) {
    const auto by_route =
        parse(R"({"begin":true,"route":"/v2/report","expires":"2026-03-02T09:00:00Z","reason":"r"})");
    ASSERT_TRUE(by_route.has_value()) << by_route.error().detail;
    EXPECT_FALSE(by_route->ordered.callers);
    const auto by_caller = parse(
        R"({"begin":true,"caller":"CN=Pharmacy One,O=Example,C=BE","expires":"2026-03-02T09:00:00Z","reason":"r"})");
    ASSERT_TRUE(by_caller.has_value()) << by_caller.error().detail;
    EXPECT_EQ(by_caller->ordered.route, "");
}

TEST_F(exercise_order_test, what_is_no_such_order_is_refused_with_what_to_write) {
    const auto with = [](std::string_view more) {
        return fmt::format(R"({{"begin":true,"reason":"r","expires":"2026-03-02T09:00:00Z"{}}})", more);
    };
    expect_refused("{", 400, "no JSON");
    expect_refused(R"({"reason":"r"})", 422, "\"begin\" must be true");
    expect_refused(R"({"begin":true,"route":"/v2/consult"})", 422, "why");
    expect_refused(R"({"begin":true,"route":"/v2/consult","reason":"r"})", 422, "at most eight hours");
    expect_refused(R"({"begin":true,"route":"/v2/consult","reason":"r","expires":"2026-03-02T16:00:01Z"})",
                   422, "at most eight hours");
    expect_refused(R"({"begin":true,"route":"/v2/consult","reason":"r","expires":"2026-03-02T07:59:59Z"})",
                   422, "passed");
    expect_refused(with(""), 422, R"(say "route" or "caller")");
    expect_refused(with(R"(,"route":"/v2/*")"), 422, "it has /v2/consult, /v2/report");
    expect_refused(with(R"(,"caller":"*")"), 422, "must name callers");
    expect_refused(with(R"(,"caller":"subject:somebody")"), 422, "certificates only");
    expect_refused(with(R"(,"strict":true)"), 422, "There is no member \"strict\"");
    EXPECT_EQ(parse(with(R"(,"route":"/v2/consult")"), "text/plain").error().status, 415);
    EXPECT_TRUE(parse(R"({"begin":true,"route":"/v2/consult","reason":"r","expires":"2026-03-02T16:00:00Z"})")
                    .has_value());
}

TEST_F(exercise_order_test, without_a_procedure_there_is_nothing_to_rehearse_but_something_to_end) {
    service_.procedure.reset();
    expect_refused(R"({"begin":true,"route":"/v2/consult","reason":"r","expires":"2026-03-02T09:00:00Z"})",
                   422, "[service.procedure]");
    EXPECT_TRUE(parse(R"({"begin":false,"reason":"r"})").has_value());
}

TEST_F(exercise_order_test, its_address_takes_orders_only) {
    const auto there = find_place("POST", "/v1/services/consult/exercise");
    ASSERT_TRUE(there.has_value());
    EXPECT_EQ(there->what, resource::exercise);
    EXPECT_EQ(there->service, "consult");
    EXPECT_TRUE(takes_orders(there->what));
    EXPECT_EQ(find_place("GET", "/v1/services/consult/exercise").error().status, 405);
}

TEST_F(exercise_order_test, what_began_is_answered) {
    auto running = std::make_shared<continuity::exercise>();
    running->id = "id";
    running->requests = 2;
    control::exercise_run run{.ordered = {.service = "consult",
                                          .route = "",
                                          .callers = caller::pattern::parse("DNS:one.example"),
                                          .until = now + 1h,
                                          .by = "anne",
                                          .reason = "spring"},
                              .since = now,
                              .what = running};
    const control::exercise_request order{.begin = true, .ordered = run.ordered};
    const auto told = json::parse(exercise_document(order, {.changed = {run}})).as_object();
    EXPECT_EQ(told.at("service"), "consult");
    EXPECT_EQ(told.at("begin"), true);
    EXPECT_EQ(told.at("by"), "anne");
    const auto& one = told.at("exercises").at(0).as_object();
    EXPECT_EQ(one.at("id"), "id");
    EXPECT_TRUE(one.at("route").is_null());
    EXPECT_EQ(one.at("caller"), "DNS:one.example");
    EXPECT_EQ(one.at("since"), "2026-03-02T08:00:00.000Z");
    EXPECT_EQ(one.at("until"), "2026-03-02T09:00:00.000Z");
    EXPECT_EQ(one.at("requests"), 2);
}

}  // namespace
}  // namespace garde::admin
