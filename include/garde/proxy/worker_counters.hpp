// All that one worker counts. Made once, from the numbers of services and backends; counting is an index and
// an add, on the worker's own cache lines. Any thread adds up all workers' counters with `add_to`. Nothing in
// here can name a caller or a patient.
#pragma once

#include "garde/base/counters.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/continuity/types.hpp"
#include "garde/proxy/admission.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::proxy {

/// How a caller's connection ended.
enum class connection_end : std::uint8_t {
    by_caller,         ///< the caller closed it between two requests
    by_garde,          ///< after an answer that said so, or while draining
    idle,              ///< nothing came for the idle time
    handshake_failed,  ///< before the first request; see handshake_result
    refused,           ///< a request was refused in a way that ends the connection; see refusal
    timed_out,         ///< inside a request or an answer
    broken,            ///< the caller went away inside a request or an answer
    shed,              ///< not admitted; see shed
};
inline constexpr std::array<std::string_view, 8> connection_end_texts{
    "by-caller", "by-garde", "idle", "handshake-failed", "refused", "timed-out", "broken", "shed"};

/// What a TLS handshake with a caller came to.
enum class handshake_result : std::uint8_t {
    full,                 ///< with a full key exchange
    resumed,              ///< from a session ticket
    timed_out,            ///< not complete in time
    closed,               ///< the caller went away
    certificate_refused,  ///< the client certificate is missing, expired, revoked or of an unknown issuer
    protocol_error,       ///< no common version or suite, or not TLS at all
    plain_http,           ///< HTTP without TLS
};
inline constexpr std::array<std::string_view, 7> handshake_result_texts{
    "full", "resumed", "timed-out", "closed", "certificate-refused", "protocol-error", "plain-http"};

/// Who answered a request.
enum class answer_kind : std::uint8_t {
    primary,        ///< the primary
    backup,         ///< a backup
    cached,         ///< the reply cache
    procedure,      ///< the emergency procedure
    deferred,       ///< the same, and the request was kept to be asked again
    exercise,       ///< the emergency procedure, as an exercise
    own_error,      ///< a backend's own error, because nobody had anything better
    gateway_error,  ///< garde: 502 or 504
    refused,        ///< garde: the request does not fit the route; see refusal
    shed,           ///< garde: 503, not admitted; see shed
};
inline constexpr std::array<std::string_view, 10> answer_kind_texts{
    "primary",  "backup",    "cached",        "procedure", "deferred",
    "exercise", "own-error", "gateway-error", "refused",   "shed"};

/// The mode that a request was served in: the service's, or the order `transparent`.
enum class served_mode : std::uint8_t { primary, backup, degraded, emergency, transparent };
inline constexpr std::array<std::string_view, 5> served_mode_texts{"primary", "backup", "degraded",
                                                                   "emergency", "transparent"};
served_mode mode_served(const continuity::service_posture& posture);

/// Why a request was refused.
enum class refusal : std::uint8_t {
    framing,         ///< 400: the framing guard, or not HTTP
    head_too_large,  ///< 414, 431
    body_too_large,  ///< 413
    not_supported,   ///< 501, 505: a method or version that is not served
    timed_out,       ///< 408: not complete in time
    too_slow,        ///< 408: its body came slower than [limits] body_rate
    no_route,        ///< 404
    wrong_method,    ///< 405
};
inline constexpr std::array<std::string_view, 8> refusal_texts{
    "framing",   "head-too-large", "body-too-large", "not-supported",
    "timed-out", "too-slow",       "no-route",       "wrong-method"};
/// Of a status that the parser or the exchange refuses a request with.
refusal refusal_of(int status);

/// What happened to connections to a backend.
enum class pool_event : std::uint8_t {
    opened,       ///< a new connection, its handshake included
    reused,       ///< an attempt found a kept connection
    closed_idle,  ///< a kept connection was closed: too old, too many, or by the backend
    resent,       ///< a request met a connection that had been closed, and was sent again on a new one
};
inline constexpr std::array<std::string_view, 4> pool_event_texts{"opened", "reused", "closed-idle",
                                                                  "resent"};

/// What became of a second copy of a request, sent while the first was unusually slow.
enum class hedge_result : std::uint8_t {
    won,   ///< its answer was delivered
    lost,  ///< the first one's was, or neither's
};
inline constexpr std::array<std::string_view, 2> hedge_result_texts{"won", "lost"};

/// Bytes of heads and bodies, without TLS.
enum class flow : std::uint8_t { from_callers, to_callers, to_backends, from_backends };
inline constexpr std::array<std::string_view, 4> flow_texts{"from-callers", "to-callers", "to-backends",
                                                            "from-backends"};

