// Which requests take part in an exercise, and that what is real goes first.
#include "garde/continuity/exercise.hpp"

#include "garde/continuity/posture.hpp"

#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

const steady_time begun{std::chrono::hours(1)};
const caller::identity anne("CN=CA", "CN=Pharmacy One,O=Example,C=BE", {"DNS:one.example"});
const caller::identity bert("CN=CA", "CN=Pharmacy Two,O=Example,C=BE", {});
const caller::identity nobody;

exercise_ptr make(std::string route, std::string_view callers) {
    auto out = std::make_shared<exercise>();
    out->id = "id";
    out->route = std::move(route);
    if (!callers.empty()) out->callers = caller::pattern::parse(callers);
    out->until = begun + 30min;
    return out;
}

service_posture in_mode(mode current) {
    service_posture out;
    out.current = current;
    return out;
}

TEST(exercise, of_a_route_is_for_everybody_on_it_and_on_no_other) {
    const auto one = make("/consult", "");
    for (const auto& who : {anne, bert, nobody}) {
        EXPECT_TRUE(one->takes_part("/consult", who, begun));
        EXPECT_FALSE(one->takes_part("/report", who, begun));
        EXPECT_FALSE(one->takes_part("/consult/", who, begun));
    }
}

TEST(exercise, of_callers_is_for_them_on_every_route_and_never_for_the_unverified) {
    const auto one = make("", "DNS:one.example");
    EXPECT_TRUE(one->takes_part("/consult", anne, begun));
    EXPECT_TRUE(one->takes_part("/report", anne, begun));
    EXPECT_FALSE(one->takes_part("/consult", bert, begun));
    EXPECT_FALSE(one->takes_part("/consult", nobody, begun));
}

TEST(exercise, of_both_is_for_those_callers_on_that_route) {
    const auto one = make("/consult", "CN=Pharmacy Two,O=Example,C=BE");
    EXPECT_TRUE(one->takes_part("/consult", bert, begun));
    EXPECT_FALSE(one->takes_part("/report", bert, begun));
    EXPECT_FALSE(one->takes_part("/consult", anne, begun));
}

TEST(exercise, ends_with_its_time) {
    const auto one = make("/consult", "");
    EXPECT_TRUE(one->takes_part("/consult", anne, one->until - 1ns));
    EXPECT_FALSE(one->takes_part("/consult", anne, one->until));
}

TEST(exercise, the_first_that_fits_is_it) {
    const std::vector all{make("/report", ""), make("/consult", ""), make("", "DNS:one.example")};
    const auto found = [&](std::string_view route, const caller::identity& who) {
        return find_exercise(all, in_mode(mode::primary), route, who, begun);
    };
    EXPECT_EQ(found("/consult", anne), all[1].get());
    EXPECT_EQ(found("/other", anne), all[2].get());
    EXPECT_EQ(found("/other", bert), nullptr);
    EXPECT_EQ(find_exercise({}, in_mode(mode::primary), "/consult", anne, begun), nullptr);
}

TEST(exercise, what_is_real_goes_first) {
    const std::vector all{make("/consult", "")};
    const auto takes_part = [&](const service_posture& now) {
        return find_exercise(all, now, "/consult", anne, begun) != nullptr;
    };
    EXPECT_TRUE(takes_part(in_mode(mode::primary)));
    EXPECT_TRUE(takes_part(in_mode(mode::backup)));
    EXPECT_FALSE(takes_part(in_mode(mode::degraded)));
    EXPECT_FALSE(takes_part(in_mode(mode::emergency)));
    auto pipe = in_mode(mode::primary);
    pipe.pinned = override_mode::transparent;
    EXPECT_FALSE(takes_part(pipe));
    pipe.pinned = override_mode::primary;
    EXPECT_TRUE(takes_part(pipe));
}

TEST(exercise, asks_nobody) {
    const auto& posture = rehearsed_posture();
    EXPECT_EQ(posture.current, mode::emergency);
    EXPECT_TRUE(posture.attempts.empty());
    EXPECT_FALSE(posture.trial || posture.returning || posture.last_chance);
}

}  // namespace
}  // namespace garde::continuity
