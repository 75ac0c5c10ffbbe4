// [node], [listener], [admin], [status]: what is refused, and with which words.
#include "support.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace garde::config {
namespace {

using namespace testing_support;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ResultOf;

/// The only problem of a configuration with this one change is an error in the line of `new_text`.
void expect_error(const std::string& old_text, const std::string& new_text, const std::string& what,
                  const std::string& instead) {
    const workspace here;
    const auto text = changed(old_text, new_text);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, new_text), what, instead)))
        << new_text;
}

TEST(sections, a_node_name_that_does_not_fit_into_headers) {
    expect_error("name = \"node-1\"", "name = \"node one\"", "[node] name", "letters without accents");
}

TEST(sections, a_data_folder_that_is_a_file) {
    expect_error("data_dir = \"var\"", "data_dir = \"probe.xml\"", "is not a folder", "name a folder");
}

TEST(sections, an_unknown_log_level) {
    expect_error("data_dir = \"var\"", "log_level = \"warning\"\ndata_dir = \"var\"",
                 "\"warning\" is not one of its values", "debug, info, warn, error");
}

TEST(sections, addresses_that_are_none) {
    for (const auto* address :
         {"127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x", ":8443", "::1:8443",
          "[::1:8443", "[127.0.0.1]:8443", "127.0.0.256:8443", "a b:8443"})
        expect_error("address = \"127.0.0.1:8443\"", "address = \"" + std::string(address) + "\"",
                     "is not an address with a port", "host:port");
}

TEST(sections, a_listener_needs_an_ip_address) {
    expect_error("address = \"127.0.0.1:8443\"", "address = \"localhost:8443\"", "names a host by name",
                 "\"127.0.0.1:8443\"");
}

TEST(sections, two_listeners_on_one_port) {
    const workspace here;
    const auto text = changed("127.0.0.1:8444", "127.0.0.1:8443");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[admin]") + 1,
                                     "the port 8443 that [listener] has in line 6", "its own port")));
}

TEST(sections, a_wildcard_address_takes_the_port_of_all) {
    expect_error("address = \"127.0.0.1:8080\"", "address = \"0.0.0.0:8444\"",
                 "the port 8444 that [admin] has", "");
}

TEST(sections, the_same_port_on_different_addresses_is_allowed) {
    const workspace here;
    EXPECT_TRUE(here.load_good(changed("127.0.0.1:8444", "127.0.0.2:8443")));
}

TEST(sections, the_metrics_listener_needs_a_port_of_its_own) {
    const workspace here;
    const std::string address = "[metrics]\naddress = \"127.0.0.1:8080\"\n";
    const auto text = changed("[receipts]", address + "[receipts]");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[metrics]") + 1, "the port 8080 that [status] has",
                                     "its own port")));
}

TEST(sections, without_the_metrics_table_there_are_no_metrics) {
    const workspace here;
    EXPECT_FALSE(here.load_good(good_config())->metrics);
    const auto with = here.load_good(changed("[receipts]", "[metrics]\naddress = \"[::1]:9\"\n[receipts]"));
    ASSERT_TRUE(with && with->metrics);
    EXPECT_EQ(with->metrics->address.host, "::1");
}

TEST(sections, a_share_that_is_more_than_the_whole) {
    const std::vector<std::pair<std::string, std::string>> pairs{{"connections_per_caller", "connections"},
                                                                 {"requests_per_caller", "requests"},
                                                                 {"requests_per_service", "requests"}};
    for (const auto& [part, whole] : pairs) {
        const workspace here;
        const auto text = changed("[limits]", "[limits]\n" + whole + " = 100\n" + part + " = 101");
        EXPECT_THAT(here.problems_of(text),
                    ElementsAre(error_at(line_of(text, part + " = 101"),
                                         "[limits] " + part + " = 101 is more than " + whole + " = 100",
                                         "up to 100")));
        EXPECT_THAT(here.problems_of(changed("[limits]", "[limits]\n" + part + " = 101")),
                    testing::IsEmpty());
    }
}

TEST(sections, buffers_in_which_few_exchanges_fit) {
    expect_error("head_bytes = \"32KiB\"", "buffer_bytes = \"1MiB\"", "less than four exchanges",
                 "at least 5184KiB");
}

TEST(sections, a_body_rate_of_nothing) {
    expect_error("head_bytes = \"32KiB\"", "body_rate = 0", "[limits] body_rate = 0B is out of range",
                 "from 1B to 1MiB");
}

