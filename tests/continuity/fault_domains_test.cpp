// What two backends can lose together.
#include "garde/continuity/fault_domains.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(fault_domains, same_name_is_shared) {
    const auto found = overlap({{"storage", "san-a"}}, {{"storage", "san-a"}});
    EXPECT_THAT(found.shared, ElementsAre("storage"));
    EXPECT_THAT(found.separate, IsEmpty());
}

TEST(fault_domains, different_names_are_separate) {
    const auto found = overlap({{"site", "dc1"}}, {{"site", "dc2"}});
    EXPECT_THAT(found.separate, ElementsAre("site"));
    EXPECT_FALSE(found.shares_everything());
}

TEST(fault_domains, a_kind_that_only_one_names_is_unknown_whichever_it_is) {
    EXPECT_THAT(overlap({{"power", "p1"}}, {}).unknown, ElementsAre("power"));
    EXPECT_THAT(overlap({}, {{"power", "p1"}}).unknown, ElementsAre("power"));
}

TEST(fault_domains, an_empty_name_is_unknown) {
    EXPECT_THAT(overlap({{"site", ""}}, {{"site", "dc2"}}).unknown, ElementsAre("site"));
    EXPECT_THAT(overlap({{"site", ""}}, {{"site", ""}}).unknown, ElementsAre("site"));
}

TEST(fault_domains, the_same_name_under_another_kind_is_not_shared) {
    const auto found = overlap({{"site", "x"}}, {{"power", "x"}});
    EXPECT_THAT(found.shared, IsEmpty());
    EXPECT_THAT(found.unknown, ElementsAre("power", "site"));
}

TEST(fault_domains, nothing_known_shares_everything) {
    EXPECT_TRUE(overlap({}, {}).shares_everything());
}

TEST(fault_domains, unknown_kinds_alone_share_everything) {
    EXPECT_TRUE(overlap({{"site", "dc1"}}, {{"storage", "san-b"}}).shares_everything());
}

TEST(fault_domains, one_separate_kind_is_enough_not_to_share_everything) {
    // The outage of 2018: two sites, one storage. Not everything is shared, but what is shared is named.
    const auto found =
        overlap({{"site", "dc1"}, {"storage", "san-a"}}, {{"site", "dc2"}, {"storage", "san-a"}});
    EXPECT_FALSE(found.shares_everything());
    EXPECT_THAT(found.shared, ElementsAre("storage"));
}

}  // namespace
}  // namespace garde::continuity
