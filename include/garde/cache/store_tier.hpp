// The cache's disk, behind threads of its own: one writes in batches, one reads, and one reads through all of
// it once, since a file that is damaged somewhere is to be known before that place is needed. The desk never
// waits for either: what the disk cannot take in time is dropped and counted, what it cannot give in time is
// a miss. Removals are never dropped: until they are on the disk, what they remove is not taken from it.
#pragma once

#include "garde/cache/reply_cache.hpp"
#include "garde/cache/reply_vault.hpp"
#include "garde/net/event_loop.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace garde::cache {

enum class tier_state : std::uint8_t {
    opening,  ///< the file is not open yet
    working,
    failing,  ///< the last operation failed; it is tried again until it works
};

std::string_view to_text(tier_state value);

struct tier_totals {
    tier_state state = tier_state::opening;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t waiting = 0;  ///< changes on their way to the disk
    std::uint64_t written = 0;  ///< changes that are on it
    std::uint64_t dropped = 0;  ///< replies that were not written because too many waited
    std::uint64_t found = 0;    ///< questions that the disk could answer
    std::uint64_t missed = 0;   ///< questions that it could not
    std::uint64_t late = 0;     ///< questions that it did not answer in time
    std::uint64_t errors = 0;
    std::uint64_t unreadable = 0;  ///< replies whose seal did not hold
};

/// On the desk's thread, but for totals().
class store_tier final : public reply_keeper {
  public:
    static constexpr std::size_t waiting_bound = 4096;  ///< replies on their way to the disk …
    static constexpr std::size_t waiting_bytes_bound = 32 * 1024 * 1024;  ///< … and their bodies together
    static constexpr std::size_t removal_bound = 65'536;  ///< removals that wait; then all on the disk goes
    static constexpr std::size_t reading_bound = 1024;    ///< questions on their way to the disk
    /// So many are read before the desk is told, which costs the processor as much as a read does, but none
    /// is begun after so long: a slow disk's first answers do not wait for the last ones.
    static constexpr std::size_t reads_together = 32;
    static constexpr milliseconds reading_time{2};
    static constexpr milliseconds batch_time{500};  ///< so much is lost at most with the power
    static constexpr milliseconds read_limit{200};  ///< a question waits so long for the disk
    static constexpr milliseconds retry_time{500};

    /// Where replies from the disk go: returns false when there is no room for more. On the desk's thread.
    using taking = std::function<bool(kept_reply, restored_as)>;

    /// Begins at once to open the file, and then to fill the memory from it. The bars that are on it are
    /// raised before anything is taken from it; those that are raised meanwhile come to the disk.
    store_tier(net::event_loop& desk, vault_settings with, caller_bars& bars, taking take);
    /// Writes what waits, then ends. Waits for a disk that hangs.
    ~store_tier() override;
    store_tier(const store_tier&) = delete;
    store_tier& operator=(const store_tier&) = delete;

    void keep(const kept_reply& what) override;
    void remove(const std::vector<cache_key>& removal_keys) override;
    /// Removes these replies; of all, also the keys that they were sealed with. Until that is done, nothing
    /// is taken from the disk. `then` is told how many there were; nothing where all went meanwhile.
    void purge(purge_selection which, std::function<void(std::optional<std::uint64_t>)> then);

    /// Bars were raised: they are to come to the disk.
    void bars_raised();

    /// Looks for a reply on the disk; `then` is told, in a later turn of the loop, whether it has been taken
    /// in; false at once when too many questions wait already.
    [[nodiscard]] bool read(const cache_key& key, std::function<void(bool)> then);

    /// Everything that is on the disk was given to the memory: what is not there, and was not put out, is
    /// nowhere.
    [[nodiscard]] bool has_given_all() const { return given_all_; }

    /// Nothing is deleted for its age while the wall clock cannot be trusted.
    void trust_clock(bool trusted) { clock_trusted_.store(trusted, std::memory_order_relaxed); }

    /// Any thread.
    [[nodiscard]] tier_totals totals() const;

  private:
    struct waiting_read {
        std::function<void(bool)> then;
        std::unique_ptr<net::deadline> limit;
    };
    struct waiting_purge {
        std::uint64_t order = 0;  ///< the number of its change
        purge_selection which;
        std::function<void(std::optional<std::uint64_t>)> then;
    };
    struct batch {
        std::vector<change> changes;
        std::uint64_t last = 0;  ///< the number of its last change
    };

