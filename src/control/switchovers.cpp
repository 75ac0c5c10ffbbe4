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
    if (workers_.empty()) write_switchover(one, to_rfc3339(wall_now()));
}

void controller::worker_in_effect(std::uint64_t version) {
    if (adoption_ && adoption_->version == version && --adoption_->workers_to_go == 0) adopted();
    for (auto& one : switching_) {
        // A later posture contains the earlier one; each worker acknowledges every version, in order.
        if (one.version != version || one.workers_to_go == 0) continue;
        if (--one.workers_to_go == 0) write_switchover(one, to_rfc3339(wall_now()));
    }
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

void controller::order(mode_request what, std::function<void(mode_result)> then) {
    loop_.post([this, what = std::move(what), then = std::move(then)]() mutable {
        apply_order(what, std::move(then));
    });
}

void controller::apply_order(const mode_request& what, std::function<void(mode_result)> then) {
    const auto index = find(what.service);
    if (!index) return then({.known_service = false, .stored = false, .store_error = {}});
    auto& service = services_[*index];
    service.ordered = true;
    write(override_record(what));
    if (what.pinned) {
        service.order =
            override_view{*what.pinned, what.strict, what.by, what.reason, wall_now(), what.until};
        std::optional<steady_time> until;
        if (what.until) until = now() + std::chrono::duration_cast<milliseconds>(*what.until - wall_now());
        carry_out(*index, service.brain.set_override(now(), {.order = {*what.pinned, what.strict},
                                                             .by = what.by,
                                                             .reason = what.reason,
                                                             .until = until}));
    } else {
        service.order.reset();
        carry_out(*index, service.brain.clear_override(now(), what.by, what.reason));
    }
    tell_view();
    store_order(what, std::move(then));
}

/// Answers the operator when the order is stored, or when the store has had its time: the order is in force
/// either way.
void controller::store_order(const mode_request& what, std::function<void(mode_result)> then) {
    struct pending {
        std::function<void(mode_result)> then;
        std::unique_ptr<net::deadline> limit;
    };
    auto waiting = std::make_shared<pending>();
    waiting->then = std::move(then);
    const auto answer = [](pending& one, mode_result said) {
        if (auto once = std::exchange(one.then, nullptr)) once(std::move(said));
    };
    // The limit belongs to what waits: it must not keep it alive.
    waiting->limit = std::make_unique<net::deadline>(loop_.wheel(), [answer, one = waiting.get()] {
        answer(*one,
               {.known_service = true, .stored = false, .store_error = "the store did not answer in time"});
    });
    waiting->limit->set(now() + store_wait);
    const auto stored = [this, waiting, answer](result<void> done) {
        loop_.post([waiting, answer, done = std::move(done)] {
            waiting->limit.reset();
            answer(*waiting, {.known_service = true,
                              .stored = done.has_value(),
                              .store_error = done ? "" : done.error().message});
        });
    };
    if (what.pinned)
        overrides_.put(
            {what.service, *what.pinned, what.strict, what.by, what.reason, wall_now(), what.until}, stored);
    else
        overrides_.remove(what.service, stored);
}

/// The disk may fail, or work again, without anything else that happens.
void controller::watch_journal() {
    if (journal_.failing() != journal_failing_) tell_view();
    watch_.set(now() + journal_watch);
}

void controller::tell_view() {
    if (!tell_) return;
    auto out = std::make_shared<view>();
    out->at = wall_now();
    out->served = served_;
    out->journal_failing = journal_failing_ = journal_.failing();
    for (std::size_t i = 0; i < services_.size(); ++i) {
        const auto& service = services_[i];
        auto& shown = out->services.emplace_back();
        shown.name = settings_of(i).name;
        shown.current = service.shown.current;
        shown.since = service.shown.since;
        shown.recorded = service.shown.recorded;
        shown.order = service.order;
        const auto& backends = settings_of(i).backends;
        if (const auto active = service.brain.modes().current().active)
            shown.active_backend = backends[to_number(*active)].name;
        for (std::size_t b = 0; b < backends.size(); ++b) {
            const auto& detector = service.brain.detector(static_cast<continuity::backend_index>(b));
            shown.backends.push_back({backends[b].name, detector.current(), to_wall(detector.since()),
                                      detector.observed().last_reason});
        }
    }
    tell_(std::move(out));
}

}  // namespace garde::control
