// JSON for receivers that may not be trusted with UTF-8. Pure.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace garde::journal {

/// One line of ASCII: every other character is escaped (RFC 8259, 7). The texts in it are UTF-8.
std::string ascii_json(const boost::json::value& what);

}  // namespace garde::journal
