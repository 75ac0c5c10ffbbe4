// [journal.checkpoints]: its key, where checkpoints go, what is refused, and what it means in words.
#include "garde/base/hash.hpp"
#include "garde/config/explain.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

const std::string ed25519 =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"
    "-----END PRIVATE KEY-----\n";
const std::string secret_bytes(32, 'k');

struct journal_settings : testing::Test {
    workspace here;
    std::string table = "\n[journal.checkpoints]\nkey = \"journal.key\"\n";
    std::string webhook =
        "[journal.checkpoints.webhook]\nurl = \"https://monitor.test/path-secret\"\nsecret_file = "
        "\"webhook.secret\"\n";
    std::string syslog =
        "[journal.checkpoints.syslog]\naddress = \"192.0.2.7:6514\"\nca = \"syslog-ca.pem\"\n";

    journal_settings() {
        here.write("journal.key", ed25519);
        here.write("webhook.secret", "whsec_" + to_base64(secret_bytes) + "\n");
        here.write("syslog-ca.pem", valid_pair().certificate);
    }

    [[nodiscard]] std::string text() const { return good_config() + table + webhook + syslog; }
    void expect_error(const std::string& in_line, const std::string& what, const std::string& instead) const {
        EXPECT_THAT(here.problems_of(text()), ElementsAre(error_at(line_of(text(), in_line), what, instead)));
    }
};

TEST_F(journal_settings, are_off_by_default) {
    const auto found = here.load_good(good_config());
    EXPECT_FALSE(found->checkpoints);
    EXPECT_THAT(checkpoints_text(*found), HasSubstr("not signed and goes nowhere else"));
}

TEST_F(journal_settings, have_all_that_is_written) {
    table += "origin = \"garde-1.test/log\"\nevery = \"5s\"\n";
    const auto found = here.load_good(text());
    ASSERT_TRUE(found && found->checkpoints);
    const auto& with = *found->checkpoints;
    EXPECT_EQ(with.key, secret_string(ed25519));
    EXPECT_EQ(with.origin, "garde-1.test/log");
    EXPECT_EQ(with.every, 5s);
    EXPECT_TRUE(with.file.empty());
    ASSERT_TRUE(with.webhook && with.syslog);
    EXPECT_EQ(with.webhook->url, "https://monitor.test/path-secret");
    EXPECT_EQ(with.webhook->secret, secret_string(secret_bytes));
    EXPECT_EQ(with.syslog->address.host, "192.0.2.7");
    EXPECT_EQ(with.syslog->address.port, 6514);
    EXPECT_EQ(with.syslog->ca, here.folder() / "syslog-ca.pem");
    EXPECT_FALSE(with.syslog->client);
}

TEST_F(journal_settings, are_told_in_words_without_what_may_be_secret) {
    const auto found = here.load_good(text());
    ASSERT_TRUE(found);
    EXPECT_THAT(checkpoints_text(*found),
                AllOf(HasSubstr("signed as " + found->node_name + "/journal; at most 1m"),
                      HasSubstr("- a webhook of monitor.test\n"), HasSubstr("- syslog at 192.0.2.7:6514"),
                      Not(HasSubstr("path-secret"))));
}

TEST_F(journal_settings, need_a_key_of_ed25519) {
    here.write("journal.key", valid_pair().key);
    expect_error("key = \"journal.key\"", "no private key of Ed25519", "garde journal key");
    here.write("journal.key", "secret");
    expect_error("key = \"journal.key\"", "no private key of Ed25519", "garde journal key");
    here.remove("journal.key");
    expect_error("key = \"journal.key\"", "does not exist", "correct the path");
}

TEST_F(journal_settings, an_origin_has_no_blanks_and_no_plus) {
    for (const auto* wrong : {"a b", "a+b", "é", " "}) {
        table = "\n[journal.checkpoints]\nkey = \"journal.key\"\norigin = \"" + std::string(wrong) + "\"\n";
        expect_error("origin =", "has blanks, '+'", "ASCII");
    }
}

