// [self_check]: what is read, what is refused, and with which words.
#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::string with_check(const std::string& lines) {
    return good_config() + "\n[self_check]\n" + lines + "\n";
}

TEST(self_check, without_the_table_there_are_no_references) {
    const workspace here;
    const auto got = here.load_good(good_config());
    ASSERT_TRUE(got);
    EXPECT_THAT(got->self_check.references, IsEmpty());
}

TEST(self_check, what_is_read) {
    const workspace here;
    const auto text = with_check(
        "references = [\"192.0.2.1:53\", \"[2001:db8::1]:443\", \"time.test:123\"]\n"
        "interval = \"3s\"\ntimeout = \"700ms\"");
    EXPECT_THAT(here.problems_of(text), IsEmpty());
    const auto got = here.load_good(text);
    ASSERT_TRUE(got);
    const auto& check = got->self_check;
    ASSERT_EQ(check.references.size(), 3U);
    EXPECT_EQ(check.references[0].host, "192.0.2.1");
    EXPECT_EQ(check.references[0].port, 53);
    EXPECT_EQ(check.references[1].host, "2001:db8::1");
    EXPECT_EQ(check.references[2].host, "time.test");
    EXPECT_EQ(check.interval, 3s);
    EXPECT_EQ(check.timeout, 700ms);
}

void expect_error(const std::string& lines, const std::string& part, const std::string& what,
                  const std::string& instead) {
    const workspace here;
    const auto text = with_check(lines);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, part), what, instead))) << lines;
}

TEST(self_check, a_table_without_references_has_no_use) {
    expect_error("interval = \"2s\"", "[self_check]", "references is missing or empty",
                 "remove [self_check]");
    expect_error("references = []", "references", "references is missing or empty", "remove [self_check]");
}

TEST(self_check, what_is_no_address) {
    expect_error("references = [\"192.0.2.1\"]", "references", "\"192.0.2.1\", which is not HOST:PORT",
                 "192.0.2.1:53");
    expect_error("references = \"192.0.2.1:53\"", "references", "must be an array of strings",
                 "192.0.2.1:53");
}

TEST(self_check, the_same_twice) {
    expect_error("references = [\"192.0.2.1:53\", \"192.0.2.1:53\"]", "references",
                 "has \"192.0.2.1:53\" twice", "remove one");
}

TEST(self_check, too_many) {
    std::string many;
    for (int i = 1; i <= 17; ++i) many += "\"192.0.2." + std::to_string(i) + ":53\",";
    expect_error("references = [" + many + "]", "references", "has 17 addresses", "at most 16");
}

TEST(self_check, a_check_ends_before_the_next_begins) {
    const std::string references = "references = [\"192.0.2.1:53\"]\n";
    expect_error(references + "timeout = \"3s\"", "timeout = \"3s\"", "makes timeout longer",
                 "shorten timeout");
    expect_error(references + "interval = \"400ms\"", "interval = \"400ms\"", "makes timeout longer",
                 "lengthen interval");
}

TEST(self_check, references_that_tell_nothing_are_warned_about) {
    const workspace here;
    auto text = with_check("references = [\"dc2.test:443\", \"192.0.2.1:53\"]");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "references"),
                                       "\"dc2.test:443\", which is backend \"dc2\"", "a name server")));
    text = with_check("references = [\"[::1]:53\"]");
    EXPECT_THAT(here.problems_of(text), ElementsAre(warning_at(line_of(text, "references"),
                                                               "this machine itself", "over the network")));
}

}  // namespace
}  // namespace garde::config
