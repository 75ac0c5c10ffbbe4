// See exit_guard.hpp.
#include "exit_guard.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace garde::app {

exit_guard::exit_guard(milliseconds limit, int code)
    : thread_([this, limit, code](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          if (over_.wait_for(lock, stop, limit, [&] { return stop.stop_requested(); })) return;
          if (stop.stop_requested()) return;
          fmt::print(stderr, "garde: a disk did not answer for {} ms; what was not written down is lost\n",
                     limit.count());
          std::_Exit(code);
      }) {}

}  // namespace garde::app
