// Bounds the bytes that all exchanges together keep in memory: bodies of requests, and answers up to the
// commit limit. One for all workers. At the bound:
// - A new request is turned away with 503 (shed::buffered_bytes) once three quarters are taken, so that what
//   runs has room to finish.
// - A running exchange that gets no more room stops collecting: an answer is delivered as far as it came and
//   streams from then on. It finishes; only the judgement of its whole body is given up.
// - A chunked request body, whose size nobody knows beforehand, that finds no room is turned away with 503:
// no
//   backend has seen it yet.
#pragma once

#include "garde/base/counters.hpp"

#include <atomic>
#include <cstddef>
#include <optional>

namespace garde::proxy {

class byte_budget;

/// What one exchange holds of the budget; given back at its end. One thread at a time. Move-only.
class byte_claim {
  public:
    byte_claim() = default;  ///< of nothing; cannot grow
    byte_claim(byte_claim&& other) noexcept;
    byte_claim& operator=(byte_claim&& other) noexcept;
    ~byte_claim();

    /// Makes it `total` bytes if it is less; false, and as it was, when the budget has no more.
    [[nodiscard]] bool reach(std::size_t total);
    /// Gives back what is over `total` bytes.
    void shrink_to(std::size_t total);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    friend class byte_budget;
    byte_claim(byte_budget& of, std::size_t bytes) : of_(&of), bytes_(bytes) {}
    byte_budget* of_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Outlives its claims. Any thread; nothing waits.
class byte_budget {
  public:
    explicit byte_budget(std::size_t bound) : bound_(bound) {}
    byte_budget(const byte_budget&) = delete;
    byte_budget& operator=(const byte_budget&) = delete;
    ~byte_budget() = default;

    /// For a new request that needs so many bytes to begin with: nothing once three quarters would be
    /// exceeded.
    [[nodiscard]] std::optional<byte_claim> admit(std::size_t bytes);

    [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t bound() const { return bound_.load(std::memory_order_relaxed); }
    /// Another bound from now on; who has more than it keeps it.
    void resize(std::size_t bound) { bound_.store(bound, std::memory_order_relaxed); }

  private:
    friend class byte_claim;
    [[nodiscard]] bool take(std::size_t bytes, std::size_t within) noexcept;
    void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

    std::atomic<std::size_t> bound_;
    alignas(cache_line_bytes) std::atomic<std::size_t> used_{0};
};

}  // namespace garde::proxy
