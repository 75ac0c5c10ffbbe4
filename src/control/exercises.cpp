// The controller's part in exercises: begun and ended by order, ended by time, by a configuration that has
// not what they are about, and with the process. Each beginning and end is recorded as a drill.
#include "garde/base/hash.hpp"
#include "garde/control/controller.hpp"

#include "records.hpp"

#include <algorithm>
#include <utility>

namespace garde::control {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

constexpr std::size_t id_bytes = 9;

}  // namespace

void controller::order(exercise_request what, std::function<void(exercise_result)> then) {
    loop_.post([this, what = std::move(what), then = std::move(then)] { apply_order(what, then); });
}

void controller::apply_order(const exercise_request& what, const std::function<void(exercise_result)>& then) {
    exercise_result out;
    const exercise_order& of = what.ordered;
    if (!find(of.service)) {
        out.known_service = false;
    } else if (what.begin) {
        if (auto begun = exercises_.begin(of, to_base64url(random_bytes(id_bytes)), wall_now(), now())) {
            write(exercise_begun_record(*begun));
            out.changed.push_back(*std::move(begun));
        } else {
            out.too_many = true;
        }
    } else {
        out.changed = exercises_.end(of.service);
        write_ended(out.changed, {.cause = "order", .by = of.by, .reason = of.reason});
    }
    if (!out.changed.empty()) {
        publish();
        schedule_tick();
        tell_view();
    }
    then(std::move(out));
}

void controller::write_ended(const std::vector<exercise_run>& which, const exercise_end& how) {
    for (const auto& one : which) write(exercise_ended_record(one, how));
}

void controller::end_due_exercises() {
    const auto over = exercises_.end_due(now());
    if (over.empty()) return;
    write_ended(over, {.cause = "time"});
    publish();
    tell_view();
}

/// Those of a service or a route that is no longer there, and those of a service that has no procedure any
/// more.
void controller::end_foreign_exercises(const std::string& by) {
    const auto over = exercises_.end_where([this](const exercise_run& one) {
        const auto index = find(one.ordered.service);
        if (!index || !settings_of(*index).procedure) return true;
        const auto& routes = settings_of(*index).routes;
        return !one.ordered.route.empty() &&
               std::ranges::find(routes, one.ordered.route, &config::route_settings::path) == routes.end();
    });
    write_ended(over, {.cause = "configuration", .by = by});
}

std::vector<std::vector<continuity::exercise_ptr>> controller::present_exercises() const {
    std::vector<std::vector<continuity::exercise_ptr>> out;
    if (exercises_.empty()) return out;
    for (const auto& service : services_) {
        auto& of_service = out.emplace_back();
        for (auto& one : exercises_.of(service.name)) of_service.push_back(std::move(one.what));
    }
    return out;
}

}  // namespace garde::control
