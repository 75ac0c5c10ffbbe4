// The journal's thread: opens the log, then takes what waits in the queue as one group, commits it, reports;
// tries again while the disk refuses.
#pragma once

#include "garde/base/bounded_queue.hpp"
#include "garde/journal/journal.hpp"

#include "log_file.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

namespace garde::journal {

struct writer_limits {
    std::size_t queue_bound = 4096;
    milliseconds retry_interval{500};
    milliseconds patience{2'000};  ///< a disk that does not answer for longer is failing
};

/// As in writer::options; each may be empty.
struct writer_hooks {
    std::function<void(const tree_head& head, urgency how)> grown;
    std::function<void(const record& what)> overflow;
};

class writer_thread {
  public:
    using opener = std::function<result<std::unique_ptr<log_file>>()>;

    writer_thread(opener open, writer_limits limits, writer_hooks hooks = {});
    ~writer_thread();  ///< opens and commits what waits (one try), then joins
    writer_thread(const writer_thread&) = delete;
    writer_thread& operator=(const writer_thread&) = delete;

    void append(record what, on_durable then);
    [[nodiscard]] bool failing() const;

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
    [[nodiscard]] std::unique_ptr<log_file> open();
    void give_up();
    group next_group();
    bool commit(log_file& log, const group& what);
    std::error_code try_commit(log_file& log, const group& what);
    void tell_growth(const log_file& log, const group& what) const;

    const opener open_;
    const writer_limits limits_;
    const writer_hooks hooks_;
    bounded_queue<entry> queue_;
    std::atomic<std::uint64_t> lost_{0};  ///< refused since the last `lost` record was made
    std::atomic<bool> failing_{false};
    std::atomic<steady_time::rep> asked_disk_at_{0};  ///< 0: it owes no answer
    std::thread thread_;
};

}  // namespace garde::journal
