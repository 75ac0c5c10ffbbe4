// Loading: what a good file gives, and what is said of one that cannot be read as a whole.
#include "garde/base/hash.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

TEST(load, a_good_file_has_no_problem) {
    const workspace here;
    std::vector<std::string> texts;
    for (const auto& each : here.problems_of(good_config())) texts.push_back(to_text(each));
    EXPECT_THAT(texts, IsEmpty());
}

TEST(load, settings_of_the_node) {
    const workspace here;
    const auto got = here.load_good(good_config());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->file, here.config());
    EXPECT_EQ(got->sha256, to_hex(sha256(good_config())));
    EXPECT_EQ(got->node_name, "node-1");
    EXPECT_EQ(got->data_dir, here.folder() / "var");
    EXPECT_EQ(got->listener.address.port, 8443);
    EXPECT_EQ(got->listener.address.line, line_of(good_config(), "127.0.0.1:8443"));
    EXPECT_EQ(got->listener.tls.key, here.folder() / "server.key");
    EXPECT_EQ(got->listener.client_ca, here.folder() / "client-ca.pem");
    EXPECT_EQ(got->limits.head_bytes, 32u * 1024);
    EXPECT_EQ(got->limits.idle_time, 1min);
    EXPECT_EQ(got->limits.body_bytes, limits_settings().body_bytes);
    EXPECT_FALSE(got->status.tls);
    EXPECT_EQ(got->status.public_url, "http://127.0.0.1:8080");
    EXPECT_EQ(got->receipts->issuer, "https://status.test");
}

TEST(load, token_hashes_are_in_lower_case_by_operator) {
    const workspace here;
    const auto got = here.load_good(good_config());
    ASSERT_TRUE(got);
    EXPECT_THAT(got->admin.token_sha256_by_name,
                ElementsAre(Pair("anna", std::string(64, 'a')), Pair("bert", std::string(64, 'b'))));
}

TEST(load, settings_of_a_service) {
    const workspace here;
    const auto got = here.load_good(good_config());
    ASSERT_TRUE(got);
    const auto& service = got->services.at(0);
    EXPECT_EQ(service.title.at("fr"), "Assurabilité");
    for (const auto& backend : service.backends) {
        EXPECT_EQ(backend.probe.type, probe_type::soap) << backend.name;
        EXPECT_THAT(backend.probe.body, HasSubstr("Envelope")) << backend.name;
        EXPECT_FALSE(backend.shallow_probe) << backend.name;
    }
    EXPECT_EQ(service.switchover.degraded_hold_down, 3s);
    EXPECT_EQ(service.cache->max_age, 720h);
    EXPECT_EQ(service.procedure->environment, "Acceptation");
    EXPECT_EQ(service.procedure->folder, here.folder() / "");
    EXPECT_TRUE(service.routes.at(0).replay_safe);
    EXPECT_THAT(*service.routes.at(0).cached_callers, ElementsAre(*caller::pattern::parse("*")));
    EXPECT_EQ(service.routes.at(1).kind, route_kind::http);
}

TEST(load, backends_come_primary_first_then_by_order) {
    const workspace here;
    const auto got = here.load_good(good_config());
    ASSERT_TRUE(got);
    const auto& backends = got->services.at(0).backends;
    EXPECT_EQ(backends.at(0).name, "dc1");
    EXPECT_EQ(backends.at(0).server_name, "dc1.test");
    EXPECT_THAT(backends.at(0).domains, Contains(Pair("storage", "san-a")));
    EXPECT_EQ(backends.at(1).name, "dc2");
    EXPECT_EQ(backends.at(1).server_name, "dc2.test") << "the host, where nothing else is said";
    EXPECT_TRUE(backends.at(1).tls);
}

