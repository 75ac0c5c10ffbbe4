// Identities as bytes: KIND(1) and then texts, each behind its length in four bytes, big-endian: canonical,
// issuer, subject, alternative names.
#include "garde/caller/identity.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace garde::caller {
namespace {

void append_text(std::string& out, std::string_view text) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(text.size() >> shift & 0xFF));
    out += text;
}

/// Takes one from the front; nothing when it is not whole.
std::optional<std::string> take_text(std::string_view& from) {
    constexpr std::size_t length_bytes = 4;
    if (from.size() < length_bytes) return std::nullopt;
    std::size_t size = 0;
    for (const char byte : from.substr(0, length_bytes)) size = size << 8 | static_cast<unsigned char>(byte);
    from.remove_prefix(length_bytes);
    if (from.size() < size) return std::nullopt;
    std::string out(from.substr(0, size));
    from.remove_prefix(size);
    return out;
}

}  // namespace

std::string identity::to_bytes() const {
    std::string out(1, static_cast<char>(kind()));
    for (const auto* text : {&canonical(), &issuer(), &subject()}) append_text(out, *text);
    for (const auto& name : alternative_names()) append_text(out, name);
    return out;
}

identity identity::from_bytes(std::string_view bytes) {
    if (bytes.empty()) return {};
    const auto kind = static_cast<identity_kind>(bytes.front());
    if (kind != identity_kind::certificate && kind != identity_kind::assertion) return {};
    bytes.remove_prefix(1);
    facts out;
    for (auto* text : {&out.canonical, &out.issuer, &out.subject}) {
        auto taken = take_text(bytes);
        if (!taken) return {};
        *text = std::move(*taken);
    }
    while (!bytes.empty()) {
        auto name = take_text(bytes);
        if (!name) return {};
        out.alternative_names.push_back(std::move(*name));
    }
    if (out.canonical.empty()) return {};
    out.kind = kind;
    return identity(std::move(out));
}

}  // namespace garde::caller
