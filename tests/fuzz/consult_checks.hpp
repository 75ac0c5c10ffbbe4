// What must hold for any bytes whatever that are read as a question or an answer for the cache. Throws
// `finding` where it does not; see checks.hpp.
#pragma once

#include <stdexcept>
#include <string_view>

namespace garde::cache::fuzz {

struct finding : std::logic_error {
    using std::logic_error::logic_error;
};

/// A question that gives a key gives the same one again, and in canonical form; it has no document type, and
/// its patient has a removal key for each of his identifiers. The reader of answers finds in the canonical
/// form what it found in the bytes.
void check_consults(std::string_view bytes);

}  // namespace garde::cache::fuzz
