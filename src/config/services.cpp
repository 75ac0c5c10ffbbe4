// See sections.hpp: one [[service]] with its title, routes, cache and emergency procedure.
#include "files.hpp"
#include "sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

constexpr std::array<std::string_view, 4> languages{"fr", "nl", "de", "en"};
constexpr std::array<choice<std::string_view>, 4> language_choices{
    {{"fr", "fr"}, {"nl", "nl"}, {"de", "de"}, {"en", "en"}}};
// EnvironmentType of the eHealth schema errors:soa:v1.
constexpr std::array<choice<std::string_view>, 6> environments{{{"Development", "Development"},
                                                                {"Test", "Test"},
                                                                {"Integration", "Integration"},
                                                                {"Acceptation", "Acceptation"},
                                                                {"Simulation", "Simulation"},
                                                                {"Production", "Production"}}};
constexpr std::array<choice<route_kind>, 2> route_kinds{
    {{"soap", route_kind::soap}, {"http", route_kind::http}}};
constexpr std::array<choice<cache_scope>, 2> cache_scopes{
    {{"caller", cache_scope::caller}, {"public", cache_scope::everybody}}};

void read_title(table_reader in, std::map<std::string, std::string>& into) {
    for (const auto language : languages) {
        std::string text;
        in.read_text(language, text, need::optional, "\"Assurability\"");
        if (!text.empty()) into.emplace(language, std::move(text));
    }
    in.finish();
}

void check_path(table_reader& in, const std::string& path) {
    if (path.empty()) return;
    if (!path.starts_with('/'))
        return in.error("path", fmt::format("= \"{}\" does not begin with '/'", path),
                        fmt::format("write \"/{}\"", path));
    const bool prefix = path.ends_with("/*");
    const auto fixed = std::string_view(path).substr(0, path.size() - (prefix ? 1 : 0));
    if (fixed.find('*') != std::string_view::npos)
        return in.error("path", fmt::format("= \"{}\" has a '*' elsewhere than in a final \"/*\"", path),
                        "write an exact path, or a prefix such as \"/services/*\"");
    const auto unfit = [](unsigned char c) { return c <= ' ' || c >= 127 || c == '?' || c == '#'; };
    if (std::ranges::any_of(fixed, unfit))
        in.error("path", "has a query, a fragment or characters that no path may have",
                 "write the path alone, percent-encoded as callers send it");
}

void check_cached(table_reader& in, const route_settings& route, const caller_means& callers,
                  bool has_cache) {
    if (!route.cached) {
        if (in.has("cached_callers"))
            in.error("cached_callers", "has no use without cached = true",
                     "write cached = true, or remove it");
        return;
    }
    if (route.kind != route_kind::soap)
        in.error("cached", "= true is for soap routes: only SOAP answers are kept",
                 "write kind = \"soap\", or remove cached");
    if (!has_cache)
        in.error("cached", "= true has no cache to be served from", "add [service.cache], or remove cached");
    if (!callers.certificates && !callers.assertions)
        in.error(
            "cached",
            "= true needs callers who prove who they are, but [listener] clients is \"off\" and there is "
            "no [assertions]",
            "write clients = \"optional\" with client_ca, or add [assertions], or remove cached");
    if (!in.has("cached_callers"))
        in.error("cached", "= true names no caller who wants cached answers",
                 "add cached_callers = [\"*\"], or the subjects or alternative names of those who opted in");
    check_means(in, "cached_callers", *route.cached_callers, callers);
}

