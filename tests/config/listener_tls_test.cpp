// What the listener's certificates are checked for beyond their keys: revocation lists, OCSP responses,
// names.
#include "../support/authority.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using test::authority;
using test::period;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string ca_line = "client_ca = \"client-ca.pem\"";

std::string with_lists(const std::string& names) {
    return changed(ca_line, ca_line + "\nclient_crl = [" + names + "]");
}

/// Behind all other settings of [listener].
std::string with_sni(const std::string& settings) {
    return changed("[limits]", "[[listener.sni]]\n" + settings + "\n[limits]");
}

class listener_tls : public testing::Test {
  protected:
    listener_tls() {
        here.write("client-ca.pem", clients.pem());
        here.write("server.pem", server.certificate_pem() + servers.pem());
        here.write("server.key", server.key_pem());
    }

    void save(const std::string& name, const test::issued& what) const {
        here.write(name + ".pem", what.certificate_pem());
        here.write(name + ".key", what.key_pem());
    }

    static constexpr period half_a_year{-1h, 24h * 180};

    workspace here;
    authority clients{"Client CA"};
    authority servers{"Server CA"};
    test::issued server = servers.issue("server", "DNS:garde.test", half_a_year);
};

// --- revocation lists ---

TEST_F(listener_tls, current_lists_of_the_authorities_are_fine) {
    here.write("clients.crl", clients.revocation_list({}));
    const auto got = here.load_good(with_lists("\"clients.crl\""));
    ASSERT_TRUE(got);
    EXPECT_THAT(got->listener.client_crl, ElementsAre(here.folder() / "clients.crl"));
}

TEST_F(listener_tls, an_expired_list) {
    here.write("clients.crl", clients.revocation_list({}, {-2h, -1h}));
    const auto text = with_lists("\"clients.crl\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(expired_at(line_of(text, "client_crl"), "clients.crl has expired on 20",
                                       "fetch the authority's current list")));
}

TEST_F(listener_tls, a_list_of_the_future) {
    here.write("clients.crl", clients.revocation_list({}, {24h, 48h}));
    const auto text = with_lists("\"clients.crl\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "client_crl"), "is not valid before 20", "clock")));
}

TEST_F(listener_tls, a_list_of_an_authority_that_is_not_trusted) {
    here.write("clients.crl", clients.revocation_list({}));
    here.write("other.crl", servers.revocation_list({}));
    const auto text = with_lists("\"clients.crl\", \"other.crl\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "client_crl"), "not trusted here: CN=Server CA",
                                     "add that authority's certificate to client_ca")));
}

TEST_F(listener_tls, an_authority_without_a_list) {
    const authority middle("Middle CA", clients);
    here.write("client-ca.pem", clients.pem() + middle.pem());
    here.write("clients.crl", clients.revocation_list({}));
    const auto text = with_lists("\"clients.crl\"");
    EXPECT_THAT(here.problems_of(text),
                Contains(error_at(line_of(text, "client_crl"),
                                  "no list of the authority CN=Middle CA in client_ca", "add a file")));
}

TEST_F(listener_tls, a_file_without_a_list) {
    here.write("clients.crl", clients.pem());
    const auto text = with_lists("\"clients.crl\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "client_crl"), "clients.crl holds no revocation list",
                                     "-----BEGIN X509 CRL-----")));
}

TEST_F(listener_tls, a_list_that_is_not_there) {
    const auto text = with_lists("\"none.crl\"");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "client_crl"),
                                                             "none.crl does not exist", "correct the path")));
}

TEST_F(listener_tls, a_list_that_is_no_list_of_files) {
    const auto text = changed(ca_line, ca_line + "\nclient_crl = \"clients.crl\"");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "client_crl"), "must be an array of strings", "client_crl = [")));
}

TEST_F(listener_tls, lists_without_client_certificates) {
    const auto text = changed(ca_line, "clients = \"off\"\nclient_crl = [\"clients.crl\"]");
    EXPECT_THAT(
        here.problems_of(text),
        Contains(error_at(line_of(text, "client_crl"), "has no use while clients = \"off\"", "remove it")));
}

// --- OCSP responses ---

class ocsp_response : public listener_tls {
  protected:
    std::vector<problem> problems_with(const std::string& der) {
        here.write("server.ocsp", der);
        return here.problems_of(text);
    }

    std::string text = changed(ca_line, "ocsp_response = \"server.ocsp\"\n" + ca_line);
    int line = line_of(text, "ocsp_response");
};

