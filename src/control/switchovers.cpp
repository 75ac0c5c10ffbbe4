// The controller's slow half: a switchover is in effect at once, and then on its way to the journal and to
// the public; an operator's order on its way to the store. Nothing here waits for a disk.
#include "garde/control/controller.hpp"

#include "records.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace garde::control {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

void controller::begin_switchover(std::size_t index, const config::service_settings& former,
                                  const continuity::record_switchover& what) {
    auto& shown = services_[index].shown;
    auto& one = switching_.emplace_back();
    one.service = index;
    one.number = ++shown.number;
    shown.in_effect.reset();
    one.version = version_;
    one.record = switchover_record(settings_of(index), former, what);
    one.decided = one.record.at;
    one.current = what.to.current;
    one.workers_to_go = workers_.size();
    one.effect_limit =
        std::make_unique<net::deadline>(loop_.wheel(), [this, &one] { write_switchover(one, "pending"); });
    one.effect_limit->set(now() + effect_wait);
    one.announce_limit = std::make_unique<net::deadline>(
        loop_.wheel(), [this, &one] { announce(one, durability::not_yet_durable); });
    one.announce_limit->set(now() + announce_wait);
    spdlog::warn("switchover service={} from={} to={} cause={}", settings_of(index).name,
                 to_text(what.from.current), to_text(what.to.current), to_text(what.why));
    if (workers_.empty()) in_effect(one);
}

void controller::worker_in_effect(std::uint64_t version) {
    if (adoption_ && adoption_->version == version && --adoption_->workers_to_go == 0) adopted();
    for (auto& one : switching_) {
        // A later posture contains the earlier one; each worker acknowledges every version, in order.
        if (one.version != version || one.workers_to_go == 0) continue;
        if (--one.workers_to_go == 0) in_effect(one);
    }
}

/// Also when the record had to go without it.
void controller::in_effect(switching& one) {
    const wall_time at = wall_now();
    if (one.service && services_[*one.service].shown.number == one.number)
        services_[*one.service].shown.in_effect = at;
    write_switchover(one, to_rfc3339(at));
}

void controller::write_switchover(switching& one, std::string in_effect) {
    if (std::exchange(one.written, true)) return;
    one.effect_limit->cancel();
    one.record.attributes.emplace_back("in-effect", std::move(in_effect));
    journal_.append(std::move(one.record), [this, &one](bool durable) {
        loop_.post([this, &one, durable] {
            one.settled = true;
            if (durable) announce(one, durability::durable);
            drop_.set(now());
        });
    });
}

/// Tells the public, once when the record is durable or late, and again when a late one has become durable.
void controller::announce(switching& one, durability recorded) {
    one.announce_limit->cancel();
    one.announced = true;
    if (!one.service) return;
    auto& shown = services_[*one.service].shown;
    if (one.number < shown.announced) return;  // a later one is shown already
    shown.announced = one.number;
    shown.current = one.current;
    shown.since = one.decided;
    shown.recorded = recorded;
    tell_view();
}

/// Forgets switchovers that are announced and settled.
void controller::drop_finished() {
    for (auto& one : switching_)
        if (one.settled && !one.announced) announce(one, durability::not_yet_durable);
    switching_.remove_if([](const switching& one) { return one.settled; });
}

void controller::tell_view() {
    if (!tell_) return;
    auto out = std::make_shared<view>();
    out->at = wall_now();
    out->served = served_;
    out->journal_failing = journal_failing_ = journal_.failing();
    out->cut_off = network_.current() == continuity::connection::cut_off;
    for (std::size_t i = 0; i < services_.size(); ++i) {
        const auto& service = services_[i];
        auto& shown = out->services.emplace_back();
        shown.name = settings_of(i).name;
        shown.current = service.shown.current;
        shown.since = service.shown.since;
        shown.recorded = service.shown.recorded;
        shown.order = service.order;
        shown.exercises = exercises_.of(shown.name);
        shown.procedure_active = service.brain.procedure_active();
        if (shown.procedure_active) shown.procedure_since = to_wall(service.brain.procedure_since());
        shown.procedure_ordered = service.brain.procedure_ordered();
        const auto& backends = settings_of(i).backends;
        if (const auto active = service.brain.modes().current().active)
            shown.active_backend = backends[to_number(*active)].name;
        for (std::size_t b = 0; b < backends.size(); ++b) {
            const auto& detector = service.brain.detector(static_cast<continuity::backend_index>(b));
            auto& one = shown.backends.emplace_back();
            one.name = backends[b].name;
            one.state = detector.current();
            one.since = to_wall(detector.since());
            one.last_reason = detector.observed().last_reason;
            if (backends[b].shallow_probe && b < service.agreements.size())
                one.probes = service.agreements[b].current();
        }
    }
    tell_(std::move(out));
}

}  // namespace garde::control
