// See routes.hpp.
#include "routes.hpp"

#include "garde/emergency/procedure.hpp"

#include "health.hpp"
#include "pages.hpp"
#include "texts.hpp"

#include <algorithm>

namespace garde::status {
namespace {

constexpr std::string_view procedure_prefix = "/procedure/";
constexpr std::string_view checkpoint_path = "/.well-known/garde/checkpoint";

/// ?lang= when it names a language of ours, else Accept-Language, else `fallback`.
const texts& language_for(const question& asked, std::string_view fallback) {
    const auto wanted = http::query_value(asked.target, "lang");
    if (std::ranges::find(emergency::languages, wanted) != emergency::languages.end())
        return texts_in(wanted);
    return texts_in(emergency::choose_language(asked.accept_language, fallback));
}

net::page_reply problem(int status, std::string_view detail) {
    return {.status = status,
            .content_type = "application/problem+json",
            .fields = {{"Cache-Control", "no-cache"}},
            .body = http::problem_document(status, http::phrase_of(status), detail)};
}

net::page_reply procedure_or_not_found(const question& asked, std::span<const proxy::service_site> services,
                                       const control::view* now, wall_time at) {
    const auto name = asked.path.substr(procedure_prefix.size());
    const auto found = std::ranges::find_if(services, [name](const auto& one) {
        return one.settings->name == name && one.procedure.has_value();
    });
    if (found == services.end()) return not_found_page(language_for(asked, "fr"), at);
    const texts& words = language_for(asked, found->procedure->settings().default_language);
    return procedure_page(state_of(*found, now), words, at);
}

}  // namespace

net::page_reply respond(const question& asked, const exhibits& served, const control::view* now,
                        wall_time at) {
    const auto services = served.services;
    if (asked.method != "GET" && asked.method != "HEAD") {
        auto refused = problem(405, "The status site is read with GET and HEAD only.");
        refused.fields.push_back({"Allow", "GET, HEAD"});
        return refused;
    }
    if (asked.path == "/") return overview_page(states_of(services, now), language_for(asked, "fr"), at);
    if (asked.path == "/v1/health")
        // 200 whatever the states are: the status line speaks of this page, the document of the services.
        return {.status = 200,
                .content_type = "application/json",
                .fields = {{"Cache-Control", "no-cache"}},
                .body = health_document(states_of(services, now), at)};
    if (asked.path == "/.well-known/jwks.json")
        return {.status = 200,
                .content_type = "application/jwk-set+json",
                .fields = {{"Cache-Control", "max-age=300"}},
                .body = std::string(served.receipt_keys)};
    if (asked.path == checkpoint_path && !served.checkpoint.empty())
        return {.status = 200,
                .content_type = "text/plain; charset=utf-8",
                .fields = {{"Cache-Control", "no-cache"}},
                .body = served.checkpoint};
    if (asked.path == checkpoint_path)
        return problem(404, "The journal has no signed checkpoint here: see [journal.checkpoints].");
    if (asked.path.starts_with(procedure_prefix)) return procedure_or_not_found(asked, services, now, at);
    if (asked.path.starts_with("/v1/"))
        return problem(404, "There is nothing at this address; see /v1/health.");
    return not_found_page(language_for(asked, "fr"), at);
}

}  // namespace garde::status