TEST_F(ocsp_response, a_current_one_is_fine) {
    here.write("server.ocsp", servers.ocsp_answer(server.certificate.get()));
    const auto got = here.load_good(text);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->listener.ocsp_response, here.folder() / "server.ocsp");
}

TEST_F(ocsp_response, a_current_one_is_fine_without_the_issuer_in_the_chain) {
    here.write("server.pem", server.certificate_pem());
    EXPECT_THAT(problems_with(servers.ocsp_answer(server.certificate.get())), IsEmpty());
}

TEST_F(ocsp_response, a_file_that_is_none) {
    EXPECT_THAT(problems_with("odd"),
                ElementsAre(error_at(line, "server.ocsp is no OCSP answer", "openssl ocsp")));
}

TEST_F(ocsp_response, a_stale_one) {
    EXPECT_THAT(
        problems_with(servers.ocsp_answer(server.certificate.get(), V_OCSP_CERTSTATUS_GOOD, {-2h, -1h})),
        ElementsAre(expired_at(line, "has expired on 20", "fetch a current one")));
}

TEST_F(ocsp_response, one_for_another_certificate) {
    const auto other = servers.issue("other");
    EXPECT_THAT(problems_with(servers.ocsp_answer(other.certificate.get())),
                ElementsAre(error_at(line, "is about another certificate", "")));
    EXPECT_THAT(problems_with(clients.ocsp_answer(server.certificate.get())),
                ElementsAre(error_at(line, "is about another certificate", "")));
}

TEST_F(ocsp_response, one_that_the_issuer_did_not_sign) {
    // The issuer's name and key are named in the answer; only the signature is another's.
    const authority impostor("Server CA");
    EXPECT_THAT(problems_with(impostor.ocsp_answer(server.certificate.get(), V_OCSP_CERTSTATUS_GOOD, {},
                                                   servers.own().certificate.get())),
                ElementsAre(error_at(line, "is not signed by the certificate's issuer", "")));
}

TEST_F(ocsp_response, a_revoked_certificate) {
    EXPECT_THAT(
        problems_with(servers.ocsp_answer(server.certificate.get(), V_OCSP_CERTSTATUS_REVOKED)),
        ElementsAre(error_at(line, "says that the certificate is revoked", "replace the certificate")));
}

// --- certificates by name ---

TEST_F(listener_tls, further_certificates) {
    const auto other = servers.issue("other", "DNS:other.test", half_a_year);
    save("other", other);
    here.write("other.ocsp", servers.ocsp_answer(other.certificate.get()));
    const auto got = here.load_good(
        with_sni("certificate = \"other.pem\"\nkey = \"other.key\"\nocsp_response = \"other.ocsp\""));
    ASSERT_TRUE(got);
    ASSERT_EQ(got->listener.sni.size(), 1u);
    EXPECT_EQ(got->listener.sni[0].files.key, here.folder() / "other.key");
    EXPECT_EQ(got->listener.sni[0].ocsp_response, here.folder() / "other.ocsp");
}

TEST_F(listener_tls, a_further_certificate_without_its_key) {
    save("other", servers.issue("other", "DNS:other.test", half_a_year));
    const auto text = with_sni("certificate = \"other.pem\"");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "[[listener.sni]]"),
                                                             "[[listener.sni]] key is missing", "add key")));
}

TEST_F(listener_tls, a_further_certificate_for_no_name) {
    save("other", servers.issue("other", "", half_a_year));
    const auto text = with_sni("certificate = \"other.pem\"\nkey = \"other.key\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "other.pem"), "is for no DNS name", "subjectAltName")));
}

TEST_F(listener_tls, a_name_that_another_certificate_has_is_a_warning) {
    save("other", servers.issue("other", "DNS:other.test,DNS:GARDE.test", half_a_year));
    const auto text = with_sni("certificate = \"other.pem\"\nkey = \"other.key\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "other.pem"),
                                       "garde.test is also in the certificate of line", "remove one")));
}

TEST_F(listener_tls, an_unknown_setting_of_a_further_certificate) {
    save("other", servers.issue("other", "DNS:other.test", half_a_year));
    const auto text = with_sni("certificate = \"other.pem\"\nkey = \"other.key\"\nname = \"other.test\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "name = \"other.test\""), "is not a setting", "knows:")));
}

}  // namespace
}  // namespace garde::config