TEST(load, what_is_optional_may_be_absent) {
    const workspace here;
    auto text = changed("[receipts]\nkey = \"receipts.key\"\nissuer = \"https://status.test\"\n", "");
    text = changed(text, "[service.cache]\nmax_age = \"30d\"\n", "");
    text = changed(text, "cached = true\ncached_callers = [\"*\"]\n", "");
    text = changed(
        text, "[service.procedure]\nfolder = \".\"\nname = \"assurability\"\nenvironment = \"Acceptation\"\n",
        "");
    const auto got = here.load_good(text);
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->receipts);
    EXPECT_FALSE(got->services.at(0).cache);
    EXPECT_FALSE(got->services.at(0).procedure);
}

TEST(load, ipv6_addresses) {
    const workspace here;
    const auto got = here.load_good(changed("127.0.0.1:8443", "[::1]:8443"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->listener.address.host, "::1");
    EXPECT_EQ(got->listener.address.port, 8443);
}

TEST(load, a_file_that_is_not_there) {
    const workspace here;
    const auto got = load(here.folder() / "none.toml");
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error(), ElementsAre(error_at(0, "does not exist", "correct the path")));
    EXPECT_EQ(to_text(got.error()[0]).find((here.folder() / "none.toml").string() + ": error: "), 0u);
}

TEST(load, a_folder_is_not_a_configuration) {
    const workspace here;
    const auto got = load(here.folder());
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error(), ElementsAre(error_at(0, "is not a file", "")));
}

TEST(load, a_syntax_error_has_its_line) {
    const workspace here;
    const auto text = changed("role = \"backup\"", "role = backup");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "role = backup"), "", "correct the TOML")));
}

TEST(load, an_empty_file_names_everything_that_is_missing) {
    const workspace here;
    EXPECT_THAT(
        here.problems_of("# nothing\n"),
        ElementsAre(error_at(0, "[node] is missing", "add"), error_at(0, "[listener] is missing", "add"),
                    error_at(0, "[admin] is missing", "add"), error_at(0, "[status] is missing", "add"),
                    error_at(0, "no [[service]]", "add at least one")));
}

TEST(load, all_problems_come_together_in_the_order_of_lines) {
    const workspace here;
    auto text = changed("type = \"soap\"", "type = \"soup\"");
    text = changed(text, "idle_time = \"1m\"", "idel_time = \"1m\"");
    text = changed(text, "127.0.0.1:8443", "127.0.0.1");
    const auto found = here.problems_of(text);
    ASSERT_GE(found.size(), 3u);
    EXPECT_TRUE(std::ranges::is_sorted(found, {}, &problem::line));
    EXPECT_THAT(found,
                AllOf(Contains(error_at(line_of(text, "\"127.0.0.1\""), "[listener] address", "port")),
                      Contains(error_at(line_of(text, "idel_time"), "[limits] idel_time", "idle_time")),
                      Contains(error_at(line_of(text, "soup"), "\"soup\"", "did you mean \"soap\"?"))));
}

TEST(load, a_problem_reads_as_file_line_what_and_instead) {
    const problem one{problem::severity::error, "/etc/garde.toml", 7, "what is wrong", "what to write"};
    EXPECT_EQ(to_text(one), "/etc/garde.toml:7: error: what is wrong; what to write");
    const problem two{problem::severity::warning, "/etc/garde.toml", 0, "what is wrong", "what to write"};
    EXPECT_EQ(to_text(two), "/etc/garde.toml: warning: what is wrong; what to write");
    const problem three{problem::severity::expired, "/etc/garde.toml", 8, "has expired", "renew it"};
    EXPECT_EQ(to_text(three), "/etc/garde.toml:8: expired: has expired; renew it");
}

TEST(load, unknown_settings_are_errors_at_every_level) {
    const workspace here;
    auto text = changed("[limits]\n", "[limit]\n");
    text = changed(text, "role = \"backup\"\n", "role = \"backup\"\nodrer = 1\n");
    text = changed(text, "title = { fr", "title = { pt = \"x\", fr");
    text = changed(text, "kind = \"http\"\n", "kind = \"http\"\ncompletely_other = 1\n");
    const auto found = here.problems_of(text);
    EXPECT_THAT(found, Contains(error_at(line_of(text, "[limit]"), "limit is not a setting", "\"limits\"")));
    EXPECT_THAT(found,
                Contains(error_at(line_of(text, "odrer"), "[[service.backend]] \"dc2\" odrer", "\"order\"")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "title = {"), "[service.title] pt", "")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "completely_other"), "is not a setting",
                                         "knows: cache_ignored,")));
}

