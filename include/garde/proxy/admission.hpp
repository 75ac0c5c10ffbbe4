// Who may come in: limits on connections and on requests in flight, in total, per service and per caller.
// Pure decisions over numbers, and the counts that all workers share: relaxed atomics, no lock, no memory per
// caller; but for callers with limits of their own, who are counted apart: a lock and a little memory for
// each connection. Operators and probes are not subject to it: what they need is kept out of what is given to
// callers (see reserved_descriptors).
//
// Too many connections: before the handshake the connection is closed without a word (a 503 would cost the
// handshake that is to be saved); after it, the first request is answered with 503. Too many requests: 503
// with `Retry-After`, as soon as the head is complete: before the body is read, and before any backend is
// asked.
#pragma once

#include "garde/base/counters.hpp"
#include "garde/base/siphash.hpp"
#include "garde/caller/limits.hpp"
#include "garde/config/settings.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace garde::proxy {

/// Why something was not admitted.
enum class shed : std::uint8_t {
    connections,             ///< all callers together have too many connections
    connections_of_address,  ///< this address has, before the handshake
    connections_of_caller,   ///< this verified caller has
    requests,                ///< too many requests in flight
    requests_of_service,     ///< of this service
    requests_of_caller,      ///< of this caller
    buffered_bytes,          ///< too many bytes are kept in memory; see byte_budget
};
inline constexpr std::array<std::string_view, 7> shed_texts{
    "connections",         "connections-of-address", "connections-of-caller", "requests",
    "requests-of-service", "requests-of-caller",     "buffered-bytes"};

/// What the process may use, and how many ask for it.
struct machine_facts {
    std::size_t descriptors = 1024;                       ///< RLIMIT_NOFILE
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;  ///< what the caches may take already taken off
    std::size_t workers = 1;
    std::size_t services = 1;
    std::size_t backends = 1;  ///< of all services
};

/// The limits in force: none is 0.
struct admission_limits {
    std::size_t connections = 1;
    std::size_t connections_per_caller = 1;
    std::size_t requests = 1;
    std::size_t requests_per_service = 1;
    std::size_t requests_per_caller = 1;
    std::size_t buffer_bytes = 1;

    friend bool operator==(const admission_limits&, const admission_limits&) = default;
};

/// Descriptors that callers never get: for operators' and status pages, probes, journal, store and listeners.
std::size_t reserved_descriptors(const machine_facts& machine);

/// What the configuration says, and for what it leaves at 0, what the machine can bear:
/// - descriptors without the reserve: 5/8 for connections, 1/4 for requests (each may need a connection to a
///   backend), 1/8 for kept connections to backends;
/// - memory: 1/4 for buffers, of which a request takes 64 KiB on average; 1/4 for connections at 24 KiB;
/// - one service of several gets 3/4 of the requests, one caller half of the requests and of the connections.
/// More connections than there are descriptors for are never allowed, whatever the configuration says.
admission_limits derive_limits(const config::limits_settings& wanted, const machine_facts& machine);

/// After how long a caller who was not admitted should ask again: 2 to 9 s, by `random`, so that those who
/// were turned away together do not come back together.
std::chrono::seconds retry_after(std::uint32_t random);

/// Whom counts are kept for: an address or a verified identity, as a keyed hash. Never a key that can be
/// read.
enum class caller_key : std::uint64_t {};

/// How many each caller has, in fixed memory for any number of callers: two rows of counts, each caller at
/// one place in either, by independent halves of his key; what he has is the lesser of the two. A count may
/// be too high when both places are shared, never too low. Nobody is turned away for the sake of others
/// unless both his places are taken by callers at their limit, of whom there cannot be more than a few. Any
/// thread.
class caller_counts {
  public:
    /// The caller's number with this one.
    std::size_t enter(caller_key who) noexcept;
    void leave(caller_key who) noexcept;
    [[nodiscard]] std::size_t of(caller_key who) const noexcept;

  private:
    static constexpr std::size_t places = 8192;
    using row = std::array<std::atomic<std::uint32_t>, places>;
    static std::size_t place(caller_key who, std::size_t row) noexcept;

    std::array<row, 2> rows_{};
};

class admission;

