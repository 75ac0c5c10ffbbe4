// Which resource a request is for.
#include "../../src/admin/routes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace garde::admin {
namespace {

std::string allowed(const net::page_reply& reply) {
    const auto found = std::ranges::find(reply.fields, "Allow", &http::owned_field::name);
    return found == reply.fields.end() ? "" : found->value;
}

TEST(routes_test, EachAddressHasItsResource) {
    EXPECT_EQ(find_place("GET", "/v1/openapi.json")->what, resource::openapi);
    EXPECT_EQ(find_place("GET", "/v1/services")->what, resource::services);
    const auto service = find_place("HEAD", "/v1/services/consult");
    EXPECT_EQ(service->what, resource::service);
    EXPECT_EQ(service->service, "consult");
    EXPECT_EQ(find_place("GET", "/v1/journal")->what, resource::journal);
    EXPECT_EQ(find_place("POST", "/v1/reload")->what, resource::reload);
    EXPECT_EQ(find_place("GET", "/v1/cache")->what, resource::cache);
    EXPECT_EQ(find_place("POST", "/v1/cache/purge")->what, resource::purge);
    EXPECT_FALSE(find_place("GET", "/v1/cache/purge").has_value());
    EXPECT_FALSE(find_place("POST", "/v1/cache").has_value());
    EXPECT_EQ(find_place("POST", "/v1/journal/erase-names")->what, resource::erase_names);
    EXPECT_EQ(find_place("GET", "/v1/journal/erase-names").error().status, 405);
    const auto mode = find_place("POST", "/v1/services/consult/mode");
    EXPECT_EQ(mode->what, resource::mode);
    EXPECT_EQ(mode->service, "consult");
}

TEST(routes_test, AServiceMayBeCalledMode) {
    const auto service = find_place("GET", "/v1/services/mode");
    ASSERT_TRUE(service.has_value());
    EXPECT_EQ(service->what, resource::service);
    EXPECT_EQ(service->service, "mode");
}

TEST(routes_test, AnyOtherAddressIsNotFound) {
    for (const auto* path : {"/", "/v1", "/v1/", "/v1/services/", "/v1/services//mode", "/v1/services/a/b",
                             "/v1/services/a/b/mode", "/v1/servicesX", "/v2/services", "*"}) {
        for (const auto* method : {"GET", "POST"}) {
            const auto found = find_place(method, path);
            ASSERT_FALSE(found.has_value()) << path;
            EXPECT_EQ(found.error().status, 404) << path;
        }
    }
}

TEST(routes_test, ReadingAndOrderingAreDifferentMethods) {
    for (const auto* path : {"/v1/openapi.json", "/v1/services", "/v1/services/consult"}) {
        for (const auto* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
            const auto found = find_place(method, path);
            ASSERT_FALSE(found.has_value()) << method << path;
            EXPECT_EQ(found.error().status, 405);
            EXPECT_EQ(allowed(found.error()), "GET, HEAD");
        }
    }
    for (const auto* method : {"GET", "HEAD", "DELETE"}) {
        const auto found = find_place(method, "/v1/services/consult/mode");
        ASSERT_FALSE(found.has_value()) << method;
        EXPECT_EQ(found.error().status, 405);
        EXPECT_EQ(allowed(found.error()), "POST");
    }
}

}  // namespace
}  // namespace garde::admin
