// Certificates and keys that the configuration names.
#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

namespace fs = std::filesystem;

using namespace testing_support;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ResultOf;

const std::string certificate_line = "certificate = \"server.pem\"";
const std::string key_line = "key = \"server.key\"";

/// The configuration whose listener has these files, so that only its lines are touched.
std::string with_listener_files(const std::string& certificate, const std::string& key) {
    return changed(changed(certificate_line, "certificate = \"" + certificate + "\""), key_line,
                   "key = \"" + key + "\"");
}

TEST(certificates, a_missing_file) {
    const workspace here;
    const auto text = with_listener_files("none.pem", "server.key");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "none.pem"),
                             (here.folder() / "none.pem").string() + " does not exist", "correct the path")));
}

TEST(certificates, a_missing_key) {
    const workspace here;
    const auto text = with_listener_files("server.pem", "none.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "none.key"), "does not exist", "")));
}

TEST(certificates, an_empty_file) {
    const workspace here;
    here.write("empty.pem", "");
    const auto text = with_listener_files("empty.pem", "server.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "empty.pem"), "is empty", "fill it")));
}

TEST(certificates, a_file_that_is_no_certificate) {
    const workspace here;
    here.write("odd.pem", "no certificate");
    const auto text = with_listener_files("odd.pem", "server.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "odd.pem"), "holds no certificate in PEM form",
                                     "-----BEGIN CERTIFICATE-----")));
}

TEST(certificates, a_file_that_is_no_key) {
    const workspace here;
    const auto text = with_listener_files("server.pem", "server.pem");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "key = \"server.pem\""),
                                                             "holds no private key", "without a password")));
}

TEST(certificates, a_key_with_a_password_is_refused_without_asking_for_it) {
    const workspace here;
    here.write("locked.key", key_with_password());
    const auto text = with_listener_files("server.pem", "locked.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "locked.key"), "holds no private key", "")));
}

TEST(certificates, a_key_of_another_certificate) {
    const workspace here;
    here.write("other.key", expired_pair().key);
    const auto text = with_listener_files("server.pem", "other.key");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "other.key"), "is not the key of",
                                                             "name the key that belongs to it")));
}

TEST(certificates, an_expired_certificate) {
    const workspace here;
    here.write("old.pem", expired_pair().certificate);
    here.write("old.key", expired_pair().key);
    const auto text = with_listener_files("old.pem", "old.key");
    EXPECT_THAT(here.problems_of(text), ElementsAre(expired_at(line_of(text, "old.pem"), "has expired on 20",
                                                               "renew the certificate")));
}

TEST(certificates, an_expired_issuer_behind_a_good_certificate) {
    const workspace here;
    here.write("chain.pem", valid_pair().certificate + expired_pair().certificate);
    const auto text = with_listener_files("chain.pem", "server.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(expired_at(line_of(text, "chain.pem"), "has expired on 20", "")));
}

TEST(certificates, a_certificate_that_is_not_yet_valid) {
    const workspace here;
    here.write("new.pem", future_pair().certificate);
    here.write("new.key", future_pair().key);
    const auto text = with_listener_files("new.pem", "new.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "new.pem"), "is not valid before 20", "clock")));
}

TEST(certificates, a_certificate_that_expires_within_thirty_days_is_a_warning) {
    const workspace here;
    here.write("soon.pem", expiring_pair().certificate);
    here.write("soon.key", expiring_pair().key);
    const auto text = with_listener_files("soon.pem", "soon.key");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "soon.pem"), "expires on 20", "renew")));
    EXPECT_TRUE(here.load_good(text));
}

TEST(certificates, a_key_that_others_may_read_is_a_warning) {
    const workspace here;
    fs::permissions(here.folder() / "receipts.key", fs::perms::group_read, fs::perm_options::add);
    const auto text = good_config();
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "receipts.key"), "is open to others than its owner",
                                       "chmod 600")));
}

TEST(certificates, authorities_are_checked_too) {
    const workspace here;
    here.write("client-ca.pem", "odd");
    here.remove("backend-ca.pem");
    const auto text = good_config();
    const auto found = here.problems_of(text);
    EXPECT_THAT(found, Contains(error_at(line_of(text, "client-ca.pem"), "[listener] client_ca",
                                         "BEGIN CERTIFICATE")));
    EXPECT_THAT(
        found, Contains(error_at(line_of(text, "backend-ca.pem"), "[[service.backend]] \"dc2\" ca", "path")));
}

TEST(certificates, a_receipts_key_that_is_not_there) {
    const workspace here;
    here.remove("receipts.key");
    const auto text = good_config();
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "receipts.key"), "[receipts] key", "correct the path")));
}

TEST(certificates, former_keys_of_receipts_may_be_private_public_or_in_a_certificate) {
    const workspace here;
    const auto loaded = here.load_good(
        changed("key = \"receipts.key\"", "key = \"receipts.key\"\nformer_keys = [\"receipts.key\"]"));
    ASSERT_EQ(loaded->receipts->former_keys.size(), 1U);
}

TEST(certificates, former_keys_of_receipts_that_are_none) {
    const workspace here;
    here.write("none.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    here.write("p384.pem", key_on_p384());
    const auto text =
        changed("key = \"receipts.key\"",
                "key = \"receipts.key\"\nformer_keys = [\"none.pem\", \"p384.pem\", \"missing.pem\"]");
    const int line = line_of(text, "former_keys");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line, "holds no public key", "openssl pkey -pubout"),
                            error_at(line, "is not a key on the curve P-256", "make one"),
                            error_at(line, "missing.pem", "correct the path")));
}

TEST(certificates, a_receipts_key_on_another_curve) {
    const workspace here;
    here.write("receipts.key", key_on_p384());
    const auto text = good_config();
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "receipts.key"), "is not a key on the curve P-256",
                                     "openssl genpkey")));
}

TEST(certificates, a_client_certificate_without_its_key) {
    const workspace here;
    const auto text = changed("order = 1\n", "order = 1\nclient_certificate = \"server.pem\"\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "client_certificate"), "is there without client_key",
                                     "add client_key")));
}

TEST(certificates, a_client_certificate_with_its_key) {
    const workspace here;
    const auto got = here.load_good(changed(
        "order = 1\n", "order = 1\nclient_certificate = \"server.pem\"\nclient_key = \"server.key\"\n"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->services.at(0).backends.at(1).client->key, here.folder() / "server.key");
}

TEST(certificates, a_status_key_without_its_certificate) {
    const workspace here;
    const auto text = changed("public_url", "key = \"server.key\"\npublic_url");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "key = \"server.key\"\npublic_url"),
                                     "[status] key is there without certificate", "remove both")));
}

TEST(certificates, a_key_pasted_into_the_configuration_is_not_repeated) {
    const workspace here;
    const auto text = changed("key = \"receipts.key\"", "key = \"\"\"\n" + valid_pair().key + "\"\"\"");
    const auto found = here.problems_of(text);
    EXPECT_THAT(found, ElementsAre(error_at(line_of(text, "key = \"\"\""), "[receipts] key is not a path",
                                            "into a file")));
    EXPECT_THAT(found, Each(ResultOf(&to_text, Not(HasSubstr(valid_pair().key.substr(40, 20))))));
}

}  // namespace
}  // namespace garde::config
