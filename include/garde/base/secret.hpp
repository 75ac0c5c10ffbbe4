// Types for what must never be printed: keys, passwords, national numbers, names. They have no operator<<, no
// formatter and no conversion to a string; whoever needs the content must say `reveal`, which is easy to
// search for.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace garde {

/// Overwrites memory in a way that the compiler may not remove.
void wipe(std::span<char> memory) noexcept;

/// A string of secret or personal content. Wiped on destruction. Comparable, movable, copyable; not
/// printable.
class secret_string {
  public:
    secret_string() = default;
    explicit secret_string(std::string_view content) : content_(content) {}
    secret_string(const secret_string&) = default;
    secret_string(secret_string&& other) noexcept;
    secret_string& operator=(const secret_string& other);
    secret_string& operator=(secret_string&& other) noexcept;
    ~secret_string();

    [[nodiscard]] std::string_view reveal() const noexcept { return content_; }
    [[nodiscard]] bool empty() const noexcept { return content_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return content_.size(); }

    friend bool operator==(const secret_string&, const secret_string&) = default;

  private:
    std::string content_;
};

}  // namespace garde
