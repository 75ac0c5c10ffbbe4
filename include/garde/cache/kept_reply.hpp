// An answer as the cache keeps it, in memory and, sealed, on the disk.
#pragma once

#include "garde/cache/age_clock.hpp"
#include "garde/cache/key.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace garde::cache {

struct kept_reply {
    cache_key key{};
    std::vector<cache_key> removal_keys;      ///< of every identifier of the patient that is known
    std::shared_ptr<const std::string> body;  ///< wiped when its last owner is gone; see keep_body
    std::string content_type;
    consult_time consulted;
    std::chrono::sys_days communicated{};
    std::chrono::sys_days period_begin{};
    std::chrono::sys_days period_end{};
};

/// By the insurer's word, then by when it was asked; what was asked before this boot was asked before all of
/// this boot.
bool newer(const kept_reply& one, const kept_reply& other);

/// A body holds personal data: its memory is wiped before it is given back.
std::shared_ptr<const std::string> keep_body(std::string_view body);

}  // namespace garde::cache
