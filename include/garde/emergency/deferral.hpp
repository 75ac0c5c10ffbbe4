// A deferral: a request that no backend answered, kept to be asked again. What states it goes through, and
// how the asking again is paced. Pure.
#pragma once

#include "garde/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace garde::emergency {

/// What is kept of the request.
enum class deferral_kind : std::uint8_t {
    /// All of it: garde asks again by itself.
    message,
    /// What its sender knows it by: a message that expires (WS-Security) can only be asked again by who
    /// signed it,
    /// whose software finds it in the list of what is due.
    reference,
    /// Nothing but what its sender knows it by: it had a kept answer. What the service says when it is asked
    /// the same
    /// again tells whether that was right.
    answer,
};

enum class deferral_state : std::uint8_t {
    queued,        ///< waits for the service, or, a reference, for its sender
    sent,          ///< written down before it is sent: what becomes of it is not known yet
    confirmed,     ///< the service answered, and took it; or said what the kept answer had said
    contradicted,  ///< the service answered, and refused it; or said something else than the kept answer
    expired,       ///< its time was over before the service was back
    handed_back,   ///< its sender has been told that it is due to be asked again
    ambiguous,     ///< it may have been processed or not: nobody can tell
};

inline constexpr std::size_t deferral_states = static_cast<std::size_t>(deferral_state::ambiguous) + 1;

/// As in lists, reports and metrics: message, queued, handed-back, …
std::string_view to_text(deferral_kind value);
std::string_view to_text(deferral_state value);

/// Nothing more will become of it.
[[nodiscard]] bool is_settled(deferral_state value);

/// May `to` come after `from`? A reference is never sent, a message is never handed back, an answer neither.
[[nodiscard]] bool may_follow(deferral_kind kind, deferral_state from, deferral_state to);

/// What came of one attempt to ask again.
enum class settlement : std::uint8_t {
    taken,       ///< answered as the service answers what it takes
    refused,     ///< answered otherwise: a fault, or an HTTP status of 400 or more
    not_sent,    ///< not one byte of it has reached a backend
    unanswered,  ///< it may have reached a backend, and there was no answer
};

/// May what was sent be sent again without harm?
enum class repetition : std::uint8_t {
    harmless,  ///< the service recognises it: by its idempotency key, or because the route is replay-safe
    harmful,
};

/// The state after an attempt.
[[nodiscard]] deferral_state after_attempt(settlement what, repetition again);

/// The state of one that was being sent when garde ended without knowing what came of it.
[[nodiscard]] deferral_state after_crash(repetition again);

/// When the next deferral of a service is asked again: slowly at first, faster while it answers, and slower
/// with each time that it does not. Never more than one at a time.
class settlement_pace {
  public:
    static constexpr milliseconds first_pause{1'000};
    static constexpr milliseconds shortest_pause{20};  ///< fifty a second
    static constexpr milliseconds longest_pause{60'000};

    /// The service has a backend again: the first one may go after a pause.
    void service_returned(steady_time now);
    /// An attempt has ended so.
    void ended(settlement what, steady_time now);
    /// When the next one may go.
    [[nodiscard]] steady_time next() const { return next_; }
    [[nodiscard]] milliseconds pause() const { return pause_; }

  private:
    milliseconds pause_ = first_pause;
    steady_time next_{};
};

}  // namespace garde::emergency
