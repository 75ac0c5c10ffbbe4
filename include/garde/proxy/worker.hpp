// One worker: a thread with its own event loop, listener, connection pools and counters. It shares nothing
// with other workers; what it must know (postures, addresses) comes by message, what others must know
// (outcomes) leaves by message.
#pragma once

#include "garde/base/random_supply.hpp"
#include "garde/base/siphash.hpp"
#include "garde/continuity/latency_profile.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/continuity/recent_callers.hpp"
#include "garde/continuity/routing.hpp"
#include "garde/continuity/sighting.hpp"
#include "garde/emergency/ledger.hpp"
#include "garde/emergency/receipt_book.hpp"
#include "garde/emergency/stand_in_limits.hpp"
#include "garde/http/parser.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/listener.hpp"
#include "garde/proxy/admission.hpp"
#include "garde/proxy/byte_budget.hpp"
#include "garde/proxy/site.hpp"
#include "garde/proxy/worker_counters.hpp"
#include "garde/upstream/pool.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

namespace garde::proxy {

/// What traffic showed of one backend: the answers since the last report, or one attempt that says something
/// by itself.
struct outcome_report {
    std::uint64_t epoch = 0;  ///< the configuration that `service` and `backend` count in
    std::size_t service = 0;
    continuity::backend_index backend{};
    std::variant<continuity::answers, continuity::sighting> seen;
};

/// Where outcomes go: the controller. Any thread; never waits; what does not fit its queue is dropped and
/// counted there.
using outcome_sink = std::function<void(const outcome_report&)>;

class session;

/// What an exchange works in; a connection that waits has none.
struct exchange_memory {
    explicit exchange_memory(const http::parser_limits& with) : limits(with), request(with) {}
    http::parser_limits limits;
    http::request_parser request;
    std::string wire;    ///< the request as it is sent on
    std::string answer;  ///< what is written to the caller
};

/// One configuration as one worker serves it. An exchange keeps the one that it began with until it ends; a
/// new configuration begins another. The worker's thread only, so that its count of owners needs no atomics.
struct epoch : boost::intrusive_ref_counter<epoch, boost::thread_unsafe_counter> {
    std::uint64_t number = 0;
    site_ptr served;
    continuity::posture_ptr posture;
    std::shared_ptr<worker_counters> counters;
    std::vector<tally*> in_flight;                            ///< requests, by service
    std::vector<std::vector<upstream::pool>> pools;           ///< by service and backend
    std::vector<std::vector<continuity::answers>> answered;   ///< by service and backend, not yet reported
    std::vector<continuity::routing_state> routing;           ///< by service
    std::vector<continuity::recent_callers> recent;           ///< by service
    std::vector<std::optional<steady_time>> without_backend;  ///< by service: since when its mode has none

