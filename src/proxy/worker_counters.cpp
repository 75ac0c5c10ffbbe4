// See worker_counters.hpp.
#include "garde/proxy/worker_counters.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace garde::proxy {
namespace {

void add(std::uint64_t& into, const counter& from) {
    into += from.value();
}

void add(counter& into, const counter& from) {
    into.add(from.value());
}

template <class Cell, class E, std::size_t N>
void add(cells<Cell, E, N>& into, const cells<counter, E, N>& from) {
    for (std::size_t i = 0; i < N; ++i) add(into.at[i], from.at[i]);
}

template <class Into, class From, std::size_t N>
void add(std::array<Into, N>& into, const std::array<From, N>& from) {
    for (std::size_t i = 0; i < N; ++i) add(into[i], from[i]);
}

/// What ended is read before what began, so that nothing seems to have ended that never began.
template <class Cell>
void add(node_cells<Cell>& into, const node_cells<counter>& from) {
    add(into.ended, from.ended);
    add(into.accepted, from.accepted);
    add(into.handshakes, from.handshakes);
    add(into.refusals, from.refusals);
    add(into.sheds, from.sheds);
    add(into.bytes, from.bytes);
    add(into.cache_offers_dropped, from.cache_offers_dropped);
}

void add(service_cells<std::uint64_t, histogram_values>& into,
         const service_cells<counter, duration_histogram>& from) {
    add(into.requests, from.requests);
    add(into.hedges, from.hedges);
    from.exchange_time.add_to(into.exchange_time);
    from.first_answer_time.add_to(into.first_answer_time);
}

void add(backend_cells<std::uint64_t>& into, const backend_cells<counter>& from) {
    add(into.attempts, from.attempts);
    add(into.pool, from.pool);
}

}  // namespace

served_mode mode_served(const continuity::service_posture& posture) {
    if (posture.transparent()) return served_mode::transparent;
    switch (posture.current) {
        case continuity::mode::primary: return served_mode::primary;
        case continuity::mode::backup: return served_mode::backup;
        case continuity::mode::degraded: return served_mode::degraded;
        case continuity::mode::emergency: return served_mode::emergency;
    }
    std::unreachable();
}

refusal refusal_of(int status) {
    switch (status) {
        case 404: return refusal::no_route;
        case 405: return refusal::wrong_method;
        case 408: return refusal::timed_out;
        case 413: return refusal::body_too_large;
        case 414:
        case 431: return refusal::head_too_large;
        case 501:
        case 505: return refusal::not_supported;
        default: return refusal::framing;
    }
}

counter_totals::counter_totals(std::span<const std::size_t> backends_by_service)
    : services(backends_by_service.size()) {
    for (const std::size_t count : backends_by_service) backends.emplace_back(count);
}

std::uint64_t counter_totals::open_connections() const {
    const auto ended = std::accumulate(node.ended.at.begin(), node.ended.at.end(), std::uint64_t{0});
    return node.accepted - std::min(node.accepted, ended);
}

worker_counters::worker_counters(std::span<const std::size_t> backends_by_service)
    : services_(backends_by_service.size()),
      backends_(std::accumulate(backends_by_service.begin(), backends_by_service.end(), std::size_t{0})) {
    std::size_t first = 0;
    for (const std::size_t count : backends_by_service) {
        first_backend_.push_back(first);
        first += count;
    }
    first_backend_.push_back(first);
}

void worker_counters::add_to(counter_totals& into) const {
    add(into.node, node_);
    for (std::size_t service = 0; service < services_.size(); ++service) {
        add(into.services[service], services_[service]);
        for (std::size_t i = first_backend_[service]; i < first_backend_[service + 1]; ++i)
            add(into.backends[service][i - first_backend_[service]], backends_[i]);
    }
}

void worker_counters::go_on_from(const worker_counters& former) {
    add(node_, former.node_);
}

counted_site counted_site::begin(config::settings_ptr with) {
    auto counters = std::make_shared<worker_counters>(backends_by_service(with->services));
    return {std::move(with), std::move(counters)};
}

counted_site counted_site::follow(config::settings_ptr with) const {
    const auto same_backend = [](const auto& a, const auto& b) { return a.name == b.name; };
    const auto same_service = [&](const auto& a, const auto& b) {
        return a.name == b.name && std::ranges::equal(a.backends, b.backends, same_backend);
    };
    if (std::ranges::equal(settings->services, with->services, same_service))
        return {std::move(with), counters};
    counted_site out = begin(std::move(with));
    out.counters->go_on_from(*counters);
    return out;
}

std::vector<std::size_t> backends_by_service(std::span<const config::service_settings> services) {
    std::vector<std::size_t> out;
    out.reserve(services.size());
    for (const auto& service : services) out.push_back(service.backends.size());
    return out;
}

}  // namespace garde::proxy
