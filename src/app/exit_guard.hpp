// Ends the process when taking it apart does not end by itself: a disk that hangs may hold up whoever writes
// to it, but not the exit.
#pragma once

#include "garde/base/clock.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace garde::app {

class exit_guard {
  public:
    /// When it still exists after `limit`, it says so and ends the process with `code`, whatever is under
    /// way.
    exit_guard(milliseconds limit, int code);

  private:
    std::mutex mutex_;
    std::condition_variable_any over_;
    std::jthread thread_;
};

}  // namespace garde::app
