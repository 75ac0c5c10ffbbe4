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

}  // namespace

controller::controller(proxy::site_ptr served, journal::sink& journal, store::override_store& overrides)
    : served_(std::move(served)),
      journal_(journal, served_->settings().sha256),
      overrides_(overrides),
      reports_(loop_, report_bound),
      tick_(loop_.wheel(), [this] { tick(); }),
      drop_(loop_.wheel(), [this] { drop_finished(); }),
      adopted_(loop_.wheel(), [this] { adopted(); }),
      vigil_(loop_, journal_, [this] {
          // The disk may fail, or work again, without anything else that happens.
          if (journal_.failing() != journal_failing_) tell_view();
      }) {
    for (std::size_t i = 0; i < served_->services().size(); ++i) services_.push_back(make_service(i));
}

controller::~controller() {
    stop();
}

const config::service_settings& controller::settings_of(std::size_t index) const {
    return *served_->service(index).settings;
}

std::optional<std::size_t> controller::find(std::string_view name) const {
    for (std::size_t i = 0; i < services_.size(); ++i)
        if (settings_of(i).name == name) return i;
    return std::nullopt;
}

continuity::posture_ptr controller::first_posture(const std::vector<store::stored_override>& kept) {
    for (const auto& one : kept) {
        const auto index = find(one.service);
        if (!index) continue;
        auto& service = services_[*index];
        (void)resume_order(service, one);
        service.shown.current = service.brain.modes().current().current;
        if (service.order) service.shown.since = one.since;
    }
    return present_posture();
}

/// In force again, unless its time is over.
std::vector<continuity::brain_action> controller::resume_order(service& of,
                                                               const store::stored_override& kept) {
    if (kept.until && *kept.until <= wall_now()) return {};
    of.order = override_view{kept.mode, kept.strict, kept.by, kept.reason, kept.since, kept.until};
    write({.at = wall_now(),
           .event = "override-resumed",
           .attributes = {
               {"service", kept.service}, {"mode", std::string(to_text(kept.mode))}, {"by", kept.by}}});
    return of.brain.set_override(now(), {.order = {kept.mode, kept.strict},
                                         .by = kept.by,
                                         .reason = kept.reason,
                                         .until = steady_until(kept.until)});
}

void controller::resume(std::vector<store::stored_override> kept) {
    loop_.post([this, kept = std::move(kept)] {
        for (const auto& one : kept)
            if (const auto index = find(one.service); index && !services_[*index].ordered)
                carry_out(*index, resume_order(services_[*index], one));
    });
}

continuity::posture_ptr controller::present_posture() const {
    auto out = std::make_shared<continuity::posture>();
    out->version = version_;
    for (const auto& service : services_) out->services.push_back(service.brain.posture());
    out->exercises = present_exercises();
    return out;
}

void controller::begin() {
    start_probing();
    schedule_tick();
    tell_view();
    vigil_.begin(served_->tickets());
}

void controller::start() {
    begin();
    thread_ = std::jthread([this] {
        net::let_workers_go_first();
        loop_.run();
    });
}

void controller::stop() {
    resolver_.stop();
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    write_ended(exercises_.end_where([](const exercise_run&) { return true; }), {.cause = "stop"});
}

void controller::report(const proxy::outcome_report& what) {
    // A dropped report delays a verdict; the next failure or probe makes up for it.
    (void)reports_.try_post([this, what] {
        // What a former configuration showed may belong to another backend now.
        if (what.epoch != epoch_) return;
        auto& brain = services_[what.service].brain;
        const auto before = brain.detector(what.backend).current();
        if (const auto* one = std::get_if<continuity::sighting>(&what.seen))
            carry_out(what.service, brain.traffic_showed(now(), what.backend, *one));
        else
            carry_out(what.service,
                      brain.traffic_answered(now(), what.backend, std::get<continuity::answers>(what.seen)));
        if (brain.detector(what.backend).current() != before) tell_view();
        if (!std::holds_alternative<continuity::sighting>(what.seen)) on_reached();
    });
}

