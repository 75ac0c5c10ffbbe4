// See explain.hpp.
#include "garde/config/explain.hpp"

#include <fmt/format.h>

#include <chrono>

namespace garde::config {
namespace {

/// In whole days where it is, else in seconds.
std::string age_text(std::chrono::seconds age) {
    const auto days = std::chrono::floor<std::chrono::days>(age);
    if (days.count() > 0 && days == age)
        return fmt::format("{} day{}", days.count(), days.count() == 1 ? "" : "s");
    return fmt::format("{} s", age.count());
}

std::vector<std::string> callers_of(const route_settings& route) {
    std::vector<std::string> out;
    for (const auto& one : *route.cached_callers) out.push_back(one.in_words());
    return out;
}

std::string means_of(const settings& all) {
    const bool certificates = all.listener.clients != client_certificates::off;
    if (all.callers->assertions == nullptr) return "a client certificate";
    return certificates ? "a client certificate or a signed message" : "a signed message";
}

}  // namespace

std::vector<cached_route> explain_cached_answers(const settings& all) {
    std::vector<cached_route> out;
    for (const auto& service : all.services)
        for (const auto& route : service.routes)
            if (route.cached && service.cache)
                out.push_back({.service = service.name,
                               .path = route.path,
                               .condition = fmt::format("when no backend answers; an answer of less than {}",
                                                        age_text(service.cache->max_age)),
                               .callers = callers_of(route),
                               .shown_by = means_of(all)});
    return out;
}

const std::vector<std::string_view>& demands_of_cached_answers() {
    static const std::vector<std::string_view> demands{
        "the answer is the one that the caller got when it consulted for this patient before, byte for byte: "
        "its "
        "references and its date are those of the earlier consult",
        "only headers say so (Garde-Mode: degraded, Garde-Consulted-At, Age): software that ignores them "
        "takes it "
        "for a new one",
        "the insurer may have changed its mind since; whether the payment guarantee in it still binds is "
        "between "
        "the caller and the insurer",
    };
    return demands;
}

std::string cached_answers_text(const settings& all) {
    const auto routes = explain_cached_answers(all);
    if (routes.empty()) return "cached answers: nobody is given any\n";
    std::string out;
    for (const auto& route : routes) {
        out += fmt::format("cached answers on {} ({}), {}, may go to\n", route.path, route.service,
                           route.condition);
        for (const auto& one : route.callers) out += fmt::format("  - {}\n", one);
        out += fmt::format("who shows who it is by {}\n", route.shown_by);
    }
    out += "their software must be able to cope with this:\n";
    for (const auto one : demands_of_cached_answers()) out += fmt::format("  - {}\n", one);
    return out;
}

}  // namespace garde::config
