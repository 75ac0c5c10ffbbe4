// What must outlive a restart: operators' overrides, and which emergency procedures are open. Narrow on
// purpose: a networked store may take its place.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/continuity/types.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::store {

struct stored_override {
    std::string service;
    continuity::override_mode mode = continuity::override_mode::primary;
    bool strict = false;
    std::string by;
    std::string reason;
    wall_time since{};
    std::optional<wall_time> until;
};

/// An emergency procedure that is open.
struct stored_procedure {
    std::string service;
    bool ordered = false;  ///< by an operator
    std::string by;
    std::string reason;
    wall_time since{};
};

/// Called once: on the store's thread with whether the change is durable, else why not; inside put() or
/// remove(), on its caller's thread, when too many changes wait already. Must not throw.
using on_stored = std::function<void(result<void>)>;

/// Called once, like on_stored, with all that is kept.
using on_loaded = std::function<void(result<std::vector<stored_override>>)>;

using on_procedures_loaded = std::function<void(result<std::vector<stored_procedure>>)>;

class override_store {
  public:
    /// Carries out what waits, then ends. Waits for a disk operation that hangs: a change that was ordered is
    /// not dropped in silence.
    virtual ~override_store() = default;
    override_store() = default;
    override_store(const override_store&) = delete;
    override_store& operator=(const override_store&) = delete;

    // None of these waits. They are carried out in order, as soon as there is something to carry them out on;
    // those beyond 256 that wait are refused.

    /// Reads all that are kept.
    virtual void load(on_loaded then) = 0;

    /// Replaces the service's override.
    virtual void put(stored_override value, on_stored then) = 0;

    /// Removes the service's override; fine when there is none.
    virtual void remove(std::string service, on_stored then) = 0;

    /// Reads all procedures that are open.
    virtual void load_procedures(on_procedures_loaded then) = 0;

    /// Keeps that the service's procedure is open, in place of what is kept of it.
    virtual void open_procedure(stored_procedure value, on_stored then) = 0;

    /// Keeps that it is closed; fine when it was.
    virtual void close_procedure(std::string service, on_stored then) = 0;
};

/// Embedded SQLite in `file` (WAL, synchronous=FULL, 0600), on a thread of its own, which also opens it;
/// FILE.lock says who owns it. While another process does, or the file cannot be used, opening is tried again
/// every 500 ms; why is logged once. A corrupt file is set aside as FILE.corrupt-N (with its -wal and -shm),
/// a warning is logged, and a new one begun.
std::unique_ptr<override_store> open_sqlite_override_store(std::filesystem::path file);

}  // namespace garde::store
