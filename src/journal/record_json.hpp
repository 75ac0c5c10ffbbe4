// Records on their way elsewhere while the log itself cannot be written. Pure.
#pragma once

#include "garde/journal/journal.hpp"

#include <string>

namespace garde::journal {

/// One line of ASCII: {"at","event","attributes":{…}}. What is not UTF-8 is repaired and values over 4 KiB
/// are cut, as in the log; there is no number, which only the log can give.
std::string record_json(const record& what);

}  // namespace garde::journal
