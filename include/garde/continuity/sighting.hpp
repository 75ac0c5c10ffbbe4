// What traffic shows of a backend, attempt by attempt, as workers report it.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/types.hpp"

#include <cstdint>

namespace garde::continuity {

/// An insurer by its number (the `Mutuality` of the insurability schemas); 0 when the request does not say.
enum class insurer : std::uint16_t { unknown = 0 };

enum class showed : std::uint8_t {
    answered,  ///< as a trial only: other answers are counted in batches
    failed,    ///< the backend failed
    slow,      ///< an answer, but far later than is usual for the backend
    refused,   ///< an authentication fault for a caller who was answered lately
};

/// Whether the request was the backend's to answer, or given to it to see whether it can again.
enum class errand : std::uint8_t { regular, trial };

/// One attempt that says something by itself.
struct sighting {
    showed what = showed::failed;
    reason why = reason::none;
    std::uint64_t caller = 0;   ///< keyed hash: equal for the same caller, means nothing else
    std::uint64_t request = 0;  ///< keyed hash of the request's body: equal for the same question
    insurer asked = insurer::unknown;
    errand as = errand::regular;
};

}  // namespace garde::continuity
