// What must hold for any bytes whatever that are checked for a signed assertion. Throws `finding` where it
// does not; see checks.hpp.
#pragma once

#include <stdexcept>
#include <string_view>

namespace garde::caller::fuzz {

struct finding : std::logic_error {
    using std::logic_error::logic_error;
};

/// Only the honest messages of tests/caller/corpus (and the disputed ones) are signed: what is accepted has
/// the Body, the Timestamp and the caller of one of them. And a message that was accepted is not accepted
/// again; one that was refused is refused for the same reason again.
void check_assertions(std::string_view bytes);

}  // namespace garde::caller::fuzz
