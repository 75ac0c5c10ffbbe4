// The append-only, hash-chained log of switchovers and of everything that operators do: JSON lines, opened,
// written and fsynced on a thread of its own in groups. Nobody else ever waits for its disk.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/journal/tree_head.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace garde::journal {

/// One thing that happened. Values are text or numbers; nothing personal of patients may be among them.
struct record {
    wall_time at{};
    std::string event;  ///< switchover, backend-change, verdict, override, refused, start, stop, …; the
                        ///< journal's own: tail-cut, truncated-found, head-missing, lost
    /// In the order they are written; names are unique. Bytes that are not UTF-8 are replaced, values over 4
    /// KiB cut, attributes beyond 60 KiB left out (and counted in an attribute `left-out`).
    std::vector<std::pair<std::string, std::string>> attributes;
};

/// Called once: on the journal's thread when the record is durable (true), or when it could not be written
/// before the end (false); inside append(), on its caller's thread, when the queue refuses it (false). Must
/// not throw, nor wait for long.
using on_durable = std::function<void(bool durable)>;

/// How soon what was appended must be out of reach of whoever can write here.
enum class urgency : std::uint8_t {
    usual,    ///< with the next checkpoint that is due
    at_once,  ///< a switchover, or something that an operator has done
};

/// Where records go. Any thread.
class sink {
  public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;

    /// Never waits for a disk.
    virtual void append(record what, on_durable then) = 0;
    void append(record what) { append(std::move(what), {}); }

    /// True while what was appended cannot be made durable.
    [[nodiscard]] virtual bool failing() const = 0;
};

/// On disk.
class writer final : public sink {
  public:
    struct options {
        std::filesystem::path folder;  ///< made when missing (0700); holds journal.jsonl and journal.head
        /// Records that wait; further ones are lost, counted, and the loss is recorded.
        std::size_t queue_bound = 4096;
        /// Called on the journal's thread after each group that became durable, with the most urgent of its
        /// records; may be empty. Must not throw, nor wait.
        std::function<void(const tree_head& head, urgency how)> grown{};
        /// Called with each record that is appended while failing(), on its appender's thread, and with those
        /// that were being written when writing failed first, on the journal's; may be empty. Must not throw,
        /// nor wait.
        std::function<void(const record& what)> overflow{};
    };

    /// Begins to open the log on the journal's thread: takes the folder's lock, reads the whole log, cuts a
    /// torn tail (event `tail-cut`). Records that are missing, judging by journal.head, become an event
    /// (`truncated-found`) that verify() keeps reporting. While another process owns the folder, or it cannot
    /// be used, records wait in the queue and opening is tried again every 500 ms; the log says why, once.
    explicit writer(options with);

    /// Writes what waits, then stops the thread. While opening or writing fails it is tried once more, then
    /// given up: an error is logged and the callbacks get false. Waits for an operation that hangs in the
    /// kernel.
    ~writer() override;

    using sink::append;
    void append(record what, on_durable then) override;

    /// True while the log cannot be opened, while the last write failed (full disk, read-only, I/O error),
    /// and while the disk has not answered for two seconds. Records then wait (those being written, and the
    /// queue) and are tried again every 500 ms; how many the full queue refused is recorded (`lost`) once
    /// writing works again.
    [[nodiscard]] bool failing() const override;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

/// What `garde journal verify` found.
struct verification {
    std::uint64_t records = 0;
    /// Hex; to be kept elsewhere by whoever must be able to prove that nothing was rewritten.
    std::string last_hash;
    std::vector<std::string> problems;  ///< FILE:LINE: what is wrong; empty when all is well
};

/// Reads the whole log once, in memory bounded by two lines and the first 1000 problems. Finds edited,
/// deleted, inserted, swapped and truncated lines, and records that were missing when the log was opened. May
/// run while garde writes: an unfinished last line behind journal.head's record is no problem. Fails when the
/// files cannot be read. The lines' form: src/journal/chain.hpp.
result<verification> verify(const std::filesystem::path& folder);

}  // namespace garde::journal
