// The controller's ear for operators: orders in force at once and on their way to the store, and why a
// service is as it is. Nothing here waits for a disk.
#include "garde/control/controller.hpp"

#include "records.hpp"

#include <algorithm>
#include <utility>

namespace garde::control {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

void controller::order(mode_request what, std::function<void(mode_result)> then) {
    loop_.post([this, what = std::move(what), then = std::move(then)]() mutable {
        apply_order(what, std::move(then));
    });
}

void controller::order(procedure_request what, std::function<void(procedure_result)> then) {
    loop_.post([this, what = std::move(what), then = std::move(then)]() mutable {
        apply_order(what, std::move(then));
    });
}

void controller::explain(std::string service, std::function<void(std::optional<service_explanation>)> then) {
    loop_.post([this, service = std::move(service), then = std::move(then)] {
        const auto index = find(service);
        if (!index) return then(std::nullopt);
        const auto& of = services_[*index];
        const auto& settings = settings_of(*index);
        const steady_time at = now();
        service_explanation out{.name = service,
                                .backends = {},
                                .what = of.brain.explain(at),
                                .order = of.order,
                                .in_effect = of.shown.in_effect,
                                .has_cache = settings.cache.has_value(),
                                .has_procedure = settings.procedure.has_value(),
                                .at_steady = at,
                                .at = wall_now()};
        for (const auto& one : settings.backends) out.backends.push_back(one.name);
        then(std::move(out));
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

void controller::store_order(const mode_request& what, std::function<void(mode_result)> then) {
    auto stored = within_patience([then = std::move(then)](const result<void>& done) {
        then({.known_service = true,
              .stored = done.has_value(),
              .store_error = done ? "" : done.error().message});
    });
    if (what.pinned)
        overrides_.put(
            {what.service, *what.pinned, what.strict, what.by, what.reason, wall_now(), what.until},
            std::move(stored));
    else
        overrides_.remove(what.service, std::move(stored));
}

/// An order is written down whatever it changes: who opens what is open already decides who may close it.
void controller::apply_order(const procedure_request& what, std::function<void(procedure_result)> then) {
    const auto index = find(what.service);
    if (!index) return then({.known_service = false, .changed = false, .stored = false, .store_error = {}});
    auto& service = services_[*index];
    service.procedure_ordered = true;
    const auto actions = what.open ? service.brain.open_procedure(now(), what.by, what.reason)
                                   : service.brain.close_procedure(now(), what.by, what.reason);
    write(procedure_order_record(settings_of(*index), what, actions.empty()));
    schedule_tick();
    tell_view();
    const bool changed = !actions.empty();
    store_procedure(*index, what.by, what.reason,
                    within_patience([changed, then = std::move(then)](const result<void>& done) {
                        then({.known_service = true,
                              .changed = changed,
                              .stored = done.has_value(),
                              .store_error = done ? "" : done.error().message});
                    }));
}

/// As it is now.
void controller::store_procedure(std::size_t index, const std::string& by, const std::string& reason,
                                 store::on_stored then) {
    const auto& brain = services_[index].brain;
    const std::string& name = settings_of(index).name;
    if (brain.procedure_active())
        overrides_.open_procedure({.service = name,
                                   .ordered = brain.procedure_ordered(),
                                   .by = by,
                                   .reason = reason,
                                   .since = to_wall(brain.procedure_since())},
                                  std::move(then));
    else
        overrides_.close_procedure(name, std::move(then));
}

void controller::resume(std::vector<store::stored_procedure> kept) {
    loop_.post([this, kept = std::move(kept)] {
        for (const auto& one : kept) {
            const auto index = find(one.service);
            if (!index || services_[*index].procedure_ordered) continue;
            write({.at = wall_now(),
                   .event = "procedure-resumed",
                   .attributes = {{"service", one.service},
                                  {"by", one.by},
                                  {"reason", one.reason},
                                  {"since", to_rfc3339(one.since)}}});
            const auto ago = std::max(wall_now() - one.since, std::chrono::nanoseconds(0));
            carry_out(*index, services_[*index].brain.resume_procedure(
                                  now(), {.since = now() - ago, .ordered = one.ordered}));
            tell_view();
        }
    });
}

/// Calls `then` on this thread: with what the store says, or when it has had its time. What was ordered is in
/// force either way.
store::on_stored controller::within_patience(std::function<void(result<void>)> then) {
    struct pending {
        std::function<void(result<void>)> then;
        std::unique_ptr<net::deadline> limit;
    };
    auto waiting = std::make_shared<pending>();
    waiting->then = std::move(then);
    const auto answer = [](pending& one, result<void> said) {
        if (auto once = std::exchange(one.then, nullptr)) once(std::move(said));
    };
    // The limit belongs to what waits: it must not keep it alive.
    waiting->limit = std::make_unique<net::deadline>(loop_.wheel(), [answer, one = waiting.get()] {
        answer(*one, fail("the store did not answer in time"));
    });
    waiting->limit->set(now() + store_wait);
    return [this, waiting, answer](result<void> done) {
        loop_.post([waiting, answer, done = std::move(done)] {
            waiting->limit.reset();
            answer(*waiting, done);
        });
    };
}

}  // namespace garde::control
