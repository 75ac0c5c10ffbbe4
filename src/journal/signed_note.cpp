// See signed_note.hpp.
#include "garde/journal/signed_note.hpp"

#include "garde/base/hash.hpp"
#include "garde/base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace garde::journal {
namespace {

constexpr std::string_view dash = "\u2014 ";

/// The White_Space characters of Unicode beyond ASCII.
constexpr std::array<std::string_view, 19> wide_spaces{
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20;
}

/// Nothing when the line, without its newline, is none.
std::optional<note_signature> parse_signature(std::string_view line) {
    if (!line.starts_with(dash)) return std::nullopt;
    line.remove_prefix(dash.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto name = line.substr(0, space);
    const auto bytes = from_base64(line.substr(space + 1));
    note_signature out{.name = std::string(name), .key = {}, .bytes = {}};
    if (!is_note_name(name) || !bytes || bytes->size() <= out.key.size()) return std::nullopt;
    std::copy_n(bytes->begin(), out.key.size(), out.key.begin());
    out.bytes = bytes->substr(out.key.size());
    return out;
}

}  // namespace

bool is_note_name(std::string_view name) {
    return !name.empty() && is_utf8(name) && name.find_first_of("+ \x7f") == std::string_view::npos &&
           std::ranges::none_of(name, is_control) && std::ranges::none_of(wide_spaces, [name](auto space) {
               return name.find(space) != std::string_view::npos;
           });
}

std::string to_text(const signed_note& note) {
    std::string out = note.text + '\n';
    for (const auto& one : note.signatures) {
        const std::string id(one.key.begin(), one.key.end());
        out += fmt::format("{}{} {}\n", dash, one.name, to_base64(id + one.bytes));
    }
    return out;
}

result<signed_note> parse_note(std::string_view text) {
    if (text.size() > max_note_bytes)
        return fail(fmt::format("this is no signed note: it is longer than {} bytes", max_note_bytes));
    if (!is_utf8(text) || std::ranges::any_of(text, [](char c) { return is_control(c) && c != '\n'; }))
        return fail("this is no signed note: it has bytes that are no text");
    // The text itself may have empty lines: the last one parts it from the signatures.
    const auto end = text.rfind("\n\n");
    if (end == std::string_view::npos)
        return fail("this is no signed note: there is no empty line before its signatures");
    signed_note out{.text = std::string(text.substr(0, end + 1)), .signatures = {}};
    auto rest = text.substr(end + 2);
    if (!rest.ends_with('\n'))
        return fail("this is no signed note: its last line has no end; it may have been cut off");
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        auto one = parse_signature(line);
        if (!one)
            return fail(fmt::format("this is no signed note: line {} behind its text is no signature",
                                    out.signatures.size() + 1));
        if (out.signatures.size() == max_note_signatures)
            return fail(fmt::format("this note has more than {} signatures", max_note_signatures));
        out.signatures.push_back(std::move(*one));
    }
    return out;
}

}  // namespace garde::journal