    // On the desk's thread.
    void put(change what, std::span<const cache_key> concerns);
    void overflow();
    void clear(std::uint64_t order);
    void drop_waiting(const purge_selection& which);
    void lift_bar(steady_time now);
    void finish_purges(std::uint64_t last, const applied_changes& what);
    void uncount(const change& what);
    void applied(std::uint64_t last, applied_changes what);
    /// What the disk has for the question of that number.
    struct read_reply {
        std::uint64_t number = 0;
        std::optional<found_reply> found;
    };
    void arrived(read_reply what);
    void page_arrived(vault_reader::part found, const store::reply_cursor& after, steady_time asked);
    void answer(std::uint64_t number, bool taken);
    [[nodiscard]] bool in_doubt(const found_reply& one) const;
    void forget_old_marks();
    void interrupt_check();

    // On the writer's thread.
    void write();
    bool work_off(batch& waiting, steady_time& tidied);
    bool open_vault();
    bool read_bars();
    void add_bars(batch& to);
    bool put_aside();
    bool write_batch(batch& what);
    batch next_batch();
    void works();
    void failed(const error& why);

    // On the reader's thread.
    void read_on();
    bool open_reader();
    void read_some(std::unique_lock<std::mutex>& lock);
    std::optional<found_reply> read_one(const cache_key& key);
    void read_page(const store::reply_cursor& after);
    void read_failed();
    void note_unreadable();

    // On the checker's thread.
    void check_on();
    bool check_file(std::uint64_t opening);

    [[nodiscard]] epoch_ring_ptr ring() const;

    net::event_loop& desk_;
    const vault_settings with_;
    caller_bars& bars_;
    const taking take_;
    const boot_id boot_ = read_boot_id();

    // The desk's own. What a change that is not on the disk yet concerns may not be taken from the disk: it
    // would be older.
    std::unordered_map<cache_key, std::uint64_t, cache_key_hash> marks_;  ///< key → number of the last change
    std::deque<std::pair<std::uint64_t, cache_key>> marked_;              ///< in the order of the numbers
    std::deque<std::pair<steady_time, std::uint64_t>> on_disk_;           ///< up to which number, since when
    std::uint64_t changes_ = 0;                                           ///< the last number
    std::uint64_t barred_until_ = 0;    ///< nothing is taken from the disk until this change is on it
    steady_time not_before_{};          ///< what was asked for earlier is not taken
    std::deque<waiting_purge> purges_;  ///< in the order of their numbers
    bool given_all_ = false;
    std::uint64_t reads_ = 0;
    std::unordered_map<std::uint64_t, waiting_read> waiting_reads_;

    mutable std::mutex mutex_;  ///< never held while the disk works
    std::condition_variable to_write_;
    std::condition_variable to_read_;
    std::condition_variable to_check_;
    std::condition_variable checked_;
    // Under mutex_:
    std::vector<change> changes_waiting_;
    std::uint64_t last_waiting_ = 0;  ///< the number of the last of them
    std::size_t keeps_waiting_ = 0;   ///< with those that the writer is at
    std::size_t bytes_waiting_ = 0;
    std::deque<std::pair<std::uint64_t, cache_key>> reads_waiting_;
    std::optional<store::reply_cursor> page_wanted_ = store::reply_cursor{};
    std::optional<steady_time> reading_since_;
    epoch_ring_ptr ring_;               ///< null until the file is open
    std::uint64_t opened_ = 0;          ///< how often the file was opened
    std::uint64_t damaged_ = 0;         ///< which opening of the file has met damage
    vault_reader* checking_ = nullptr;  ///< the checker's own, while it reads through the file
    bool bars_raised_ = false;
    bool ending_ = false;
    tier_totals totals_;

    std::atomic<bool> clock_trusted_{true};
    // The writer's own.
    std::unique_ptr<reply_vault> vault_;
    std::vector<wall_time> barred_on_disk_;  ///< until when, by place
    // The reader's own.
    std::unique_ptr<vault_reader> reader_;
    std::uint64_t reader_of_ = 0;  ///< which opening of the file it reads
    std::uint64_t unreadable_seen_ = 0;

    std::thread writer_thread_;
    std::thread reader_thread_;
    std::thread checker_thread_;
};

}  // namespace garde::cache
