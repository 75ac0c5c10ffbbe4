// The form of the log's lines. Pure: no files, no clock.
//
// A line is one JSON object without white space between its members, which always come in this order:
//   {"seq":N,"at":"TIME","event":"…","configuration":"HEX","incident":"…","drill":true,
//    "attributes":{…},"hidden":{…}}
// TIME is RFC 3339 in UTC with nanoseconds; seq counts from 1. `configuration` and `incident` are there when
// they are known, `drill` when it is true, `hidden` when there is something in it: names with the commitments
// to their values (personal.hpp). All values are texts. The line is ended by one LF; the tree's leaf is the
// line without it, so that its hash is SHA-256 of a zero byte and the line.
#pragma once

#include "garde/base/result.hpp"
#include "garde/journal/record.hpp"

#include "personal.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::journal {

inline constexpr std::size_t max_line_bytes = 64 * 1024;  ///< without the LF

struct made_line {
    std::string text;                  ///< without LF, at most max_line_bytes
    std::vector<hidden_value> hidden;  ///< what its commitments stand for
};

/// Fresh random bytes, salt_bytes of them.
using salt_supply = std::function<std::string()>;

/// The line of that number. Texts that are not UTF-8 are repaired, texts over 4 KiB cut; attributes that do
/// not fit into the line are left out and counted in an attribute `left-out`.
made_line make_line(std::uint64_t seq, const record& what, const salt_supply& salts);

/// What a line says.
struct read_record {
    std::uint64_t seq = 0;
    std::string at;
    std::string event;
    std::string configuration;
    std::string incident;
    bool drill = false;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<std::pair<std::string, std::string>> hidden;  ///< name, commitment

    /// The attribute's value, empty when there is none of that name.
    [[nodiscard]] std::string_view attribute(std::string_view name) const;
    /// The same as a number; 0 when it is none.
    [[nodiscard]] std::uint64_t number(std::string_view name) const;
};

/// Reads one line (without LF). The error says what is wrong with its form.
result<read_record> read_line(std::string_view text);

}  // namespace garde::journal
