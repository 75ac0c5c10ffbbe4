// See routes.hpp.
#include "routes.hpp"

#include <array>
#include <optional>

namespace garde::admin {
namespace {

constexpr std::string_view services_path = "/v1/services";

/// What a service has below its own address.
struct part {
    std::string_view suffix;
    resource what;
};
constexpr std::array parts{part{"/exercise", resource::exercise}, part{"/explanation", resource::explanation},
                           part{"/mode", resource::mode},         part{"/procedure", resource::procedure},
                           part{"/deferrals", resource::kept},    part{"/stand-in", resource::stand_in}};

std::optional<place> place_of(std::string_view path) {
    if (path == "/v1/openapi.json") return place{resource::openapi, {}};
    if (path == reload_path) return place{resource::reload, {}};
    if (path == "/v1/cache") return place{resource::cache, {}};
    if (path == "/v1/cache/purge") return place{resource::purge, {}};
    if (path == "/v1/deferrals") return place{resource::deferrals, {}};
    if (path == "/v1/journal") return place{resource::journal, {}};
    if (path == erase_names_path) return place{resource::erase_names, {}};
    if (path == services_path) return place{resource::services, {}};
    if (!path.starts_with(services_path) || path[services_path.size()] != '/') return std::nullopt;
    std::string_view name = path.substr(services_path.size() + 1);
    resource what = resource::service;
    for (const auto& one : parts) {
        if (!name.ends_with(one.suffix)) continue;
        name.remove_suffix(one.suffix.size());
        what = one.what;
        break;
    }
    if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
    return place{what, name};
}

}  // namespace

bool takes_orders(resource what) {
    return what == resource::mode || what == resource::procedure || what == resource::exercise ||
           what == resource::reload || what == resource::purge || what == resource::erase_names;
}

bool is_posted(resource what) {
    return takes_orders(what) || what == resource::stand_in;
}

std::expected<place, net::page_reply> find_place(std::string_view method, std::string_view path) {
    const auto found = place_of(path);
    if (!found)
        return std::unexpected(problem_reply(404, "There is nothing at this address; see /v1/openapi.json."));
    const bool posted = is_posted(found->what);
    if (posted ? method == "POST" : method == "GET" || method == "HEAD") return *found;
    const std::string allowed = posted ? "POST" : "GET, HEAD";
    auto refused = problem_reply(405, "This address allows " + allowed + " only.");
    refused.fields.push_back({"Allow", allowed});
    return std::unexpected(std::move(refused));
}

net::page_reply json_reply(std::string body) {
    return {.status = 200,
            .content_type = "application/json",
            .fields = {{"Cache-Control", "no-store"}},
            .body = std::move(body)};
}

net::page_reply problem_reply(int status, std::string_view detail) {
    return {.status = status,
            .content_type = "application/problem+json",
            .fields = {{"Cache-Control", "no-store"}},
            .body = http::problem_document(status, http::phrase_of(status), detail)};
}

}  // namespace garde::admin
