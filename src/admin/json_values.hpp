// What several of the admin API's documents hold, as JSON values. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/control/view.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string_view>

namespace garde::admin {

namespace json = boost::json;

inline json::string_view text(std::string_view from) {
    return {from.data(), from.size()};
}

inline json::value wall_or_null(const std::optional<wall_time>& at) {
    return at ? json::value(to_rfc3339(*at)) : json::value(nullptr);
}

/// The order in force: {"mode","strict","by","reason","since","until"}; null without one.
inline json::value override_value(const std::optional<control::override_view>& order) {
    if (!order) return nullptr;
    return json::object{{"mode", text(to_text(order->pinned))},
                        {"strict", order->strict},
                        {"by", order->by},
                        {"reason", order->reason},
                        {"since", to_rfc3339(order->since)},
                        {"until", wall_or_null(order->until)}};
}

}  // namespace garde::admin
