// What is asked and answered: the consult of the fixtures, made exactly as large as the benchmark says, and
// made fresh for each request. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace bench {

/// `text` without the white space between its elements, as software sends what it has signed.
std::string without_indentation(std::string_view text);

/// `text` made `bytes` long by shortening or lengthening the text of the last `element` (as written, with its
/// prefix), as a longer certificate or attribute would. Fails with what is wrong.
std::expected<std::string, std::string> resized(std::string text, std::string_view element,
                                                std::size_t bytes);

/// The reference of question number `index`, as a reply to it echoes it.
std::string reference_of(std::uint64_t index);

/// A consult with its request head, of which each copy asks about another patient under another reference.
class question {
  public:
    /// `body` is a consult as in tests/fixtures/consult-request.xml. Fails with what is missing in it.
    static std::expected<question, std::string> make(std::string_view path, std::string_view body);

    /// Head and body for request number `index`; valid until the next call. References repeat after 10^14,
    /// patients after 10^9. Costs two dozen bytes of writing.
    [[nodiscard]] std::string_view fresh(std::uint64_t index);

  private:
    question() = default;

    std::string text_;
    std::size_t reference_at_ = 0;
    std::size_t patient_at_ = 0;
};

}  // namespace bench
