// See admission.hpp.
#include "garde/proxy/admission.hpp"

#include "garde/net/page_bound.hpp"

#include <algorithm>
#include <utility>

namespace garde::proxy {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t most_connections = 1'000'000;
constexpr std::size_t connection_bytes = 24 * kib;  ///< of one idle TLS connection, with room to spare
constexpr std::size_t request_bytes = 64 * kib;     ///< buffered for a request and its answer, on average
constexpr std::size_t least_buffer_bytes = 16 * kib * kib;

std::size_t configured_or(std::size_t configured, std::size_t derived) {
    return configured > 0 ? configured : std::max<std::size_t>(1, derived);
}

/// Domains of the keyed hash: an address and an identity of the same bytes are two callers.
enum class key_domain : std::uint8_t { address = 'a', identity = 'i' };

caller_key to_key(const siphash_key& key, key_domain domain, std::span<const std::uint8_t> bytes) {
    const siphash_key of_domain{.low = key.low ^ std::to_underlying(domain), .high = key.high};
    return static_cast<caller_key>(siphash(of_domain, bytes));
}

}  // namespace

std::size_t reserved_descriptors(const machine_facts& machine) {
    constexpr std::size_t always = 64;      // journal, store, log, libraries, what is opened for a moment
    constexpr std::size_t per_worker = 8;   // loop, listener, its like while handing over
    constexpr std::size_t per_backend = 2;  // a probe and a look-up of its name
    return always + per_worker * machine.workers + per_backend * machine.backends +
           net::page_sites * net::page_connections(machine.descriptors);
}

admission_limits derive_limits(const config::limits_settings& wanted, const machine_facts& machine) {
    const std::size_t reserve = reserved_descriptors(machine);
    const std::size_t free = machine.descriptors - std::min(machine.descriptors, reserve);
    const std::size_t quarter_of_memory = static_cast<std::size_t>(machine.memory_bytes / 4);
    admission_limits out;
    out.buffer_bytes = configured_or(wanted.buffer_bytes, std::max(quarter_of_memory, least_buffer_bytes));

    const std::size_t bearable =
        std::min({free * 5 / 8, quarter_of_memory / connection_bytes, most_connections});
    out.connections = configured_or(wanted.connections, bearable);
    out.connections = std::min(out.connections, std::max<std::size_t>(1, free * 5 / 8));
    out.connections_per_caller =
        std::min(configured_or(wanted.connections_per_caller, out.connections / 2), out.connections);

    out.requests = configured_or(wanted.requests, std::min(free / 4, out.buffer_bytes / request_bytes));
    const std::size_t share = machine.services > 1 ? out.requests * 3 / 4 : out.requests;
    out.requests_per_service = std::min(configured_or(wanted.requests_per_service, share), out.requests);
    out.requests_per_caller =
        std::min(configured_or(wanted.requests_per_caller, out.requests / 2), out.requests);
    return out;
}

std::chrono::seconds retry_after(std::uint32_t random) {
    constexpr std::uint32_t spread = 8;
    return std::chrono::seconds(2 + random % spread);
}

std::size_t caller_counts::place(caller_key who, std::size_t row) noexcept {
    return (std::to_underlying(who) >> (32 * row)) % places;
}

std::size_t caller_counts::enter(caller_key who) noexcept {
    std::size_t out = SIZE_MAX;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        const std::size_t now = rows_[row][place(who, row)].fetch_add(1, std::memory_order_relaxed) + 1;
        out = std::min(out, now);
    }
    return out;
}

void caller_counts::leave(caller_key who) noexcept {
    for (std::size_t row = 0; row < rows_.size(); ++row)
        rows_[row][place(who, row)].fetch_sub(1, std::memory_order_relaxed);
}

std::size_t caller_counts::of(caller_key who) const noexcept {
    std::size_t out = SIZE_MAX;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        const std::size_t now = rows_[row][place(who, row)].load(std::memory_order_relaxed);
        out = std::min(out, now);
    }
    return out;
}

connection_pass::connection_pass(connection_pass&& other) noexcept
    : at_(std::exchange(other.at_, nullptr)),
      who_(other.who_),
      own_(other.own_),
      alone_(std::move(other.alone_)) {}

connection_pass& connection_pass::operator=(connection_pass&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(who_, other.who_);
    std::swap(own_, other.own_);
    std::swap(alone_, other.alone_);
    return *this;
}

connection_pass::~connection_pass() {
    if (alone_) alone_->connections.leave();
    if (at_ != nullptr) at_->leave_connection(who_);
}

std::optional<shed> connection_pass::identify(caller_key who, const caller::caller_limits& own) {
    auto alone = own.any() ? at_->tally_of(who) : nullptr;
    const std::size_t about = at_->connections_by_caller_.enter(who);
    const std::size_t exactly = alone ? alone->connections.enter() : about;
    const bool too_many = own.connections > 0
                              ? exactly > own.connections
                              : about > at_->limits_.connections_per_caller.load(std::memory_order_relaxed);
    if (too_many) {
        if (alone) alone->connections.leave();
        at_->connections_by_caller_.leave(who);
        return shed::connections_of_caller;
    }
    at_->connections_by_caller_.leave(std::exchange(who_, who));
    own_ = own;
    alone_ = std::move(alone);
    return std::nullopt;
}

