// Kept answers in a reply store: sealed going in, opened coming out. All of it may block for as long as the
// disk does; store_tier has the threads for it.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/cache/caller_bars.hpp"
#include "garde/cache/kept_callers.hpp"
#include "garde/cache/kept_reply.hpp"
#include "garde/cache/reply_codec.hpp"
#include "garde/cache/sealing.hpp"
#include "garde/store/reply_store.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace garde::cache {

/// What the cache did, to be done on the disk.
struct keep_change {
    kept_reply what;
};
/// What is kept under these removal keys goes, and what is kept under the removal keys that it has besides.
struct remove_change {
    std::vector<cache_key> removal_keys;
};
/// What is kept under this key goes: something newer was to take its place, and had to be dropped.
struct forget_change {
    cache_key key{};
};
/// All goes, and the keys that it was sealed with.
struct clear_change {
    std::uint64_t order = 0;  ///< the number of the purge that it is; 0: of none
};
/// What an operator has named goes.
struct purge_change {
    purge_selection which;
    std::uint64_t order = 0;
};
/// What these callers asked for up to then is barred, also in the next process.
struct bar_change {
    caller_bar bar;
};
using change =
    std::variant<keep_change, remove_change, forget_change, clear_change, purge_change, bar_change>;

/// What has become of changes.
struct applied_changes {
    /// What stays because it is newer, by the insurer's word, than what was to take its place.
    std::vector<kept_reply> newer_ones;
    /// How many replies each purge has removed, by the number of its order.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> purged;
};

struct vault_settings {
    std::filesystem::path file;
    std::vector<master_key> keys;  ///< the first wraps; all unwrap
    std::uint64_t bytes = 0;       ///< the most that may be in use
};

/// Writes. One thread.
class reply_vault {
  public:
    static constexpr std::chrono::days epoch_length{7};
    static constexpr std::chrono::days longest_age{30};

    static result<std::unique_ptr<reply_vault>> open(vault_settings with, const boot_id& boot, wall_time now,
                                                     store::reply_file state = store::reply_file::as_it_is);

    /// Durable on return, in their order. When it fails, some of them may have been done; to do them all
    /// again does no harm.
    result<applied_changes> apply(std::span<const change> changes, wall_time now);

    /// Of all bars that were applied, those that may still concern a reply.
    result<std::vector<caller_bar>> bars();

    /// Deletes what is over, and the oldest beyond the bound. `deletes_by_age`: false while the wall clock
    /// cannot be trusted.
    result<void> tidy(wall_time now, bool deletes_by_age);

    /// Only the latter.
    result<void> make_room();

    [[nodiscard]] epoch_ring_ptr ring() const { return ring_; }
    result<store::reply_store_size> size() { return store_->size(); }
    [[nodiscard]] bool damaged() const { return store_->damaged(); }

  private:
    reply_vault(vault_settings with, std::unique_ptr<store::reply_store> opened, const boot_id& boot)
        : with_(std::move(with)), store_(std::move(opened)), codec_(boot) {}

    result<void> open_epochs(wall_time now);
    result<void> begin_epoch(wall_time now);
    result<void> end_epochs(wall_time now);
    result<void> clear(wall_time now);
    result<void> apply_together(std::span<const change> changes, applied_changes& out);
    result<void> apply_one(const change& what, applied_changes& out);
    result<void> purge(const purge_change& what, applied_changes& out);
    [[nodiscard]] std::optional<kept_reply> open_reply(const store::sealed_reply& from);
    result<std::optional<kept_reply>> keep(const kept_reply& what);
    result<void> remove(std::vector<cache_key> removal_keys);
    result<void> forget(const cache_key& key);

    vault_settings with_;
    std::unique_ptr<store::reply_store> store_;
    reply_codec codec_;
    std::vector<store::stored_epoch> epochs_;  ///< all, also those that could not be unwrapped
    epoch_ring_ptr ring_ = std::make_shared<const epoch_ring>();
    kept_callers callers_;
    bool current_usable_ = false;  ///< the newest epoch's keys are the ring's last
};

/// A reply from the disk, with what a removal of it could begin with.
struct found_reply {
    kept_reply what;
    /// All removal keys that lead to it, also by way of other replies.
    std::vector<cache_key> linked;
};

/// Reads beside the writer. One thread.
class vault_reader {
  public:
    static result<std::unique_ptr<vault_reader>> open(const std::filesystem::path& file, const boot_id& boot);

    // See reply_store: around a few reads.
    result<void> begin_reading() { return store_->begin_reading(); }
    void end_reading() { store_->end_reading(); }

    /// What is kept under this key; a reply whose seal does not hold counts as none.
    result<std::optional<found_reply>> find(const epoch_ring& ring, const cache_key& key);

    struct part {
        std::vector<found_reply> replies;  ///< newest first
        store::reply_cursor next;
        bool last = false;
    };
    result<part> page(const epoch_ring& ring, const store::reply_cursor& after, std::size_t most);

    /// Replies whose seal did not hold, so far.
    [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }
    [[nodiscard]] bool damaged() const { return store_->damaged(); }

    // See reply_store.
    result<void> check(const std::function<bool()>& give_up) { return store_->check(give_up); }
    void interrupt_check() { store_->interrupt_check(); }

  private:
    vault_reader(std::unique_ptr<store::reply_store> opened, const boot_id& boot)
        : store_(std::move(opened)), codec_(boot) {}
    result<std::optional<found_reply>> unseal(const epoch_ring& ring, const store::stored_reply& from);
    result<std::optional<kept_reply>> open_reply(const epoch_ring& ring, const store::sealed_reply& from);
    result<std::vector<cache_key>> linked_to(const epoch_ring& ring, const kept_reply& what,
                                             std::int64_t row);

    std::unique_ptr<store::reply_store> store_;
    reply_codec codec_;
    kept_callers callers_;
    std::uint64_t unreadable_ = 0;
};

}  // namespace garde::cache
