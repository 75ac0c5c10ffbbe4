// How the controller takes up a configuration: the first one and each later one. What is known of services
// and backends that are in both stays; everything that counts in the former lists is moved or ended.
#include "garde/control/controller.hpp"

#include "records.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace garde::control {
namespace {

using continuity::backend_index;

steady_time now() {
    return std::chrono::steady_clock::now();
}

continuity::detector_rules detector_rules_of(const config::service_settings& service,
                                             const config::probe_settings& probe) {
    const auto& switchover = service.switchover;
    return {.rise = probe.rise,
            .fall = probe.fall,
            .traffic_fall = switchover.traffic_fall,
            .distinct_callers = static_cast<std::size_t>(switchover.distinct_callers),
            .failure_rate = switchover.failure_rate,
            .failure_volume = static_cast<std::uint64_t>(switchover.failure_volume),
            .failure_window = switchover.failure_window,
            .ejection_time = switchover.ejection_time,
            .longest_ejection = switchover.longest_ejection,
            .trial_interval = switchover.trial_interval,
            .trials_possible = std::ranges::any_of(service.routes, &config::route_settings::replay_safe)};
}

continuity::mode_rules mode_rules_of(const config::service_settings& service) {
    const auto& switchover = service.switchover;
    return {.hold_down = switchover.hold_down,
            .longest_hold_down = switchover.longest_hold_down,
            .degraded_hold_down = switchover.degraded_hold_down,
            .min_dwell = switchover.min_dwell,
            .shares = switchover.canary,
            .canary_step = switchover.canary_step,
            .ramp_step = switchover.ramp_step,
            .switchovers_per_hour = static_cast<std::size_t>(switchover.switchovers_per_hour),
            .stands_in = service.cache.has_value() || service.procedure.has_value(),
            .has_cache = service.cache.has_value()};
}

/// A probe that asks a whole question and wants its answer shows that the backend works as a whole.
bool is_deep(const config::probe_settings& probe) {
    return probe.type == config::probe_type::soap && probe.expect_fault.empty();
}

continuity::brain_rules rules_of(const config::settings& all, const config::service_settings& service) {
    continuity::brain_rules out{
        .backends = {},
        .modes = mode_rules_of(service),
        .procedure = {.closes_after = service.switchover.procedure_closes,
                      .exists = service.procedure.has_value()},
        .domain_window = service.switchover.domain_window,
        .slow_factor = service.switchover.slow_factor,
        .try_anyway = service.switchover.when_all_fail == config::all_down_policy::try_anyway,
        .hedge = service.switchover.hedge,
        .references = !all.self_check.references.empty()};
    for (const auto& backend : service.backends)
        out.backends.push_back({.detector = detector_rules_of(service, backend.probe),
                                .domains = backend.domains,
                                .deep_probe = is_deep(backend.probe)});
    return out;
}

/// For a list of backends that another process knew; what they share and how they are probed is not known
/// here.
continuity::brain_rules rules_of(const config::settings& all, const config::service_settings& service,
                                 std::size_t backends) {
    continuity::brain_rules out = rules_of(all, service);
    out.backends.assign(backends,
                        {.detector = detector_rules_of(service, {}), .domains = {}, .deep_probe = false});
    return out;
}

/// On the steady clock; a time that is to come is now.
steady_time to_steady(wall_time at) {
    const auto ago = std::max(wall_now() - at, std::chrono::nanoseconds(0));
    return now() - std::chrono::duration_cast<steady_time::duration>(ago);
}

/// Names and addresses only, for comparing and for records.
config::service_settings settings_of(const service_memory& what) {
    config::service_settings out;
    out.name = what.name;
    for (const auto& backend : what.backends) {
        auto& one = out.backends.emplace_back();
        one.name = backend.name;
        const auto colon = std::min(backend.address.rfind(':'), backend.address.size());
        one.address.host = backend.address.substr(0, colon);
        const auto port = backend.address.substr(std::min(colon + 1, backend.address.size()));
        std::from_chars(port.data(), port.data() + port.size(), one.address.port);
    }
    return out;
}

/// For each backend of `next` its place in `former`.
std::vector<std::optional<backend_index>> former_places(const config::service_settings& former,
                                                        const config::service_settings& next) {
    std::vector<std::optional<backend_index>> out;
    for (const auto& backend : next.backends) {
        const auto same = std::ranges::find_if(former.backends, [&](const auto& one) {
            return one.name == backend.name && book_key(one.address) == book_key(backend.address);
        });
        out.push_back(same == former.backends.end()
                          ? std::nullopt
                          : std::optional(static_cast<backend_index>(same - former.backends.begin())));
    }
    return out;
}

}  // namespace