void connection_pass::hold_to(const caller::caller_limits& own) {
    own_ = own;
    if (alone_ || !own.any()) return;
    alone_ = at_->tally_of(who_);
    alone_->connections.enter();
}

counted_caller connection_pass::who() const {
    if (own_.requests == 0) return {.key = who_};
    return {.key = who_, .alone = alone_, .most = own_.requests};
}

request_pass::request_pass(request_pass&& other) noexcept
    : at_(std::exchange(other.at_, nullptr)), service_(other.service_), who_(std::move(other.who_)) {}

request_pass& request_pass::operator=(request_pass&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(service_, other.service_);
    std::swap(who_, other.who_);
    return *this;
}

request_pass::~request_pass() {
    if (at_ != nullptr) at_->leave_request(*service_, who_);
}

admission::admission(const admission_limits& limits, const siphash_key& key) : key_(key) {
    set_limits(limits);
}

void admission::set_limits(const admission_limits& limits) {
    constexpr auto relaxed = std::memory_order_relaxed;
    limits_.connections.store(limits.connections, relaxed);
    limits_.connections_per_caller.store(limits.connections_per_caller, relaxed);
    limits_.requests.store(limits.requests, relaxed);
    limits_.requests_per_service.store(limits.requests_per_service, relaxed);
    limits_.requests_per_caller.store(limits.requests_per_caller, relaxed);
    limits_.buffer_bytes.store(limits.buffer_bytes, relaxed);
}

admission_limits admission::limits() const {
    constexpr auto relaxed = std::memory_order_relaxed;
    return {.connections = limits_.connections.load(relaxed),
            .connections_per_caller = limits_.connections_per_caller.load(relaxed),
            .requests = limits_.requests.load(relaxed),
            .requests_per_service = limits_.requests_per_service.load(relaxed),
            .requests_per_caller = limits_.requests_per_caller.load(relaxed),
            .buffer_bytes = limits_.buffer_bytes.load(relaxed)};
}

tally& admission::service(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = by_service_.find(name);
    return found != by_service_.end() ? found->second : by_service_[std::string(name)];
}

caller_key admission::key_of_address(std::span<const std::uint8_t> address) const {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::size_t v6_bytes = 16;
    constexpr std::size_t v6_site_bytes = 8;
    if (address.size() == v6_bytes)
        address = std::ranges::equal(address.first(mapped.size()), mapped) ? address.subspan(mapped.size())
                                                                           : address.first(v6_site_bytes);
    return to_key(key_, key_domain::address, address);
}

caller_key admission::key_of_identity(std::string_view canonical) const {
    return to_key(key_, key_domain::identity,
                  {reinterpret_cast<const std::uint8_t*>(canonical.data()), canonical.size()});
}

/// Each count is raised first and looked at then, so that workers together never exceed a limit; what was
/// raised for nothing is lowered again.
admitted<connection_pass> admission::admit_connection(caller_key address) {
    const std::size_t all = connections_.enter();
    const std::size_t own = connections_by_caller_.enter(address);
    const std::size_t most = limits_.connections.load(std::memory_order_relaxed);
    if (all <= most && own <= limits_.connections_per_caller.load(std::memory_order_relaxed))
        return connection_pass(*this, address);
    leave_connection(address);
    return std::unexpected(all > most ? shed::connections : shed::connections_of_address);
}

admitted<request_pass> admission::admit_request(tally& service, const counted_caller& who) {
    const std::size_t all = requests_.enter();
    const std::size_t here = service.enter();
    const std::size_t about = requests_by_caller_.enter(who.key);
    const std::size_t own = who.alone ? who.alone->requests.enter() : about;
    const std::size_t most = limits_.requests.load(std::memory_order_relaxed);
    const std::size_t most_here = limits_.requests_per_service.load(std::memory_order_relaxed);
    const std::size_t most_own =
        who.alone ? who.most : limits_.requests_per_caller.load(std::memory_order_relaxed);
    if (all <= most && here <= most_here && own <= most_own) return request_pass(*this, service, who);
    leave_request(service, who);
    if (own > most_own) return std::unexpected(shed::requests_of_caller);
    return std::unexpected(here > most_here ? shed::requests_of_service : shed::requests);
}

void admission::leave_connection(caller_key who) noexcept {
    connections_.leave();
    connections_by_caller_.leave(who);
}

void admission::leave_request(tally& service, const counted_caller& who) noexcept {
    requests_.leave();
    service.leave();
    requests_by_caller_.leave(who.key);
    if (who.alone) who.alone->requests.leave();
}

caller_tally_ptr admission::tally_of(caller_key who) {
    // Made before the lock is taken, and gone after it is given back when there is one already.
    caller_tally_ptr fresh(new caller_tally, [this, who](caller_tally* one) {
        forget(who);
        delete one;
    });
    const std::lock_guard lock(limited_mutex_);
    auto& known = limited_[who];
    if (auto out = known.lock()) return out;
    known = fresh;
    return fresh;
}

/// He may have come again meanwhile: then what is known of him stays.
void admission::forget(caller_key who) noexcept {
    const std::lock_guard lock(limited_mutex_);
    const auto at = limited_.find(who);
    if (at != limited_.end() && at->second.expired()) limited_.erase(at);
}

}  // namespace garde::proxy
