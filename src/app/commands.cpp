// See commands.hpp.
#include "garde/app/commands.hpp"

#include "garde/app/server.hpp"
#include "garde/base/hash.hpp"
#include "garde/base/version.hpp"
#include "garde/config/explain.hpp"
#include "garde/config/load.hpp"
#include "garde/net/signals.hpp"
#include "garde/telemetry/log.hpp"

#include "console.hpp"
#include "ctl_commands.hpp"
#include "journal_commands.hpp"
#include "receipt_commands.hpp"

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

json::array deferrals_json(const config::settings& all) {
    json::array out;
    for (const auto& route : config::explain_deferrals(all)) {
        json::array callers;
        for (const auto& one : route.callers) callers.emplace_back(one);
        out.push_back(json::object{{"service", route.service},
                                   {"path", route.path},
                                   {"what", route.what},
                                   {"callers", std::move(callers)}});
    }
    return out;
}

json::array caller_limits_json(const config::settings& all) {
    json::array out;
    for (const auto& one : config::explain_caller_limits(all)) {
        json::object next{{"who", one.who}};
        if (one.limits.connections > 0) next["connections"] = one.limits.connections;
        if (one.limits.requests > 0) next["requests"] = one.limits.requests;
        out.push_back(std::move(next));
    }
    return out;
}

json::array shared_faults_json(const config::settings& all) {
    json::array out;
    for (const auto& one : config::explain_shared_faults(all)) {
        json::array backends;
        for (const auto& each : one.backends) backends.emplace_back(each);
        out.push_back(json::object{{"service", one.service},
                                   {"kind", one.kind},
                                   {"name", one.name.empty() ? json::value(nullptr) : json::value(one.name)},
                                   {"backends", std::move(backends)}});
    }
    return out;
}

json::value checkpoints_json(const config::settings& all) {
    if (!all.checkpoints) return nullptr;
    json::array places;
    for (const auto& one : config::explain_checkpoint_places(all)) places.emplace_back(one);
    return json::object{{"origin", all.checkpoints->origin}, {"places", std::move(places)}};
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
        if (loaded) {
            out["shared_faults"] = shared_faults_json(*loaded->value);
            out["cached_answers"] = cached_answers_json(*loaded->value);
            out["deferrals"] = deferrals_json(*loaded->value);
            out["caller_limits"] = caller_limits_json(*loaded->value);
            out["checkpoints"] = checkpoints_json(*loaded->value);
        }
        fmt::print("{}\n", json::serialize(out));
    } else {
        print_problems(found);
        if (loaded)
            fmt::print("{}{}{}{}{}", config::shared_faults_text(*loaded->value),
                       config::cached_answers_text(*loaded->value), config::deferrals_text(*loaded->value),
                       config::caller_limits_text(*loaded->value), config::checkpoints_text(*loaded->value));
        fmt::print("{}: {} errors, {} warnings\n", file, errors, found.size() - errors);
    }
    return errors == 0 ? exit_ok : exit_config;
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
    add_journal(cli, code);
    add_receipt(cli, code);
    add_ctl(cli, code);
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return cli.exit(wrong) == 0 ? exit_ok : exit_usage;
    }
    return code;
}

}  // namespace garde::app
