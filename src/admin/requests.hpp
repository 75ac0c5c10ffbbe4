// What an operator may order or ask: reads and checks the bodies of POST requests. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/cache/cache_desk.hpp"
#include "garde/config/settings.hpp"
#include "garde/control/controller.hpp"
#include "garde/emergency/stand_in_policy.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace garde::admin {

inline constexpr std::size_t reason_limit = 500;  ///< characters
/// Later is as good as never, and past what the clock can count.
inline constexpr std::chrono::days expiry_limit{3660};

/// Why a request is refused, for a problem document.
struct refused_request {
    int status = 400;
    std::string detail;  ///< says what to write instead
};

/// The order for `service` that this body asks for. `content_type` is the field's value, empty without one.
/// `by` is the operator.
std::expected<control::mode_request, refused_request> parse_mode_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by, wall_time now);

/// What an operator wants to be gone from the cache, and why.
struct purge_request {
    cache::purge_order what;
    std::string reason;
};

/// The purge that this body asks for: "caller", a pattern, or "before", a time (RFC 3339), or both; or "all";
/// and "reason".
std::expected<purge_request, refused_request> parse_purge_request(std::string_view content_type,
                                                                  std::string_view body, wall_time now);

/// What POST /v1/services/NAME/stand-in asks about: facts, as far as they are given.
struct stand_in_question {
    continuity::mode current = continuity::mode::degraded;
    caller::identity who;
    std::string request_type;
    std::optional<std::chrono::seconds> consult_age;
    std::chrono::seconds outage{0};
    bool deferrable = false;

    [[nodiscard]] emergency::stand_in_facts facts() const;
};

/// The facts that this body gives, each of them optional: "mode", "caller" ({"issuer", "subject", "names"}),
/// "request_type", "consult_age" and "outage" (seconds), "deferrable".
std::expected<stand_in_question, refused_request> parse_stand_in_question(std::string_view content_type,
                                                                          std::string_view body);

/// The same for opening and closing the emergency procedure.
std::expected<control::procedure_request, refused_request> parse_procedure_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by);

inline constexpr std::chrono::hours longest_exercise{8};

/// An exercise that begins, or the end of the service's: "begin", "reason"; to begin also "expires", and
/// "route" or "caller" or both.
std::expected<control::exercise_request, refused_request> parse_exercise_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by, wall_time now);

/// What POST /v1/journal/erase-names orders.
struct erasure_request {
    wall_time before{};  ///< personal values of older records
    std::string by;
    std::string reason;
};
std::expected<erasure_request, refused_request> parse_erasure_request(std::string_view content_type,
                                                                      std::string_view body,
                                                                      std::string_view by, wall_time now);

}  // namespace garde::admin