TEST(sections, an_unknown_tls_version) {
    expect_error("client_ca =", "min_tls = \"1.1\"\nclient_ca =", "[listener] min_tls = \"1.1\"", "1.2");
}

TEST(sections, client_authorities_are_needed_unless_clients_are_off) {
    const workspace here;
    const auto text = changed("client_ca = \"client-ca.pem\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[listener]"), "[listener] client_ca is missing",
                                     "add client_ca")));
}

TEST(sections, client_authorities_have_no_use_when_clients_are_off) {
    const workspace here;
    auto text = changed("client_ca =", "clients = \"off\"\nclient_ca =");
    text = changed(text, "cached = true\ncached_callers = [\"*\"]\n", "");
    text = changed(text, "[service.cache]\nmax_age = \"30d\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "client_ca"), "has no use", "remove it")));
}

TEST(sections, public_urls_that_are_none) {
    for (const auto* url :
         {"127.0.0.1:8080", "ftp://status.test", "https://", "https:///x", "https://status.test/",
          "https://status.test?x=1", "https://status.test#x", "https://status test"})
        expect_error("public_url = \"http://127.0.0.1:8080\"", "public_url = \"" + std::string(url) + "\"",
                     "[status] public_url", "https://status.example");
}

TEST(sections, a_password_in_the_public_url_is_not_repeated) {
    const workspace here;
    const auto found = here.problems_of(changed("http://127.0.0.1:8080", "https://anna:geheim@status.test"));
    EXPECT_THAT(found, ElementsAre(error_at(23, "holds a user name", "")));
    EXPECT_THAT(found, Each(ResultOf(&to_text, Not(HasSubstr("geheim")))));
}

TEST(sections, a_token_in_place_of_its_file_is_not_repeated) {
    const workspace here;
    const std::string token = "invented_token_of_43_characters-0123456789a";
    const auto text = changed("tokens = \"admin-tokens\"", "tokens = \"" + token + "\"");
    const auto found = here.problems_of(text);
    EXPECT_THAT(found, ElementsAre(error_at(line_of(text, "tokens ="), "[admin] tokens is not a path",
                                            "into a file")));
    EXPECT_THAT(found, Each(ResultOf(&to_text, Not(HasSubstr(token)))));
}

TEST(sections, a_token_file_that_names_nobody) {
    const workspace here;
    here.write("admin-tokens", "# nobody\n");
    const auto text = good_config();
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "admin-tokens"), "names no operator", "NAME SHA256-HEX")));
}

TEST(sections, a_token_line_that_is_wrong_is_told_by_its_number_and_not_repeated) {
    const workspace here;
    for (const auto* line : {"anna invented-token", "anna", "anna abcdef", "an/na 00"}) {
        here.write("admin-tokens", "bert " + std::string(64, 'b') + "\n" + line + "\n");
        const auto found = here.problems_of(good_config());
        EXPECT_THAT(found, ElementsAre(error_at(2, "is not an operator's name and the hash", "sha256sum")))
            << line;
        EXPECT_EQ(found.at(0).file, here.folder() / "admin-tokens");
        EXPECT_THAT(found, Each(ResultOf(&to_text, Not(HasSubstr("invented-token")))));
    }
}

TEST(sections, an_operator_who_is_there_twice) {
    const workspace here;
    here.write("admin-tokens", "anna " + std::string(64, 'a') + "\nanna " + std::string(64, 'b') + "\n");
    EXPECT_THAT(here.problems_of(good_config()),
                ElementsAre(error_at(2, "operator \"anna\" is there twice", "one line")));
}

TEST(sections, two_operators_with_one_token) {
    const workspace here;
    here.write("admin-tokens", "anna " + std::string(64, 'a') + "\nbert " + std::string(64, 'A') + "\n");
    EXPECT_THAT(here.problems_of(good_config()),
                ElementsAre(error_at(2, "\"anna\" and \"bert\" have the same token", "of his own")));
}

TEST(sections, problems_of_the_token_file_come_after_those_of_the_configuration) {
    const workspace here;
    here.write("admin-tokens", "anna\nbert " + std::string(64, 'b') + "\n");
    const auto text = changed("kind = \"http\"", "kind = \"ftp\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "\"ftp\""), "kind", ""), error_at(1, "this line", "")));
}

}  // namespace
}  // namespace garde::config
