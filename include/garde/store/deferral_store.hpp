// Where deferrals are kept: requests to be asked again, and what became of them. What is sealed, and what the
// numbers of kinds and states mean, this does not know.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace garde::store {

using deferral_key = std::array<std::uint8_t, 16>;

/// What may change of a deferral.
struct deferral_progress {
    std::uint8_t state = 0;
    wall_time changed_at{};
    std::uint32_t attempts = 0;
    std::string result;  ///< a word for lists and reports: a fault code, an HTTP status; nothing personal

    friend bool operator==(const deferral_progress&, const deferral_progress&) = default;
};

struct stored_deferral {
    std::int64_t number = 0;  ///< given by the store, in the order of keeping
    deferral_key id{};        ///< random, unique
    std::string service;
    deferral_key caller{};  ///< an HMAC of who asked
    std::uint8_t kind = 0;
    wall_time outage{};  ///< when the outage began in which it was kept
    wall_time kept_at{};
    wall_time valid_until{};
    deferral_progress now;
    std::string sealed;  ///< the request; empty once it is settled
    std::string label;   ///< sealed: who asked, and what its sender knows it by

    friend bool operator==(const stored_deferral&, const stored_deferral&) = default;
};

/// How many deferrals of an outage are in a state.
struct deferral_count {
    std::string service;
    wall_time outage{};
    std::uint8_t kind = 0;
    std::uint8_t state = 0;
    std::uint64_t count = 0;
    wall_time last_kept{};  ///< of those

    friend bool operator==(const deferral_count&, const deferral_count&) = default;
};

/// One thread at a time. Everything may block for as long as the disk does, and fail; what was begun and not
/// committed is then not done.
class deferral_store {
  public:
    virtual ~deferral_store() = default;
    deferral_store() = default;
    deferral_store(const deferral_store&) = delete;
    deferral_store& operator=(const deferral_store&) = delete;

    /// The wrapped key of all that is sealed; nothing in a new store.
    virtual result<std::optional<std::string>> wrapped_key() = 0;
    /// Replaces it. Durable on return.
    virtual result<void> put_wrapped_key(const std::string& wrapped) = 0;

    virtual result<void> begin() = 0;
    /// Durable on return.
    virtual result<void> commit() = 0;
    virtual void roll_back() = 0;

    /// `number` is the store's to give.
    virtual result<void> put(const stored_deferral& value) = 0;
    /// What is kept of the request besides its label goes when `sealed` says so.
    enum class content : std::uint8_t { stays, goes };
    virtual result<void> change(const deferral_key& id, const deferral_progress& to, content sealed) = 0;
    virtual result<void> remove(const deferral_key& id) = 0;

    /// The first of a service, by number, in this state and of this kind.
    virtual result<std::optional<stored_deferral>> first(const std::string& service, std::uint8_t kind,
                                                         std::uint8_t state) = 0;
    /// At most `most` in one of these states whose time is over, those first whose time was over first.
    virtual result<std::vector<stored_deferral>> overdue(wall_time now, std::span<const std::uint8_t> states,
                                                         std::size_t most) = 0;
    virtual result<std::vector<stored_deferral>> in_state(std::uint8_t state, std::size_t most) = 0;
    /// Of this kind and in this state, in the order of keeping, after this number.
    virtual result<std::vector<stored_deferral>> of_kind(std::uint8_t kind, std::uint8_t state,
                                                         std::int64_t after, std::size_t most) = 0;
    /// A caller's, newest first.
    virtual result<std::vector<stored_deferral>> of_caller(const deferral_key& caller, std::size_t most) = 0;
    /// Those of an outage, in the order of keeping, after this number.
    virtual result<std::vector<stored_deferral>> of_outage(const std::string& service, wall_time outage,
                                                           std::int64_t after, std::size_t most) = 0;
    virtual result<std::vector<deferral_count>> counts() = 0;
    /// Removes at most `most` in one of these states that have not changed since then; how many there were.
    virtual result<std::size_t> remove_unchanged_since(wall_time then, std::span<const std::uint8_t> states,
                                                       std::size_t most) = 0;
    /// What the store takes on the disk, without room that may be used again.
    virtual result<std::uint64_t> bytes() = 0;
};

/// Embedded SQLite in `file` (WAL, synchronous=FULL, 0600). Who may use it owns FILE.lock; opening fails
/// while another process does. A damaged file is set aside as FILE.corrupt-N, an error is logged, and a new
/// one begun.
result<std::unique_ptr<deferral_store>> open_sqlite_deferral_store(const std::filesystem::path& file);

}  // namespace garde::store
