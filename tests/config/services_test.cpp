// [[service]] with routes, cache and procedure: what is refused, and with which words.
#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// The only problem of a configuration with this one change is an error in the line of `new_text`.
void expect_error(const std::string& old_text, const std::string& new_text, const std::string& what,
                  const std::string& instead) {
    const workspace here;
    const auto text = changed(old_text, new_text);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, new_text), what, instead)))
        << new_text;
}

/// A second service with this name and this path.
std::string second_service(const std::string& name, const std::string& path) {
    return "\n[[service]]\nname = \"" + name +
           "\"\n[[service.backend]]\nname = \"dc9\"\nrole = \"primary\"\naddress = \"dc9.test:443\"\nca = "
           "\"backend-ca.pem\"\n[[service.route]]\npath = \"" +
           path + "\"\n";
}

TEST(services, two_services) {
    const workspace here;
    const auto got = here.load_good(good_config() + second_service("other", "/other"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->services.size(), 2u);
    EXPECT_EQ(got->services.at(1).backends.at(0).probe.type, probe_type::tls);
}

TEST(services, a_service_name_that_is_there_twice) {
    const workspace here;
    const auto addition = second_service("assurability", "/other");
    const auto text = good_config() + addition;
    const int line = line_of(text, addition) + line_of(addition, "name = \"assurability\"") - 1;
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line, "service \"assurability\" is there twice", "its own name")));
}

TEST(services, a_path_of_another_service) {
    const workspace here;
    const auto addition = second_service("other", "/Insurability/v2");
    const auto text = good_config() + addition;
    const int line = line_of(text, addition) + line_of(addition, "path =") - 1;
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line,
                                     "path \"/Insurability/v2\" is there already, in line " +
                                         std::to_string(line_of(text, "path = \"/Insurability/v2\"")),
                                     "exactly one service")));
}

TEST(services, a_path_that_is_there_twice_in_one_service) {
    expect_error("path = \"/wsdl/*\"", "path = \"/Insurability/v2\" # again", "is there already",
                 "remove one");
}

TEST(services, no_route) {
    const workspace here;
    auto text = good_config();
    text = text.substr(0, text.find("[[service.route]]"));
    text = changed(text, "[service.cache]\nmax_age = \"30d\"\n", "");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "[[service]]"), "has no [[service.route]]", "add at least one")));
}

TEST(services, paths_that_are_none) {
    expect_error("path = \"/wsdl/*\"", "path = \"wsdl\"", "does not begin with '/'", "write \"/wsdl\"");
    expect_error("path = \"/wsdl/*\"", "path = \"/wsdl*\"", "'*' elsewhere", "/services/*");
    expect_error("path = \"/wsdl/*\"", "path = \"/*/wsdl\"", "'*' elsewhere", "/services/*");
    expect_error("path = \"/wsdl/*\"", "path = \"/wsdl?x\"", "a query", "the path alone");
    expect_error("path = \"/wsdl/*\"", "path = \"/ws dl\"", "a query, a fragment or characters",
                 "percent-encoded");
}

TEST(services, a_prefix_for_everything) {
    const workspace here;
    EXPECT_TRUE(here.load_good(changed("/wsdl/*", "/*")));
}

TEST(services, a_cached_route_without_a_cache) {
    const workspace here;
    const auto text = changed("[service.cache]\nmax_age = \"30d\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "cached = true"), "no cache", "add [service.cache]")));
}

TEST(services, a_cached_route_without_callers) {
    const workspace here;
    const auto text = changed("cached_callers = [\"*\"]\n", "");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "cached = true"),
                                                             "names no caller", "cached_callers = [\"*\"]")));
}

TEST(services, a_cached_route_while_clients_are_off) {
    const workspace here;
    const auto text = changed("client_ca = \"client-ca.pem\"", "clients = \"off\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "cached = true"), "needs callers who prove",
                                     "clients = \"optional\"")));
}

TEST(services, a_cached_route_that_is_not_soap) {
    const workspace here;
    const auto text = changed("replay_safe = true\n", "kind = \"http\"\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "cached = true"), "only SOAP answers are kept",
                                     "kind = \"soap\"")));
}

