// XPath 1.0 expressions over a SOAP message, for probes: is there at least one node? Bounded in size and
// work; no variables, no prefixes, nothing outside the message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace garde::soap {

inline constexpr std::size_t max_xpath_bytes = 1024;

/// In words what is wrong with an expression (`has a variable, and nothing gives it a value`) and what to
/// write instead.
struct xpath_mistake {
    std::string what;
    std::string instead;
};

/// Nothing when the expression can be asked of a message: it is XPath 1.0, knows its functions and selects
/// nodes.
std::optional<xpath_mistake> check_xpath(std::string_view expression);

/// True when the message is a complete SOAP 1.1 envelope in which the expression, which check_xpath() has
/// passed, selects at least one node. False also when that takes more than a bounded number of steps.
bool xpath_selects(std::string_view expression, std::string_view message);

}  // namespace garde::soap