TEST_F(journal_settings, that_go_nowhere_else_are_warned_about) {
    webhook.clear();
    syslog.clear();
    EXPECT_THAT(here.problems_of(text()), ElementsAre(warning_at(line_of(text(), "key = \"journal.key\""),
                                                                 "go nowhere else", "add file")));
}

TEST_F(journal_settings, a_file_on_the_same_disk_is_warned_about) {
    table += "file = \"copy\"\n";
    EXPECT_THAT(here.problems_of(text()), ElementsAre(warning_at(line_of(text(), "file = \"copy\""),
                                                                 "same file system", "another disk")));
}

TEST_F(journal_settings, a_disk_that_is_not_mounted_is_no_reason_not_to_start) {
    table += "file = \"/nonexistent/copy\"\n";
    EXPECT_THAT(here.problems_of(text()),
                ElementsAre(warning_at(line_of(text(), "file = \"/nonexistent"), "does not exist", "mount")));
}

TEST_F(journal_settings, a_file_on_another_disk_is_fine) {
    const fs::path other = "/dev/shm";
    ASSERT_TRUE(fs::is_directory(other)) << "no second file system to keep a checkpoint on";
    table += "file = \"/dev/shm/garde-test.checkpoint\"\n";
    const auto found = here.load_good(text());
    ASSERT_TRUE(found && found->checkpoints);
    EXPECT_THAT(checkpoints_text(*found), HasSubstr("- the file /dev/shm/garde-test.checkpoint\n"));
}

TEST_F(journal_settings, a_webhook_is_asked_over_tls_only) {
    for (const auto* wrong : {"http://monitor.test/", "https://", "https:///x", "monitor.test"}) {
        webhook = "[journal.checkpoints.webhook]\nurl = \"" + std::string(wrong) +
                  "\"\nsecret_file = \"webhook.secret\"\n";
        expect_error("url = \"" + std::string(wrong) + "\"", "is not https://HOST", "write e.g.");
    }
}

TEST_F(journal_settings, a_webhooks_url_has_no_user_and_no_blanks) {
    for (const auto* wrong : {"https://me:hidden@monitor.test/", "https://monitor.test/a b"}) {
        webhook = "[journal.checkpoints.webhook]\nurl = \"" + std::string(wrong) +
                  "\"\nsecret_file = \"webhook.secret\"\n";
        const auto found = here.problems_of(text());
        ASSERT_EQ(found.size(), 1U);
        EXPECT_THAT(to_text(found[0]), AllOf(HasSubstr("user name"), Not(HasSubstr("hidden"))));
    }
}

TEST_F(journal_settings, a_webhooks_secret_is_base64_of_the_right_length) {
    for (const auto& wrong :
         {std::string("hidden"), "whsec_" + to_base64(std::string(23, 'k')), to_base64(std::string(65, 'k')),
          "whsec_" + to_base64(secret_bytes) + " more"}) {
        here.write("webhook.secret", wrong);
        const auto found = here.problems_of(text());
        ASSERT_EQ(found.size(), 1U) << wrong;
        EXPECT_THAT(to_text(found[0]), AllOf(HasSubstr("base64 of 24 to 64 bytes"), HasSubstr("openssl rand"),
                                             Not(HasSubstr(wrong))));
    }
    here.write("webhook.secret", to_base64(std::string(24, 'k')));
    EXPECT_THAT(here.problems_of(text()), testing::IsEmpty()) << "the prefix may be left out";
}

TEST_F(journal_settings, syslog_needs_its_authority) {
    syslog = "[journal.checkpoints.syslog]\naddress = \"192.0.2.7:6514\"\n";
    expect_error("[journal.checkpoints.syslog]", "ca", "syslog-ca.pem");
    syslog = "[journal.checkpoints.syslog]\naddress = \"192.0.2.7\"\nca = \"syslog-ca.pem\"\n";
    expect_error("address = \"192.0.2.7\"", "not an address", "host:port");
}

TEST_F(journal_settings, unknown_ones_are_told) {
    table += "evry = \"1m\"\n";
    expect_error("evry", "evry", "every");
}

}  // namespace
}  // namespace garde::config
