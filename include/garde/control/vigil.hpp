// What changes without anybody's doing here and is to be written down all the same: the journal, or a place
// that its checkpoints go to, fails or works again, the wall clock is set, the keys of session tickets are
// changed. Looked at twice a second.
#pragma once

#include "garde/control/clock_watch.hpp"
#include "garde/journal/journal.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/ticket_keys.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace garde::control {

/// On the loop's thread; ends before the loop.
class vigil {
  public:
    static constexpr milliseconds interval{500};

    /// `looked` is called each time.
    vigil(net::event_loop& loop, journal::sink& into, std::function<void()> looked);

    /// What else wants somebody's attention now, by name: asked each time. Before begin().
    void watch(std::function<std::vector<std::string>()> alarms) { alarms_ = std::move(alarms); }

    /// Looks from now on. A ring of keys outlives a reload.
    void begin(net::ticket_keys_ptr keys);

  private:
    void look();
    void look_at_journal();
    void look_at_clock();
    void look_at_keys();
    void look_at_alarms();

    journal::sink& into_;
    std::function<void()> looked_;
    net::ticket_keys_ptr keys_;
    std::uint64_t keys_made_ = 0;  ///< as told
    bool failing_ = false;         ///< as told
    std::function<std::vector<std::string>()> alarms_;
    std::set<std::string> raised_;  ///< of alarms_, as told
    std::optional<clock_watch> clock_;
    net::deadline next_;
};

}  // namespace garde::control
