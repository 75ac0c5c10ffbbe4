// Answers that were given from the cache, until the service says whether they were right: what is waited for,
// by the question's key, and the judgement. Deciding is pure.
#pragma once

#include "garde/cache/service_word.hpp"
#include "garde/emergency/deferral_vault.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace garde::emergency {

/// An answer that was given.
struct given_answer {
    deferral_id id{};
    cache::cache_key key{};      ///< of the question
    cache::answer_facts facts;   ///< of the answer
    std::chrono::sys_days from;  ///< the days asked for
    std::chrono::sys_days until;
};

/// Confirmed or contradicted, and by what, in a word; nothing where the service's word says nothing of it.
struct verdict_on_answer {
    deferral_state state = deferral_state::confirmed;
    std::string result;
    friend bool operator==(const verdict_on_answer&, const verdict_on_answer&) = default;
};
std::optional<verdict_on_answer> judge_answer(const given_answer& given, const cache::service_word& word);

class answer_watch final : public cache::word_listener {
  public:
    /// Further ones are not waited for.
    static constexpr std::size_t bound = 200'000;

    /// Called on the thread of who hears.
    using on_verdict = std::function<void(deferral_change)>;
    explicit answer_watch(on_verdict then) : then_(std::move(then)) {}

    // Any thread:
    /// False when there are too many.
    bool add(const given_answer& what);
    /// Nobody waits for these any more.
    void forget(const std::vector<deferral_id>& which);
    [[nodiscard]] std::size_t size() const { return count_.load(std::memory_order_relaxed); }

    [[nodiscard]] bool waits() const noexcept override { return size() > 0; }
    [[nodiscard]] bool waits_for(const cache::cache_key& key) const override;
    void hear(const cache::cache_key& key, const cache::service_word& word) override;

  private:
    const on_verdict then_;
    mutable std::mutex mutex_;
    std::unordered_multimap<cache::cache_key, given_answer, cache::cache_key_hash> waiting_;
    std::atomic<std::size_t> count_{0};  ///< of waiting_
};

}  // namespace garde::emergency
