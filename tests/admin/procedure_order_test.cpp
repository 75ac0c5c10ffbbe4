// Orders for the emergency procedure: what is read of them, what is refused, what is answered.
#include "../../src/admin/answers.hpp"
#include "../../src/admin/requests.hpp"
#include "../../src/admin/routes.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

namespace garde::admin {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class procedure_order_test : public testing::Test {
  protected:
    procedure_order_test() {
        service_.name = "consult";
        service_.procedure.emplace();
    }
    [[nodiscard]] auto parse(std::string_view body, std::string_view type = "application/json") const {
        return parse_procedure_request(type, body, service_, "anne");
    }
    void expect_refused(std::string_view body, int status, const std::string& part) const {
        const auto got = parse(body);
        ASSERT_FALSE(got.has_value()) << body;
        EXPECT_EQ(got.error().status, status) << body;
        EXPECT_THAT(got.error().detail, HasSubstr(part)) << body;
    }

    config::service_settings service_;
};

TEST_F(procedure_order_test, opening_and_closing_are_read) {
    const auto open = parse(R"({"open":true,"reason":"écrit « tel quel »"})");
    ASSERT_TRUE(open.has_value()) << open.error().detail;
    EXPECT_EQ(open->service, "consult");
    EXPECT_TRUE(open->open);
    EXPECT_EQ(open->by, "anne");
    EXPECT_EQ(open->reason, "écrit « tel quel »");
    const auto close = parse(R"({"open":false,"reason":"r"})");
    ASSERT_TRUE(close.has_value()) << close.error().detail;
    EXPECT_FALSE(close->open);
}

TEST_F(procedure_order_test, what_is_no_such_order_is_refused_with_what_to_write) {
    expect_refused("{", 400, "no JSON");
    expect_refused("[]", 422, R"("open" and "reason")");
    expect_refused(R"({"reason":"r"})", 422, "true to open");
    expect_refused(R"({"open":"yes","reason":"r"})", 422, "true to open");
    expect_refused(R"({"open":true})", 422, "why");
    expect_refused(R"({"open":true,"reason":"  "})", 422, "why");
    expect_refused(R"({"open":true,"reason":"r","expires":null})", 422, R"(there are "open" and "reason")");
    const auto plain = parse(R"({"open":true,"reason":"r"})", "text/plain");
    ASSERT_FALSE(plain.has_value());
    EXPECT_EQ(plain.error().status, 415);
}

TEST_F(procedure_order_test, a_service_without_procedure_has_none_to_open) {
    service_.procedure.reset();
    expect_refused(R"({"open":true,"reason":"r"})", 422, "[service.procedure]");
}

TEST_F(procedure_order_test, its_address_takes_orders_only) {
    const auto there = find_place("POST", "/v1/services/consult/procedure");
    ASSERT_TRUE(there.has_value());
    EXPECT_EQ(there->what, resource::procedure);
    EXPECT_EQ(there->service, "consult");
    EXPECT_EQ(find_place("GET", "/v1/services/consult/procedure").error().status, 405);
}

TEST_F(procedure_order_test, the_explanation_is_read_only) {
    const auto there = find_place("GET", "/v1/services/consult/explanation");
    ASSERT_TRUE(there.has_value());
    EXPECT_EQ(there->what, resource::explanation);
    EXPECT_EQ(there->service, "consult");
    EXPECT_EQ(find_place("POST", "/v1/services/consult/explanation").error().status, 405);
}

TEST_F(procedure_order_test, only_orders_take_orders) {
    for (const auto one : {resource::mode, resource::procedure, resource::reload})
        EXPECT_TRUE(takes_orders(one));
    for (const auto one : {resource::openapi, resource::services, resource::service, resource::explanation})
        EXPECT_FALSE(takes_orders(one));
}

TEST_F(procedure_order_test, what_became_of_it_is_answered) {
    const control::procedure_request order{.service = "consult", .open = true, .by = "anne", .reason = "r"};
    const auto told =
        json::parse(procedure_document(order, {.changed = true, .stored = true, .store_error = {}}));
    EXPECT_EQ(
        told.as_object(),
        (json::object{
            {"service", "consult"}, {"open", true}, {"by", "anne"}, {"changed", true}, {"stored", true}}));
    const auto warned = json::parse(
        procedure_document(order, {.changed = false, .stored = false, .store_error = "disk full"}));
    EXPECT_EQ(warned.at("changed"), false);
    EXPECT_THAT(std::string(warned.at("warning").as_string()), HasSubstr("disk full"));
}

}  // namespace
}  // namespace garde::admin
