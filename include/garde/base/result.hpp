// Expected failures are values: result<T> holds a T or an error that says what happened, where, and what to
// do.
#pragma once

#include <expected>
#include <string>

namespace garde {

struct error {
    std::string message;  ///< one sentence for a person; never holds personal data or secrets
};

template <class T>
using result = std::expected<T, error>;

inline std::unexpected<error> fail(std::string message) {
    return std::unexpected(error{std::move(message)});
}

}  // namespace garde
