// The request target (RFC 9112, 3.2), taken apart. Internal to the module.
#pragma once

#include <cstdint>
#include <string_view>

namespace garde::http {

enum class target_form : std::uint8_t {
    origin,    ///< /path?query
    absolute,  ///< http://authority/path?query
    asterisk,  ///< *
    other,     ///< authority form, or nothing that HTTP knows
};

struct target_parts {
    target_form form = target_form::other;
    std::string_view scheme;     ///< absolute form only
    std::string_view authority;  ///< absolute form only
    std::string_view path;       ///< never empty in origin and absolute form: "/" where the target has none
    std::string_view path_and_query;  ///< as received; in absolute form it may lack the leading slash
};

target_parts split_target(std::string_view target);

}  // namespace garde::http
