// Whose token it is.
#include "../../src/admin/tokens.hpp"

#include <gtest/gtest.h>

namespace garde::admin {
namespace {

std::string hash_of(std::string_view token) {
    return to_hex(sha256(token));
}

class tokens_test : public testing::Test {
  protected:
    token_book book_{{{"anne", hash_of("token-of-anne")}, {"bert", hash_of("token-of-bert")}}};
};

TEST_F(tokens_test, EachOperatorIsKnownByHisToken) {
    EXPECT_EQ(book_.find("Bearer token-of-anne"), "anne");
    EXPECT_EQ(book_.find("Bearer token-of-bert"), "bert");
}

TEST_F(tokens_test, TheSchemeMayBeWrittenInAnyCaseAndFollowedBySpaces) {
    EXPECT_EQ(book_.find("bearer token-of-anne"), "anne");
    EXPECT_EQ(book_.find("BEARER   token-of-anne"), "anne");
}

TEST_F(tokens_test, AnythingElseIsNobody) {
    for (const std::string& field : std::initializer_list<std::string>{
             "", "Bearer", "Bearer ", "Bearer wrong", "Bearer token-of-anneX", "Bearer token-of-ann",
             "Bearertoken-of-anne", "Basic token-of-anne", "token-of-anne", "Bearer token-of-anne ",
             "Bearer TOKEN-OF-ANNE", "Bearer anne", "Bearer " + hash_of("token-of-anne")})
        EXPECT_FALSE(book_.find(field).has_value()) << field;
}

TEST_F(tokens_test, AnEmptyBookKnowsNobody) {
    EXPECT_FALSE(token_book({}).find("Bearer token-of-anne").has_value());
}

}  // namespace
}  // namespace garde::admin
