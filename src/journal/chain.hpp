// The form of the log's lines and how each is chained to the one before. Pure: no files, no clock.
//
// A line is one JSON object without white space between its members, which always come in this order:
//   {"seq":N,"at":"TIME","event":"…","attributes":{…},"prev":"HEX","hash":"HEX"}
// TIME is RFC 3339 in UTC with milliseconds; seq counts from 1; attributes are texts; HEX is 64 lower-case
// hex digits. `prev` is the hash of the line before, 64 zeros on the first line. Take the line without its
// last 75 characters (the member
// `,"hash":"HEX"` and the closing brace), put a closing brace behind it, call that BODY; then
//   hash = SHA-256(prev as its 64 hex digits, followed by the bytes of BODY)
// so `printf '%s%s' PREV BODY | sha256sum` checks a line by hand. The lines are ended by one LF, which is not
// hashed.
//
// The chain shows any change to the log that leaves its last hash known: journal.head names that hash, and
// whoever can rewrite both must be found out by a copy of the hash that was kept elsewhere.
#pragma once

#include "garde/base/result.hpp"
#include "garde/journal/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace garde::journal {

inline constexpr std::size_t max_line_bytes = 64 * 1024;  ///< without the LF
inline constexpr std::string_view first_prev =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// Where the chain stands: the last line's number and hash. Also the content of journal.head.
struct link {
    std::uint64_t seq = 0;
    std::string hash{first_prev};
    friend bool operator==(const link&, const link&) = default;
};

struct made_line {
    std::string text;  ///< without LF, at most max_line_bytes
    link now;
};

/// The line that continues the chain at `last`. Texts that are not UTF-8 are repaired, texts over 4 KiB cut;
/// attributes that do not fit into the line are left out and counted in an attribute `left-out`.
made_line make_line(const link& last, const record& what);

/// What a line says, and whether its hash fits what it says.
struct chain_line {
    std::uint64_t seq = 0;
    std::string prev;
    std::string hash;
    enum class content : std::uint8_t {
        matches,  ///< the hash is that of the line
        edited,   ///< it is not
    } content = content::matches;
    std::string at;
    std::string event;
    std::vector<std::pair<std::string, std::string>> attributes;

    /// The attribute's value, empty when there is none of that name.
    [[nodiscard]] std::string_view attribute(std::string_view name) const;
};

/// True when `line` is what may follow `last`, unchanged.
bool continues(const link& last, const chain_line& line);

/// Reads one line (without LF). The error says what is wrong with its form.
result<chain_line> read_line(std::string_view text);

/// The text of journal.head: {"seq":N,"hash":"HEX"} and LF.
std::string make_head(const link& last);
result<link> read_head(std::string_view text);

}  // namespace garde::journal
