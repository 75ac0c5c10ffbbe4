// How the tests of refusals spoil an honest message: before its issuer or its sender signs it, or afterwards.
#pragma once

#include "../support/messages.hpp"
#include "checking.hpp"

#include <string>
#include <utility>

namespace garde::test {

inline edit replaced(std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](std::string text) {
        return with(std::move(text), from, to);
    };
}

/// Changed before the sender signs it, and after.
inline std::string outcome_of(saml version, const edit& before, const edit& after = {}) {
    auto message = make_message({.version = version, .edit_message = before});
    return outcome(after ? after(std::move(message)) : message);
}

/// With the assertion changed before its issuer has signed it.
inline std::string outcome_of_assertion(saml version, const edit& change) {
    return outcome(make_message({.version = version, .edit_assertion = change}));
}

}  // namespace garde::test
