// See exercise_book.hpp.
#include "garde/control/exercise_book.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace garde::control {

std::optional<exercise_run> exercise_book::begin(exercise_order what, std::string id, wall_time now,
                                                 steady_time at) {
    if (of(what.service).size() >= most_of_a_service) return std::nullopt;
    auto made = std::make_shared<continuity::exercise>();
    made->id = std::move(id);
    made->route = what.route;
    made->callers = what.callers;
    made->until = at + std::chrono::duration_cast<steady_time::duration>(what.until - now);
    return running_.emplace_back(std::move(what), now, std::move(made));
}

std::vector<exercise_run> exercise_book::end_where(const std::function<bool(const exercise_run&)>& over) {
    std::vector<exercise_run> out;
    std::vector<exercise_run> left;
    for (auto& one : running_) (over(one) ? out : left).push_back(std::move(one));
    running_ = std::move(left);
    return out;
}

std::vector<exercise_run> exercise_book::end(std::string_view service) {
    return end_where([service](const auto& one) { return one.ordered.service == service; });
}

std::vector<exercise_run> exercise_book::end_due(steady_time now) {
    return end_where([now](const auto& one) { return one.what->until <= now; });
}

std::optional<steady_time> exercise_book::next_due() const {
    std::optional<steady_time> out;
    for (const auto& one : running_)
        if (!out || one.what->until < *out) out = one.what->until;
    return out;
}

std::vector<exercise_run> exercise_book::of(std::string_view service) const {
    std::vector<exercise_run> out;
    std::ranges::copy_if(running_, std::back_inserter(out),
                         [service](const auto& one) { return one.ordered.service == service; });
    return out;
}

}  // namespace garde::control
