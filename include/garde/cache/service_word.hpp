// What the service says, when it answers again, to a question that a kept answer was given to: for who has to
// know whether that answer was right. Pure.
#pragma once

#include "garde/cache/key.hpp"
#include "garde/cache/policy.hpp"
#include "garde/soap/consult.hpp"

#include <chrono>
#include <optional>

namespace garde::cache {

/// What counts of an answer. `says` is a hash: equal ones say the same, but for when and for how long.
struct answer_facts {
    digest256 says{};
    std::chrono::sys_days period_begin{};
    std::chrono::sys_days period_end{};  ///< inclusive
};

/// Nothing where the answer grants no period.
std::optional<answer_facts> facts_of(const soap::consult_reply& reply);
/// Of an answer that is no consult's: all of it counts, and its time does not.
answer_facts facts_of(std::string_view body);

struct service_word {
    refusal why = refusal::none;  ///< what the policy said of it
    std::optional<answer_facts> facts{};
};

/// Hears of good answers of the service. On the cache's thread; must not call it.
class word_listener {
  public:
    word_listener() = default;
    word_listener(const word_listener&) = delete;
    word_listener& operator=(const word_listener&) = delete;
    virtual ~word_listener() = default;
    /// False while it waits for nothing: then nobody need find out what it might wait for.
    [[nodiscard]] virtual bool waits() const noexcept = 0;
    [[nodiscard]] virtual bool waits_for(const cache_key& key) const = 0;
    virtual void hear(const cache_key& key, const service_word& word) = 0;
};

}  // namespace garde::cache
