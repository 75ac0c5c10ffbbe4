// See attempt_plan.hpp.
#include "garde/continuity/attempt_plan.hpp"

#include <algorithm>

namespace garde::continuity {
namespace {

/// A retry with less time than this cannot be answered; it would only load a backend that may be struggling.
constexpr milliseconds least_useful_attempt{20};

}  // namespace

attempt_plan::attempt_plan(std::span<const backend_index> whom, const attempt_rules& rules,
                           steady_time arrived)
    : whom_(whom.begin(), whom.end()), rules_(rules), exchange_ends_(arrived + rules.exchange_timeout) {}

void attempt_plan::prefer(std::span<const backend_index> present) {
    auto next = whom_.begin() + static_cast<std::ptrdiff_t>(tried_.size());
    for (const backend_index one : present)
        if (const auto at = std::find(next, whom_.end(), one); at != whom_.end())
            std::rotate(next++, at, at + 1);
}

attempt_action attempt_plan::start() {
    if (whom_.empty()) return exhausted{};
    tried_.push_back(whom_.front());
    const steady_time arrived = exchange_ends_ - rules_.exchange_timeout;
    try_backend out{.backend = whom_.front(),
                    .give_up_at = std::min(arrived + rules_.attempt_timeout, exchange_ends_),
                    .before = history::fresh};
    const bool may_hedge = rules_.hedge_after && rules_.replays == replay::safe && whom_.size() > 1;
    if (may_hedge && arrived + *rules_.hedge_after < out.give_up_at)
        out.hedge_at = arrived + *rules_.hedge_after;
    return out;
}

std::optional<try_backend> attempt_plan::hedge(steady_time now, retry_budget& budget) {
    const auto ends = give_up_at(now);
    if (!ends || !budget.take()) return std::nullopt;
    return next(*ends, history::maybe_processed);
}

attempt_action attempt_plan::resume(steady_time now, const outcome& result, retry_budget& budget) {
    if (result.kind == outcome_kind::answered) return deliver{};
    if (tried_.size() == whom_.size() || !may_go_on(result, budget)) return exhausted{};
    remember(result);
    const auto ends = give_up_at(now);
    if (!ends) return exhausted{};
    return next(*ends, before_);
}

attempt_action attempt_plan::resume(steady_time now, const outcome& first, const outcome& beside,
                                    retry_budget& budget) {
    if (first.kind == outcome_kind::answered) return deliver{};
    remember(first);
    if (may_have_been_processed(first.why)) last_ = first.why;
    return resume(now, beside, budget);
}

void attempt_plan::remember(const outcome& failed) {
    if (before_ == history::fresh) before_ = history::failed_unsent;
    if (may_have_been_processed(failed.why)) before_ = history::maybe_processed;
}

bool attempt_plan::may_go_on(const outcome& result, retry_budget& budget) {
    if (!may_have_been_processed(result.why)) return true;
    if (rules_.replays != replay::safe) return false;
    const bool alike = result.why == last_ && may_be_the_requests_fault(result.why);
    last_ = result.why;
    return !alike && budget.take();
}

/// For an attempt after the first; nothing when it could not be answered in time.
std::optional<steady_time> attempt_plan::give_up_at(steady_time now) const {
    steady_time ends = exchange_ends_;
    if (life_ends_) ends = std::min(ends, *life_ends_);
    ends = std::min(now + rules_.attempt_timeout, ends);
    return ends < now + least_useful_attempt ? std::nullopt : std::optional(ends);
}

try_backend attempt_plan::next(steady_time give_up_at, history before) {
    const backend_index backend = whom_[tried_.size()];
    tried_.push_back(backend);
    return {.backend = backend, .give_up_at = give_up_at, .before = before};
}

last_resort choose_last_resort(const last_resort_facts& facts) {
    const bool no_backend_by_mode = facts.current == mode::degraded || facts.current == mode::emergency;
    if (facts.has_procedure && no_backend_by_mode) return last_resort::procedure;
    if (facts.has_own_error && !is_unavailability(facts.own_reason)) return last_resort::own_error;
    if (facts.has_procedure) return last_resort::procedure;
    if (facts.has_own_error) return last_resort::own_error;
    return last_resort::gateway_error;
}

}  // namespace garde::continuity
