// An answer as the cache keeps it, in memory and, sealed, on the disk.
#pragma once

#include "garde/cache/age_clock.hpp"
#include "garde/cache/key.hpp"
#include "garde/caller/identity.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace garde::cache {

/// Shared by all that is kept for one caller. Never null in a kept reply.
using caller_ptr = std::shared_ptr<const caller::identity>;

struct kept_reply {
    caller_ptr who;  ///< who had asked
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

/// Which replies an operator wants to be gone: all for which both hold.
struct purge_selection {
    std::function<bool(const caller::identity&)> of;  ///< whose; empty: everybody's
    std::optional<wall_time> before;                  ///< consulted before then; nothing: at any time

    [[nodiscard]] bool all() const { return !of && !before.has_value(); }
    [[nodiscard]] bool has(const kept_reply& one) const;
};

/// The caller as one of those who are known already, so that a million replies do not hold a million copies.
/// One thread.
class caller_book {
  public:
    caller_ptr know(const caller::identity& who);
    /// The same without a copy where he is new.
    caller_ptr know(const caller_ptr& who);

  private:
    void forget_gone();

    std::unordered_map<std::string, std::weak_ptr<const caller::identity>> known_;  ///< by canonical
    std::size_t forget_at_ = 1024;
};

/// A body holds personal data: its memory is wiped before it is given back.
std::shared_ptr<const std::string> keep_body(std::string_view body);

}  // namespace garde::cache