/// Attempts are counted by reason; `none` is an answer.
inline constexpr std::size_t reason_count =
    static_cast<std::size_t>(continuity::reason::probe_unexpected) + 1;

/// An array with a place for each value of an enumeration.
template <class Cell, class E, std::size_t N>
struct cells {
    std::array<Cell, N> at{};

    Cell& operator[](E which) { return at[static_cast<std::size_t>(std::to_underlying(which))]; }
    const Cell& operator[](E which) const { return at[static_cast<std::size_t>(std::to_underlying(which))]; }
};

/// `Cell` is counter where it is counted, and a plain number in sums.
template <class Cell, class Histogram>
struct alignas(cache_line_bytes) service_cells {
    std::array<cells<Cell, served_mode, served_mode_texts.size()>, answer_kind_texts.size()> requests;
    cells<Cell, hedge_result, hedge_result_texts.size()> hedges;
    Histogram exchange_time;      ///< from a complete head to the answer's last byte
    Histogram first_answer_time;  ///< of an attempt: from its start to the head of the backend's answer
};
template <class Cell>
struct alignas(cache_line_bytes) backend_cells {
    cells<Cell, continuity::reason, reason_count> attempts;
    cells<Cell, pool_event, pool_event_texts.size()> pool;
};
template <class Cell>
struct alignas(cache_line_bytes) node_cells {
    Cell accepted;
    cells<Cell, connection_end, connection_end_texts.size()> ended;
    cells<Cell, handshake_result, handshake_result_texts.size()> handshakes;
    cells<Cell, refusal, refusal_texts.size()> refusals;
    cells<Cell, shed, shed_texts.size()> sheds;
    cells<Cell, flow, flow_texts.size()> bytes;
    Cell cache_offers_dropped;
};

/// Several workers' counters together, at about one moment.
struct counter_totals {
    explicit counter_totals(std::span<const std::size_t> backends_by_service);

    node_cells<std::uint64_t> node{};
    std::vector<service_cells<std::uint64_t, histogram_values>> services;
    std::vector<std::vector<backend_cells<std::uint64_t>>> backends;  ///< by service

    /// Connections that are open. Never below what is: a connection that ends meanwhile may still count.
    [[nodiscard]] std::uint64_t open_connections() const;
};

class alignas(cache_line_bytes) worker_counters {
  public:
    explicit worker_counters(std::span<const std::size_t> backends_by_service);
    worker_counters(const worker_counters&) = delete;
    worker_counters& operator=(const worker_counters&) = delete;
    ~worker_counters() = default;

    // The worker's thread:
    node_cells<counter>& node() { return node_; }
    backend_cells<counter>& backend(std::size_t service, continuity::backend_index backend) {
        return backends_[first_backend_[service] + continuity::to_number(backend)];
    }
    void request(std::size_t service, answer_kind by, served_mode in) {
        services_[service].requests[static_cast<std::size_t>(by)][in].add();
    }
    void hedged(std::size_t service, hedge_result came_to) { services_[service].hedges[came_to].add(); }
    void exchange_took(std::size_t service, std::chrono::nanoseconds time) {
        services_[service].exchange_time.record(time);
    }
    void first_answer_took(std::size_t service, std::chrono::nanoseconds time) {
        services_[service].first_answer_time.record(time);
    }

    /// Any thread; `into` is made for the same services.
    void add_to(counter_totals& into) const;

    /// Counts on where the counters of a former configuration stopped, in what no configuration changes. The
    /// worker's thread, once, before anything is counted.
    void go_on_from(const worker_counters& former);

  private:
    node_cells<counter> node_;
    std::vector<service_cells<counter, duration_histogram>> services_;
    std::vector<backend_cells<counter>> backends_;  ///< of all services, one after the other
    std::vector<std::size_t> first_backend_;        ///< by service; and the end
};

/// What a worker counts, and the configuration whose services and backends it counts.
struct counted_site {
    config::settings_ptr settings;
    std::shared_ptr<worker_counters> counters;

    static counted_site begin(config::settings_ptr with);
    /// For another configuration: the same counters where its services and backends have the same names, else
    /// new ones that go on where these stopped. The worker's thread.
    [[nodiscard]] counted_site follow(config::settings_ptr with) const;
};

/// How many backends each service has, in the configuration's order.
std::vector<std::size_t> backends_by_service(std::span<const config::service_settings> services);

}  // namespace garde::proxy
