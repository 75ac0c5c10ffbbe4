// What concerns the node as a whole, as the journal has it. See records.hpp.
#include "records.hpp"

#include <fmt/format.h>

#include <utility>

namespace garde::control {
namespace {

void add_name(std::string& to, const std::string& name) {
    if (!to.empty()) to += ", ";
    to += name;
}

}  // namespace

journal::record receipt_key_record(const std::string& former, const std::string& now, const std::string& by) {
    const auto name = [](const std::string& id) { return id.empty() ? std::string("none") : id; };
    return {.at = wall_now(),
            .event = "key-rotated",
            .attributes = {{"key", "receipts"}, {"from", name(former)}, {"to", name(now)}, {"by", by}}};
}

journal::record ticket_keys_record(std::uint64_t made) {
    return {.at = wall_now(),
            .event = "key-rotated",
            .attributes = {{"key", "session-tickets"}, {"new-keys", std::to_string(made)}, {"by", "garde"}}};
}

/// A token is named by nobody: whose it is says enough.
std::optional<journal::record> operators_record(const config::admin_settings& former,
                                                const config::admin_settings& now, const std::string& by) {
    const auto& before = former.token_sha256_by_name;
    const auto& after = now.token_sha256_by_name;
    if (before == after) return std::nullopt;
    std::string added;
    std::string removed;
    std::string renewed;
    for (const auto& [name, hash] : after) {
        const auto same = before.find(name);
        if (same == before.end())
            add_name(added, name);
        else if (same->second != hash)
            add_name(renewed, name);
    }
    for (const auto& [name, hash] : before)
        if (!after.contains(name)) add_name(removed, name);
    journal::record out{.at = wall_now(), .event = "operators-changed", .attributes = {{"by", by}}};
    if (!added.empty()) out.attributes.emplace_back("added", std::move(added));
    if (!removed.empty()) out.attributes.emplace_back("removed", std::move(removed));
    if (!renewed.empty()) out.attributes.emplace_back("new-token", std::move(renewed));
    return out;
}

journal::record alarm_record(const std::string& alarm, bool raised) {
    return {.at = wall_now(),
            .event = raised ? "alarm-raised" : "alarm-cleared",
            .attributes = {{"alarm", alarm}}};
}

journal::record clock_step_record(wall_time at, std::chrono::nanoseconds step) {
    const auto ms = std::chrono::duration_cast<milliseconds>(step).count();
    return {.at = at,
            .event = "clock-step",
            .attributes = {{"by-ms", fmt::format("{:+}", ms)},
                           {"before", to_rfc3339(at - step)},
                           {"after", to_rfc3339(at)}}};
}

}  // namespace garde::control
