// What the ledger's thread and those who ask it share.
#pragma once

#include "garde/emergency/ledger.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace garde::emergency {

/// A request on its way to the disk, and who waits for it.
struct wish {
    using answer = std::expected<void, keep_failure>;
    wish(net::event_loop& asking, deferral_request request)
        : what(std::move(request)), arrival(std::make_shared<net::arrival<answer>>(asking)) {}

    /// True for the first who says what becomes of it: the ledger, or the one who gives up waiting.
    bool claim() { return !claimed.exchange(true, std::memory_order_acq_rel); }
    void bring(answer how) { net::arrival<answer>::bring(arrival, std::move(how)); }

    deferral_request what;
    std::shared_ptr<net::arrival<answer>> arrival;
    std::atomic<bool> claimed{false};
};

struct listing {
    caller::identity who;
    std::string known;
    steady_time until;
    std::shared_ptr<net::arrival<std::optional<deferral_list>>> arrival;
};

struct report_request {
    std::string service;
    wall_time outage;
    std::function<void(result<std::vector<deferral_entry>>)> then;
};

struct attempt_end {
    std::string service;
    deferral_id id{};
    std::uint32_t attempts = 0;
    attempt_result what;
};

/// What came in since the thread last looked.
struct ledger_news {
    std::vector<std::shared_ptr<wish>> wishes;
    std::vector<listing> listings;
    std::vector<report_request> reports;
    std::vector<attempt_end> ended;       ///< one for each service at most
    std::vector<answer_note> given;       ///< answers to follow
    std::vector<deferral_change> told;    ///< what the service said of those
    bool paused = false;                  ///< since just now
    std::map<std::string, bool> serving;  ///< the latest word on each service

    [[nodiscard]] bool empty() const {
        return wishes.empty() && listings.empty() && reports.empty() && ended.empty() && given.empty() &&
               told.empty() && serving.empty() && !paused;
    }
};

struct ledger_state {
    deferral_vault::settings with;
    ledger::sender send;
    std::shared_ptr<answer_watch> watch;

    std::mutex mutex;
    std::condition_variable came;
    ledger_news news;      // under mutex
    bool ending = false;   // under mutex
    bool paused = false;   // under mutex
    ledger_totals totals;  // under mutex
    bool busy = false;     // under mutex: the thread is at something, and so at the disk
    bool late = false;     // under mutex: somebody gave up waiting for it meanwhile

    /// False when too many wait already, or the disk has not answered for too long.
    std::optional<keep_failure> put(const std::shared_ptr<wish>& one);
    void count_refused(keep_failure why);
};

}  // namespace garde::emergency
