// Look-ups in a head.
#include "garde/http/head.hpp"

#include <gtest/gtest.h>

namespace garde::http {
namespace {

request_head& fill(request_head& head) {
    head.fields = {{"Connection", "close , X-A"}, {"X-B", "1"}, {"connection", "\tUpgrade"}, {"X-b", "2"}};
    return head;
}

TEST(head, find_ignores_case_and_gives_the_first) {
    request_head head;
    fill(head);
    EXPECT_EQ(head.find("x-b"), "1");
    EXPECT_FALSE(head.find("X-C"));
}

TEST(head, count_ignores_case) {
    request_head head;
    EXPECT_EQ(fill(head).count("X-B"), 2U);
    EXPECT_EQ(head.count("X-C"), 0U);
}

TEST(head, has_token_looks_in_all_lines) {
    request_head head;
    fill(head);
    EXPECT_TRUE(head.has_token("Connection", "close"));
    EXPECT_TRUE(head.has_token("Connection", "x-a"));
    EXPECT_TRUE(head.has_token("Connection", "upgrade"));
}

TEST(head, has_token_wants_whole_tokens) {
    request_head head;
    fill(head);
    EXPECT_FALSE(head.has_token("Connection", "clo"));
    EXPECT_FALSE(head.has_token("Connection", ""));
}

TEST(equal_ignoring_case, folds_ascii_letters_only) {
    EXPECT_TRUE(equal_ignoring_case("aZ-9", "Az-9"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));
    EXPECT_FALSE(equal_ignoring_case("\xC9", "\xE9"));
}

}  // namespace
}  // namespace garde::http