/// Of a route whose questions are no consults; null without cache_key.
std::shared_ptr<const cache_recipe> read_recipe(table_reader& in, bool cached) {
    std::vector<std::string> key;
    std::vector<std::string> ignored;
    auto scope = cache_scope::caller;
    in.read_texts("cache_key", key, "[\"/Question/Number\"]");
    in.read_texts("cache_ignored", ignored, "[\"/Question/Reference\"]");
    in.read_choice("cache_scope", scope, cache_scopes);
    for (const auto* name : {"cache_key", "cache_ignored", "cache_scope"})
        if (!cached && in.has(name)) {
            in.error(name, "has no use without cached = true", "write cached = true, or remove it");
            return nullptr;
        }
    if (!in.has("cache_key")) {
        if (in.has("cache_ignored"))
            in.error("cache_ignored", "has no use without cache_key: garde knows consults by itself",
                     "add cache_key = [\"/Question/Number\"], or remove it");
        if (scope == cache_scope::everybody)
            in.error(
                "cache_scope",
                "= \"public\" is for questions that are no consults: whose patient is asked about is "
                "nobody else's business",
                "add cache_key = [\"/Question/Number\"] where this route's questions are others, or remove "
                "cache_scope");
        return nullptr;
    }
    if (key.empty())
        in.error("cache_key", "is empty, so that all questions would be one",
                 "write what tells them apart, e.g. [\"/Question/Number\"], or remove it");
    auto made = soap::element_recipe::make(key, ignored);
    if (made) return std::make_shared<const cache_recipe>(cache_recipe{std::move(*made), scope});
    const auto& [list, what, instead] = made.error();
    in.error(list == soap::recipe_problem::list::key ? "cache_key" : "cache_ignored", what, instead);
    return nullptr;
}

route_settings read_route(table_reader& in, const last_means& means, bool has_cache, taken_names& taken,
                          report& problems) {
    const caller_means& callers = means.callers;
    route_settings out;
    in.read_text("path", out.path, need::required, "\"/Insurability/v2\"");
    in.set_label(out.path);
    in.read_choice("kind", out.kind, route_kinds);
    in.read_flag("replay_safe", out.replay_safe);
    in.read_flag("cached", out.cached);
    out.cached_callers = std::make_shared<const std::vector<caller::pattern>>(
        read_patterns(in, "cached_callers", need::optional, "[\"*\"]", &callers.groups));
    out.recipe = read_recipe(in, out.cached);
    read_deferral(in, means, out);
    in.finish();

    check_path(in, out.path);
    check_cached(in, out, callers, has_cache);
    if (out.path.empty()) return out;
    const int line = in.line_of({"path"});
    if (const auto [other, fresh] = taken.paths.emplace(out.path, line); !fresh)
        problems.error(line, fmt::format("path \"{}\" is there already, in line {}", out.path, other->second),
                       "remove one: a path belongs to exactly one service");
    return out;
}

cache_settings read_cache(table_reader in) {
    cache_settings out;
    in.read_size("memory_bytes", out.memory_bytes, {1 * mib, 64 * 1024 * mib});
    in.read_size("entry_bytes", out.entry_bytes, {1 * kib, 16 * mib});
    // The published fallback speaks of consults of less than 30 days; older ones may not be served.
    in.read_duration("max_age", out.max_age, {1s, 30 * 24h});
    in.read_texts("success_status", out.success_status, "[\"200\"]");
    in.read_texts("success_return", out.success_return, "[\"00/00/00000\"]");
    in.finish();

    if (out.entry_bytes > out.memory_bytes)
        in.error(in.has("entry_bytes") ? "entry_bytes" : "memory_bytes",
                 "makes entry_bytes larger than memory_bytes",
                 "write e.g. memory_bytes = \"64MiB\" and entry_bytes = \"64KiB\"");
    if (out.success_status.empty())
        in.error("success_status", "is empty, so that no reply is ever kept",
                 "write e.g. success_status = [\"200\"]");
    for (const auto& value : out.success_return)
        if (std::ranges::count(value, '/') != 2)
            in.error("success_return", fmt::format("has \"{}\", which is not Major/Minor/Detail", value),
                     "write e.g. success_return = [\"00/00/00000\"]");
    return out;
}

