// Whether the emergency procedure is open for the public. It opens with a mode without backend, and closes
// apart from it: "the service is back" and "the procedure is closed" are two events. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/types.hpp"

#include <optional>

namespace garde::continuity {

struct procedure_rules {
    /// How long after the service is back it closes by itself; nothing: an operator closes it.
    std::optional<milliseconds> closes_after = milliseconds(0);
    bool exists = true;  ///< false: the service has none, and nothing opens
};

/// An open procedure as it was left: by another process, or before a restart.
struct procedure_left_open {
    steady_time since{};
    bool ordered = false;  ///< by an operator
};

class procedure_flag {
  public:
    procedure_flag() = default;
    explicit procedure_flag(const procedure_rules& rules) : rules_(rules) {}

    void adopt(const procedure_rules& rules);
    /// Follows the mode and the time. True when it opened or closed.
    bool update(steady_time now, mode current);
    /// By an operator. True when it was not so already. Who closes it while the mode has no backend closes it
    /// for this once: it opens again with the next such mode.
    bool open(steady_time now);
    bool close(steady_time now);
    /// It was open already. Whether it is to close is judged as from `now` on.
    void resume(steady_time now, const procedure_left_open& left);

    [[nodiscard]] bool active() const { return active_; }
    /// Since when it is as it is.
    [[nodiscard]] steady_time since() const { return since_; }
    /// When it closes by itself, if the mode stays as it is.
    [[nodiscard]] std::optional<steady_time> next_due() const;
    /// An operator opened it: only an operator closes it.
    [[nodiscard]] bool ordered() const { return ordered_; }

  private:
    friend struct state_reader;  // of the tests: compares and counts states
    void become(bool active, steady_time now);

    procedure_rules rules_;
    bool active_ = false;
    bool needed_ = false;   ///< the mode has no backend
    bool ordered_ = false;  ///< opened by an operator: only an operator closes it
    steady_time since_{};
    steady_time back_since_{};  ///< with a backend again since then
};

}  // namespace garde::continuity