controller::service controller::make_service(std::size_t index) const {
    return {.name = settings_of(index).name,
            .brain = continuity::service_brain(rules_of(served_->settings(), settings_of(index)), now()),
            .probers = {},
            .shallow_probers = {},
            .agreements = {},
            .shown = {.since = wall_now()},
            .order = std::nullopt};
}

/// Of all that is served now: who is named instead of numbered is looked up, and has until then the addresses
/// that are known.
void controller::start_probing() {
    std::vector<std::pair<std::size_t, config::endpoint>> names;
    std::vector<std::pair<std::size_t, backend_index>> places;
    for (std::size_t i = 0; i < services_.size(); ++i) {
        make_probers(i);
        for (std::size_t b = 0; b < services_[i].probers.size(); ++b) {
            const auto backend = static_cast<backend_index>(b);
            if (served_->service(i).targets[b]->addresses.empty()) {
                const auto& name = settings_of(i).backends[b].address;
                names.emplace_back(places.size(), name);
                places.emplace_back(i, backend);
                if (const auto known = known_.find(book_key(name)); known != known_.end())
                    set_addresses(i, backend, known->second);
            }
            services_[i].probers[b].start();
            if (auto& shallow = services_[i].shallow_probers[b]) shallow->start();
        }
        set_paces(i);
    }
    start_self_check();
    // Behind the backends' names those of the references.
    const auto& references = served_->settings().self_check.references;
    for (std::size_t r = 0; r < references.size(); ++r)
        if (!net::endpoint::from_literal(references[r].host, references[r].port))
            names.emplace_back(places.size() + r, references[r]);
    resolver_.start(std::move(names),
                    [this, places, epoch = epoch_](std::size_t number, std::vector<net::endpoint> found) {
                        loop_.post([this, epoch, places, number, found = std::move(found)] {
                            if (epoch != epoch_) return;
                            if (number < places.size())
                                set_addresses(places[number].first, places[number].second, found);
                            else
                                set_reference(number - places.size(), found);
                        });
                    });
}

void controller::set_addresses(std::size_t index, backend_index backend,
                               const std::vector<net::endpoint>& found) {
    const std::size_t b = to_number(backend);
    known_[book_key(settings_of(index).backends[b].address)] = found;
    auto fresh = std::make_shared<upstream::target>(*served_->service(index).targets[b]);
    fresh->addresses = found;
    services_[index].probers[b].retarget(fresh);
    if (auto& shallow = services_[index].shallow_probers[b]) shallow->retarget(fresh);
    for (auto* worker : workers_) worker->retarget(index, backend, fresh);
}

void controller::adopt(proxy::site_ptr next, address_book names, std::string by, std::function<void()> then) {
    loop_.post([this, next = std::move(next), names = std::move(names), by = std::move(by),
                then = std::move(then)]() mutable {
        adopted();  // whoever waits for a former one
        apply_site(std::move(next), std::move(names), by);
        adoption_ = {.version = version_, .workers_to_go = workers_.size(), .then = std::move(then)};
        adopted_.set(now() + adopt_wait);
        if (workers_.empty()) adopted();
    });
}

void controller::adopted() {
    adopted_.cancel();
    if (const auto done = std::exchange(adoption_, std::nullopt)) done->then();
}

void controller::apply_site(proxy::site_ptr next, address_book names, const std::string& by) {
    const proxy::site_ptr former_site = std::exchange(served_, std::move(next));
    write_changes(*former_site, by);
    resolver_.stop();
    known_.merge(names);
    std::vector<service> former = std::exchange(services_, {});
    ++epoch_;
    ++version_;

    struct change {
        std::size_t index;
        const config::service_settings& former;
        std::vector<continuity::brain_action> actions;
    };
    std::vector<change> changes;
    for (std::size_t i = 0; i < served_->services().size(); ++i) {
        services_.push_back(make_service(i));
        const auto same = std::ranges::find(former, services_[i].name, &service::name);
        if (same == former.end()) continue;
        const auto& settings =
            *former_site->service(static_cast<std::size_t>(same - former.begin())).settings;
        services_[i].brain = same->brain;
        services_[i].shown = same->shown;
        services_[i].order = same->order;
        services_[i].ordered = same->ordered;
        services_[i].procedure_ordered = same->procedure_ordered;
        const auto places = former_places(settings, settings_of(i));
        take_agreements(i, *same, places);
        changes.push_back(
            {i, settings,
             services_[i].brain.adopt(now(), {.rules = rules_of(served_->settings(), settings_of(i)),
                                              .former_places = places,
                                              .by = by,
                                              .reason = "configuration " + served_->settings().sha256})});
    }
    end_foreign_exercises(by);
    for (auto* worker : workers_)
        worker->adopt(served_, epoch_, present_posture(), [this, version = version_] {
            loop_.post([this, version] { worker_in_effect(version); });
        });
    move_switchings(former);
    for (auto& gone : former) {
        for (auto& one : gone.probers) one.stop();
        for (auto& one : gone.shallow_probers)
            if (one) one->stop();
        if (find(gone.name)) continue;
        drop_order(gone);
        if (gone.brain.procedure_active()) overrides_.close_procedure(gone.name, [](const result<void>&) {});
    }
    start_probing();
    for (const auto& one : changes)
        for (const auto& action : one.actions) {
            if (const auto* switchover = std::get_if<continuity::record_switchover>(&action))
                begin_switchover(one.index, one.former, *switchover);
            else if (const auto* moved = std::get_if<continuity::record_backend_change>(&action))
                write(backend_change_record(settings_of(one.index), one.former, *moved));
            else
                std::visit([&](const auto& other) { carry_out(one.index, other); }, action);
        }
    schedule_tick();
    tell_view();
}

