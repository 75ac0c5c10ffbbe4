// One worker: a thread with its own event loop, listener, connection pools and counters. It shares nothing
// with other workers; what it must know (postures, addresses) comes by message, what others must know
// (outcomes) leaves by message.
#pragma once

#include "garde/continuity/classify.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/listener.hpp"
#include "garde/proxy/site.hpp"
#include "garde/upstream/pool.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace garde::proxy {

/// What traffic showed of one backend since the last report.
struct outcome_report {
    std::size_t service = 0;
    continuity::backend_index backend{};
    std::uint64_t answered = 0;                            ///< attempts that were answered
    continuity::reason failed = continuity::reason::none;  ///< one attempt that failed
};

/// Where outcomes go: the controller. Any thread; never waits; what does not fit its queue is dropped and
/// counted there.
using outcome_sink = std::function<void(const outcome_report&)>;

class session;

class worker {
  public:
    /// What all workers are given.
    struct environment {
        const site& served;
        cache::cache_desk* cache;  ///< null when no service has a cache
        outcome_sink outcomes;
        std::atomic<std::size_t>& open_connections;  ///< of all workers together
    };

    explicit worker(environment with, continuity::posture_ptr first);
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// Binds the listener; before start().
    result<void> listen();
    void start();

    // Any thread:
    /// Serves from this posture from now on; then calls `in_effect` on this worker's thread.
    void publish(continuity::posture_ptr next, std::function<void()> in_effect);
    void retarget(std::size_t service, continuity::backend_index backend, upstream::target_ptr to);
    /// Stops accepting, ends idle connections; others end with their exchange. Calls `then` when none is
    /// left.
    void drain(std::function<void()> then);
    /// Ends the thread, whatever is open.
    void stop();

    // This worker's thread:
    [[nodiscard]] net::event_loop& loop() { return loop_; }
    [[nodiscard]] const site& served() const { return with_.served; }
    [[nodiscard]] cache::cache_desk* cache() { return with_.cache; }
    [[nodiscard]] const continuity::service_posture& posture(std::size_t service) const {
        return posture_->services[service];
    }
    [[nodiscard]] upstream::pool& pool(std::size_t service, continuity::backend_index backend) {
        return pools_[service][continuity::to_number(backend)];
    }
    [[nodiscard]] bool draining() const { return draining_; }
    /// Failures are reported at once, answers in batches.
    void count(std::size_t service, continuity::backend_index backend, const continuity::outcome& result);
    void enter(session& one);
    void leave(session& one);

  private:
    static constexpr milliseconds batch_time{50};

    void accept(net::socket accepted);
    void flush_answered();

    environment with_;
    std::vector<session*> sessions_;  // before the loop: sessions that end with it still leave
    bool draining_ = false;
    std::function<void()> drained_;
    net::event_loop loop_;
    continuity::posture_ptr posture_;
    std::vector<std::vector<upstream::pool>> pools_;    ///< by service and backend
    std::vector<std::vector<std::uint64_t>> answered_;  ///< by service and backend, not yet reported
    net::deadline batch_;
    std::unique_ptr<net::listener> listener_;
    std::jthread thread_;
};

}  // namespace garde::proxy
