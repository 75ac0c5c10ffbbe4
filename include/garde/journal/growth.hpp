// How soon others must hear of a record. Pure.
#pragma once

#include "garde/journal/journal.hpp"

namespace garde::journal {

urgency urgency_of(const record& what);

}  // namespace garde::journal