TEST(load, wrong_types_are_errors) {
    const workspace here;
    auto text = changed("idle_time = \"1m\"", "idle_time = 60");
    text = changed(text, "head_bytes = \"32KiB\"", "head_bytes = true");
    text = changed(text, "order = 1", "order = \"1\"");
    text = changed(text, "replay_safe = true", "replay_safe = \"yes\"");
    text = changed(text, "cached_callers = [\"*\"]", "cached_callers = \"*\"");
    text = changed(text, "name = \"dc2\"", "name = 2");
    const auto found = here.problems_of(text);
    EXPECT_THAT(found,
                Contains(error_at(line_of(text, "idle_time"), "must be a duration", "idle_time = \"75s\"")));
    EXPECT_THAT(
        found, Contains(error_at(line_of(text, "head_bytes"), "must be a size, not a boolean", "\"16KiB\"")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "order = \"1\""), "a whole number, not a string",
                                         "order = 0")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "\"yes\""), "true or false", "replay_safe = false")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "cached_callers"), "an array of strings", "[\"*\"]")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "name = 2"), "a string, not an integer", "name = ")));
}

TEST(load, values_out_of_range_are_errors) {
    const workspace here;
    auto text = changed("idle_time = \"1m\"", "idle_time = \"2d\"");
    text = changed(text, "head_bytes = \"32KiB\"", "head_bytes = 10");
    text = changed(text, "data_dir = \"var\"", "data_dir = \"var\"\nworkers = -1");
    const auto found = here.problems_of(text);
    EXPECT_THAT(found,
                Contains(error_at(line_of(text, "idle_time"), "\"2d\" is out of range", "from 1s to 1h")));
    EXPECT_THAT(found,
                Contains(error_at(line_of(text, "head_bytes"), "10B is out of range", "from 1KiB to 1MiB")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "workers"), "-1 is out of range", "from 0 to 256")));
}

TEST(load, what_is_no_duration_or_size_is_an_error) {
    const workspace here;
    auto text = changed("idle_time = \"1m\"", "idle_time = \"1 minute\"");
    text = changed(text, "head_bytes = \"32KiB\"", "head_bytes = \"32KB\"");
    const auto found = here.problems_of(text);
    EXPECT_THAT(found,
                Contains(error_at(line_of(text, "idle_time"), "is not a duration", "ms, s, m, h or d")));
    EXPECT_THAT(found, Contains(error_at(line_of(text, "head_bytes"), "is not a size", "KiB, MiB or GiB")));
}

TEST(load, a_single_bracket_where_two_are_due) {
    const workspace here;
    auto text = changed("[[service.backend]]\nname = \"dc2\"", "[service.backend]\nname = \"dc2\"");
    const auto cut = text.find("[[service.backend]]");
    text = text.substr(0, cut) + text.substr(text.find("[service.probe]"));
    EXPECT_THAT(here.problems_of(text), Contains(error_at(line_of(text, "[service.backend]"),
                                                          "a list of tables", "[[service.backend]]")));
}

TEST(load, a_missing_setting_says_what_to_add) {
    const workspace here;
    const auto text = changed("tokens = \"admin-tokens\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[admin]"), "[admin] tokens is missing",
                                     "add tokens = \"admin-tokens\"")));
}

TEST(load, settings_that_are_there_twice_are_a_syntax_error) {
    const workspace here;
    const auto text = changed("idle_time = \"1m\"\n", "idle_time = \"1m\"\nidle_time = \"2m\"\n");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "idle_time = \"2m\""), "", "")));
}

}  // namespace
}  // namespace garde::config
