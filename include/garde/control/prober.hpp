// Probes one backend at the interval of its pace (with jitter), and at once when asked. On the control
// thread.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/continuity/types.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/upstream/target.hpp"

#include <functional>
#include <memory>
#include <random>

namespace garde::control {

class prober {
  public:
    using on_result = std::function<void(continuity::reason)>;

    prober(net::event_loop& loop, const config::probe_settings& how, upstream::target_ptr to, on_result then);

    void start();
    /// Now, or right after the probe that is under way.
    void probe_now();
    /// At once: a pause that is under way becomes shorter, but never longer.
    void set_pace(continuity::probe_pace pace);
    void retarget(upstream::target_ptr to);
    /// Ends; a probe that is under way tells nobody.
    void stop();

  private:
    struct state;
    static net::task<> run(std::shared_ptr<state> with);
    std::shared_ptr<state> state_;
};

}  // namespace garde::control
