// See explain.hpp.
#include "garde/config/explain.hpp"

#include "units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

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

std::string condition_of(const route_settings& route, const cache_settings& cache) {
    const bool shared = route.recipe && route.recipe->scope == cache_scope::everybody;
    return fmt::format("when no backend answers; an answer of less than {}{}", age_text(cache.max_age),
                       shared ? ", whoever of them had asked" : "");
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
                               .condition = condition_of(route, *service.cache),
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

std::vector<deferring_route> explain_deferrals(const settings& all) {
    std::vector<deferring_route> out;
    for (const auto& service : all.services) {
        const bool decided = std::ranges::any_of(
            service.stand_in, [](const auto& rule) { return rule.decide == stand_in_decision::defer; });
        for (const auto& route : service.routes) {
            if (route.deferred == deferral::none || !decided) continue;
            const bool harmless = route.replay_safe || !route.idempotency_header.empty();
            std::string what =
                route.deferred == deferral::reference
                    ? "noted, for their senders to ask again"
                    : fmt::format("kept whole and asked again ({}), those that expire only noted",
                                  harmless
                                      ? "a second time where nobody knows how the first ended"
                                      : "never a second time: what nobody knows the end of is ambiguous");
            what += fmt::format(", for {}", age_text(route.stays_valid));
            auto& next = out.emplace_back(service.name, route.path, std::move(what));
            for (const auto& one : *route.deferred_callers) next.callers.push_back(one.in_words());
        }
    }
    return out;
}

std::string deferrals_text(const settings& all) {
    std::string out;
    for (const auto& route : explain_deferrals(all)) {
        out += fmt::format("requests on {} ({}) that no backend answers are {}; of\n", route.path,
                           route.service, route.what);
        for (const auto& one : route.callers) out += fmt::format("  - {}\n", one);
    }
    return out;
}

std::vector<limited_callers> explain_caller_limits(const settings& all) {
    std::vector<limited_callers> out;
    const auto add = [&out](std::string_view kind, const std::string& name,
                            const std::vector<caller::pattern>& patterns,
                            const caller::caller_limits& limits) {
        std::vector<std::string> words;
        for (const auto& one : patterns)
            if (one.by_certificate()) words.push_back(one.in_words());
        if (limits.any())
            out.push_back({fmt::format("{} \"{}\" ({})", kind, name, fmt::join(words, "; ")), limits});
    };
    for (const auto& one : all.callers->known.callers()) add("caller", one.name, one.known_as, one.limits);
    for (const auto& one : all.callers->limited) add("each of group", one.name, one.members, one.limits);
    return out;
}

std::string caller_limits_text(const settings& all) {
    const auto limited = explain_caller_limits(all);
    if (limited.empty()) return {};
    const auto figure = [](std::size_t most, std::string_view what) {
        return fmt::format("{} {}{}", most, what, most == 1 ? "" : "s");
    };
    std::string out = "at a time, by certificate; what one does not say, the next that fits does:\n";
    for (const auto& [who, limits] : limited) {
        std::vector<std::string> said;
        if (limits.connections > 0) said.push_back(figure(limits.connections, "connection"));
        if (limits.requests > 0) said.push_back(figure(limits.requests, "request"));
        out += fmt::format("  - {}: {}\n", who, fmt::join(said, ", "));
    }
    const auto general = [&figure](std::size_t most, std::string_view what) {
        return most > 0 ? figure(most, what) : fmt::format("as many {}s as the machine can bear", what);
    };
    return out + fmt::format("  - everybody, by certificate or address: {}, {}\n",
                             general(all.limits.connections_per_caller, "connection"),
                             general(all.limits.requests_per_caller, "request"));
}

std::vector<std::string> explain_checkpoint_places(const settings& all) {
    std::vector<std::string> out;
    if (!all.checkpoints) return out;
    const auto& with = *all.checkpoints;
    if (!with.file.empty()) out.push_back("the file " + with.file.string());
    if (with.webhook) {
        const std::string_view host = std::string_view(with.webhook->url).substr(std::size("https://") - 1);
        out.push_back(fmt::format("a webhook of {}", host.substr(0, host.find_first_of("/?#"))));
    }
    if (with.syslog)
        out.push_back(fmt::format("syslog at {}:{}, with records that the disk refuses",
                                  with.syslog->address.host, with.syslog->address.port));
    return out;
}

std::string checkpoints_text(const settings& all) {
    constexpr std::string_view unseen =
        "whoever can write in data_dir can cut the journal off, put back an older one or write it anew, and "
        "nobody can "
        "prove it";
    if (!all.checkpoints)
        return fmt::format("checkpoints: the journal's state is not signed and goes nowhere else: {}\n",
                           unseen);
    const auto places = explain_checkpoint_places(all);
    if (places.empty())
        return fmt::format("checkpoints: signed as {}, but kept on this disk only: {}\n",
                           all.checkpoints->origin, unseen);
    std::string out = fmt::format(
        "checkpoints: signed as {}; at most {} after the journal has grown, with switchovers and operators' "
        "acts at "
        "once, they go to\n",
        all.checkpoints->origin, duration_text(all.checkpoints->every));
    for (const auto& one : places) out += fmt::format("  - {}\n", one);
    return out;
}

}  // namespace garde::config
