// Signals as messages of a loop.
#pragma once

#include "garde/base/result.hpp"
#include "garde/net/watched_socket.hpp"

#include <functional>
#include <memory>
#include <span>

namespace garde::net {

/// One thread (its loop's).
class signals {
  public:
    /// From now on these signals wait for take(), in this thread and in those that it makes.
    static void block(std::span<const int> which);

    /// Signals that are blocked in every thread come to `then` on the loop's thread, one after the other.
    static result<std::unique_ptr<signals>> take(event_loop& loop, std::span<const int> which,
                                                 std::function<void(int)> then);
    ~signals();
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;

  private:
    struct source;
    explicit signals(std::shared_ptr<source> from) : from_(std::move(from)) {}
    static task<> read_all(std::shared_ptr<source> from);
    std::shared_ptr<source> from_;
};

}  // namespace garde::net
