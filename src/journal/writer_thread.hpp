// The journal's thread: takes what waits in the queue as one group, commits it, reports; tries again while
// the disk refuses.
#pragma once

#include "garde/base/bounded_queue.hpp"
#include "garde/journal/journal.hpp"

#include "log_file.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace garde::journal {

struct writer_limits {
    std::size_t queue_bound = 4096;
    milliseconds retry_interval{500};
};

class writer_thread {
  public:
    writer_thread(std::unique_ptr<log_file> log, writer_limits limits);
    ~writer_thread();  ///< commits what waits (one try), then joins
    writer_thread(const writer_thread&) = delete;
    writer_thread& operator=(const writer_thread&) = delete;

    void append(record what, on_durable then);
    [[nodiscard]] bool failing() const { return failing_.load(std::memory_order_relaxed); }

  private:
    struct entry {
        record what;
        on_durable then;
    };
    struct group {
        std::vector<record> records;
        std::vector<on_durable> callbacks;  ///< one for each record
    };

    void run();
    group next_group();
    bool commit(const group& what);

    const std::unique_ptr<log_file> log_;
    const writer_limits limits_;
    bounded_queue<entry> queue_;
    std::atomic<std::uint64_t> lost_{0};  ///< refused since the last `lost` record was made
    std::atomic<bool> failing_{false};
    std::thread thread_;
};

}  // namespace garde::journal
