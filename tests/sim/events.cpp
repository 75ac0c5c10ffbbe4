// What happens in a world, and what is compared at its end. See world.hpp.
#include "../support/pki.hpp"
#include "world.hpp"

#include <algorithm>
#include <stdexcept>

namespace garde::sim {
namespace {

using namespace std::chrono_literals;

enum side : int { outside = 0, probes = 1, traffic = 2 };

template <class T>
T must(result<T> made) {
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
}

proxy::site_ptr make_site(const scenario& of, net::ticket_keys_ptr tickets) {
    return must(proxy::site::make(of.settings, std::move(tickets)));
}

}  // namespace

void world::build_garde() {
    const proxy::site_ptr served = make_site(plan_, nullptr);
    control_.emplace(served, journal_, store_);
    const auto first = control_->first_posture({});
    admits_.emplace(proxy::derive_limits({}, {.descriptors = 65'536}), siphash_key{});
    const auto outcomes = [this](const proxy::outcome_report& what) {
        if (now() < plan_.trouble_ends && luck_.percent(plan_.lost_reports_percent)) return;
        control_->report(what);
    };
    std::vector<proxy::worker*> all;
    for (std::size_t i = 0; i < plan_.workers; ++i) {
        auto& one = workers_.emplace_back(
            std::make_unique<proxy::worker>(proxy::worker::environment{.served = served,
                                                                       .cache = nullptr,
                                                                       .outcomes = outcomes,
                                                                       .admits = *admits_,
                                                                       .buffers = buffers_,
                                                                       .digests = {}},
                                            first));
        const auto& at = plan_.settings->listener.address;
        one->listen(must(
            net::listen_at(*net::endpoint::from_literal(at.host, at.port), net::address_sharing::shared)));
        all.push_back(one.get());
        loops_.push_back({.loop = &one->loop(), .side = traffic});
    }
    control_->serve(all);
    control_->tell([this](control::view_ptr now) { view_ = std::move(now); });
    loops_.push_back({.loop = &control_->loop(), .side = probes});
    modes_seen_.assign(plan_.workers, std::vector<std::vector<std::string>>(plan_.services.size()));
    for (const auto& one : workers_) one->begin();
    control_->begin();
}

void world::build_outside() {
    outside_.emplace();
    loops_.push_back({.loop = &*outside_, .side = outside});
    backend_tls_.emplace(must(net::tls_context::server(
        test::pki::shared().server(), config::tls_version::tls1_2, config::client_certificates::off, {})));
    caller_tls_.emplace(must(net::tls_context::client(test::pki::shared().ca(), {})));
    for (const auto& service : plan_.services)
        for (const auto& one : service.backends)
            backends_.push_back(
                std::make_unique<backend>(*outside_, one, book_, luck_.fork(), *backend_tls_, begun_));
    for (std::size_t i = 0; i < plan_.callers.size(); ++i) {
        callers_.push_back(std::make_unique<caller>(*outside_, plan_, i, book_, luck_.fork(), *caller_tls_));
        callers_.back()->start();
    }
}

void world::plan_events() {
    for (const auto& service : plan_.services)
        for (const auto& of : service.backends)
            for (const auto& one : of.troubles)
                for (const moment at : {one.from, one.until})
                    kernel_.at(begun_ + at, [this, &of] { apply_troubles(of); });
    for (const auto& one : plan_.orders) {
        book_.ordered(one);
        kernel_.at(begun_ + one.at, [this, &one] { order(one); });
    }
    for (const auto& one : plan_.naps)
        kernel_.at(begun_ + one.at,
                   [this, &one] { loops_[one.loop].asleep_until = kernel_.now() + one.lasts; });
    for (const auto& [at, by] : plan_.wall_jumps)
        kernel_.at(begun_ + at, [this, by = by] { kernel_.jump_wall(by); });
    for (const moment at : plan_.reloads) kernel_.at(begun_ + at, [this] { reload(); });
}

/// Makes the ways to a backend as they are to be from now on.
void world::apply_troubles(const backend_plan& of) {
    for (const side from : {probes, traffic}) {
        link& way = kernel_.path(from, of.port);
        way.refuses = false;
        way.cut_after.reset();
        way.frozen_until = {};
        for (const auto& one : of.troubles) {
            if (now() < one.from || now() >= one.until) continue;
            if (!(from == probes ? one.in_probes : one.in_traffic)) continue;
            trace_.note("{}: {} from {}", of.name, static_cast<int>(one.what), static_cast<int>(from));
            const bool begins = now() == one.from;
            if (one.what == malady::refuses) way.refuses = true;
            if (one.what == malady::swallows)
                way.frozen_until = std::max(way.frozen_until, begun_ + one.until);
            if (one.what == malady::resets) way.cut_after = 4'000;
            if (begins && (one.what == malady::resets || (one.what == malady::refuses && luck_.percent(50))))
                kernel_.reset_all(way);
        }
    }
}

void world::order(const order_plan& what) {
    control::mode_request request{.service = plan_.settings->services[what.service].name,
                                  .pinned = what.pinned,
                                  .strict = what.strict,
                                  .by = "anna",
                                  .reason = "drill",
                                  .until = {}};
    if (what.expires) request.until = wall_now() + what.lasts;
    const auto send = [this](control::mode_request one) {
        ++orders_open_;
        const moment asked = kernel_.now();
        control_->order(std::move(one), [this, asked](const control::mode_result& said) {
            --orders_open_;
            trace_.note("order: {} {}", said.stored ? "stored" : "not stored", said.store_error);
            if (kernel_.now() - asked > control::controller::store_wait + ledger::slack)
                book_.violated("an order was answered late");
        });
    };
    send(request);
    if (what.expires) return;
    request.pinned.reset();
    kernel_.at(kernel_.now() + what.lasts, [send, request] { send(request); });
}

void world::reload() {
    trace_.note("reload");
    control_->adopt(make_site(plan_, control_ ? workers_.front()->current()->served->tickets() : nullptr), {},
                    "anna", [this] { trace_.note("reloaded"); });
}

/// Every change of mode that a worker came to serve from.
void world::look_at_postures() {
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        const auto& services = workers_[w]->current()->posture->services;
        for (std::size_t s = 0; s < services.size(); ++s) {
            const std::string mode(to_text(services[s].current));
            auto& seen = modes_seen_[w][s];
            if (!seen.empty() && seen.back() == mode) continue;
            trace_.note("worker {}: service {} in mode {}", w, s, mode);
            seen.push_back(mode);
        }
    }
}

/// The journal's switchovers are one chain; each worker followed it, and stands where it ends. A worker that
/// reads several messages at once has not stood in between.
void world::compare_with_journal() {
    for (std::size_t s = 0; s < plan_.services.size(); ++s) {
        const std::string& name = plan_.settings->services[s].name;
        std::vector<std::string> chain{"primary"};
        for (const auto& one : journal_.switchovers()) {
            if (one.service != name) continue;
            if (one.from != chain.back() || one.to == one.from)
                book_.violated(fmt::format("a switchover from {} to {} is written behind one to {}", one.from,
                                           one.to, chain.back()));
            chain.push_back(one.to);
        }
        for (const auto& worker : modes_seen_) {
            auto at = chain.begin();
            for (const auto& mode : worker[s]) {
                at = std::find(at, chain.end(), mode);
                if (at == chain.end()) {
                    book_.violated(
                        fmt::format("service {} was in mode {}, and the journal does not know", name, mode));
                    break;
                }
            }
            if (worker[s].back() != chain.back())
                book_.violated(fmt::format("service {} is in mode {}, by the journal in {}", name,
                                           worker[s].back(), chain.back()));
        }
        if (view_->services[s].current != continuity::mode::primary || chain.back() != "primary")
            book_.violated(fmt::format("service {} ends in mode {}", name, chain.back()));
    }
}

/// However the wall clock was set, its steps are written down: up to one that is too small to be told, and to
/// what was taken for drift.
void world::compare_clock_with_journal() {
    moment set{};
    for (const auto& [at, by] : plan_.wall_jumps) set += by;
    const auto missing = set - moment(journal_.clock_steps());
    if (missing > 1'100ms || missing < -1'100ms)
        book_.violated(fmt::format("the wall clock was set by {} ms, and the journal has {}", set / 1ms,
                                   journal_.clock_steps().count()));
}

void world::check_empty() {
    if (admits_->connections() != 0) book_.violated("connections are counted that have ended");
    if (admits_->requests() != 0) book_.violated("requests are counted that have ended");
    if (buffers_.used() != 0) book_.violated("bytes are claimed that nobody holds");
    loops_.clear();
    order_.clear();
    outside_.reset();
    callers_.clear();
    backends_.clear();
    control_->stop();
    workers_.clear();
    control_.reset();
    if (kernel_.open_descriptors() != 0)
        book_.violated(fmt::format("{} descriptors are left open", kernel_.open_descriptors()));
}

}  // namespace garde::sim
