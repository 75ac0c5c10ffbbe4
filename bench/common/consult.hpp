// What is asked and answered: the consult of the fixtures, made exactly as large as the benchmark says, and
// made fresh for each request. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// `text` without the white space between its elements, as software sends what it has signed.
std::string without_indentation(std::string_view text);

/// `text` made `bytes` long by shortening or lengthening the text of the last `element` (as written, with its
/// prefix), as a longer certificate or attribute would. Fails with what is wrong.
std::expected<std::string, std::string> resized(std::string text, std::string_view element,
                                                std::size_t bytes);

/// The reference of question number `index`, as a reply to it echoes it.
std::string reference_of(std::uint64_t index);

/// Which of so many patients are asked about: a few of them often, most of them seldom.
class draw {
  public:
    enum class order : std::uint8_t {
        turn,     ///< one after the other
        uniform,  ///< each as often as any other
        zipf,     ///< the n-th most frequent 1/n times as often as the first
    };

    /// `patients` must be positive. The same draws each time.
    draw(order by, std::uint64_t patients, std::uint64_t first);

    /// A patient's number, from `first` on. Who is frequent is spread over all numbers.
    [[nodiscard]] std::uint64_t next();

  private:
    order by_;
    std::uint64_t patients_;
    std::uint64_t first_;
    std::uint64_t turn_ = 0;
    std::mt19937_64 random_{20180809};
    std::vector<double> up_to_;  ///< how likely the n most frequent are together
};

/// A consult with its request head, of which each copy asks about another patient under another reference.
class question {
  public:
    /// `body` is a consult as in tests/fixtures/consult-request.xml. Fails with what is missing in it.
    static std::expected<question, std::string> make(std::string_view path, std::string_view body);

    /// Head and body for request number `index`; valid until the next call. References repeat after 10^14,
    /// patients after 10^9. Costs two dozen bytes of writing.
    [[nodiscard]] std::string_view fresh(std::uint64_t index);

    /// The same about this patient. As software sends it, each message is another: by its reference, its
    /// times and its signatures.
    [[nodiscard]] std::string_view about(std::uint64_t patient, std::uint64_t index);

  private:
    question() = default;

    std::string text_;
    std::size_t reference_at_ = 0;
    std::size_t patient_at_ = 0;
    /// Where milliseconds and the first digits of signatures stand.
    std::vector<std::size_t> milliseconds_at_;
    std::vector<std::size_t> signatures_at_;
};

}  // namespace bench
