// See stand_in_policy.hpp.
#include "garde/emergency/stand_in_policy.hpp"

#include "garde/base/hash.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace garde::emergency {
namespace {

using continuity::mode;

constexpr std::string_view default_name = "default";
constexpr std::size_t version_digits = 12;

/// A text that is another one for another rule.
std::string canonical(const stand_in_rule& rule) {
    const auto seconds_of = [](const auto& value) { return value ? fmt::format("{}", value->count()) : "-"; };
    const auto count_of = [](const auto& value) { return value ? fmt::format("{}", *value) : "-"; };
    std::string out = fmt::format("{:?}", rule.name);
    out += fmt::format("|{}|{}|", to_text(rule.decide), rule.mode ? continuity::to_text(*rule.mode) : "-");
    for (const auto& one : rule.callers) out += fmt::format("{:?},", one.text());
    out += '|';
    for (const auto& one : rule.request_types) out += fmt::format("{:?},", one);
    return out + fmt::format("|{}|{}|{}|{}|{}|{}\n", seconds_of(rule.consult_younger),
                             seconds_of(rule.consult_older), seconds_of(rule.outage_shorter),
                             seconds_of(rule.outage_longer), count_of(rule.limits.of_all),
                             count_of(rule.limits.per_caller));
}

std::string version_of(const std::vector<stand_in_rule>& rules) {
    std::string text;
    for (const auto& rule : rules) text += canonical(rule);
    return to_hex(sha256(text)).substr(0, version_digits);
}

/// What holds when no rule fits.
std::vector<stand_in_rule> with_defaults(std::vector<stand_in_rule> rules) {
    for (const auto decide : {stand_in_decision::cache, stand_in_decision::procedure}) {
        auto& rule = rules.emplace_back();
        rule.name = default_name;
        rule.decide = decide;
    }
    return rules;
}

bool age_fits(const stand_in_rule& rule, std::chrono::seconds age) {
    return (!rule.consult_younger || age < *rule.consult_younger) &&
           (!rule.consult_older || age >= *rule.consult_older);
}

/// What the decision itself needs.
mismatch possible(const stand_in_rule& rule, const stand_in_facts& facts) {
    if (rule.decide == stand_in_decision::cache) {
        // By an operator's order, or without a cache, there are no kept answers.
        if (facts.current == mode::emergency) return mismatch::mode;
        if (!facts.consult_age) return mismatch::no_consult;
    }
    if (rule.decide == stand_in_decision::defer && !facts.deferrable) return mismatch::not_deferrable;
    return mismatch::none;
}

}  // namespace

std::string_view to_text(stand_in_decision value) {
    switch (value) {
        case stand_in_decision::cache: return "cache";
        case stand_in_decision::defer: return "defer";
        case stand_in_decision::procedure: return "procedure";
    }
    std::unreachable();
}

std::string_view to_text(mismatch value) {
    switch (value) {
        case mismatch::none: return "fits";
        case mismatch::mode: return "mode";
        case mismatch::caller: return "caller";
        case mismatch::request_type: return "request-type";
        case mismatch::no_consult: return "no-consult";
        case mismatch::consult_age: return "consult-age";
        case mismatch::outage: return "outage";
        case mismatch::not_deferrable: return "not-deferrable";
    }
    std::unreachable();
}

stand_in_policy::stand_in_policy(std::vector<stand_in_rule> rules) : version_(version_of(rules)) {
    looks_at_request_types_ =
        std::ranges::any_of(rules, [](const auto& rule) { return !rule.request_types.empty(); });
    rules_ = with_defaults(std::move(rules));
}

mismatch stand_in_policy::compare(const stand_in_rule& rule, const stand_in_facts& facts) {
    if (rule.mode && *rule.mode != facts.current) return mismatch::mode;
    if (!rule.callers.empty() && !caller::any_matches(rule.callers, facts.who)) return mismatch::caller;
    if (!rule.request_types.empty() &&
        std::ranges::find(rule.request_types, facts.request_type) == rule.request_types.end())
        return mismatch::request_type;
    if (rule.consult_younger || rule.consult_older) {
        if (!facts.consult_age) return mismatch::no_consult;
        if (!age_fits(rule, *facts.consult_age)) return mismatch::consult_age;
    }
    if (rule.outage_shorter && facts.outage >= *rule.outage_shorter) return mismatch::outage;
    if (rule.outage_longer && facts.outage < *rule.outage_longer) return mismatch::outage;
    return possible(rule, facts);
}

stand_in_policy::choice stand_in_policy::decide(const stand_in_facts& facts) const {
    // The last one, the procedure, always fits.
    const auto first = std::ranges::find_if(
        rules_, [&](const auto& rule) { return compare(rule, facts) == mismatch::none; });
    return {.what = first->decide,
            .rule = first->name,
            .place = static_cast<std::size_t>(first - rules_.begin())};
}

}  // namespace garde::emergency
