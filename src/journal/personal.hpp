// Which attributes name people or callers, and the commitments that stand for their values in the log. Pure.
//
// A leaf of the tree holds base64url(SHA-256(SALT(16) ‖ name ‖ 0x00 ‖ value)) in place of the value. Salt and
// value lie beside the log (names_log.hpp) and can be erased: the leaf stays as it is, and with the salt gone
// not even a guess at the value can be tried.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace garde::journal {

inline constexpr std::size_t salt_bytes = 16;

/// Whether the value of an attribute of this name is to be hidden. Where garde itself acted there is nobody
/// to protect.
bool is_personal(std::string_view name, std::string_view value);

/// base64url without padding.
std::string commitment(std::string_view salt, std::string_view name, std::string_view value);

/// A value that stands beside the log.
struct hidden_value {
    std::string name;
    std::string salt;   ///< salt_bytes of it
    std::string value;  ///< as committed to
    friend bool operator==(const hidden_value&, const hidden_value&) = default;
};

}  // namespace garde::journal
