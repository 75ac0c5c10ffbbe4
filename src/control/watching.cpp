// How the controller has backends watched: each by its probe, as closely as the brain wants it, and by a
// shallow one where there is one, which decides nothing; and this node, by the references.
#include "garde/control/controller.hpp"

#include "records.hpp"

#include <spdlog/spdlog.h>

namespace garde::control {
namespace {

using continuity::agreement;
using continuity::backend_index;

steady_time now() {
    return std::chrono::steady_clock::now();
}

continuity::agreement_rules agreement_rules_of(const config::backend_settings& backend) {
    if (!backend.shallow_probe) return {};
    return {.rise = backend.shallow_probe->rise, .fall = backend.shallow_probe->fall};
}

}  // namespace

void controller::make_probers(std::size_t index) {
    const auto& targets = served_->service(index).targets;
    auto& service = services_[index];
    for (std::size_t b = 0; b < targets.size(); ++b) {
        const auto backend = static_cast<backend_index>(b);
        const auto& settings = settings_of(index).backends[b];
        service.probers.emplace_back(
            loop_, settings.probe, targets[b],
            [this, index, backend](continuity::reason result) { on_probe(index, backend, result); });
        auto& shallow = service.shallow_probers.emplace_back();
        if (settings.shallow_probe)
            shallow.emplace(loop_, *settings.shallow_probe, targets[b],
                            [this, index, backend](continuity::reason result) {
                                on_shallow_probe(index, backend, result);
                            });
    }
    for (std::size_t b = service.agreements.size(); b < targets.size(); ++b)
        service.agreements.emplace_back(agreement_rules_of(settings_of(index).backends[b]));
}

/// A service that is not served yet has no probers.
void controller::set_paces(std::size_t index) {
    auto& service = services_[index];
    for (std::size_t b = 0; b < service.probers.size(); ++b) {
        const auto pace = service.brain.detector(static_cast<backend_index>(b)).pace();
        service.probers[b].set_pace(pace);
        if (service.shallow_probers[b]) service.shallow_probers[b]->set_pace(pace);
    }
}

void controller::on_shallow_probe(std::size_t index, backend_index backend, continuity::reason result) {
    if (continuity::was_reached(result)) on_reached();
    note_agreement(index, backend, services_[index].agreements[to_number(backend)].shallow(result));
}

void controller::note_agreement(std::size_t index, backend_index backend, std::optional<agreement> changed) {
    if (!changed) return;
    const auto& settings = settings_of(index);
    const auto& found = services_[index].agreements[to_number(backend)];
    const auto& name = settings.backends[to_number(backend)].name;
    if (*changed == agreement::agree)
        spdlog::info("probes agree again service={} backend={}", settings.name, name);
    else
        spdlog::warn("probes disagree service={} backend={} {}: {}", settings.name, name, to_text(*changed),
                     to_text(found.why()));
    write(agreement_record(settings, backend, found));
    tell_view();
}

/// What was found stays with the backend, as long as it has a shallow probe.
void controller::take_agreements(std::size_t index, const service& former,
                                 const std::vector<std::optional<backend_index>>& places) {
    auto& own = services_[index].agreements;
    for (std::size_t b = 0; b < places.size(); ++b) {
        const auto& settings = settings_of(index).backends[b];
        auto& one = own.emplace_back(agreement_rules_of(settings));
        if (!places[b] || !settings.shallow_probe) continue;
        one = former.agreements[to_number(*places[b])];
        one.adopt(agreement_rules_of(settings));
    }
}

/// By the references of what is served now; what is known of the network stays.
void controller::start_self_check() {
    if (self_check_) self_check_->stop();
    self_check_.reset();
    const auto& how = served_->settings().self_check;
    if (how.references.empty()) return note_network(network_.forget());
    network_.adopt(2 * how.interval);
    self_check_.emplace(loop_, how, [this](bool reachable) { on_self_check(reachable); });
    for (std::size_t i = 0; i < how.references.size(); ++i)
        if (const auto known = known_.find(book_key(how.references[i])); known != known_.end())
            set_reference(i, known->second);
    self_check_->start();
}

void controller::set_reference(std::size_t reference, const std::vector<net::endpoint>& found) {
    known_[book_key(served_->settings().self_check.references[reference])] = found;
    self_check_->set_addresses(reference, found);
}

/// What one brain makes of it is its own affair; whether this node is cut off is judged by all that it hears.
void controller::on_self_check(bool reachable) {
    for (std::size_t i = 0; i < services_.size(); ++i)
        carry_out(i, services_[i].brain.network_seen(now(), reachable));
    note_network(reachable ? network_.reference_answered() : network_.references_silent(now()));
    if (!network_.needs_backends(now())) return;
    for (auto& service : services_)
        for (auto& one : service.probers) one.probe_now();
}

void controller::on_reached() {
    note_network(network_.backend_reached(now()));
}

void controller::note_network(std::optional<continuity::connection> changed) {
    if (!changed) return;
    if (*changed == continuity::connection::cut_off)
        spdlog::error("this node is cut off: neither a reference nor a backend answers");
    else
        spdlog::warn("this node is connected again");
    write(network_record(served_->settings(), *changed));
    tell_view();
}

}  // namespace garde::control
