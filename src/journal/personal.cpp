// See personal.hpp.
#include "personal.hpp"

#include "garde/base/hash.hpp"

#include <algorithm>
#include <array>

namespace garde::journal {
namespace {

/// The one table of them.
constexpr std::array<std::string_view, 7> personal_names{
    "by",         // an operator
    "source",     // the address that a stranger asked from
    "caller",     // a pharmacy, often a person's
    "callers",    // whose receipts they are: hashes, which can be tried out
    "added",      // operators
    "removed",    // operators
    "new-token",  // operators
};

/// Who acts without being anybody.
constexpr std::array<std::string_view, 2> nobodies{"garde", "SIGHUP"};

}  // namespace

bool is_personal(std::string_view name, std::string_view value) {
    return std::ranges::find(personal_names, name) != personal_names.end() &&
           std::ranges::find(nobodies, value) == nobodies.end();
}

std::string commitment(std::string_view salt, std::string_view name, std::string_view value) {
    std::string text(salt);
    text.append(name).push_back('\0');
    text.append(value);
    const auto hash = sha256(text);
    return to_base64url({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

}  // namespace garde::journal
