// See deferral_answers.hpp.
#include "deferral_answers.hpp"

#include "json_values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace garde::admin {
namespace {

using emergency::deferral_kind;
using emergency::deferral_state;

/// How many are in each state; every state is there, so that sums can be checked without knowing them.
class sums {
  public:
    void add(deferral_state state, std::uint64_t count) {
        by_state_[static_cast<std::size_t>(state)] += count;
        issued_ += count;
    }
    [[nodiscard]] json::object to_json() const {
        json::object out{{"issued", issued_}};
        for (std::size_t i = 0; i < by_state_.size(); ++i)
            out[text(to_text(static_cast<deferral_state>(i)))] = by_state_[i];
        return out;
    }

  private:
    std::array<std::uint64_t, emergency::deferral_states> by_state_{};
    std::uint64_t issued_ = 0;
};

json::object entry_value(const emergency::deferral_entry& one) {
    return json::object{{"id", emergency::to_text(one.id)},
                        {"caller", one.asker},
                        {"kind", text(to_text(one.kind))},
                        {"state", text(to_text(one.state))},
                        {"kept_at", to_rfc3339(one.kept_at)},
                        {"changed_at", to_rfc3339(one.changed_at)},
                        {"valid_until", to_rfc3339(one.valid_until)},
                        {"attempts", one.attempts},
                        {"result", one.result},
                        {"reference", one.reference},
                        {"request_sha256", one.request_sha256}};
}

}  // namespace

std::string deferrals_document(const emergency::ledger_totals& totals) {
    std::map<std::tuple<wall_time, std::string, std::uint8_t>, sums> outages;
    for (const auto& one : totals.counts)
        outages[{one.outage, one.service, one.kind}].add(static_cast<deferral_state>(one.state), one.count);
    json::array listed;
    for (const auto& [key, counted] : outages) {
        const auto& [began, service, kind] = key;
        auto one = counted.to_json();
        one["service"] = service;
        one["outage"] = to_rfc3339(began);
        one["kind"] = text(to_text(static_cast<deferral_kind>(kind)));
        listed.push_back(std::move(one));
    }
    json::object refused;
    for (std::size_t i = 0; i < totals.refused.size(); ++i)
        refused[text(emergency::to_text(static_cast<emergency::keep_failure>(i)))] = totals.refused[i];
    return json::serialize(json::object{{"failing", totals.failing},
                                        {"nearly_full", totals.nearly_full},
                                        {"kept", totals.kept},
                                        {"refused", std::move(refused)},
                                        {"not_followed", totals.not_followed},
                                        {"outages", std::move(listed)}});
}

std::optional<wall_time> find_outage(const emergency::ledger_totals& totals, std::string_view service,
                                     std::optional<wall_time> wanted) {
    std::optional<wall_time> out;
    for (const auto& one : totals.counts) {
        const bool other = wanted && std::chrono::floor<milliseconds>(one.outage) != *wanted;
        if (one.service == service && !other && (!out || *out < one.outage)) out = one.outage;
    }
    return out;
}

std::string reconciliation_document(std::string_view service, wall_time outage,
                                    const std::vector<emergency::deferral_entry>& entries) {
    sums all;
    std::map<std::string, sums> by_caller;
    json::array listed;
    for (const auto& one : entries) {
        all.add(one.state, 1);
        by_caller[one.asker].add(one.state, 1);
        listed.push_back(entry_value(one));
    }
    json::array callers;
    for (const auto& [name, counted] : by_caller) {
        auto one = counted.to_json();
        one["caller"] = name;
        callers.push_back(std::move(one));
    }
    return json::serialize(json::object{{"service", text(service)},
                                        {"outage", to_rfc3339(outage)},
                                        {"all", all.to_json()},
                                        {"callers", std::move(callers)},
                                        {"deferrals", std::move(listed)}});
}

std::string stand_in_document(const emergency::stand_in_policy& policy, const stand_in_question& asked) {
    const auto chosen = policy.decide(asked.facts());
    json::array rules;
    for (const auto& rule : policy.rules()) {
        const auto why = emergency::stand_in_policy::compare(rule, asked.facts());
        json::object one{{"rule", rule.name},
                         {"decide", text(emergency::to_text(rule.decide))},
                         {"fits", why == emergency::mismatch::none}};
        if (why != emergency::mismatch::none) one["because"] = text(emergency::to_text(why));
        if (rule.limits.of_all) one["per_hour"] = *rule.limits.of_all;
        if (rule.limits.per_caller) one["per_caller_and_hour"] = *rule.limits.per_caller;
        rules.push_back(std::move(one));
    }
    return json::serialize(json::object{{"policy", policy.version()},
                                        {"decision", text(emergency::to_text(chosen.what))},
                                        {"rule", text(chosen.rule)},
                                        {"rules", std::move(rules)}});
}

}  // namespace garde::admin