/// How many there are of something, on a line of its own. Any thread.
class alignas(cache_line_bytes) tally {
  public:
    std::size_t enter() noexcept { return value_.fetch_add(1, std::memory_order_relaxed) + 1; }
    void leave() noexcept { value_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::size_t read() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::size_t> value_{0};
};

/// What one caller with limits of his own has, exactly: where a limit is small, what caller_counts may count
/// too much would turn him away for others.
struct caller_tally {
    tally connections;
    tally requests;
};
using caller_tally_ptr = std::shared_ptr<caller_tally>;

/// Whom a request is counted for.
struct counted_caller {
    caller_key key{};
    caller_tally_ptr alone = nullptr;  ///< null where no limit of requests is his own
    std::size_t most = 0;              ///< his own limit
};

/// A connection that was admitted; not counted any more when it ends. Move-only.
class connection_pass {
  public:
    connection_pass() = default;
    connection_pass(connection_pass&& other) noexcept;
    connection_pass& operator=(connection_pass&& other) noexcept;
    ~connection_pass();

    /// After a handshake that verified the caller: counts the connection for the caller instead of for its
    /// address, which many callers may share. Says why when the caller has too many. `own`: where he has
    /// limits of his own, they hold instead of those for everybody.
    std::optional<shed> identify(caller_key who, const caller::caller_limits& own = {});

    /// The identified caller has these limits of his own from now on. Connections that are open stay.
    void hold_to(const caller::caller_limits& own);

    /// For admission::admit_request: the verified caller, else the address.
    [[nodiscard]] counted_caller who() const;

  private:
    friend class admission;
    connection_pass(admission& at, caller_key who) : at_(&at), who_(who) {}
    admission* at_ = nullptr;
    caller_key who_{};
    caller::caller_limits own_;
    caller_tally_ptr
        alone_;  ///< null where he never had limits of his own; else this connection counts in it
};

/// A request that was admitted; not counted any more when it ends. Move-only.
class request_pass {
  public:
    request_pass() = default;
    request_pass(request_pass&& other) noexcept;
    request_pass& operator=(request_pass&& other) noexcept;
    ~request_pass();

  private:
    friend class admission;
    request_pass(admission& at, tally& service, counted_caller who)
        : at_(&at), service_(&service), who_(std::move(who)) {}
    admission* at_ = nullptr;
    tally* service_ = nullptr;
    counted_caller who_;
};

/// A pass, or why there is none.
template <class Pass>
using admitted = std::expected<Pass, shed>;

/// Shared by all workers; outlives every pass. Any thread; nothing waits and nothing is allocated, except
/// when a caller with limits of his own comes or goes.
class admission {
  public:
    /// `key` must be random: see siphash.
    admission(const admission_limits& limits, const siphash_key& key);

    /// Other limits from now on. Who is in stays.
    void set_limits(const admission_limits& limits);

    /// The requests in flight of the service of this name; the same over every reload, as long as the
    /// admission lives. Locks: once for each configuration, not for each request.
    [[nodiscard]] tally& service(std::string_view name);

    /// 4 or 16 bytes in network order. An IPv4 address written as IPv6 counts as the IPv4 address; of other
    /// IPv6 addresses the first 64 bits count, since whoever has one has them all.
    [[nodiscard]] caller_key key_of_address(std::span<const std::uint8_t> address) const;
    /// Of a verified caller: caller::identity::canonical().
    [[nodiscard]] caller_key key_of_identity(std::string_view canonical) const;

    admitted<connection_pass> admit_connection(caller_key address);
    admitted<request_pass> admit_request(tally& service, const counted_caller& who);

    [[nodiscard]] admission_limits limits() const;
    [[nodiscard]] std::size_t connections() const { return connections_.read(); }
    [[nodiscard]] std::size_t requests() const { return requests_.read(); }

  private:
    friend class connection_pass;
    friend class request_pass;

    /// admission_limits, as they change.
    struct limits_in_force {
        std::atomic<std::size_t> connections{1};
        std::atomic<std::size_t> connections_per_caller{1};
        std::atomic<std::size_t> requests{1};
        std::atomic<std::size_t> requests_per_service{1};
        std::atomic<std::size_t> requests_per_caller{1};
        std::atomic<std::size_t> buffer_bytes{1};
    };
    void leave_connection(caller_key who) noexcept;
    void leave_request(tally& service, const counted_caller& who) noexcept;
    /// The caller's own, as long as he has a connection.
    caller_tally_ptr tally_of(caller_key who);
    void forget(caller_key who) noexcept;

    limits_in_force limits_;
    const siphash_key key_;
    tally connections_;
    tally requests_;
    std::mutex mutex_;
    std::map<std::string, tally, std::less<>>
        by_service_;  ///< under mutex_; its elements stay where they are
    caller_counts connections_by_caller_;
    caller_counts requests_by_caller_;
    std::mutex limited_mutex_;
    std::unordered_map<caller_key, std::weak_ptr<caller_tally>> limited_;  ///< under limited_mutex_
};

}  // namespace garde::proxy
