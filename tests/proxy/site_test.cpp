// Where requests belong, who may be given cached answers, and what a configuration is refused for.
#include "garde/proxy/site.hpp"

#include "../support/site_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace garde::proxy {
namespace {

using test::route;
using test::site_settings;
using testing::HasSubstr;

site_ptr made(config::settings_ptr from) {
    auto out = site::make(std::move(from));
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
}

/// The route that a path belongs to, as SERVICE:PATTERN; empty when there is none.
std::string belongs(const std::vector<std::string>& first, const std::vector<std::string>& second,
                    std::string_view path) {
    auto settings = site_settings();
    settings->services[0].routes.clear();
    settings->services[1].routes.clear();
    for (const auto& pattern : first) settings->services[0].routes.push_back(route(pattern));
    for (const auto& pattern : second) settings->services[1].routes.push_back(route(pattern));
    const auto served = made(settings);
    const auto found = served->find(path);
    return found ? std::to_string(found->service) + ":" + found->route->path : "";
}

TEST(site, a_path_belongs_to_its_service) {
    EXPECT_EQ(belongs({"/a"}, {"/b"}, "/a"), "0:/a");
    EXPECT_EQ(belongs({"/a"}, {"/b"}, "/b"), "1:/b");
}

TEST(site, an_exact_path_matches_exactly) {
    for (const auto* other : {"/", "/a/", "/ab", "/a/b", "/A", "", "*", "a"})
        EXPECT_EQ(belongs({"/a"}, {}, other), "") << other;
}

TEST(site, a_prefix_matches_what_is_below_it) {
    EXPECT_EQ(belongs({"/a/*"}, {}, "/a/"), "0:/a/*");
    EXPECT_EQ(belongs({"/a/*"}, {}, "/a/b/c"), "0:/a/*");
    EXPECT_EQ(belongs({"/a/*"}, {}, "/a"), "");
    EXPECT_EQ(belongs({"/a/*"}, {}, "/ab"), "");
}

TEST(site, everything_can_be_one_prefix) {
    EXPECT_EQ(belongs({"/*"}, {}, "/"), "0:/*");
    EXPECT_EQ(belongs({"/*"}, {}, "/anything"), "0:/*");
    EXPECT_EQ(belongs({"/*"}, {}, "*"), "");
}

TEST(site, the_longest_prefix_wins_in_whatever_order) {
    EXPECT_EQ(belongs({"/*", "/a/b/*", "/a/*"}, {}, "/a/b/c"), "0:/a/b/*");
    EXPECT_EQ(belongs({"/a/*"}, {"/a/b/*"}, "/a/b/c"), "1:/a/b/*");
    EXPECT_EQ(belongs({"/a/b/*"}, {"/a/*"}, "/a/b/c"), "0:/a/b/*");
    EXPECT_EQ(belongs({"/a/b/*"}, {"/a/*"}, "/a/c"), "1:/a/*");
}

TEST(site, an_exact_path_wins_over_every_prefix) {
    EXPECT_EQ(belongs({"/a/b/*", "/a/*"}, {"/a/b/"}, "/a/b/"), "1:/a/b/");
    EXPECT_EQ(belongs({"/a/b"}, {"/a/*"}, "/a/b"), "0:/a/b");
    EXPECT_EQ(belongs({"/a/*"}, {"/a/b"}, "/a/b"), "1:/a/b");
}

// --- cached answers ---

const caller::identity pharmacy("CN=Example CA", "CN=pharmacy", {"DNS:pharmacy.garde.test"});

bool may(config::route_settings on, const caller::identity& who, std::size_t service = 0) {
    auto settings = site_settings();
    settings->services[service].routes = {std::move(on)};
    const auto served = made(settings);
    const auto where = served->find(served->settings().services[service].routes[0].path);
    return served->may_use_cache(*where, who);
}

config::route_settings cached_for(const std::vector<std::string>& callers) {
    auto out = route("/x");
    out.cached = true;
    std::vector<caller::pattern> patterns;
    for (const auto& text : callers) patterns.push_back(caller::pattern::parse(text).value());
    out.cached_callers = std::make_shared<const std::vector<caller::pattern>>(std::move(patterns));
    return out;
}

TEST(site, cached_answers_are_for_the_callers_named) {
    EXPECT_TRUE(may(cached_for({"CN=pharmacy"}), pharmacy));
    EXPECT_TRUE(may(cached_for({"CN=other", "DNS:pharmacy.garde.test"}), pharmacy));
    EXPECT_TRUE(may(cached_for({"*"}), pharmacy));
    EXPECT_FALSE(may(cached_for({"CN=other"}), pharmacy));
    EXPECT_FALSE(may(cached_for({}), pharmacy));
}

TEST(site, an_unverified_caller_gets_no_cached_answer) {
    EXPECT_FALSE(may(cached_for({"*"}), caller::identity{}));
}

TEST(site, an_unverified_caller_may_have_signed_where_that_counts) {
    auto settings = site_settings();
    settings->callers = std::make_shared<const caller::recognition>(
        caller::directory(), std::make_shared<const caller::assertion_rules>());
    settings->services[0].routes = {cached_for({"issuer:urn:sts"}), route("/y")};
    const auto served = made(settings);
    EXPECT_TRUE(served->may_use_cache(*served->find("/x"), caller::identity{}));
    EXPECT_FALSE(served->may_use_cache(*served->find("/x"), pharmacy)) << "he has shown something else";
    EXPECT_FALSE(served->may_use_cache(*served->find("/y"), caller::identity{}));
}

TEST(site, a_route_that_did_not_opt_in_gets_no_cached_answer) {
    auto on = cached_for({"*"});
    on.cached = false;
    EXPECT_FALSE(may(on, pharmacy));
}

TEST(site, a_service_without_a_cache_gives_no_cached_answer) {
    EXPECT_FALSE(may(cached_for({"*"}), pharmacy, 1));
}

// --- making it ---

TEST(site, is_ready_to_serve) {
    const auto served = made(site_settings());
    ASSERT_EQ(served->services().size(), 2U);
    EXPECT_EQ(served->service(0).targets.size(), 2U);
    EXPECT_TRUE(served->service(0).procedure);
    EXPECT_TRUE(served->service(0).cache_rules);
    EXPECT_FALSE(served->service(1).procedure);
    EXPECT_FALSE(served->service(1).cache_rules);
    EXPECT_FALSE(served->receipts());
}

TEST(site, has_receipts_where_there_is_a_key) {
    auto settings = site_settings();
    settings->receipts = config::receipts_settings{
        .key = test::pki::shared().server().key, .former_keys = {}, .issuer = "garde.test"};
    EXPECT_TRUE(made(settings)->receipts());
}

std::string refusal_of(config::settings_ptr from) {
    const auto out = site::make(std::move(from));
    return out ? "" : out.error().message;
}

TEST(site, what_is_missing_is_named) {
    auto no_certificate = site_settings();
    no_certificate->listener.tls.certificate = "/nonexistent/listener.pem";
    EXPECT_THAT(refusal_of(no_certificate), HasSubstr("/nonexistent/listener.pem"));

    auto no_ca = site_settings();
    no_ca->services[0].backends[1].tls = true;
    no_ca->services[0].backends[1].ca = "/nonexistent/ca.pem";
    EXPECT_THAT(refusal_of(no_ca), HasSubstr("service counter: backend two: "));
    EXPECT_THAT(refusal_of(no_ca), HasSubstr("/nonexistent/ca.pem"));

    auto no_texts = site_settings();
    no_texts->services[0].procedure->name = "missing";
    EXPECT_THAT(refusal_of(no_texts), HasSubstr("service counter: "));

    auto no_key = site_settings();
    no_key->receipts = config::receipts_settings{
        .key = "/nonexistent/receipts.key", .former_keys = {}, .issuer = "garde.test"};
    EXPECT_THAT(refusal_of(no_key), HasSubstr("/nonexistent/receipts.key"));
}

}  // namespace
}  // namespace garde::proxy
