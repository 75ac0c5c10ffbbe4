// See health.hpp.
#include "health.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace garde::status {
namespace {

namespace json = boost::json;

json::string_view text(std::string_view from) {
    return {from.data(), from.size()};
}

std::string_view overall(std::span<const service_state> all) {
    switch (worst(all)) {
        case public_state::normal:
            return std::ranges::any_of(all, &service_state::procedure_active) ? "warn" : "pass";
        case public_state::reserve:
        case public_state::unknown: return "warn";
        case public_state::limited:
        case public_state::unavailable: return "fail";
    }
    std::unreachable();
}

/// The word of the design's vocabulary, as in Garde-Mode.
std::string_view mode_text(public_state state) {
    switch (state) {
        case public_state::normal: return to_text(continuity::mode::primary);
        case public_state::reserve: return to_text(continuity::mode::backup);
        case public_state::limited: return to_text(continuity::mode::degraded);
        case public_state::unavailable: return to_text(continuity::mode::emergency);
        case public_state::unknown: return "unknown";
    }
    std::unreachable();
}

json::value time_or_null(const std::optional<wall_time>& at) {
    return at ? json::value(to_rfc3339(*at)) : json::value(nullptr);
}

json::value procedure_of(const service_state& one) {
    if (!one.service->procedure) return nullptr;
    json::object urls;
    for (const auto language : emergency::languages)
        urls[text(language)] = one.service->procedure->link(language);
    return json::object{{"active", one.procedure_active()},
                        {"since", time_or_null(one.procedure_since)},
                        {"url", std::move(urls)}};
}

json::value service_of(const service_state& one) {
    json::object titles;
    for (const auto language : emergency::languages)
        titles[text(language)] = title_of(*one.service, language);
    json::object out;
    out["name"] = one.service->settings->name;
    out["title"] = std::move(titles);
    out["mode"] = text(mode_text(one.state));
    out["since"] = time_or_null(one.since);
    out["recorded"] = one.recorded == control::durability::durable ? "durable" : "not-yet-durable";
    out["procedure"] = procedure_of(one);
    return out;
}

}  // namespace

std::string health_document(std::span<const service_state> all, wall_time at) {
    json::array services;
    for (const auto& one : all) services.push_back(service_of(one));
    json::object out;
    out["status"] = text(overall(all));
    out["at"] = to_rfc3339(at);
    out["cut_off"] = node_cut_off(all);
    out["services"] = std::move(services);
    return json::serialize(out);
}

}  // namespace garde::status
