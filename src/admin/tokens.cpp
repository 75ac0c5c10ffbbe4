// See tokens.hpp.
#include "tokens.hpp"

#include "garde/http/head.hpp"

namespace garde::admin {
namespace {

/// `Bearer` in any case, one or more spaces, the token.
std::optional<std::string_view> token_of(std::string_view authorization) {
    constexpr std::string_view scheme = "Bearer";
    if (!http::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
    const auto rest = authorization.substr(scheme.size());
    const auto begin = rest.find_first_not_of(' ');
    if (begin == 0 || begin == std::string_view::npos) return std::nullopt;
    return rest.substr(begin);
}

}  // namespace

token_book::token_book(const std::map<std::string, std::string>& sha256_by_name) {
    for (const auto& [name, hex] : sha256_by_name)
        if (auto hash = from_hex(hex)) entries_.push_back({name, std::move(*hash)});
}

std::optional<std::string_view> token_book::find(std::string_view authorization) const {
    const auto token = token_of(authorization);
    if (!token) return std::nullopt;
    const digest256 hash = sha256(*token);
    const entry* owner = nullptr;
    for (const auto& one : entries_)
        if (equal_constant_time(hash, one.hash)) owner = &one;
    return owner == nullptr ? std::nullopt : std::optional<std::string_view>(owner->name);
}

}  // namespace garde::admin
