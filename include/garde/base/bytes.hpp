// Numbers and texts as bytes, for what garde writes to its own files: big-endian, in the order of the calls.
// Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace garde {

class byte_writer {
  public:
    template <class Number>
    void number(Number value) {
        for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
            bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xFF));
    }
    void raw(std::span<const std::uint8_t> bytes) { bytes_.append(bytes.begin(), bytes.end()); }
    void text(std::string_view text) { bytes_.append(text); }
    /// With its length (four bytes) before it.
    void counted(std::string_view text) {
        number(static_cast<std::uint32_t>(text.size()));
        bytes_.append(text);
    }
    std::string& bytes() { return bytes_; }

  private:
    std::string bytes_;
};

/// What is read past the end reads as zero, and ok() says so.
class byte_reader {
  public:
    explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

    template <class Number>
    Number number() {
        std::uint64_t out = 0;
        for (const char byte : take(sizeof(Number))) out = out << 8 | static_cast<std::uint8_t>(byte);
        return static_cast<Number>(out);
    }
    template <std::size_t N>
    std::array<std::uint8_t, N> raw() {
        std::array<std::uint8_t, N> out{};
        std::ranges::copy(take(N), out.begin());
        return out;
    }
    std::string_view take(std::size_t size) {
        ok_ = ok_ && size <= rest_.size();
        if (!ok_) return {};
        const auto out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    std::string_view counted() { return take(number<std::uint32_t>()); }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace garde
