// The attempts of one exchange: whom to ask next, how long, when to stop, and what the caller gets when
// nobody answered. A pure machine: start() and resume() return what to do.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/classify.hpp"
#include "garde/continuity/posture.hpp"

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

namespace garde::continuity {

/// Whether a second backend may be asked after the first may have processed the request.
enum class replay : std::uint8_t { forbidden, safe };

struct attempt_rules {
    milliseconds attempt_timeout{3'000};
    milliseconds exchange_timeout{10'000};
    replay replays = replay::forbidden;
    std::optional<milliseconds> hedge_after{};  ///< how long the first backend is waited for alone
};

/// Send the request to this backend and give up at that time.
struct try_backend {
    backend_index backend{};
    steady_time give_up_at{};
    history before = history::fresh;
    std::optional<steady_time>
        hedge_at{};  ///< without an answer by then, ask hedge() whether to send another
};

/// The last attempt's answer goes to the caller.
struct deliver {};

/// Nobody is left to ask.
struct exhausted {};

using attempt_action = std::variant<try_backend, deliver, exhausted>;

/// A service has no more backends than this; the plan of an exchange allocates nothing.
inline constexpr std::size_t most_backends = 16;
using backend_list = boost::container::static_vector<backend_index, most_backends>;

/// How many requests may be sent a second time: a part of all, and some more at once. When everything fails,
/// a second attempt for each would double the load on whatever is left.
class retry_budget {
  public:
    static constexpr int burst = 1'000;  ///< saved up at most, and at first

    /// One more request; `percent` of them may be sent again.
    void request(int percent) { hundredths_ = std::min(hundredths_ + percent, burst * 100); }
    /// False when it is spent.
    bool take() {
        if (hundredths_ < 100) return false;
        hundredths_ -= 100;
        return true;
    }

  private:
    int hundredths_ = burst * 100;
};

class attempt_plan {
  public:
    /// `whom`: backends in order. `arrived`: when the request was complete. The plan keeps no reference to
    /// `whom`.
    attempt_plan(std::span<const backend_index> whom, const attempt_rules& rules, steady_time arrived);

    /// Attempts after the first must also end before this: the message's own life span, counted from arrival
    /// on the steady clock.
    void limit_life(steady_time ends) { life_ends_ = ends; }

    /// Whom to ask has changed since the request came: who is left is asked in this order, and whom it does
    /// not name last.
    void prefer(std::span<const backend_index> present);

    /// The first attempt; it is always made when there is a backend.
    attempt_action start();

    /// The first attempt has no answer by its `hedge_at`: a second one, to be made beside it. It comes out of
    /// `budget`; nothing when that is spent, or the time left is too short.
    std::optional<try_backend> hedge(steady_time now, retry_budget& budget);

    /// After an attempt ended. What may have been processed is sent again out of `budget` only, and not after
    /// it has failed alike at two backends: then it may be the request that is at fault.
    attempt_action resume(steady_time now, const outcome& result, retry_budget& budget);

    /// After the first attempt and the one beside it ended: as if one had followed the other.
    attempt_action resume(steady_time now, const outcome& first, const outcome& beside, retry_budget& budget);

    [[nodiscard]] const backend_list& tried() const { return tried_; }

  private:
    [[nodiscard]] bool may_go_on(const outcome& result, retry_budget& budget);
    void remember(const outcome& failed);
    [[nodiscard]] std::optional<steady_time> give_up_at(steady_time now) const;
    try_backend next(steady_time give_up_at, history before);

    backend_list whom_;
    backend_list tried_;
    attempt_rules rules_;
    steady_time exchange_ends_;
    std::optional<steady_time> life_ends_;
    history before_ = history::fresh;
    reason last_ = reason::none;  ///< how the attempt before failed
};

/// What takes the place of an answer when nobody gave one.
enum class last_resort : std::uint8_t {
    procedure,      ///< the emergency procedure
    own_error,      ///< what a backend itself said of its failure: the primary's, else the first
    gateway_error,  ///< garde's own 502 or 504
};

struct last_resort_facts {
    mode current = mode::primary;
    bool has_procedure = false;
    bool has_own_error = false;        ///< a backend gave a complete response, though a failed one
    reason own_reason = reason::none;  ///< with has_own_error: what it counted as
};

/// The cache has been asked already and had nothing. Without a backend left by mode, the procedure answers; a
/// backend's own error of substance is not hidden by it.
last_resort choose_last_resort(const last_resort_facts& facts);

}  // namespace garde::continuity
