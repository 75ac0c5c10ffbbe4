// Looks at heads as garde writes them, with rules of its own: every line ends with CRLF and holds no control
// byte, and the fields that belong to the message itself are those that came.
#pragma once

#include "garde/http/head.hpp"

#include "checks.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::http::fuzz {

inline void require(bool holds, std::string_view what, std::string_view about) {
    if (!holds) throw finding(std::string(what) + "\n" + std::string(about));
}

/// No line of a head (up to and with its empty line) can be taken for two, or for a part of the one before.
inline void require_clean_lines(std::string_view head) {
    require(head.ends_with("\r\n\r\n"), "no empty line ends the head", head);
    for (std::size_t begin = 0; begin + 2 < head.size();) {
        const auto end = head.find("\r\n", begin);
        const auto line = head.substr(begin, end - begin);
        require(!line.empty() && line.front() != ' ' && line.front() != '\t', "an empty or folded line",
                head);
        const auto is_control = [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
        };
        require(std::ranges::none_of(line, is_control), "a control byte in a line", head);
        begin = end + 2;
    }
}

using plain_fields = std::vector<std::pair<std::string, std::string>>;

/// Fields that say the same on both sides of garde, in their order. What garde writes itself is left out, and
/// so is what Connection names.
inline plain_fields end_to_end_fields(const head& from) {
    constexpr std::array<std::string_view, 17> own{"Connection",
                                                   "Keep-Alive",
                                                   "Proxy-Connection",
                                                   "Proxy-Authenticate",
                                                   "Proxy-Authorization",
                                                   "TE",
                                                   "Trailer",
                                                   "Transfer-Encoding",
                                                   "Upgrade",
                                                   "Expect",
                                                   "Content-Length",
                                                   "Host",
                                                   "Via",
                                                   "X-Forwarded-For",
                                                   "Forwarded",
                                                   "traceparent",
                                                   "tracestate"};
    plain_fields out;
    for (const auto& f : from.fields) {
        const auto same = [&f](std::string_view name) { return equal_ignoring_case(name, f.name); };
        if (std::ranges::any_of(own, same) || equal_ignoring_case(f.name.substr(0, 6), "Garde-")) continue;
        if (!from.has_token("Connection", f.name)) out.emplace_back(f.name, f.value);
    }
    return out;
}

}  // namespace garde::http::fuzz
