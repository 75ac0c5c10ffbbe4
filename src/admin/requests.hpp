// What an operator may order: reads and checks the bodies of POST /v1/services/NAME/mode, …/procedure and
// /v1/journal/erase-names. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/config/settings.hpp"
#include "garde/control/controller.hpp"

#include <cstddef>
#include <expected>
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

/// The same for opening and closing the emergency procedure.
std::expected<control::procedure_request, refused_request> parse_procedure_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by);

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
