// Who decides when no backend answers: an ordered table of rules, the model being stand-in processing of card
// payments. The first rule that fits decides whether the caller gets a kept answer, has his request kept to
// be asked again, or is handed the procedure; limits are applied last. Pure.
#pragma once

#include "garde/caller/identity.hpp"
#include "garde/config/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::emergency {

using config::stand_in_decision;
using config::stand_in_rule;

/// As in receipts and metrics: cache, defer, procedure.
std::string_view to_text(stand_in_decision value);

/// What is known of one request that no backend answers.
struct stand_in_facts {
    continuity::mode current = continuity::mode::degraded;  ///< emergency, else degraded
    const caller::identity& who;
    std::string_view request_type;  ///< of the consult; empty: not known
    /// How old the kept answer is that may be served; nothing: there is none.
    std::optional<std::chrono::seconds> consult_age;
    std::chrono::seconds outage{0};  ///< since the service had a backend
    bool deferrable = false;         ///< route and caller allow that the request is kept
};

/// Why a rule does not fit; the first reason that is found.
enum class mismatch : std::uint8_t {
    none,            ///< it fits
    mode,            ///< it speaks of the other mode
    caller,          ///< of other callers
    request_type,    ///< of other types of request
    no_consult,      ///< it wants a kept answer, and there is none that may be served
    consult_age,     ///< of younger, or older, kept answers
    outage,          ///< of shorter, or longer, outages
    not_deferrable,  ///< it would keep a request that may not be kept
};

/// For people: "mode", "caller", …
std::string_view to_text(mismatch value);

class stand_in_policy {
  public:
    /// Without rules: a kept answer where there is one, else the procedure.
    stand_in_policy() : stand_in_policy(std::vector<stand_in_rule>{}) {}
    explicit stand_in_policy(std::vector<stand_in_rule> rules);

    struct choice {
        stand_in_decision what = stand_in_decision::procedure;
        std::string_view rule;  ///< its name; "default" when none fitted
        std::size_t place = 0;  ///< of the rule; rules().size() for the default
    };

    /// Limits aside: taking from them is the caller's next step.
    [[nodiscard]] choice decide(const stand_in_facts& facts) const;

    /// Why this rule does, or does not, decide about these facts.
    [[nodiscard]] static mismatch compare(const stand_in_rule& rule, const stand_in_facts& facts);

    /// The rules that were given, and behind them those that always hold: "default".
    [[nodiscard]] const std::vector<stand_in_rule>& rules() const { return rules_; }

    /// Is the type of a request of any use?
    [[nodiscard]] bool looks_at_request_types() const { return looks_at_request_types_; }

    /// Changes with any of the rules that were given. 12 hex digits; in receipts.
    [[nodiscard]] const std::string& version() const { return version_; }

  private:
    std::vector<stand_in_rule> rules_;
    std::string version_;
    bool looks_at_request_types_ = false;
};

}  // namespace garde::emergency
