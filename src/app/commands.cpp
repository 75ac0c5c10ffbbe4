// See commands.hpp.
#include "garde/app/commands.hpp"

#include "garde/app/server.hpp"
#include "garde/base/hash.hpp"
#include "garde/base/version.hpp"
#include "garde/config/explain.hpp"
#include "garde/config/load.hpp"
#include "garde/emergency/receipt.hpp"
#include "garde/journal/journal.hpp"
#include "garde/net/signals.hpp"
#include "garde/telemetry/log.hpp"

#include "ctl.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

namespace garde::app {
namespace {

namespace json = boost::json;

void complain(const std::string& what) {
    fmt::print(stderr, "garde: {}\n", what);
}

void print_problems(const std::vector<config::problem>& problems) {
    for (const auto& one : problems) fmt::print(stderr, "{}\n", config::to_text(one));
}

int run(const std::string& file, start_as role) {
    auto loaded = config::load(file);
    if (!loaded) {
        print_problems(loaded.error());
        return exit_config;
    }
    print_problems(loaded->warnings);
    net::signals::block(serve_signals);  // before the log's thread is made
    telemetry::start_log(loaded->value->log_level);
    const auto served = serve(loaded->value, role);
    telemetry::stop_log();
    if (served) return exit_ok;
    complain(served.error().message);
    return exit_failed;
}

json::value to_json(const config::problem& one) {
    return {{"level", std::string(config::name_of(one.level))},
            {"file", one.file.string()},
            {"line", one.line},
            {"what", one.what},
            {"instead", one.instead}};
}

json::array cached_answers_json(const config::settings& all) {
    json::array demands;
    for (const auto one : config::demands_of_cached_answers()) demands.emplace_back(std::string(one));
    json::array out;
    for (const auto& route : config::explain_cached_answers(all)) {
        json::array callers;
        for (const auto& one : route.callers) callers.emplace_back(one);
        out.push_back(json::object{{"service", route.service},
                                   {"path", route.path},
                                   {"condition", route.condition},
                                   {"callers", std::move(callers)},
                                   {"shown_by", route.shown_by},
                                   {"software_must_cope_with", demands}});
    }
    return out;
}

int check(const std::string& file, bool as_json) {
    auto loaded = config::load(file);
    std::vector<config::problem> found = loaded ? loaded->warnings : loaded.error();
    if (loaded) {
        const auto ports = config::check_ports(*loaded->value);
        found.insert(found.end(), ports.begin(), ports.end());
    }
    std::size_t errors = 0;
    for (const auto& one : found) errors += one.level == config::problem::severity::warning ? 0 : 1;
    if (as_json) {
        json::array all;
        for (const auto& one : found) all.push_back(to_json(one));
        json::object out{{"problems", all}, {"errors", errors}};
        if (loaded) out["cached_answers"] = cached_answers_json(*loaded->value);
        fmt::print("{}\n", json::serialize(out));
    } else {
        print_problems(found);
        if (loaded) fmt::print("{}", config::cached_answers_text(*loaded->value));
        fmt::print("{}: {} errors, {} warnings\n", file, errors, found.size() - errors);
    }
    return errors == 0 ? exit_ok : exit_config;
}

int verify_journal(const std::string& folder, bool as_json) {
    const auto verified = journal::verify(folder);
    if (!verified) {
        complain(verified.error().message);
        return exit_failed;
    }
    if (as_json) {
        json::array problems;
        for (const auto& one : verified->problems) problems.push_back(json::value(one));
        fmt::print("{}\n", json::serialize(json::object{{"records", verified->records},
                                                        {"last_hash", verified->last_hash},
                                                        {"problems", problems}}));
    } else {
        for (const auto& one : verified->problems) fmt::print("{}\n", one);
        fmt::print("{} records, last hash {}: {}\n", verified->records, verified->last_hash,
                   verified->problems.empty() ? "intact" : "NOT intact");
    }
    return verified->problems.empty() ? exit_ok : exit_untrue;
}

result<std::string> read_all(const std::string& file) {
    if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail("cannot read " + file);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    return text;
}

int verify_receipt_file(const std::string& file, const std::string& key) {
    const auto text = read_all(file);
    if (!text) {
        complain(text.error().message);
        return exit_failed;
    }
    const auto claims = emergency::verify_receipt(trimmed(*text), key);
    if (!claims) {
        complain("the receipt does not hold: " + claims.error().message);
        return exit_untrue;
    }
    fmt::print("{}\n", *claims);
    return exit_ok;
}

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

int ctl(const ctl_options& options, const std::string& path, const std::string& body) {
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
    const bool for_a_person = body.empty() && !options.as_json;
    fmt::print("{}", for_a_person ? describe_services(reply->body) : reply->body + "\n");
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

/// Prints a fresh token once, and the line that goes into the token file.
int make_token(const std::string& name) {
    const std::string token = to_base64url(random_bytes(32));
    fmt::print("token (shown only now, give it to {}): {}\nline for the tokens file: {} {}\n", name, token,
               name, to_hex(sha256(token)));
    return exit_ok;
}

void add_run_and_check(CLI::App& cli, int& code) {
    auto* run_command =
        cli.add_subcommand("run", "serve until SIGTERM or SIGINT; SIGHUP has the configuration read anew");
    auto file = std::make_shared<std::string>("/etc/garde/garde.toml");
    run_command->add_option("-c,--config", *file, "configuration file")->capture_default_str();
    auto take_over = std::make_shared<bool>(false);
    run_command->add_flag(
        "--take-over", *take_over,
        "take over from the garde that owns the data folder, if there is one, without a lost connection");
    run_command->callback([&code, file, take_over] {
        code = run(*file, *take_over ? start_as::successor : start_as::only_one);
    });

    auto* check_command =
        cli.add_subcommand("check", "read the configuration and say all that is wrong with it");
    auto as_json = std::make_shared<bool>(false);
    check_command->add_option("-c,--config", *file, "configuration file")->capture_default_str();
    check_command->add_flag("--json", *as_json, "print JSON");
    check_command->callback([&code, file, as_json] { code = check(*file, *as_json); });
}

void add_verifiers(CLI::App& cli, int& code) {
    auto* journal =
        cli.add_subcommand("journal", "the log of switchovers and operators' acts")->require_subcommand(1);
    auto* verify = journal->add_subcommand("verify", "find edited, deleted, swapped and truncated lines");
    auto folder = std::make_shared<std::string>();
    auto as_json = std::make_shared<bool>(false);
    verify->add_option("--folder", *folder, "the journal's folder: DATA_DIR/journal")->required();
    verify->add_flag("--json", *as_json, "print JSON");
    verify->callback([&code, folder, as_json] { code = verify_journal(*folder, *as_json); });

    auto* receipt = cli.add_subcommand("receipt", "proofs that a caller asked")->require_subcommand(1);
    auto* proof = receipt->add_subcommand("verify", "check a receipt's signature and print what it says");
    auto file = std::make_shared<std::string>();
    auto key = std::make_shared<std::string>();
    proof->add_option("FILE", *file, "the value of Garde-Receipt; - for standard input")->required();
    proof->add_option("--key", *key, "PEM: the public key that receipts are verified with")->required();
    proof->callback([&code, file, key] { code = verify_receipt_file(*file, *key); });
}

void add_ctl(CLI::App& cli, int& code) {
    auto* command = cli.add_subcommand("ctl", "ask and order a running garde")->require_subcommand(1);
    auto with = std::make_shared<ctl_options>();
    const auto add_access = [with](CLI::App* to) {
        auto* file =
            to->add_option("-c,--config", with->config, "configuration file, for the admin API's address");
        auto* url = to->add_option("--url", with->url, "instead of --config: https://HOST:PORT");
        file->excludes(url);
        to->add_option("--ca", with->ca, "PEM: what the admin API's certificate must chain to")
            ->required()
            ->envname("GARDE_CA");
        to->add_option("--token-file", with->token_file, "file with the operator's token")
            ->required()
            ->envname("GARDE_TOKEN_FILE");
        to->add_flag("--json", with->as_json, "print JSON");
    };
    auto* services = command->add_subcommand("services", "modes, overrides and backends");
    add_access(services);
    services->callback([&code, with] { code = ctl(*with, "/v1/services", {}); });

    auto* reload =
        command->add_subcommand("reload", "have the configuration read anew; all of it, or nothing");
    add_access(reload);
    reload->callback([&code, with] { code = ctl_reload(*with); });

    struct order {
        std::string service, mode, reason;
        std::uint64_t for_seconds = 0;
        bool strict = false;
    };
    auto what = std::make_shared<order>();
    auto* mode = command->add_subcommand("mode", "pin a service to a mode, or give it back to automatic");
    add_access(mode);
    mode->add_option("SERVICE", what->service, "the service's name")->required();
    mode->add_option("MODE", what->mode, "automatic, primary, backup, degraded, emergency or transparent")
        ->required();
    mode->add_option("--reason", what->reason, "why; goes into the journal")->required();
    mode->add_option("--for", what->for_seconds, "how long, e.g. 30s, 10m, 2h; without it until cleared")
        ->transform(CLI::AsNumberWithUnit(
            std::map<std::string, std::uint64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
            CLI::AsNumberWithUnit::CASE_SENSITIVE));
    mode->add_flag("--strict", what->strict, "do not fall back to anything else while pinned");
    mode->callback([&code, with, what] {
        code = ctl(*with, "/v1/services/" + what->service + "/mode",
                   mode_body(what->mode, what->reason, what->for_seconds, what->strict));
    });

    auto* token = command->add_subcommand("token", "make a token for an operator");
    auto name = std::make_shared<std::string>();
    token->add_option("NAME", *name, "the operator's name, as it will stand in the journal")->required();
    token->callback([&code, name] { code = make_token(*name); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App cli("garde keeps a service answering while the thing behind it is down.", "garde");
    cli.set_version_flag("--version", fmt::format("garde {}", version));
    cli.require_subcommand(1);
    cli.footer(
        "Exit codes: 0 done; 1 it could not be done; 2 wrong command line; 3 the configuration has errors;\n"
        "4 what was verified does not hold.");
    int code = exit_ok;
    add_run_and_check(cli, code);
    add_verifiers(cli, code);
    add_ctl(cli, code);
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return cli.exit(wrong) == 0 ? exit_ok : exit_usage;
    }
    return code;
}

}  // namespace garde::app
