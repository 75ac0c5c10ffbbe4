// Whether this node is cut off from the network: no reference address answers, and no backend says anything
// either. Then what it observes says nothing of the services. Pure: events and the time go in.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/types.hpp"

#include <cstdint>
#include <optional>

namespace garde::continuity {

enum class connection : std::uint8_t { connected, cut_off };

/// Something came back over the network, though it was no success.
[[nodiscard]] bool was_reached(reason result);

class network_watch {
  public:
    /// How long nothing must have been heard of anybody.
    explicit network_watch(milliseconds patience = milliseconds(4'000)) : patience_(patience) {}

    // What was seen. Returns what the node is now, when that has changed.
    std::optional<connection> reference_answered();
    std::optional<connection> references_silent(steady_time now);
    std::optional<connection> backend_reached(steady_time now);
    /// There are no references any longer, by which to judge.
    std::optional<connection> forget();

    void adopt(milliseconds patience) { patience_ = patience; }

    [[nodiscard]] connection current() const { return current_; }
    /// The references are silent and it is a while ago that a backend was heard: the backends should be
    /// asked.
    [[nodiscard]] bool needs_backends(steady_time now) const;

  private:
    std::optional<connection> become(connection next);

    milliseconds patience_;
    std::optional<steady_time> silent_since_;
    std::optional<steady_time> backend_at_;
    connection current_ = connection::connected;
};

}  // namespace garde::continuity
