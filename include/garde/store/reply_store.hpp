// Where sealed answers are kept over restarts. Narrow on purpose, and it knows no key and no patient: only
// tags, times and sealed bytes. A networked store may take its place.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace garde::store {

using reply_tag = std::array<std::uint8_t, 16>;

/// Whose replies they are: one for each caller and epoch.
struct stored_caller {
    std::int64_t id = 0;
    std::int64_t epoch = 0;
    reply_tag tag{};
    std::string sealed;
};

struct sealed_reply {
    std::int64_t epoch = 0;
    std::int64_t caller = 0;  ///< a stored_caller's id
    reply_tag tag{};          ///< one reply for each
    std::vector<reply_tag> removal_tags;
    wall_time consulted_at{};
    std::string sealed;
};

/// A sealed reply in the store.
struct stored_reply {
    std::int64_t id = 0;  ///< unique as long as it is kept
    sealed_reply reply;
};

struct stored_epoch {
    std::int64_t id = 0;
    wall_time begun{};
    std::string wrapped_key;
};

/// What a group of callers asked for up to then is barred; the tag says which group.
struct stored_bar {
    std::int64_t epoch = 0;
    reply_tag tag{};
    wall_time until{};
};

struct reply_store_size {
    std::uint64_t replies = 0;
    std::uint64_t bytes = 0;  ///< in use; what was freed and may be used again does not count
};

/// Which replies a purge is about: all for which both hold.
struct reply_selection {
    std::optional<std::vector<std::int64_t>> callers;  ///< of these; nothing: of all
    std::optional<wall_time> before;                   ///< from before then; nothing: from any time
};

/// No reply's id.
inline constexpr std::int64_t no_reply = 0;

/// How reading the replies from the newest to the oldest goes on.
struct reply_cursor {
    wall_time consulted_at = wall_time::max();
    std::int64_t id = 0;
};

/// One thread at a time. Everything may block for as long as the disk does, and fail; what was begun and not
/// committed is then not done.
class reply_store {
  public:
    virtual ~reply_store() = default;
    reply_store() = default;
    reply_store(const reply_store&) = delete;
    reply_store& operator=(const reply_store&) = delete;

    virtual result<std::vector<stored_epoch>> epochs() = 0;
    /// Adds an epoch, or replaces its wrapped key. Durable on return.
    virtual result<void> put_epoch(const stored_epoch& value) = 0;
    /// Deletes an epoch with all its replies, callers and bars, and the traces of its key in the store's
    /// files.
    virtual result<void> destroy_epoch(std::int64_t id) = 0;

    /// All that have replies, or had.
    virtual result<std::vector<stored_caller>> callers() = 0;
    /// Adds one, within a transaction; its id.
    virtual result<std::int64_t> put_caller(const stored_caller& value) = 0;

    virtual result<std::vector<stored_bar>> bars() = 0;
    /// Adds one, or replaces the one with its tag, within a transaction. It goes with its epoch.
    virtual result<void> put_bar(const stored_bar& value) = 0;

    virtual result<void> begin() = 0;
    /// Durable on return.
    virtual result<void> commit() = 0;
    virtual void roll_back() = 0;

    /// What is read until end_reading() is all of one moment, and cheaper than each by itself. What is
    /// written meanwhile cannot be taken out of the way: for a few reads.
    virtual result<void> begin_reading() = 0;
    virtual void end_reading() = 0;

    virtual result<void> put(const sealed_reply& value) = 0;
    virtual result<void> remove(const stored_reply& value) = 0;
    /// The newest of the replies under any of these tags.
    virtual result<std::optional<stored_reply>> find(std::span<const reply_tag> tags) = 0;
    /// All that are known under any of these removal tags, but for that one.
    virtual result<std::vector<stored_reply>> find_removable(std::span<const reply_tag> removal_tags,
                                                             std::int64_t but_for) = 0;
    /// At most `most` replies that come after the cursor, newest first.
    virtual result<std::vector<stored_reply>> page(const reply_cursor& after, std::size_t most) = 0;
    /// Removes at most `most` of the oldest replies that are from before then; how many there were.
    virtual result<std::size_t> remove_older(wall_time than, std::size_t most) = 0;
    /// Removes these replies, in parts, each in a transaction of its own; how many there were.
    virtual result<std::uint64_t> purge(const reply_selection& which) = 0;
    virtual result<reply_store_size> size() = 0;

    /// Reads all there is, seconds for a gigabyte, and fails when it is no whole database. `give_up` is asked
    /// before it begins and when it was interrupted; where it says so, nothing was found.
    virtual result<void> check(const std::function<bool()>& give_up) = 0;
    /// Any thread: a check that is under way ends. One that is about to begin does not notice.
    virtual void interrupt_check() = 0;

    /// True when an operation has met what is no whole database: it must be opened anew, as known_damaged.
    [[nodiscard]] virtual bool damaged() const = 0;
};

enum class reply_file : std::uint8_t { as_it_is, known_damaged };

/// Embedded SQLite in `file` (WAL, synchronous=FULL, 0600). Who may write owns FILE.lock; opening fails while
/// another process does. A damaged file is set aside as FILE.corrupt-N, a warning is logged, and a new one
/// begun.
result<std::unique_ptr<reply_store>> open_sqlite_reply_store(const std::filesystem::path& file,
                                                             reply_file state = reply_file::as_it_is);

/// A second way into the file that open_sqlite_reply_store has opened, for reading beside the writer on
/// another thread; nothing but find(), find_removable(), page(), epochs(), callers(), check(),
/// interrupt_check(), begin_reading() and end_reading() may be called.
result<std::unique_ptr<reply_store>> open_sqlite_reply_reader(const std::filesystem::path& file);

}  // namespace garde::store
