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

/// A name that was taken before is reported.
void take_name(table_reader& in, const std::string& name, std::map<std::string, int>& taken,
               report& problems) {
    const int line = in.line_of({"name"});
    if (name.empty()) return;
    if (const auto [other, fresh] = taken.emplace(name, line); !fresh)
        problems.error(line, fmt::format("{} is there twice, first in line {}", in.name(), other->second),
                       "give each a name of its own");
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

caller::directory read_callers(std::vector<table_reader> in, report& problems) {
    std::vector<caller::named_caller> out;
    std::map<std::string, int> names;
    std::map<std::string, std::string> owners;
    for (auto& one : in) {
        auto& next = out.emplace_back();
        read_name(one, next.name, need::required, "\"pharmacy-12\"");
        one.set_label(next.name);
        next.known_as = read_patterns(one, "known_as", need::required,
                                      "[\"CN=Pharmacy Twelve,O=Example,C=BE\"]", nullptr);
        one.finish();
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
    return caller::directory(out);
}

caller_groups read_groups(std::vector<table_reader> in, report& problems) {
    caller_groups out;
    std::map<std::string, int> names;
    for (auto& one : in) {
        std::string name;
        read_name(one, name, need::required, "\"pharmacies\"");
        one.set_label(name);
        auto members = read_patterns(one, "members", need::required, "[\"CA:CN=Example CA,C=BE\"]", nullptr);
        one.finish();
        take_name(one, name, names, problems);
        out.emplace(name, std::move(members));
    }
    return out;
}

}  // namespace garde::config