TEST(services, cached_callers_without_cached) {
    const workspace here;
    auto text = changed("cached = true\n", "");
    text = changed(text, "[service.cache]\nmax_age = \"30d\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "cached_callers"), "has no use", "write cached = true")));
}

TEST(services, a_recipe_of_a_route_whose_questions_are_no_consults) {
    const workspace here;
    const auto text = changed("cached = true\n",
                              "cached = true\ncache_key = [\"/Ask/Number\"]\ncache_ignored = "
                              "[\"/Ask/Reference\"]\ncache_scope = \"public\"\n");
    const auto loaded = here.load_good(text);
    ASSERT_TRUE(loaded);
    const auto& recipe = loaded->services[0].routes[0].recipe;
    ASSERT_TRUE(recipe);
    EXPECT_EQ(recipe->scope, cache_scope::everybody);
    EXPECT_EQ(recipe->reads.text(), "=/Ask/Number\n-/Ask/Reference\n");
    const auto plain = here.load_good(good_config());
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->services[0].routes[0].recipe);
}

/// Before `cached_callers`.
void expect_recipe_error(const std::string& lines, const std::string& what, const std::string& instead) {
    expect_error("cached_callers = [\"*\"]", lines + "\ncached_callers = [\"*\"]", what, instead);
}

TEST(services, recipes_that_cannot_be) {
    expect_recipe_error("cache_key = [\"Ask/Number\"]", "\"Ask/Number\", which does not begin with '/'",
                        "local names");
    expect_recipe_error("cache_key = []", "is empty", "/Question/Number");
    expect_recipe_error("cache_ignored = [\"/Ask/Number\"]\ncache_key = [\"/Ask/Number\"]",
                        "is there already", "remove one of the two");
    expect_recipe_error("cache_ignored = [\"/Ask/Number\"]", "no use without cache_key", "add cache_key");
    expect_recipe_error("cache_scope = \"public\"", "are no consults", "remove cache_scope");
    expect_recipe_error("cache_key = [\"/GetInsurabilityForPharmacistRequest/Number\"]",
                        "a consult that garde knows by itself", "remove cache_key");
}

TEST(services, a_recipe_without_a_cached_route) {
    const workspace here;
    auto text = changed("cached = true\ncached_callers = [\"*\"]\n", "cache_key = [\"/Ask/Number\"]\n");
    text = changed(text, "[service.cache]\nmax_age = \"30d\"\n", "");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "cache_key"), "no use without cached", "write cached = true")));
}

TEST(services, a_caller_pattern_that_matches_nobody) {
    expect_error("cached_callers = [\"*\"]", "cached_callers = [\"CN=One\", \"pharmacy.test\"]",
                 "\"pharmacy.test\", which matches no caller", "DNS:");
}

TEST(services, a_cache_that_no_route_uses_is_a_warning) {
    const workspace here;
    const auto text = changed("cached = true\ncached_callers = [\"*\"]\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "[service.cache]"), "a cache that no route uses",
                                       "cached = true")));
}

TEST(services, cached_answers_are_never_older_than_thirty_days) {
    expect_error("max_age = \"30d\"", "max_age = \"31d\"", "\"31d\" is out of range", "30d");
}

TEST(services, a_cache_entry_larger_than_the_cache) {
    expect_error("max_age = \"30d\"", "entry_bytes = \"2MiB\"\nmemory_bytes = \"1MiB\"",
                 "larger than memory_bytes", "entry_bytes = \"64KiB\"");
}

TEST(services, a_return_code_of_another_form) {
    expect_error("max_age = \"30d\"", "success_return = [\"00\"]", "not Major/Minor/Detail", "00/00/00000");
}

TEST(services, a_procedure_text_that_is_missing_or_blank) {
    const workspace here;
    here.remove("assurability.de.txt");
    here.write("assurability.nl.txt", " \n\n");
    const int line = line_of(good_config(), "name = \"assurability\"\nenvironment");
    EXPECT_THAT(
        here.problems_of(good_config()),
        UnorderedElementsAre(error_at(line, "assurability.de.txt does not exist", "the title, an empty line"),
                             error_at(line, "assurability.nl.txt is empty", "the title, an empty line")));
}

TEST(services, an_environment_outside_the_schema) {
    expect_error("environment = \"Acceptation\"", "environment = \"acceptation\"",
                 "\"acceptation\" is not one of", "did you mean \"Acceptation\"?");
    expect_error("environment = \"Acceptation\"", "environment = \"Live\"", "\"Live\" is not one of",
                 "one of: Development, Test, Integration, Acceptation, Simulation, Production");
}

TEST(services, a_default_language_that_the_procedure_does_not_have) {
    expect_error("environment = \"Acceptation\"", "default_language = \"es\"",
                 "\"es\" is not one of its values", "fr");
}

TEST(services, retry_after_is_in_whole_seconds) {
    expect_error("environment = \"Acceptation\"", "retry_after = \"1500ms\"", "parts of a second",
                 "whole seconds");
}

}  // namespace
}  // namespace garde::config
