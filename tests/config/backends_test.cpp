// [[service.backend]]: names, roles and orders, and whether the backups are redundancy at all.
#include "garde/config/explain.hpp"

#include "support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const std::string primary_domains = "domains = { site = \"dc1\", storage = \"san-a\" }";
const std::string backup_domains = "domains = { site = \"dc2\", storage = \"san-b\" }";

void expect_error(const std::string& old_text, const std::string& new_text, const std::string& what,
                  const std::string& instead) {
    const workspace here;
    const auto text = changed(old_text, new_text);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, new_text), what, instead)))
        << new_text;
}

/// A third backend, in front of the probe.
std::string with_third(const std::string& name, int order, const std::string& address,
                       const std::string& domains) {
    return changed("[service.probe]",
                   fmt::format("[[service.backend]] # third\nname = \"{}\"\nrole = \"backup\"\norder = {}\n"
                               "address = \"{}\"\nca = \"backend-ca.pem\"\n{}\n\n[service.probe]",
                               name, order, address, domains));
}

const std::string third_domains = "domains = { site = \"dc3\", storage = \"san-c\" }";

TEST(backends, three_that_are_separate) {
    const workspace here;
    EXPECT_TRUE(here.load_good(with_third("dc3", 2, "dc3.test:443", third_domains)));
}

TEST(backends, none) {
    const workspace here;
    auto text = good_config();
    const auto from = text.find("[[service.backend]]");
    text.erase(from, text.find("[service.probe]") - from);
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[[service]]"),
                                     "\"assurability\" has no [[service.backend]]", "add")));
}

TEST(backends, a_role_is_required) {
    const workspace here;
    const auto text = changed("role = \"primary\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[[service.backend]]\nname = \"dc1\""),
                                     "\"dc1\" role is missing", "add role = \"primary\"")));
}

TEST(backends, no_primary) {
    const workspace here;
    const auto text = changed("role = \"primary\"", "role = \"backup\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[[service]]"), "has no primary", "role = \"primary\"")));
}

TEST(backends, two_primaries) {
    const workspace here;
    const auto text = changed("role = \"backup\"\norder = 1\n", "role = \"primary\"\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "role = \"primary\"\naddress = \"127"),
                                     "\"dc1\" is a second primary beside \"dc2\"", "backup")));
}

TEST(backends, a_name_that_is_there_twice) {
    const workspace here;
    const auto text = with_third("dc2", 2, "dc3.test:443", third_domains);
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "# third"), "backend \"dc2\" is there twice", "its own name")));
}

TEST(backends, two_backups_of_one_order) {
    const workspace here;
    const auto text = with_third("dc3", 1, "dc3.test:443", third_domains);
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "# third"), "\"dc2\" and \"dc3\" have the same order 1",
                                     "order = 2")));
}

TEST(backends, an_order_for_the_primary) {
    const workspace here;
    const auto text = changed("role = \"primary\"\n", "role = \"primary\"\norder = 4\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "order = 4"), "is for backups", "remove it")));
}

TEST(backends, two_at_one_address) {
    const workspace here;
    const auto text = with_third("dc3", 2, "dc2.test:443", third_domains);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "# third") + 4,
                                                             "same address as \"dc2\"", "own address")));
}

TEST(backends, more_than_sixteen) {
    const workspace here;
    std::string more;
    for (int i = 0; i < 15; ++i)
        more += fmt::format(
            "[[service.backend]]\nname = \"x{0}\"\nrole = \"backup\"\norder = {1}\naddress = "
            "\"x{0}.test:443\"\n"
            "ca = \"backend-ca.pem\"\ndomains = {{ site = \"x{0}\", storage = \"x{0}\" }}\n\n",
            i, i + 10);
    const auto text = changed("[service.probe]", more + "[service.probe]");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "name = \"x14\"") - 1,
                                                             "has more than 16 backends", "remove some")));
}

TEST(backends, authorities_are_needed_for_tls) {
    const workspace here;
    const auto text = changed("ca = \"backend-ca.pem\"\n", "");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "[[service.backend]]"),
                                                             "\"dc2\" ca is missing", "add ca")));
}

TEST(backends, without_tls_authorities_have_no_use) {
    const workspace here;
    const auto text = changed("server_name = \"dc1.test\"\n", "tls = false\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "tls = false") + 1, "ca has no use while tls = false",
                                     "tls = true")));
}

TEST(backends, without_tls_beyond_this_machine_is_a_warning) {
    const workspace here;
    const auto text = changed("address = \"dc2.test:443\"\nca = \"backend-ca.pem\"",
                              "address = \"dc2.test:80\"\ntls = false");
    EXPECT_THAT(here.problems_of(text), ElementsAre(warning_at(line_of(text, "tls = false"),
                                                               "patients' data in clear", "tls = true")));
}

TEST(backends, without_tls_on_this_machine_is_allowed) {
    const workspace here;
    const auto text = changed("server_name = \"dc1.test\"\nca = \"backend-ca.pem\"\n", "tls = false\n");
    EXPECT_TRUE(here.load_good(text));
    EXPECT_TRUE(here.problems_of(text).empty());
}

TEST(backends, a_backup_that_shares_everything_with_the_primary) {
    expect_error(backup_domains, "domains = { storage = \"san-a\", site = \"dc1\" }",
                 "backup \"dc2\" shares site \"dc1\" and storage \"san-a\" with primary \"dc1\"; one failure "
                 "takes both",
                 "name what separates them");
}

