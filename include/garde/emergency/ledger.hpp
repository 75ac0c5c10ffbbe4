// The ledger of deferrals, on a thread of its own: keeps requests durably before their callers are told, asks
// them again once the service is back, one at a time and at a growing pace, and tells each caller what became
// of his. Answers that were given from the cache it follows, until the service says whether they were right.
// The disk may be full, hung or gone: then nothing is promised, and nobody waits for it longer than
// keep_limit.
#pragma once

#include "garde/emergency/answer_watch.hpp"
#include "garde/emergency/deferral_vault.hpp"
#include "garde/net/arrival.hpp"
#include "garde/net/event_loop.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace garde::emergency {

/// Why a request was not kept.
enum class keep_failure : std::uint8_t {
    busy,  ///< too many wait already
    late,  ///< the disk did not answer within keep_limit, or has not answered others
    disk,  ///< the disk refused, or the ledger is full or cannot be opened
};

inline constexpr std::size_t keep_failures = static_cast<std::size_t>(keep_failure::disk) + 1;

std::string_view to_text(keep_failure value);

/// What came of asking a deferral again.
struct attempt_result {
    settlement what = settlement::unanswered;
    std::string result;  ///< a word: an HTTP status, a fault code, a reason; nothing personal
};

/// A caller's deferrals, newest first.
struct deferral_list {
    std::vector<deferral_entry> entries;
    std::string version;  ///< changes with any of them
};

/// An answer that was given from the cache, as it was given.
struct answer_note {
    std::string service;
    caller::identity who;
    std::string request_body;
    std::shared_ptr<const std::string> reply_body;
    std::shared_ptr<const config::cache_recipe> recipe{};  ///< null: a consult's own
    std::string target{};                                  ///< with a recipe only
    std::string reference;                                 ///< what its sender calls it; may be empty
    wall_time given_at{};
};

struct ledger_totals {
    std::uint64_t kept = 0;
    std::array<std::uint64_t, keep_failures> refused{};
    std::vector<store::deferral_count> counts;  ///< at most a second old
    std::uint64_t not_followed = 0;             ///< answers of which nobody will know whether they were right
    bool failing = false;                       ///< the disk does not take what is to be kept
    bool nearly_full = false;
};

struct ledger_state;

class ledger {
  public:
    static constexpr std::size_t keep_bound =
        1024;  ///< requests that wait for the disk; further ones are refused
    static constexpr std::size_t listing_bound = 1024;  ///< lists that wait; further ones are not answered
    static constexpr std::size_t note_bound =
        4096;  ///< answers to follow that wait; further ones are not followed
    static constexpr milliseconds keep_limit{500};
    /// How long an answer is followed: as old it may have been when it was given.
    static constexpr std::chrono::days follow_time{30};
    /// Of a caller's deferrals the newest are listed.
    static constexpr std::size_t listed_at_most = 1000;

    using on_attempt = std::function<void(attempt_result)>;
    /// Asks one again, on whatever thread it likes, and calls back once, from any thread; never calls back
    /// where it ends before it knows.
    using sender = std::function<void(deferred_message, on_attempt)>;

    /// Opens the file on its thread, again and again until that works.
    ledger(deferral_vault::settings with, sender send);
    /// Those being asked at the moment stay written down as sent.
    ~ledger();
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;

    /// On `asking`'s thread. Durable when it succeeds. One that was given up for want of time may all the
    /// same be kept when the power goes at that moment: what was told is kept, not the other way round.
    net::task<std::expected<void, keep_failure>> keep(net::event_loop& asking, deferral_request what);

    /// Any thread; waits for nothing. It is written down soon, and lost with the power before that.
    void follow(answer_note what);
    /// What hears the service's word on the answers that are followed; it may outlive the ledger.
    [[nodiscard]] std::shared_ptr<cache::word_listener> listener() const;

    /// On `asking`'s thread: a caller's deferrals, at once or, while their version is still `known`, at
    /// `until`. Nothing while the ledger cannot be read. References that are due are handed back by it.
    net::task<std::optional<deferral_list>> list(net::event_loop& asking, caller::identity who,
                                                 std::string known, steady_time until);

    /// Any thread: whether the service has a backend. Until told so, it has none.
    void serving(const std::string& service, bool yes);
    /// Any thread: asks nothing again from now on, and no list waits for news.
    void pause();

    /// Any thread: an outage's deferrals, for reports; `then` is called on the ledger's thread.
    void report(std::string service, wall_time outage,
                std::function<void(result<std::vector<deferral_entry>>)> then);

    [[nodiscard]] ledger_totals totals() const;

  private:
    std::shared_ptr<ledger_state> state_;  ///< shared with callbacks that may come late
    std::jthread thread_;
};

}  // namespace garde::emergency
