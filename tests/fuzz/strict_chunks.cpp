// See strict_chunks.hpp. The limits are garde's: 16 digits, 1024 bytes of extensions, 32 trailers of 8 KiB.
#include "strict_chunks.hpp"

#include "garde/http/head.hpp"

#include <algorithm>

namespace garde::http::fuzz {

namespace {

constexpr std::string_view token_punctuation = "!#$%&'*+-.^_`|~";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_token_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || token_punctuation.contains(c);
}

bool is_text(char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

/// Takes what the grammar names from the front of a text.
class taker {
  public:
    explicit taker(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    template <class Predicate>
    std::string_view many(Predicate good) {
        const auto* end = std::ranges::find_if_not(rest_, good);
        return take(static_cast<std::size_t>(end - rest_.begin()));
    }

    bool one(char c) {
        if (!rest_.starts_with(c)) return false;
        take(1);
        return true;
    }

    bool one_of_text() { return !rest_.empty() && is_text(rest_.front()) && !take(1).empty(); }

    void white_space() {
        many([](char c) { return c == ' ' || c == '\t'; });
    }

  private:
    std::string_view take(std::size_t size) {
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view rest_;
};

bool take_quoted(taker& in) {
    while (!in.one('"')) {
        in.one('\\');
        if (!in.one_of_text()) return false;
    }
    return true;
}

/// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
bool is_extension(std::string_view text) {
    taker in(text);
    while (!in.empty()) {
        in.white_space();
        if (!in.one(';')) return false;
        in.white_space();
        if (in.many(is_token_char).empty()) return false;
        const taker behind_name = in;
        in.white_space();
        if (!in.one('=')) {
            in = behind_name;
            continue;
        }
        in.white_space();
        if (in.one('"') ? !take_quoted(in) : in.many(is_token_char).empty()) return false;
    }
    return true;
}

struct chunk_line {
    std::size_t size = 0;
    std::size_t extension_bytes = 0;
};

std::optional<chunk_line> read_line(std::string_view line) {
    taker in(line);
    const auto digits =
        in.many([](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
    if (digits.empty() || digits.size() > 16) return std::nullopt;
    const auto extension = line.substr(digits.size());
    if (!is_extension(extension)) return std::nullopt;
    return chunk_line{std::stoull(std::string(digits), nullptr, 16), extension.size()};
}

bool is_trailer(std::string_view line, std::string_view announced) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const auto name = line.substr(0, colon);
    if (!std::ranges::all_of(name, is_token_char) || !std::ranges::all_of(line, is_text)) return false;
    return announced.empty() || equal_ignoring_case(name, announced);
}

/// The line at the front, without its CRLF; both are removed.
std::optional<std::string_view> take_line(std::string_view& bytes) {
    const auto end = bytes.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    return line;
}

bool take_trailers(std::string_view& bytes, std::string_view announced) {
    std::size_t fields = 0;
    std::size_t size = 0;
    while (true) {
        const auto line = take_line(bytes);
        if (!line) return false;
        if (line->empty()) return true;
        size += line->size() + 2;
        if (++fields > 32 || size > 8 * 1024 || !is_trailer(*line, announced)) return false;
    }
}

}  // namespace

std::optional<chunked_message> read_chunks(std::string_view bytes, const chunk_rules& rules) {
    chunked_message out;
    const auto all = bytes.size();
    std::size_t extension_bytes = 0;
    while (true) {
        const auto line = take_line(bytes);
        const auto chunk = line ? read_line(*line) : std::nullopt;
        if (!chunk) return std::nullopt;
        extension_bytes += chunk->extension_bytes;
        if (extension_bytes > 1024 || chunk->size > rules.body_bytes - out.body.size()) return std::nullopt;
        if (chunk->size == 0) break;
        if (chunk->size > bytes.size()) return std::nullopt;
        out.body += bytes.substr(0, chunk->size);
        bytes.remove_prefix(chunk->size);
        if (!bytes.starts_with("\r\n")) return std::nullopt;
        bytes.remove_prefix(2);
    }
    if (!take_trailers(bytes, rules.announced)) return std::nullopt;
    out.size = all - bytes.size();
    return out;
}

}  // namespace garde::http::fuzz
