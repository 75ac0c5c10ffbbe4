// The reply cache's own thread. Workers hand it what was answered, after the caller has his answer, and ask
// it when no backend is left; both by message, so that no worker ever locks or waits for another. Here, off
// the main path, assertions are checked: for what an upstream answers, it does that itself. One owner instead
// of shards behind locks: a look-up costs it a tenth of what the answer costs the worker that asked.
#pragma once

#include "garde/cache/cache_totals.hpp"
#include "garde/cache/caller_bars.hpp"
#include "garde/cache/reply_cache.hpp"
#include "garde/cache/store_tier.hpp"
#include "garde/caller/recognition.hpp"
#include "garde/net/arrival.hpp"
#include "garde/net/event_loop.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace garde::cache {

using found = std::expected<hit, miss>;

/// What an operator wants to be gone: all for which both hold.
struct purge_order {
    std::optional<caller::pattern> of;  ///< whose; nothing: everybody's
    std::optional<wall_time> before;    ///< consulted before then; nothing: at any time
};

struct purge_result {
    /// What has become of it on the disk.
    enum class on_disk : std::uint8_t {
        no_disk,
        done,     ///< gone, and durably
        waiting,  ///< the disk has not done it yet; it is tried until the process ends
    };
    std::uint64_t from_memory = 0;
    on_disk disk = on_disk::no_disk;
    std::uint64_t from_disk = 0;  ///< once it is done
};

/// Who turns the desk's loop: a thread of its own, or, in a simulation, whoever made it.
enum class turned_by : std::uint8_t { own_thread, owner };

class cache_desk {
  public:
    static constexpr std::size_t offer_bound =
        1024;  ///< offers on their way; a further one is dropped, counted, and bars its caller
    static constexpr std::size_t question_bound = 4096;  ///< questions on their way; a further one is a miss

    explicit cache_desk(std::size_t bound_bytes, turned_by whom = turned_by::own_thread);
    ~cache_desk();
    cache_desk(const cache_desk&) = delete;
    cache_desk& operator=(const cache_desk&) = delete;

    /// Any thread; never waits. Under overload the offer is dropped: false. It may have held news that makes
    /// older entries wrong, so from then on no entry of that caller that is older than the drop is served,
    /// over a restart neither once the disk has taken note, which it does with its next batch.
    bool offer(cache::offer what);

    /// On `asking`'s thread; never waits longer than the desk's queue is long. A full queue is a miss.
    net::task<found> ask(net::event_loop& asking, question what);

    /// On `asking`'s thread: who asks, where the message may show it; the unverified where it does not, or
    /// the queue is full.
    net::task<caller::identity> identify(net::event_loop& asking, question what);

    /// Any thread, once: keeps what it has on the disk as well, and takes from there what is not in memory.
    void keep_on_disk(vault_settings where);

    /// Any thread, once: who hears what the service says.
    void let_hear(std::shared_ptr<word_listener> listener);

    /// Any thread: another bound from now on; what no longer fits goes.
    void resize(std::size_t bound_bytes);

    /// Any thread. Removes from memory, from the disk and from what waits for it; nothing that was asked
    /// before is kept or served any more. `then` is called once, on the desk's thread, when all is done, or
    /// after purge_limit. False, and nothing happens, while too much waits for the desk.
    [[nodiscard]] bool purge(purge_order what, std::function<void(purge_result)> then);
    static constexpr milliseconds purge_limit{5'000};

    /// Any thread: how callers without a certificate are recognised from now on. Messages that were seen stay
    /// seen.
    void recognise(caller::recognition_ptr how);

    /// Any thread.
    [[nodiscard]] caller::assertion_counts assertions() const;

    [[nodiscard]] cache_totals totals() const;
    /// Any thread; nothing without a disk.
    [[nodiscard]] std::optional<tier_totals> tier() const;

    [[nodiscard]] net::event_loop& loop() { return loop_; }

    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    using asked = std::shared_ptr<net::arrival<found>>;
    void answer(question what, const asked& to);
    void bring(const asked& to, found what);
    net::task<> send_answers();
    [[nodiscard]] bool disk_may_have_more() const;
    std::expected<question, miss> identified(question what);
    found look_up(const question& what, wall_time barred);
    [[nodiscard]] wall_time barred_until(const caller::identity& who) const;
    void admit(cache::offer what);
    refusal settle(cache::offer what);
    void watch_clock();
    void carry_out(const purge_order& what, std::function<void(purge_result)> then);
    struct nobody {
        miss why;
        caller::identity repeats{};  ///< whose message was seen before; see caller::refused_message
    };
    /// Who asks, where that is somebody who may have cached answers.
    std::expected<caller::identity, nobody> identify(const caller::identity& shown,
                                                     const caller_patterns& allowed, std::string_view message,
                                                     wall_time now);

    net::event_loop loop_;
    net::mailbox offers_;
    net::mailbox questions_;
    std::shared_ptr<word_listener> listener_;
    reply_cache cache_;
    caller_bars bars_;
    std::atomic<bool> disk_is_told_{false};         ///< the desk is to tell the disk of bars already
    std::vector<std::pair<asked, found>> answers_;  ///< found in this turn of the loop
    std::unique_ptr<store_tier> tier_;  ///< set under totals_mutex_ by the desk's thread; null: memory only
    caller::recognition_ptr callers_;
    std::optional<caller::assertion_checker> checker_;  ///< none: assertions are not looked at
    std::atomic<std::uint64_t> accepted_{0};
    std::array<std::atomic<std::uint64_t>, caller::assertion_counts::reasons> refused_{};
    std::atomic<std::uint64_t> dropped_{0};
    mutable std::mutex totals_mutex_;  ///< held for a copy or a count
    cache_totals totals_;              ///< under totals_mutex_; written by the desk's thread only
    std::jthread thread_;
};

}  // namespace garde::cache