    [[nodiscard]] upstream::pool& pool(std::size_t service, continuity::backend_index backend) {
        return pools[service][continuity::to_number(backend)];
    }
};
using epoch_ptr = boost::intrusive_ptr<epoch>;

class worker {
  public:
    /// While draining: how long a connection may wait for another request, so that who is about to ask is
    /// answered instead of finding it closed.
    static constexpr milliseconds last_wait{2'000};

    /// What all workers are given.
    struct environment {
        site_ptr served;  ///< at first
        cache::cache_desk* cache;
        outcome_sink outcomes;
        admission& admits;                    ///< of all workers together
        byte_budget& buffers;                 ///< of all workers together
        siphash_key digests;                  ///< random
        emergency::ledger* ledger = nullptr;  ///< null: no request is kept to be asked again
        /// Of the stand-in rules, of all workers together.
        std::shared_ptr<emergency::stand_in_limits> limits = std::make_shared<emergency::stand_in_limits>();
        emergency::receipt_book* receipts = nullptr;  ///< null: they are not brought into the journal
    };

    explicit worker(environment with, continuity::posture_ptr first);
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// Accepts from this socket too; before begin() or start().
    void listen(net::socket socket);
    /// Serves from now on, as whoever calls this turns loop(): for a simulation, where one thread turns all
    /// loops.
    void begin();
    /// The same on a thread of its own.
    void start();
    /// Of its listener, between listen() and drain().
    [[nodiscard]] int listening_descriptor() const { return listeners_.front()->descriptor(); }

    // Any thread:
    /// What it counts, as it is while it counts on.
    [[nodiscard]] std::shared_ptr<const counted_site> counted() const { return counted_.load(); }
    /// Serves from this posture from now on; then calls `in_effect` on this worker's thread.
    void publish(continuity::posture_ptr next, std::function<void()> in_effect);
    /// Serves this site from now on, as epoch `number`, beginning with this posture; then calls `in_effect`
    /// on this worker's thread. Exchanges under way end in the epoch that they began in; connections stay
    /// open.
    void adopt(site_ptr next, std::uint64_t number, continuity::posture_ptr first,
               std::function<void()> in_effect);
    void retarget(std::size_t service, continuity::backend_index backend, upstream::target_ptr to);
    /// Stops accepting. The next answer on each connection is its last; one that asks nothing more within
    /// last_wait ends. Calls `then` when none is left.
    void drain(std::function<void()> then);
    /// Serves a connection that somebody else accepted for it, and owns its descriptor from now on.
    void adopt(int connected);
    /// Asks a deferral again; `then` is called once, on this worker's thread, unless the worker ends before.
    void ask_again(emergency::deferred_message what, std::function<void(emergency::attempt_result)> then);
    /// Ends the thread, whatever is open.
    void stop();

    // This worker's thread:
    [[nodiscard]] net::event_loop& loop() { return loop_; }
    /// What is served now. Whoever waits for something must hold the epoch, or copy what he needs of it.
    [[nodiscard]] const epoch_ptr& current() const { return current_; }
    [[nodiscard]] const site& served() const { return *current_->served; }
    [[nodiscard]] admission& admits() { return with_.admits; }
    /// Of what is served now.
    [[nodiscard]] worker_counters& counters() { return *current_->counters; }
    [[nodiscard]] cache::cache_desk* cache() { return with_.cache; }
    [[nodiscard]] emergency::ledger* ledger() { return with_.ledger; }
    [[nodiscard]] emergency::receipt_book* receipts() { return with_.receipts; }
    [[nodiscard]] emergency::stand_in_limits& stand_in_limits() { return *with_.limits; }
    [[nodiscard]] bool draining() const { return draining_; }
    /// An attempt that was answered: reported in batches. What an exchange saw in a former epoch is not.
    void answered(const epoch& in, std::size_t service, continuity::backend_index backend,
                  steady_time::duration took);
    /// One that was given up after so long, because another backend had answered: it belongs to how long this
    /// one usually takes, and says nothing else. Reported with the next that was answered.
    void outrun(const epoch& in, std::size_t service, continuity::backend_index backend,
                steady_time::duration took);
    /// One that says something by itself: reported at once, behind the answers before it.
    void showed(const epoch& in, std::size_t service, continuity::backend_index backend,
                const continuity::sighting& what);
    /// For telling equal messages from different ones, the same in all workers.
    [[nodiscard]] const siphash_key& digests() const { return with_.digests; }
    /// Memory for an exchange, and back; null is nothing.
    [[nodiscard]] std::unique_ptr<exchange_memory> lend(const http::parser_limits& limits);
    void give_back(std::unique_ptr<exchange_memory> memory);
    [[nodiscard]] byte_budget& buffers() { return with_.buffers; }
    /// For ids, nothing else.
    [[nodiscard]] random_supply& randomness() { return randomness_; }
    void enter(session& one);
    void leave(session& one);

  private:
    static constexpr milliseconds batch_time{100};

    void accept(net::socket accepted);
    void flush_answered();
    void check_drained();
    static void note_outages(epoch& of);
    static void keep_outages(const epoch& from, epoch& to);
    [[nodiscard]] epoch_ptr make_epoch(site_ptr served, std::uint64_t number, continuity::posture_ptr first);

    environment with_;
    std::vector<session*> sessions_;
    std::size_t arriving_ = 0;     ///< accepted, and their coroutine has not begun
    std::size_t asked_again_ = 0;  ///< deferrals, under way
    bool draining_ = false;
    std::function<void()> drained_;
    random_supply randomness_;
    std::vector<std::unique_ptr<exchange_memory>> spare_memory_;
    net::event_loop loop_;
    std::atomic<std::shared_ptr<const counted_site>> counted_;
    epoch_ptr current_;
    net::deadline batch_;
    net::deadline last_wait_over_;
    std::vector<std::unique_ptr<net::listener>> listeners_;
    std::jthread thread_;
};

}  // namespace garde::proxy
