// How the tests ask the checker.
#pragma once

#include "message_maker.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace garde::test {

inline std::string outcome(caller::assertion_checker& checker, std::string_view message,
                           wall_time now = message_time) {
    const auto who = checker.check(message, now);
    return who ? "accepted" : std::string(to_text(who.error().why));
}

/// What a checker that has seen nothing yet says.
inline std::string outcome(std::string_view message, wall_time now = message_time,
                           std::shared_ptr<const caller::assertion_rules> rules = usual_rules()) {
    caller::assertion_checker checker(std::move(rules));
    return outcome(checker, message, now);
}

}  // namespace garde::test
