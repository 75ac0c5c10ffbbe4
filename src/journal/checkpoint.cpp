// See checkpoint.hpp.
#include "garde/journal/checkpoint.hpp"

#include "garde/base/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace garde::journal {
namespace {

/// Takes the next line off; nothing when it has no end or is empty.
std::optional<std::string_view> take_line(std::string_view& from) {
    const auto end = from.find('\n');
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const auto line = from.substr(0, end);
    from.remove_prefix(end + 1);
    return line;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return out;
}

}  // namespace

std::string to_text(const checkpoint& what) {
    const std::string root(what.head.root.begin(), what.head.root.end());
    return fmt::format("{}\n{}\n{}\n", what.origin, what.head.size, to_base64(root));
}

result<checkpoint> parse_checkpoint(std::string_view text) {
    const auto origin = take_line(text);
    const auto size = take_line(text);
    const auto root = take_line(text);
    if (!origin || !size || !root)
        return fail("this is no checkpoint: it has fewer than three lines (origin, size, root)");
    const auto number = parse_number(*size);
    if (!number) return fail(fmt::format("this is no checkpoint: its size is not a number: {}", *size));
    checkpoint out{.origin = std::string(*origin), .head = {.size = *number, .root = {}}};
    const auto bytes = from_base64(*root);
    if (!bytes || bytes->size() != out.head.root.size())
        return fail("this is no checkpoint: its root is not the base64 of 32 bytes");
    std::ranges::copy(*bytes, out.head.root.begin());
    while (!text.empty())
        if (!take_line(text)) return fail("this is no checkpoint: an empty line stands in its text");
    return out;
}

result<std::string> sign_checkpoint(const tree_head& head, const note_signer& signer) {
    return signer.sign(to_text(checkpoint{.origin = signer.verifier().name(), .head = head}));
}

result<tree_head> read_checkpoint(std::string_view note, std::string_view verifier_key) {
    const auto verifier = note_verifier::parse(verifier_key);
    if (!verifier) return std::unexpected(verifier.error());
    const auto text = verifier->open(note);
    if (!text) return std::unexpected(text.error());
    const auto read = parse_checkpoint(*text);
    if (!read) return std::unexpected(read.error());
    // A key may sign other notes: they say nothing of its log.
    if (read->origin != verifier->name())
        return fail(fmt::format("this checkpoint is of the log {}, and the key is that of {}", read->origin,
                                verifier->name()));
    return read->head;
}

}  // namespace garde::journal
