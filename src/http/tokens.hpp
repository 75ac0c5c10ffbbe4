// Comma-separated lists of tokens (RFC 9110, 5.6.1). Internal to the module.
#pragma once

#include "garde/http/head.hpp"

#include <algorithm>
#include <string_view>

namespace garde::http {

inline std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// True when `predicate` holds for one of the list's elements; empty elements are skipped.
template <class Predicate>
bool any_token(std::string_view list, Predicate&& predicate) {
    while (!list.empty()) {
        const auto size = std::min(list.find(','), list.size());
        const auto element = trim(list.substr(0, size));
        if (!element.empty() && predicate(element)) return true;
        list.remove_prefix(std::min(size + 1, list.size()));
    }
    return false;
}

inline bool list_has_token(std::string_view list, std::string_view token) {
    return any_token(list, [token](std::string_view element) { return equal_ignoring_case(element, token); });
}

}  // namespace garde::http
