// What the bodies of orders are made of: reads single members, and says what to write instead. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/caller/pattern.hpp"

#include "requests.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace garde::admin {

namespace json = boost::json;

using refused = std::unexpected<refused_request>;
template <class T>
using checked = std::expected<T, refused_request>;

refused unprocessable(std::string detail);

std::string_view view_of(const json::string& text);

/// The members of an order.
struct member_names {
    std::span<const std::string_view> known;
    std::string_view listed;  ///< the same as a sentence lists them
};

/// The order as an object with nothing but known members.
checked<json::object> read_order(std::string_view content_type, std::string_view body,
                                 std::string_view needed, const member_names& members);

/// "reason", which everybody must give.
checked<std::string> read_reason(const json::object& order);
/// "expires": to come, with its zone; nothing when it is not said.
checked<std::optional<wall_time>> read_expiry(const json::object& order, wall_time now);
/// "caller": a pattern that names some; nothing when it is not said.
checked<std::optional<caller::pattern>> read_caller(const json::object& order);
/// Empty when it is not said.
checked<std::string> read_text(const json::object& from, std::string_view name);

/// C0, DEL and C1 (C2 80 to C2 9F) in well-formed UTF-8.
bool has_control(std::string_view text);
/// Without a zone an operator's own time would be taken for UTC.
bool has_zone(std::string_view text);

}  // namespace garde::admin
