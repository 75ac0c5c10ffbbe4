// Sends records to syslog that the log itself cannot take, on a thread of its own.
#pragma once

#include "garde/base/bounded_queue.hpp"
#include "garde/base/counters.hpp"
#include "garde/journal/journal.hpp"

#include "checkpoint_place.hpp"
#include "syslog_message.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>

namespace garde::journal {

/// What became of them, over all changes of the configuration. Any thread.
struct overflow_counts {
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> dropped{0};
};

class record_overflow {
  public:
    static constexpr std::size_t queue_bound =
        1'000;  ///< records that wait; further ones are dropped and counted
    static constexpr milliseconds attempt_limit{5'000};
    static constexpr milliseconds last_limit{1'500};

    using send = std::function<result<void>(std::span<const std::string> frames, const push_limit& until)>;

    struct setup {
        std::string identity;  ///< of the receiver
        send to;
        syslog_sender_name from;
        milliseconds first_pause{500};  ///< after a failure; each further one doubles it
        milliseconds longest_pause{10'000};
    };

    record_overflow(setup with, std::shared_ptr<overflow_counts> counts);
    /// Tries once more what waits, then drops it.
    ~record_overflow();
    record_overflow(const record_overflow&) = delete;
    record_overflow& operator=(const record_overflow&) = delete;

    // Any thread; never waits.
    void add(const record& what);
    [[nodiscard]] const std::string& identity() const { return with_.identity; }
    void ask_to_end();
    [[nodiscard]] bool has_ended() const { return ended_.load(std::memory_order_acquire); }

  private:
    void run();
    bool deliver(std::span<const std::string> frames);

    const setup with_;
    const std::shared_ptr<overflow_counts> counts_;
    bounded_queue<std::string> queue_;
    push_limit limit_{steady_time{}};
    std::atomic<bool> ending_{false};
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

}  // namespace garde::journal
