// See states.hpp.
#include "states.hpp"

#include <algorithm>
#include <utility>

namespace garde::status {
namespace {

public_state public_state_of(continuity::mode current) {
    switch (current) {
        case continuity::mode::primary: return public_state::normal;
        case continuity::mode::backup: return public_state::reserve;
        case continuity::mode::degraded: return public_state::limited;
        case continuity::mode::emergency: return public_state::unavailable;
    }
    std::unreachable();
}

}  // namespace

bool answers(public_state state) {
    return state == public_state::normal || state == public_state::reserve;
}

bool lacks_backend(public_state state) {
    return state == public_state::limited || state == public_state::unavailable;
}

service_state state_of(const proxy::service_site& service, const control::view* now) {
    service_state out;
    out.service = &service;
    if (now == nullptr) return out;
    const auto found = std::ranges::find(now->services, service.settings->name, &control::service_view::name);
    if (found == now->services.end()) return out;
    if (found->procedure_active && service.procedure) out.procedure_since = found->procedure_since;
    out.node_cut_off = now->cut_off;
    if (now->cut_off) return out;
    out.state = public_state_of(found->current);
    out.since = found->since;
    out.recorded = found->recorded;
    return out;
}

std::vector<service_state> states_of(std::span<const proxy::service_site> services,
                                     const control::view* now) {
    std::vector<service_state> out;
    out.reserve(services.size());
    for (const auto& service : services) out.push_back(state_of(service, now));
    return out;
}

public_state worst(std::span<const service_state> all) {
    public_state out = public_state::normal;
    for (const auto& one : all) out = std::max(out, one.state);
    return out;
}

bool node_cut_off(std::span<const service_state> all) {
    return std::ranges::any_of(all, &service_state::node_cut_off);
}

const std::string& title_of(const proxy::service_site& service, std::string_view language) {
    const auto found = service.settings->title.find(std::string(language));
    return found == service.settings->title.end() ? service.settings->name : found->second;
}

}  // namespace garde::status
