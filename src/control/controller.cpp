// See controller.hpp.
#include "garde/control/controller.hpp"

#include "records.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace garde::control {
namespace {

using continuity::backend_index;

steady_time now() {
    return std::chrono::steady_clock::now();
}

continuity::brain_rules rules_of(const config::service_settings& service) {
    const auto& switchover = service.switchover;
    return {.detector = {.rise = service.probe.rise,
                         .fall = service.probe.fall,
                         .traffic_fall = switchover.traffic_fall,
                         .ejection_time = switchover.ejection_time},
            .modes = {.hold_down = switchover.hold_down,
                      .degraded_hold_down = switchover.degraded_hold_down,
                      .min_dwell = switchover.min_dwell,
                      .has_cache = service.cache.has_value()},
            .backends = service.backends.size()};
}

/// Until when on the steady clock; a time that has passed is now.
std::optional<steady_time> steady_until(const std::optional<wall_time>& until) {
    if (!until) return std::nullopt;
    return now() + std::chrono::duration_cast<milliseconds>(
                       std::max(*until - wall_now(), std::chrono::nanoseconds(0)));
}

}  // namespace

controller::controller(const proxy::site& served, journal::writer& journal, store::override_store& overrides)
    : served_(served),
      journal_(journal),
      overrides_(overrides),
      reports_(loop_, report_bound),
      tick_(loop_.wheel(), [this] { tick(); }),
      drop_(loop_.wheel(), [this] { drop_finished(); }) {
    services_.reserve(served.services().size());
    for (std::size_t i = 0; i < served.services().size(); ++i) {
        services_.push_back({.brain = continuity::service_brain(rules_of(settings_of(i)), now()),
                             .probers = {},
                             .shown = {.since = wall_now()},
                             .order = std::nullopt});
        for (std::size_t b = 0; b < served.service(i).targets.size(); ++b) {
            const auto backend = static_cast<backend_index>(b);
            services_[i].probers.emplace_back(
                loop_, settings_of(i).probe, served.service(i).targets[b],
                [this, i, backend](continuity::reason result) { on_probe(i, backend, result); });
        }
    }
}

controller::~controller() {
    stop();
}

const config::service_settings& controller::settings_of(std::size_t index) const {
    return *served_.service(index).settings;
}

std::optional<std::size_t> controller::find(std::string_view name) const {
    for (std::size_t i = 0; i < services_.size(); ++i)
        if (settings_of(i).name == name) return i;
    return std::nullopt;
}

continuity::posture_ptr controller::first_posture(std::vector<store::stored_override> kept) {
    for (auto& one : kept) {
        const auto index = find(one.service);
        if (!index || (one.until && *one.until <= wall_now())) continue;
        auto& service = services_[*index];
        service.order = override_view{one.mode, one.strict, one.by, one.reason, one.since, one.until};
        service.brain.set_override(now(), {.order = {one.mode, one.strict},
                                           .by = one.by,
                                           .reason = one.reason,
                                           .until = steady_until(one.until)});
        service.shown.current = service.brain.modes().current().current;
        service.shown.since = one.since;
        write({.at = wall_now(),
               .event = "override-resumed",
               .attributes = {
                   {"service", one.service}, {"mode", std::string(to_text(one.mode))}, {"by", one.by}}});
    }
    auto first = std::make_shared<continuity::posture>();
    for (const auto& service : services_) first->services.push_back(service.brain.posture());
    return first;
}

void controller::start() {
    std::vector<std::pair<std::size_t, config::endpoint>> names;
    std::vector<std::pair<std::size_t, backend_index>> places;
    for (std::size_t i = 0; i < services_.size(); ++i) {
        for (std::size_t b = 0; b < services_[i].probers.size(); ++b) {
            services_[i].probers[b].start();
            if (!served_.service(i).targets[b]->addresses.empty()) continue;
            names.emplace_back(places.size(), settings_of(i).backends[b].address);
            places.emplace_back(i, static_cast<backend_index>(b));
        }
    }
    resolver_.start(std::move(names), [this, places](std::size_t number, std::vector<net::endpoint> found) {
        loop_.post([this, place = places[number], found = std::move(found)]() mutable {
            const auto [index, backend] = place;
            auto fresh =
                std::make_shared<upstream::target>(*served_.service(index).targets[to_number(backend)]);
            fresh->addresses = std::move(found);
            services_[index].probers[to_number(backend)].retarget(fresh);
            for (auto* worker : workers_) worker->retarget(index, backend, fresh);
        });
    });
    schedule_tick();
    tell_view();
    thread_ = std::jthread([this] { loop_.run(); });
}

void controller::stop() {
    resolver_.stop();
    loop_.stop();
    if (thread_.joinable()) thread_.join();
}

void controller::report(const proxy::outcome_report& what) {
    // A dropped report delays a verdict; the next failure or probe makes up for it.
    (void)reports_.try_post([this, what] {
        auto& brain = services_[what.service].brain;
        carry_out(what.service, what.failed == continuity::reason::none
                                    ? brain.traffic_answered(now(), what.backend, what.answered)
                                    : brain.traffic_failed(now(), what.backend, what.failed));
    });
}

void controller::on_probe(std::size_t index, backend_index backend, continuity::reason result) {
    auto& brain = services_[index].brain;
    const auto before = brain.detector(backend).current();
    carry_out(index, result == continuity::reason::none ? brain.probe_passed(now(), backend)
                                                        : brain.probe_failed(now(), backend, result));
    if (brain.detector(backend).current() != before) tell_view();
}

void controller::tick() {
    for (std::size_t i = 0; i < services_.size(); ++i) carry_out(i, services_[i].brain.tick(now()));
    schedule_tick();
}

void controller::schedule_tick() {
    std::optional<steady_time> next;
    for (const auto& service : services_)
        if (const auto due = service.brain.next_due(); due && (!next || *due < *next)) next = due;
    if (next)
        tick_.set(*next);
    else
        tick_.cancel();
}

void controller::carry_out(std::size_t index, const std::vector<continuity::brain_action>& actions) {
    for (const auto& action : actions) {
        if (std::holds_alternative<continuity::publish_posture>(action)) {
            publish();
        } else if (const auto* switchover = std::get_if<continuity::record_switchover>(&action)) {
            begin_switchover(index, *switchover);
        } else if (const auto* change = std::get_if<continuity::record_backend_change>(&action)) {
            write(backend_change_record(settings_of(index), *change));
        } else if (const auto* seen = std::get_if<continuity::record_verdict>(&action)) {
            write(verdict_record(settings_of(index), *seen));
        } else if (std::holds_alternative<continuity::forget_override>(action)) {
            services_[index].order.reset();
            write({.at = wall_now(),
                   .event = "override-expired",
                   .attributes = {{"service", settings_of(index).name}}});
            overrides_.remove(settings_of(index).name, [](const result<void>&) {});
        } else if (const auto* probe = std::get_if<continuity::probe_now>(&action)) {
            services_[index].probers[to_number(probe->backend)].probe_now();
        }
    }
    schedule_tick();
    if (!actions.empty()) tell_view();
}

/// Takes effect at once: each worker serves from the new posture as soon as it reads its messages.
void controller::publish() {
    auto next = std::make_shared<continuity::posture>();
    next->version = ++version_;
    for (const auto& service : services_) next->services.push_back(service.brain.posture());
    for (auto* worker : workers_)
        worker->publish(
            next, [this, version = version_] { loop_.post([this, version] { worker_in_effect(version); }); });
}

}  // namespace garde::control