/// What the new configuration changes besides its services. From here on records carry its hash.
void controller::write_changes(const proxy::site& former, const std::string& by) {
    journal_.use(served_->settings().sha256);
    write(reload_record(former.settings(), served_->settings(), by));
    const auto id_of = [](const proxy::site& of) { return of.receipts() ? of.receipts()->id() : ""; };
    if (id_of(former) != id_of(*served_)) write(receipt_key_record(id_of(former), id_of(*served_), by));
    if (auto changed = operators_record(former.settings().admin, served_->settings().admin, by))
        write(std::move(*changed));
}

void controller::remember(const std::vector<service_memory>& what) {
    for (const auto& one : what)
        if (const auto index = find(one.name); index && !one.backends.empty())
            remember(services_[*index], settings_of(*index), one);
}

/// First as it was there, then under the configuration of here: a mode that this changes is written down.
void controller::remember(service& in, const config::service_settings& settings, const service_memory& what) {
    const config::service_settings former = control::settings_of(what);
    continuity::remembered_service left{.backends = {}, .active = {}, .since = to_steady(what.since)};
    if (what.procedure)
        left.procedure = {.since = to_steady(what.procedure->since), .ordered = what.procedure->ordered};
    for (std::size_t b = 0; b < what.backends.size(); ++b) {
        const auto& one = what.backends[b];
        left.backends.push_back({one.state, to_steady(one.since), one.last_reason});
        if (one.name == what.active_backend) left.active = static_cast<backend_index>(b);
    }
    in.brain =
        continuity::service_brain(rules_of(served_->settings(), settings, former.backends.size()), left);
    in.ordered = true;  // what was ordered there is known; the store may be behind
    in.procedure_ordered = true;
    if (what.order && (!what.order->until || *what.order->until > wall_now())) {
        const auto& order = *what.order;
        in.order = order;
        (void)in.brain.set_override(now(), {.order = {order.pinned, order.strict},
                                            .by = order.by,
                                            .reason = order.reason,
                                            .until = steady_until(order.until)});
    }
    const auto actions = in.brain.adopt(now(), {.rules = rules_of(served_->settings(), settings),
                                                .former_places = former_places(former, settings),
                                                .by = "garde",
                                                .reason = "taken over with another configuration"});
    in.shown.current = in.brain.modes().current().current;
    in.shown.since = actions.empty() ? what.since : wall_now();
    for (const auto& action : actions) {
        if (const auto* switchover = std::get_if<continuity::record_switchover>(&action)) {
            auto record = switchover_record(settings, former, *switchover);
            record.attributes.emplace_back("in-effect", to_rfc3339(wall_now()));
            write(std::move(record));
        } else if (const auto* moved = std::get_if<continuity::record_backend_change>(&action)) {
            write(backend_change_record(settings, former, *moved));
        } else if (const auto* procedure = std::get_if<continuity::record_procedure>(&action)) {
            write(procedure_record(settings, *procedure));
        }
    }
}

/// Switchovers that are being written down are announced for the service where it is now.
void controller::move_switchings(const std::vector<service>& former) {
    for (auto& one : switching_)
        if (one.service) one.service = find(former[*one.service].name);
}

/// An order for a service that is no longer there has nothing to say.
void controller::drop_order(const service& gone) {
    if (!gone.order) return;
    write({.at = wall_now(),
           .event = "override-cleared",
           .attributes = {{"service", gone.name},
                          {"mode", "automatic"},
                          {"by", "garde"},
                          {"reason", "the service is no longer configured"}}});
    overrides_.remove(gone.name, [](const result<void>&) {});
}

}  // namespace garde::control
