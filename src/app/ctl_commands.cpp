// See ctl_commands.hpp.
#include "ctl_commands.hpp"

#include "garde/app/commands.hpp"
#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"
#include "garde/config/load.hpp"

#include "console.hpp"
#include "ctl.hpp"
#include "ctl_deferrals.hpp"
#include "ctl_explanation.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace garde::app {
namespace {

namespace json = boost::json;

/// What the options of `garde ctl` say.
struct ctl_options {
    std::string config;
    std::string url;
    std::string ca;
    std::string token_file;
    bool as_json = false;
};

result<ctl_access> access_of(const ctl_options& options) {
    ctl_access out{.address = {}, .ca = options.ca, .token = {}};
    if (!options.url.empty()) {
        auto address = parse_url(options.url);
        if (!address) return std::unexpected(address.error());
        out.address = *address;
    } else {
        auto loaded = config::load(options.config);
        if (!loaded) return fail(config::to_text(loaded.error().front()));
        out.address = loaded->value->admin.address;
    }
    auto token = read_all(options.token_file);
    if (!token) return std::unexpected(token.error());
    out.token = trimmed(*token);
    return out;
}

/// How an answer looks to a person; nothing: as it came.
using describe = std::string (*)(const std::string&);

/// `body` empty means GET.
int ctl(const ctl_options& options, const std::string& path, const std::string& body, describe for_people) {
    const auto access = access_of(options);
    const auto reply = access ? ask_admin(*access, path, body) : std::unexpected(access.error());
    if (!reply) {
        complain(reply.error().message);
        return exit_failed;
    }
    if (reply->status != 200) {
        complain(fmt::format("refused with {}: {}", reply->status, describe_problem(*reply)));
        return exit_failed;
    }
    fmt::print("{}",
               for_people != nullptr && !options.as_json ? for_people(reply->body) : reply->body + "\n");
    return exit_ok;
}

int ctl_reload(const ctl_options& options) {
    const auto access = access_of(options);
    const auto reply = access ? ask_admin(*access, "/v1/reload", "{}") : std::unexpected(access.error());
    if (!reply) {
        complain(reply.error().message);
        return exit_failed;
    }
    const bool done = reply->status == 200;
    if (options.as_json) {
        fmt::print("{}\n", reply->body);
    } else {
        fmt::print(stderr, "{}", describe_problems(reply->body));
        if (done)
            fmt::print("the configuration is in force\n");
        else
            complain(describe_problem(*reply));
    }
    if (done) return exit_ok;
    return reply->status == 422 ? exit_config : exit_failed;
}

/// The body of POST /v1/services/{name}/mode.
std::string mode_body(const std::string& mode, const std::string& reason, std::uint64_t for_seconds,
                      bool strict) {
    json::object out{{"mode", mode}, {"reason", reason}};
    if (for_seconds > 0) out["expires"] = to_rfc3339(wall_now() + std::chrono::seconds(for_seconds));
    if (strict) out["strict"] = true;
    return json::serialize(out);
}

/// The body of POST /v1/services/{name}/procedure.
std::string procedure_body(const std::string& what, const std::string& reason) {
    return json::serialize(json::object{{"open", what == "open"}, {"reason", reason}});
}

/// Prints a fresh token once, and the line that goes into the token file.
int make_token(const std::string& name) {
    const std::string token = to_base64url(random_bytes(32));
    fmt::print("token (shown only now, give it to {}): {}\nline for the tokens file: {} {}\n", name, token,
               name, to_hex(sha256(token)));
    return exit_ok;
}

/// Adds a command that needs the options of `garde ctl`.
using add_command = std::function<CLI::App*(const char* name, const char* what)>;
using options_ptr = std::shared_ptr<ctl_options>;

void add_reading(const add_command& add, const options_ptr& with, int& code) {
    add("services", "modes, overrides, procedures and backends")->callback([&code, with] {
        code = ctl(*with, "/v1/services", {}, describe_services);
    });

    auto name = std::make_shared<std::string>();
    auto* explain = add("explain", "why a service is in its mode, and what would change it");
    explain->add_option("SERVICE", *name, "the service's name")->required();
    explain->callback([&code, with, name] {
        code = ctl(*with, "/v1/services/" + *name + "/explanation", {}, describe_explanation);
    });
}

/// Units of durations, in seconds.
std::map<std::string, std::uint64_t> durations() {
    return {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
}

void add_mode(const add_command& add, const options_ptr& with, int& code) {
    struct order {
        std::string service, mode, reason;
        std::uint64_t for_seconds = 0;
        bool strict = false;
    };
    auto what = std::make_shared<order>();
    auto* mode = add("mode", "pin a service to a mode, or give it back to automatic");
    mode->add_option("SERVICE", what->service, "the service's name")->required();
    mode->add_option("MODE", what->mode, "automatic, primary, backup, degraded, emergency or transparent")
        ->required();
    mode->add_option("--reason", what->reason, "why; goes into the journal")->required();
    mode->add_option("--for", what->for_seconds, "how long, e.g. 30s, 10m, 2h; without it until cleared")
        ->transform(CLI::AsNumberWithUnit(durations(), CLI::AsNumberWithUnit::CASE_SENSITIVE));
    mode->add_flag("--strict", what->strict, "do not fall back to anything else while pinned");
    mode->callback([&code, with, what] {
        code = ctl(*with, "/v1/services/" + what->service + "/mode",
                   mode_body(what->mode, what->reason, what->for_seconds, what->strict), nullptr);
    });
}

void add_procedure(const add_command& add, const options_ptr& with, int& code) {
    struct order {
        std::string what, service, reason;
    };
    auto given = std::make_shared<order>();
    auto* procedure = add("procedure", "open or close a service's emergency procedure, apart from its mode");
    procedure->add_option("WHAT", given->what, "open or close")
        ->required()
        ->check(CLI::IsMember({"open", "close"}));
    procedure->add_option("SERVICE", given->service, "the service's name")->required();
    procedure->add_option("--reason", given->reason, "why; goes into the journal")->required();
    procedure->callback([&code, with, given] {
        code = ctl(*with, "/v1/services/" + given->service + "/procedure",
                   procedure_body(given->what, given->reason), nullptr);
    });
}

void add_exercise(const add_command& add, const options_ptr& with, int& code) {
    struct order {
        std::string what, service, route, caller, reason;
        std::uint64_t for_seconds = 0;
    };
    auto given = std::make_shared<order>();
    auto* exercise = add("exercise", "rehearse emergency mode for one route or some callers, or end it");
    exercise->add_option("WHAT", given->what, "begin or end")
        ->required()
        ->check(CLI::IsMember({"begin", "end"}));
    exercise->add_option("SERVICE", given->service, "the service's name")->required();
    exercise->add_option("--route", given->route, "the path of one of its routes, as configured");
    exercise->add_option("--caller", given->caller, "whose requests: a pattern as in cached_callers");
    exercise->add_option("--for", given->for_seconds, "how long, e.g. 30m, 2h; at most 8h")
        ->transform(CLI::AsNumberWithUnit(durations(), CLI::AsNumberWithUnit::CASE_SENSITIVE));
    exercise->add_option("--reason", given->reason, "why; goes into the journal")->required();
    exercise->callback([&code, with, given] {
        const bool begin = given->what == "begin";
        if (begin && given->for_seconds == 0) throw CLI::RequiredError("--for");
        json::object body{{"begin", begin}, {"reason", given->reason}};
        if (!given->route.empty()) body["route"] = given->route;
        if (!given->caller.empty()) body["caller"] = given->caller;
        if (begin) body["expires"] = to_rfc3339(wall_now() + std::chrono::seconds(given->for_seconds));
        code = ctl(*with, "/v1/services/" + given->service + "/exercise", json::serialize(body),
                   describe_exercises);
    });
}

/// The body of POST /v1/cache/purge.
std::string purge_body(const std::string& caller, std::uint64_t older_seconds, bool all,
                       const std::string& reason) {
    json::object out{{"reason", reason}};
    if (!caller.empty()) out["caller"] = caller;
    if (older_seconds > 0) out["before"] = to_rfc3339(wall_now() - std::chrono::seconds(older_seconds));
    if (all) out["all"] = true;
    return json::serialize(out);
}

void add_cache(const add_command& add, const options_ptr& with, int& code) {
    add("stats", "what is kept, served and refused")->callback([&code, with] {
        code = ctl(*with, "/v1/cache", {}, nullptr);
    });
    struct order {
        std::string caller, reason;
        std::uint64_t older_seconds = 0;
        bool all = false;
    };
    auto what = std::make_shared<order>();
    auto* purge = add("purge", "remove kept answers from memory and disk");
    auto* caller = purge->add_option("--caller", what->caller, "whose: a pattern as in cached_callers");
    auto* older = purge->add_option("--older", what->older_seconds, "consulted longer ago, e.g. 30m, 12h, 7d")
                      ->transform(CLI::AsNumberWithUnit(durations(), CLI::AsNumberWithUnit::CASE_SENSITIVE));
    purge->add_flag("--all", what->all, "everything, and the keys that it is sealed with")
        ->excludes(caller)
        ->excludes(older);
    purge->add_option("--reason", what->reason, "why; goes into the journal")->required();
    purge->callback([&code, with, what] {
        code = ctl(*with, "/v1/cache/purge",
                   purge_body(what->caller, what->older_seconds, what->all, what->reason), nullptr);
    });
}

void add_deferrals(const add_command& add, const options_ptr& with, int& code) {
    struct wish {
        std::string service, outage;
        bool csv = false, html = false;
    };
    auto what = std::make_shared<wish>();
    auto* list = add("deferrals", "requests that are kept to be asked again, and what became of them");
    list->add_option("SERVICE", what->service, "of this service's newest outage, caller by caller");
    list->add_option("--outage", what->outage, "of this one, by its time as told without SERVICE");
    auto* csv = list->add_flag("--csv", what->csv, "one line a deferral, for spreadsheets; with SERVICE");
    list->add_flag("--html", what->html, "a page for printing; with SERVICE")->excludes(csv);
    list->callback([&code, with, what] {
        if (what->service.empty()) {
            if (what->csv || what->html || !what->outage.empty()) throw CLI::RequiredError("SERVICE");
            code = ctl(*with, "/v1/deferrals", {}, describe_deferrals);
            return;
        }
        const auto query = what->outage.empty() ? "" : "?outage=" + what->outage;
        code = ctl(*with, "/v1/services/" + what->service + "/deferrals" + query, {},
                   what->csv    ? reconciliation_as_csv
                   : what->html ? reconciliation_as_html
                                : describe_reconciliation);
    });
}

void add_stand_in(const add_command& add, const options_ptr& with, int& code) {
    struct question {
        std::string service, mode = "degraded", subject, issuer, type;
        std::vector<std::string> names;
        std::optional<std::uint64_t> age, outage;
        bool deferrable = false;
    };
    auto what = std::make_shared<question>();
    auto* ask = add("explain-request", "which rule decides what a caller gets when no backend answers");
    const auto seconds = CLI::AsNumberWithUnit(durations(), CLI::AsNumberWithUnit::CASE_SENSITIVE);
    ask->add_option("SERVICE", what->service, "the service's name")->required();
    ask->add_option("--mode", what->mode, "degraded or emergency")
        ->check(CLI::IsMember({"degraded", "emergency"}));
    ask->add_option("--subject", what->subject, "the caller's, as in cached_callers; without it: unverified");
    ask->add_option("--issuer", what->issuer, "of the caller's certificate");
    ask->add_option("--name", what->names,
                    "an alternative name of it, such as DNS:a.example; may be repeated");
    ask->add_option("--request-type", what->type, "of the consult");
    ask->add_option("--consult-age", what->age, "of the kept answer, e.g. 3d; without it: there is none")
        ->transform(seconds);
    ask->add_option("--outage", what->outage, "how long the service has had no backend, e.g. 2h")
        ->transform(seconds);
    ask->add_flag("--deferrable", what->deferrable, "route and caller allow that the request is kept");
    ask->callback([&code, with, what] {
        json::object facts{{"mode", what->mode}, {"deferrable", what->deferrable}};
        if (!what->subject.empty() || !what->issuer.empty() || !what->names.empty())
            facts["caller"] = json::object{{"subject", what->subject},
                                           {"issuer", what->issuer},
                                           {"names", json::array(what->names.begin(), what->names.end())}};
        if (!what->type.empty()) facts["request_type"] = what->type;
        if (what->age) facts["consult_age"] = static_cast<std::int64_t>(*what->age);
        if (what->outage) facts["outage"] = static_cast<std::int64_t>(*what->outage);
        code = ctl(*with, "/v1/services/" + what->service + "/stand-in", json::serialize(facts),
                   describe_stand_in);
    });
}

void add_journal(const add_command& add, const options_ptr& with, int& code) {
    add("status", "how the journal stands, and where its checkpoints have got to")->callback([&code, with] {
        code = ctl(*with, "/v1/journal", {}, describe_journal);
    });
    struct order {
        std::uint64_t older = 0;
        std::string reason;
    };
    auto given = std::make_shared<order>();
    auto* erase =
        add("erase-names", "erase the names of operators and callers in records that are older than this");
    erase->add_option("--older", given->older, "at least how old, e.g. 90d or 8760h")
        ->required()
        ->transform(CLI::AsNumberWithUnit(std::map<std::string, std::uint64_t>{{"h", 3600}, {"d", 86400}},
                                          CLI::AsNumberWithUnit::UNIT_REQUIRED));
    erase->add_option("--reason", given->reason, "why; goes into the journal")->required();
    erase->callback([&code, with, given] {
        const auto before = to_rfc3339(wall_now() - std::chrono::seconds(given->older));
        code = ctl(*with, "/v1/journal/erase-names",
                   json::serialize(json::object{{"before", before}, {"reason", given->reason}}), nullptr);
    });
}

}  // namespace

void add_ctl(CLI::App& cli, int& code) {
    auto* command = cli.add_subcommand("ctl", "ask and order a running garde")->require_subcommand(1);
    auto with = std::make_shared<ctl_options>();
    const auto adding_to = [with](CLI::App* parent) -> add_command {
        return [parent, with](const char* name, const char* what) {
            auto* to = parent->add_subcommand(name, what);
            auto* file = to->add_option("-c,--config", with->config,
                                        "configuration file, for the admin API's address");
            auto* url = to->add_option("--url", with->url, "instead of --config: https://HOST:PORT");
            file->excludes(url);
            to->add_option("--ca", with->ca, "PEM: what the admin API's certificate must chain to")
                ->required()
                ->envname("GARDE_CA");
            to->add_option("--token-file", with->token_file, "file with the operator's token")
                ->required()
                ->envname("GARDE_TOKEN_FILE");
            to->add_flag("--json", with->as_json, "print JSON");
            return to;
        };
    };
    const add_command add = adding_to(command);
    add_reading(add, with, code);
    add("reload", "have the configuration read anew; all of it, or nothing")->callback([&code, with] {
        code = ctl_reload(*with);
    });
    add_mode(add, with, code);
    add_procedure(add, with, code);
    add_exercise(add, with, code);
    add_deferrals(add, with, code);
    add_stand_in(add, with, code);
    auto* cache = command->add_subcommand("cache", "look into the reply cache, or remove from it");
    add_cache(adding_to(cache->require_subcommand(1)), with, code);
    auto* journal =
        command->add_subcommand("journal", "the journal of a running garde")->require_subcommand(1);
    add_journal(adding_to(journal), with, code);

    auto* token = command->add_subcommand("token", "make a token for an operator");
    auto name = std::make_shared<std::string>();
    token->add_option("NAME", *name, "the operator's name, as it will stand in the journal")->required();
    token->callback([&code, name] { code = make_token(*name); });
}

}  // namespace garde::app