TEST(backends, a_backup_that_shares_the_storage_is_a_warning) {
    const workspace here;
    const auto text = changed(backup_domains, "domains = { storage = \"san-a\", site = \"dc2\" }");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(
                    line_of(text, "storage = \"san-a\", site = \"dc2\""),
                    "backup \"dc2\" shares storage \"san-a\" with primary \"dc1\"; one failure there",
                    "place the backup apart")));
}

TEST(backends, a_domain_that_only_one_names_is_a_warning) {
    const workspace here;
    const auto text =
        changed(primary_domains, "domains = { site = \"dc1\", storage = \"san-a\", power = \"p1\" }");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, backup_domains),
                                       "names its power, and unknown counts as shared", "name")));
}

TEST(backends, a_backup_without_domains_shares_everything) {
    const workspace here;
    const auto text = changed(backup_domains, "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[[service.backend]]"),
                                     "backup \"dc2\" names no fault domains, and unknown counts as shared",
                                     "domains = ")));
}

TEST(backends, a_primary_without_domains_is_told_in_its_own_line) {
    const workspace here;
    const auto text = changed(primary_domains, "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[[service.backend]]\nname = \"dc1\""),
                                     "primary \"dc1\" names no fault domains", "domains = ")));
}

TEST(backends, a_primary_alone_needs_no_domains) {
    const workspace here;
    auto text = changed(primary_domains, "");
    const auto from = text.find("[[service.backend]]");
    text.erase(from, text.find("[[service.backend]]", from + 1) - from);
    EXPECT_TRUE(here.load_good(text));
}

TEST(backends, two_backups_that_share_everything_are_a_warning) {
    const workspace here;
    const auto text =
        with_third("dc3", 2, "dc3.test:443", "domains = { storage = \"san-b\", site = \"dc2\" }");
    EXPECT_THAT(here.problems_of(text), ElementsAre(warning_at(line_of(text, "storage = \"san-b\", site"),
                                                               "shares site \"dc2\" and storage \"san-b\" "
                                                               "with backup \"dc2\"; the two count as one",
                                                               "place them apart")));
}

TEST(backends, two_backups_that_share_something_are_a_warning) {
    const workspace here;
    auto text = with_third("dc3", 2, "dc3.test:443", "domains = { storage = \"san-b\", site = \"dc3\" }");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(
                    line_of(text, "storage = \"san-b\", site"),
                    "backup \"dc3\" shares storage \"san-b\" with backup \"dc2\"; one failure there",
                    "place them apart")));
}

TEST(backends, a_fault_that_all_share_is_told_of_each_two) {
    const workspace here;
    auto text = with_third("dc3", 2, "dc3.test:443", "domains = { site = \"dc3\", storage = \"san-a\" }");
    text = changed(text, backup_domains, "domains = { site = \"dc2\", storage = \"san-a\" }");
    const int third = line_of(text, "site = \"dc3\"");
    const auto shares = [](const std::string& with) { return "shares storage \"san-a\" with " + with; };
    EXPECT_THAT(here.problems_of(text),
                UnorderedElementsAre(
                    warning_at(line_of(text, "site = \"dc2\""), "\"dc2\" " + shares("primary \"dc1\""), ""),
                    warning_at(third, "\"dc3\" " + shares("primary \"dc1\""), ""),
                    warning_at(third, "\"dc3\" " + shares("backup \"dc2\""), "")));
}

std::string faults_of(const std::string& text) {
    const workspace here;
    const auto got = here.load_good(text);
    return got ? shared_faults_text(*got) : "";
}

TEST(shared_faults, are_told_in_words) {
    auto text = with_third("dc3", 2, "dc3.test:443", "domains = { site = \"dc2\", storage = \"san-a\" }");
    text = changed(text, backup_domains, "domains = { site = \"dc2\", storage = \"san-b\", power = \"p1\" }");
    EXPECT_EQ(
        faults_of(text),
        "one failure takes several backends of assurability:\n"
        "  - power: primary \"dc1\" and backup \"dc3\" do not say, and unknown counts as shared with all\n"
        "  - site \"dc2\": backup \"dc2\" and backup \"dc3\"\n"
        "  - storage \"san-a\": primary \"dc1\" and backup \"dc3\"\n");
}

TEST(shared_faults, none_is_told_too) {
    EXPECT_EQ(faults_of(good_config()),
              "no failure that the configuration knows of takes two backends of assurability\n");
}

TEST(shared_faults, a_primary_alone_is_told_as_such) {
    auto text = changed(primary_domains, "");
    const auto from = text.find("[[service.backend]]");
    text.erase(from, text.find("[[service.backend]]", from + 1) - from);
    EXPECT_EQ(faults_of(text), "assurability has no backup: any failure of its primary takes it\n");
}

TEST(backends, a_domain_without_a_name) {
    const workspace here;
    const auto text = changed(backup_domains, "domains = { site = \"dc2\", storage = 7 }");
    EXPECT_THAT(here.problems_of(text), Contains(error_at(line_of(text, "storage = 7"),
                                                          "has no text for storage", "a string in quotes")));
}

}  // namespace
}  // namespace garde::config
