// What a running garde takes up from a changed file, and what it refuses.
#include "support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace garde::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

settings running() {
    settings out;
    out.file = "/etc/garde/garde.toml";
    out.data_dir = "/var/lib/garde";
    out.workers = 2;
    out.listener.address = {.host = "0.0.0.0", .port = 443, .line = 7};
    out.admin.address = {.host = "127.0.0.1", .port = 8444, .line = 8};
    out.status.address = {.host = "127.0.0.1", .port = 8080, .line = 9};
    return out;
}

std::vector<problem> after(const std::function<void(settings&)>& change) {
    settings next = running();
    change(next);
    return check_reload(running(), next);
}

TEST(check_reload, takes_up_everything_else) {
    EXPECT_THAT(after([](settings& next) {
                    next.file = "/elsewhere.toml";
                    next.sha256 = "other";
                    next.node_name = "other";
                    next.log_level = "debug";
                    next.listener.tls.certificate = "other.pem";
                    next.limits.connections = 1;
                    next.listener.address.line = 12;
                    next.services.emplace_back();
                }),
                IsEmpty());
}

TEST(check_reload, refuses_what_only_a_new_process_can_have) {
    const std::vector<std::pair<std::string, std::function<void(settings&)>>> changes{
        {"[node] data_dir", [](settings& next) { next.data_dir = "/elsewhere"; }},
        {"[node] workers", [](settings& next) { next.workers = 3; }},
        {"[listener] address", [](settings& next) { next.listener.address.port = 444; }},
        {"[admin] address", [](settings& next) { next.admin.address.host = "::1"; }},
        {"[status] address", [](settings& next) { next.status.address.port = 81; }},
        {"[metrics] address", [](settings& next) { next.metrics.emplace().address.port = 9; }},
        {"[journal] segment_bytes", [](settings& next) { next.journal.segment_bytes = 1 << 20; }},
        {"[journal] keep_segments", [](settings& next) { next.journal.keep_segments = 3; }},
        {"[journal] keep_for", [](settings& next) { next.journal.keep_for = std::chrono::hours(24); }},
        {"[journal] keep_names_for", [](settings& next) { next.journal.keep_names_for.reset(); }},
        {"[journal] names_key", [](settings& next) { next.journal.names_key = "/elsewhere"; }},
        {"[cache_store]", [](settings& next) { next.cache_store.emplace(); }}};
    for (const auto& [setting, change] : changes) {
        const auto found = after(change);
        ASSERT_THAT(found, SizeIs(1)) << setting;
        EXPECT_EQ(found[0].level, problem::severity::error);
        EXPECT_THAT(to_text(found[0]), AllOf(HasSubstr(setting), HasSubstr("--take-over"))) << setting;
    }
}

TEST(check_reload, the_key_of_the_cache_is_read_once_and_never_told) {
    settings is = running();
    is.cache_store.emplace().keys.emplace_back("the former key");
    settings next = is;
    EXPECT_THAT(check_reload(is, next), IsEmpty());
    next.cache_store->keys.front() = secret_string("the next key");
    next.cache_store->bytes = 1;
    const auto found = check_reload(is, next);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_THAT(to_text(found[0]), HasSubstr("[cache_store] bytes"));
    EXPECT_THAT(to_text(found[1]),
                AllOf(HasSubstr("[cache_store] key"), testing::Not(HasSubstr("the former key")),
                      testing::Not(HasSubstr("the next key"))));
}

TEST(check_reload, says_both_values_and_where) {
    const auto found =
        after([](settings& next) { next.listener.address = {.host = "::", .port = 443, .line = 21}; });
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(to_text(found[0]), AllOf(HasSubstr("garde.toml:21: error: "),
                                         HasSubstr("it is 0.0.0.0:443, here it is :::443")));
}

TEST(check_reload, says_all_at_once) {
    EXPECT_THAT(after([](settings& next) {
                    next.workers = 9;
                    next.data_dir = "/elsewhere";
                    next.admin.address.port = 1;
                }),
                SizeIs(3));
}

}  // namespace
}  // namespace garde::config