void check_procedure_texts(const procedure_settings& procedure, int line, report& problems) {
    for (const auto language : languages) {
        const auto file = procedure.folder / fmt::format("{}.{}.txt", procedure.name, language);
        const auto content = read_file(file, text_file_limit);
        if (content && content->find_first_not_of(" \t\r\n") != std::string::npos) continue;
        problems.error(line,
                       fmt::format("the emergency procedure's text {} {}", file.string(),
                                   content ? "is empty" : content.error()),
                       "write it: the title, an empty line, the summary, then one step per paragraph");
    }
}

procedure_settings read_procedure(table_reader in, report& problems) {
    procedure_settings out;
    const auto folder = in.read_path("folder", need::required, "\"procedures\"");
    if (folder) out.folder = folder->path;
    read_name(in, out.name, need::required, "\"assurability\"");
    std::string_view language = out.default_language;
    in.read_choice("default_language", language, language_choices);
    out.default_language = std::string(language);
    std::string_view environment = out.environment;
    in.read_choice("environment", environment, environments);
    out.environment = std::string(environment);
    in.read_duration("retry_after", out.retry_after, {1s, 24h});
    in.finish();
    if (folder && is_plain_name(out.name)) check_procedure_texts(out, in.line_of({"name"}), problems);
    return out;
}

void read_service_name(table_reader& in, taken_names& taken, std::string& into, report& problems) {
    read_name(in, into, need::required, "\"assurability\"");
    in.set_label(into);
    if (into.empty()) return;
    const int line = in.line_of({"name"});
    if (const auto [other, fresh] = taken.services.emplace(into, line); !fresh)
        problems.error(line,
                       fmt::format("service \"{}\" is there twice, first in line {}", into, other->second),
                       "give each service its own name");
}

}  // namespace

void check_means(table_reader& in, std::string_view key, const std::vector<caller::pattern>& patterns,
                 const caller_means& callers) {
    for (const auto& one : patterns) {
        if ((one.by_certificate() && callers.certificates) || (one.by_assertion() && callers.assertions))
            continue;
        if (!callers.certificates && !callers.assertions) return;  // said of the whole already
        in.error(key, fmt::format("has \"{}\", and nothing here can show who that is", one.text()),
                 one.by_certificate() ? "write [listener] clients = \"optional\" with client_ca"
                                      : "add [assertions] with the token services' certificates");
    }
}

void read_service(table_reader in, const last_means& means, taken_names& taken, service_settings& into,
                  report& problems) {
    read_service_name(in, taken, into.name, problems);
    read_title(in.read_table("title", need::optional), into.title);
    service_probes probes{.probe = read_probe(in.read_table("probe", need::optional), problems),
                          .shallow = {}};
    if (auto shallow = in.read_table("shallow_probe", need::optional))
        probes.shallow = read_probe(std::move(shallow), problems);
    read_backends(in.read_tables("backend", need::required), in, probes, into.backends, problems);
    auto switchover = in.read_table("switchover", need::optional);
    read_switchover(switchover, into.switchover);

    auto cache = in.read_table("cache", need::optional);
    const bool has_cache = static_cast<bool>(cache);
    const int cache_line = cache.line();
    if (has_cache) into.cache = read_cache(std::move(cache));
    if (auto procedure = in.read_table("procedure", need::optional))
        into.procedure = read_procedure(std::move(procedure), problems);

    for (auto& route : in.read_tables("route", need::required))
        into.routes.push_back(read_route(route, means, has_cache, taken, problems));
    into.stand_in = read_stand_in(in.read_tables("stand_in", need::optional), means.callers.groups, into,
                                  in.line(), problems);
    check_switchover(switchover, into);
    if (has_cache && std::ranges::none_of(into.routes, &route_settings::cached))
        problems.warning(cache_line, fmt::format("{} has a cache that no route uses", in.name()),
                         "write cached = true in a [[service.route]], or remove [service.cache]");
    in.finish();
}

}  // namespace garde::config
