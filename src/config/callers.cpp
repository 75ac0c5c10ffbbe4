// See sections.hpp: who callers are, where they show no certificate or more than one.
#include "certificates.hpp"
#include "sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_at_a_time = 1'000'000;  ///< as in [limits]

/// A name that was taken before is reported.
void take_name(table_reader& in, const std::string& name, std::map<std::string, int>& taken,
               report& problems) {
    const int line = in.line_of({"name"});
    if (name.empty()) return;
    if (const auto [other, fresh] = taken.emplace(name, line); !fresh)
        problems.error(line, fmt::format("{} is there twice, first in line {}", in.name(), other->second),
                       "give each a name of its own");
}

/// A limit over that of all callers together is a mistake in one of the two.
void read_limit(table_reader& in, std::string_view key, std::size_t& into, std::size_t of_all) {
    in.read_number(key, into, {1, most_at_a_time});
    if (of_all > 0 && into > of_all)
        in.error(key, fmt::format("= {} is more than [limits] {} = {}", into, key, of_all),
                 fmt::format("write a number up to {}, or remove it for what holds for everybody", of_all));
}

/// Limits count from the handshake on. What is said in the message is not known there: assertions are only
/// checked when garde itself is about to answer.
void check_limits_hold(table_reader& in, std::string_view names, const std::vector<caller::pattern>& who,
                       client_certificates clients) {
    const std::string_view key = in.has("requests") ? "requests" : "connections";
    if (!in.has(key) || who.empty()) return;
    if (clients == client_certificates::off)
        return in.error(key, "limits callers by their certificates, and [listener] clients is \"off\"",
                        "write clients = \"optional\" with client_ca, or remove the limit");
    const auto by_assertion_only = [](const auto& one) { return !one.by_certificate(); };
    const auto first = std::ranges::find_if(who, by_assertion_only);
    if (first == who.end()) return;
    if (std::ranges::all_of(who, by_assertion_only))
        return in.error(
            key,
            fmt::format("holds for nobody: limits count from the handshake on, and {} names assertions "
                        "only, which are looked at in messages",
                        names),
            "name callers by their certificates, or remove the limit: an address has those of [limits]");
    in.warning(key,
               fmt::format("does not hold for \"{}\": limits count from the handshake on, assertions are "
                           "looked at in messages",
                           first->text()),
               "name these callers by their certificates, or move them to a table without limits");
}

caller::caller_limits read_caller_limits(table_reader& in, const limit_frame& frame) {
    caller::caller_limits out;
    read_limit(in, "connections", out.connections, frame.everybody.connections);
    read_limit(in, "requests", out.requests, frame.everybody.requests);
    return out;
}

}  // namespace

std::vector<caller::pattern> read_patterns(table_reader& in, std::string_view key, need presence,
                                           std::string_view sample, const caller_groups* groups) {
    constexpr std::string_view group_word = "group:";
    std::vector<std::string> texts;
    in.read_texts(key, texts, sample);
    std::vector<caller::pattern> out;
    for (const auto& text : texts) {
        if (groups != nullptr && text.starts_with(group_word)) {
            const auto found = groups->find(text.substr(group_word.size()));
            if (found == groups->end())
                in.error(key, fmt::format("has \"{}\", and there is no such group", text),
                         "add a [[group]] with that name, or correct it");
            else
                out.insert(out.end(), found->second.begin(), found->second.end());
        } else if (auto pattern = caller::pattern::parse(text)) {
            out.push_back(std::move(*pattern));
        } else {
            in.error(key, fmt::format("has \"{}\", which matches no caller", text),
                     fmt::format("write {}{}", caller::pattern_forms,
                                 groups != nullptr ? " or \"group:NAME\"" : ""));
        }
    }
    if (texts.empty() && (presence == need::required || in.has(key)))
        in.error(key, "names nobody", fmt::format("write e.g. {} = {}", key, sample));
    return out;
}

std::shared_ptr<const caller::assertion_rules> read_assertions(table_reader in, report& problems) {
    if (!in) return nullptr;
    auto out = std::make_shared<caller::assertion_rules>();
    const auto issuers = in.read_path("issuers", need::required, "\"../certs/token-service.pem\"");
    in.read_duration("skew", out->skew, {0s, 1h});
    in.read_texts("provider_attributes", out->provider_attributes, "[\"urn:example:nihii\"]");
    in.finish();
    if (out->provider_attributes.empty())
        in.error("provider_attributes",
                 "names no attribute: an assertion would not say for which provider it may ask",
                 "write the names of the attributes that hold the provider's NIHII number");
    if (issuers) out->issuers = read_authorities(*issuers, problems);
    return out;
}

caller::directory read_callers(std::vector<table_reader> in, const limit_frame& frame, report& problems) {
    std::vector<caller::named_caller> out;
    std::map<std::string, int> names;
    std::map<std::string, std::string> owners;
    for (auto& one : in) {
        auto& next = out.emplace_back();
        read_name(one, next.name, need::required, "\"pharmacy-12\"");
        one.set_label(next.name);
        next.known_as = read_patterns(one, "known_as", need::required,
                                      "[\"CN=Pharmacy Twelve,O=Example,C=BE\"]", nullptr);
        next.limits = read_caller_limits(one, frame);
        one.finish();
        check_limits_hold(one, "known_as", next.known_as, frame.clients);
        take_name(one, next.name, names, problems);
        for (const auto& pattern : next.known_as) {
            if (pattern.is_wide())
                one.error("known_as", fmt::format("has \"{}\", which may be several callers", pattern.text()),
                          "write a whole subject or alternative name, or make it a [[group]]");
            else if (const auto [other, fresh] = owners.emplace(pattern.text(), next.name); !fresh)
                one.error("known_as",
                          fmt::format("has \"{}\", which is \"{}\" already", pattern.text(), other->second),
                          "remove one");
        }
    }
    return caller::directory(std::move(out));
}

group_tables read_groups(std::vector<table_reader> in, const limit_frame& frame, report& problems) {
    group_tables out;
    std::map<std::string, int> names;
    for (auto& one : in) {
        std::string name;
        read_name(one, name, need::required, "\"pharmacies\"");
        one.set_label(name);
        auto members = read_patterns(one, "members", need::required, "[\"CA:CN=Example CA,C=BE\"]", nullptr);
        const auto limits = read_caller_limits(one, frame);
        one.finish();
        check_limits_hold(one, "members", members, frame.clients);
        take_name(one, name, names, problems);
        if (limits.any()) out.limited.push_back({.name = name, .members = members, .limits = limits});
        out.by_name.emplace(name, std::move(members));
    }
    return out;
}

}  // namespace garde::config
