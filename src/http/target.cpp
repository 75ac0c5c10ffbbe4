// Splits request targets. It does not decode or normalise: the upstream gets what the caller sent.
#include "target.hpp"

#include "garde/http/head.hpp"

#include <algorithm>

namespace garde::http {

namespace {

std::string_view path_of(std::string_view path_and_query) {
    const auto path = path_and_query.substr(0, path_and_query.find('?'));
    return path.empty() ? std::string_view("/") : path;
}

}  // namespace

target_parts split_target(std::string_view target) {
    target_parts parts;
    if (target.starts_with('/')) {
        parts.form = target_form::origin;
        parts.path_and_query = target;
        parts.path = path_of(target);
        return parts;
    }
    if (target == "*") {
        parts.form = target_form::asterisk;
        parts.path = parts.path_and_query = target;
        return parts;
    }
    const auto colon = target.find("://");
    if (colon == std::string_view::npos) return parts;
    const auto scheme = target.substr(0, colon);
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return parts;
    const auto rest = target.substr(colon + 3);
    const auto authority_size = std::min(rest.find_first_of("/?"), rest.size());
    parts.form = target_form::absolute;
    parts.scheme = scheme;
    parts.authority = rest.substr(0, authority_size);
    parts.path_and_query = rest.substr(authority_size);
    parts.path = path_of(parts.path_and_query);
    return parts;
}

}  // namespace garde::http
