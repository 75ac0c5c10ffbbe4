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

attempt_action attempt_plan::start() {
    if (whom_.empty()) return exhausted{};
    tried_.push_back(whom_.front());
    const steady_time arrived = exchange_ends_ - rules_.exchange_timeout;
    return try_backend{whom_.front(), std::min(arrived + rules_.attempt_timeout, exchange_ends_),
                       history::fresh};
}

attempt_action attempt_plan::resume(steady_time now, const outcome& result) {
    if (result.kind == outcome_kind::answered) return deliver{};
    if (!may_go_on(result)) return exhausted{};
    if (before_ == history::fresh) before_ = history::failed_unsent;
    if (may_have_been_processed(result.why)) before_ = history::maybe_processed;
    return next(now);
}

bool attempt_plan::may_go_on(const outcome& result) const {
    return rules_.replays == replay::safe || !may_have_been_processed(result.why);
}

attempt_action attempt_plan::next(steady_time now) {
    if (tried_.size() == whom_.size()) return exhausted{};
    steady_time ends = exchange_ends_;
    if (life_ends_) ends = std::min(ends, *life_ends_);
    const steady_time give_up_at = std::min(now + rules_.attempt_timeout, ends);
    if (give_up_at < now + least_useful_attempt) return exhausted{};
    const backend_index backend = whom_[tried_.size()];
    tried_.push_back(backend);
    return try_backend{backend, give_up_at, before_};
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
