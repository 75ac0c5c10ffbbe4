// The append-only log of switchovers and of everything that operators do, a Merkle tree after RFC 9162: JSON
// lines, opened, written and fsynced on a thread of its own in groups. Nobody else ever waits for its disk.
// How it is read: reading.hpp.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/journal/record.hpp"
#include "garde/journal/tree_head.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace garde::journal {

/// Called once: on the journal's thread when the record is durable (true), or when it could not be written
/// before the end (false); inside append(), on its caller's thread, when the queue refuses it (false). Must
/// not throw, nor wait for long.
using on_durable = std::function<void(bool durable)>;

/// Called on the journal's thread after each group commit: what the log is known by now, and the highest
/// urgency of the group's records. Must not throw, nor wait for long: the next group waits for it.
using on_grown = std::function<void(const tree_head& now, urgency of_group)>;

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

/// That the personal values of all records before `before` are to be erased, by whom and why. Once it is
/// durable, the journal erases them: whole epochs of thirty days, so that none that is younger goes with
/// them. Afterwards every proof still holds.
record names_erased_record(wall_time now, wall_time before, std::string by, std::string reason);

/// On disk.
class writer final : public sink {
  public:
    struct options {
        std::filesystem::path folder;  ///< made when missing (0700)
        /// Records that wait; further ones are lost, counted, and the loss is recorded.
        std::size_t queue_bound = 4096;
        std::uint64_t segment_bytes = std::uint64_t{64} << 20;  ///< a file that has reached it is closed
        std::uint64_t keep_segments = 0;                        ///< files, with the one in use; 0: all
        std::chrono::seconds keep_for{0};                       ///< of whole files; 0: for ever
        std::chrono::seconds keep_names_for{0};                 ///< then personal values are erased; 0: never
        std::filesystem::path names_key{};  ///< their key's file; empty: made in the folder
        on_grown grown{};                   ///< may be empty
        /// Called once with each record that waits for the disk while failing(): on its appender's thread,
        /// or, when it waited already, on one of the journal's own, soon after. May be empty. Must not throw,
        /// nor wait.
        std::function<void(const record& what)> overflow{};
    };

    /// Begins to open the log on the journal's thread: takes the folder's lock, reads where the log stands
    /// and what lies behind it, cuts a torn tail (event `tail-cut`). Records that are missing become an event
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
    /// queue) and are tried again every 500 ms; how many the full queue refused is recorded (`lost`), and how
    /// many came late (`written-late`), once writing works again.
    [[nodiscard]] bool failing() const override;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace garde::journal
