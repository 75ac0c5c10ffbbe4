// Does a thread make progress? Pure. Now and then it is asked something by message; a loop that turns
// answers. One that leaves the question unanswered for too long is stalled: a deadlock, an endless loop, a
// call that hangs. What each verdict leads to is the watchdog's.
#pragma once

#include "garde/base/clock.hpp"

#include <cstdint>
#include <optional>

namespace garde::app {

enum class progress : std::uint8_t {
    alive,    ///< answers, or has not yet had the time to
    stalled,  ///< has left a question unanswered for too long, or has only just begun to answer again
};

struct watch_rules {
    milliseconds stall_after{3'000};  ///< a question older than this is a stall
    milliseconds steady_for{2'000};   ///< a stalled thread that has answered all for so long is alive again
    milliseconds late{500};           ///< within `steady_for`, an answer that takes longer starts it anew
    milliseconds own_pause{1'000};    ///< when the watcher itself did not run for so long, nobody is to blame
};

class progress_watch {
  public:
    progress_watch(const watch_rules& rules, steady_time now) : rules_(rules), looked_(now) {}

    struct step {
        bool ask = false;                ///< ask again: the last question was answered
        std::optional<progress> became;  ///< when it changed
        milliseconds for_time{0};        ///< with `became`: how long the thread had not answered
    };

    /// To be called every 250 ms or so; `answers` is how many questions the thread has answered so far.
    step look(steady_time now, std::uint64_t answers);

    [[nodiscard]] progress state() const { return state_; }

  private:
    step healing(steady_time now, milliseconds waited);

    watch_rules rules_;
    steady_time looked_;
    progress state_ = progress::alive;
    std::uint64_t asked_ = 0;
    steady_time asked_at_{};
    steady_time stalled_at_{};
    std::optional<steady_time> answering_since_;  ///< while stalled
};

}  // namespace garde::app
