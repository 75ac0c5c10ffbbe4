// Whom an exchange asks next when more is known by then than when its request came.
#include "garde/continuity/attempt_plan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time arrived = steady_time(1h);
constexpr backend_index first{0};
constexpr backend_index second{1};
constexpr backend_index third{2};
constexpr backend_index fourth{3};
constexpr std::array everybody{first, second, third};
constexpr outcome timed_out{outcome_kind::failed, reason::timed_out};

attempt_plan begun(std::span<const backend_index> whom) {
    attempt_plan out(whom, {.replays = replay::safe}, arrived);
    (void)out.start();
    return out;
}

std::optional<backend_index> next_of(attempt_plan& plan, const outcome& failed = timed_out) {
    retry_budget budget;
    const auto action = plan.resume(arrived + 1s, failed, budget);
    const auto* order = std::get_if<try_backend>(&action);
    return order == nullptr ? std::nullopt : std::optional(order->backend);
}

TEST(attempt_plan_order, who_has_become_the_better_one_is_asked_next) {
    attempt_plan plan = begun(everybody);
    plan.prefer(std::array{third, first, second});
    EXPECT_EQ(next_of(plan), third);
    EXPECT_EQ(next_of(plan, {outcome_kind::failed, reason::fault_temporary}), second);
}

TEST(attempt_plan_order, whom_nobody_names_any_more_is_asked_last_but_is_asked) {
    attempt_plan plan = begun(everybody);
    plan.prefer(std::array{third});
    EXPECT_EQ(next_of(plan), third);
    EXPECT_EQ(next_of(plan, {outcome_kind::failed, reason::fault_temporary}), second);
    EXPECT_EQ(next_of(plan, {outcome_kind::failed, reason::fault_unavailable}), std::nullopt);
}

TEST(attempt_plan_order, without_news_the_order_stays) {
    attempt_plan plan = begun(everybody);
    plan.prefer({});
    EXPECT_EQ(next_of(plan), second);
}

TEST(attempt_plan_order, nobody_is_asked_twice_and_nobody_who_was_not_to_be_asked) {
    attempt_plan plan = begun(std::array{first, second});
    plan.prefer(std::array{first, third, fourth, second});
    EXPECT_EQ(next_of(plan), second);
    EXPECT_EQ(plan.tried(), (backend_list{first, second}));
    EXPECT_EQ(next_of(plan, {outcome_kind::failed, reason::fault_temporary}), std::nullopt);
}

}  // namespace
}  // namespace garde::continuity