void controller::on_probe(std::size_t index, backend_index backend, continuity::reason result) {
    auto& brain = services_[index].brain;
    if (continuity::was_reached(result)) on_reached();
    note_agreement(index, backend, services_[index].agreements[to_number(backend)].deep(result));
    const auto& detector = brain.detector(backend);
    const auto before = detector.current();
    const auto known = detector.observed();
    const auto actions = result == continuity::reason::none ? brain.probe_passed(now(), backend)
                                                            : brain.probe_failed(now(), backend, result);
    const auto after = detector.current();
    // What takes a backend out of service, or back into it, the brain tells itself.
    const bool told = std::ranges::any_of(actions, [backend](const auto& one) {
        const auto* verdict = std::get_if<continuity::record_verdict>(&one);
        return verdict != nullptr && verdict->backend == backend;
    });
    if (after != before && !told)
        write(probe_verdict_record(
            settings_of(index),
            {backend, before, after, result == continuity::reason::none ? known : detector.observed()}));
    carry_out(index, actions);
    if (after != before) tell_view();
}

void controller::tick() {
    for (std::size_t i = 0; i < services_.size(); ++i) carry_out(i, services_[i].brain.tick(now()));
    end_due_exercises();
    schedule_tick();
}

void controller::schedule_tick() {
    std::optional<steady_time> next = exercises_.next_due();
    for (const auto& service : services_)
        if (const auto due = service.brain.next_due(); due && (!next || *due < *next)) next = due;
    if (next)
        tick_.set(*next);
    else
        tick_.cancel();
}

void controller::carry_out(std::size_t index, const std::vector<continuity::brain_action>& actions) {
    for (const auto& action : actions) std::visit([&](const auto& one) { carry_out(index, one); }, action);
    set_paces(index);
    schedule_tick();
    if (!actions.empty()) tell_view();
}

void controller::carry_out(std::size_t /*index*/, const continuity::publish_posture& /*what*/) {
    publish();
}

void controller::carry_out(std::size_t index, const continuity::record_switchover& what) {
    begin_switchover(index, settings_of(index), what);
}

void controller::carry_out(std::size_t index, const continuity::record_backend_change& what) {
    write(backend_change_record(settings_of(index), settings_of(index), what));
}

void controller::carry_out(std::size_t index, const continuity::record_verdict& what) {
    write(verdict_record(settings_of(index), what));
}

void controller::carry_out(std::size_t index, const continuity::forget_override& /*what*/) {
    services_[index].order.reset();
    write({.at = wall_now(),
           .event = "override-expired",
           .attributes = {{"service", settings_of(index).name}}});
    overrides_.remove(settings_of(index).name, [](const result<void>&) {});
}

void controller::carry_out(std::size_t index, const continuity::probe_now& what) {
    services_[index].probers[to_number(what.backend)].probe_now();
    if (self_check_) self_check_->check_now();
}

void controller::carry_out(std::size_t index, const continuity::record_procedure& what) {
    write(procedure_record(settings_of(index), what));
    store_procedure(index, what.by, what.reason, [](const result<void>&) {});
}

void controller::carry_out(std::size_t index, const continuity::record_freeze& what) {
    spdlog::warn("service={} mode {}", settings_of(index).name,
                 what.frozen ? "frozen: too many switchovers within an hour" : "no longer frozen");
    write(freeze_record(settings_of(index), what));
}

void controller::carry_out(std::size_t index, const continuity::record_insurer& what) {
    write(insurer_record(settings_of(index), what));
}

void controller::carry_out(std::size_t index, const continuity::record_domain& what) {
    write(domain_record(settings_of(index), what));
}

/// Takes effect at once: each worker serves from the new posture as soon as it reads its messages.
void controller::publish() {
    ++version_;
    const auto next = present_posture();
    for (auto* worker : workers_)
        worker->publish(
            next, [this, version = version_] { loop_.post([this, version] { worker_in_effect(version); }); });
}

}  // namespace garde::control
