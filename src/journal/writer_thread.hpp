// The journal's thread: opens the log, then takes what waits in the queue as one group, commits it, reports;
// tries again while the disk refuses. In between it removes what retention says. A second thread, where
// records that wait are to be passed on, looks whether the first one is stuck.
#pragma once

#include "garde/base/bounded_queue.hpp"
#include "garde/journal/journal.hpp"

#include "log_file.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace garde::journal {

struct writer_limits {
    std::size_t queue_bound = 4096;
    milliseconds retry_interval{500};
    milliseconds patience{2'000};          ///< a disk that does not answer for longer is failing
    milliseconds chores_every{3'600'000};  ///< retention is looked at so often, and when a file is closed
};

/// As in writer::options; each may be empty.
struct writer_hooks {
    on_grown grown;
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
        bool passed_on = false;  ///< to `overflow`
    };
    struct group {
        std::vector<record> records;
        std::vector<on_durable> callbacks;  ///< one for each record
        std::vector<bool> passed_on;        ///< the same; under passing_

        void add(record what, on_durable then = {}, bool passed = false);
    };
    /// Records that waited for a disk, not yet told.
    struct lateness {
        std::uint64_t records = 0;
        milliseconds longest{0};
    };

    void run();
    [[nodiscard]] std::unique_ptr<log_file> open();
    void give_up();
    void serve(log_file& log);
    void write(log_file& log, group& what);
    void do_chores(log_file& log);
    void tidy(log_file& log);
    std::optional<group> next_group();
    [[nodiscard]] std::vector<record> own_records();
    bool commit(log_file& log, const group& what);
    std::error_code try_commit(log_file& log, const group& what);
    void note_waiting(std::size_t records, steady_time since);
    void pass_on();
    void watch(const std::stop_token& until);

    const opener open_;
    const writer_limits limits_;
    const writer_hooks hooks_;
    bounded_queue<entry> queue_;
    std::atomic<std::uint64_t> lost_{0};  ///< refused since the last `lost` record was made
    std::atomic<bool> failing_{false};
    std::atomic<steady_time::rep> asked_disk_at_{0};  ///< 0: it owes no answer
    lateness late_;
    bool given_up_ = false;  ///< nothing may be written behind the hole that a lost group left
    steady_time chores_at_{};
    std::uint64_t chores_segment_ = 0;  ///< in use when they were looked at
    bool tidy_failed_ = false;
    std::mutex passing_;
    group* writing_ = nullptr;  ///< its records are not changed meanwhile; under passing_
    std::condition_variable_any watching_;
    std::thread thread_;
    std::jthread watcher_;
};

}  // namespace garde::journal
