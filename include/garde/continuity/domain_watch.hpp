// Which fault domains are suspect: where several backends that share one failed together, the others that
// share it are doubted until they have shown that they work. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/fault_domains.hpp"
#include "garde/continuity/types.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace garde::continuity {

/// What a backend's health says of its domains.
struct domain_member {
    bool failing = false;
    steady_time first_symptom{};        ///< with failing
    std::optional<steady_time> proven;  ///< when it last answered a deep probe, a trial or traffic
};

/// A kind of domain and its name; an empty name: those who do not say share it, as far as is known.
struct suspected_domain {
    std::string kind;
    std::string name;
    steady_time since{};
    bool lapsed = false;  ///< nobody in it fails now; the next to fail puts it under suspicion again

    friend bool operator==(const suspected_domain&, const suspected_domain&) = default;
};

class domain_watch {
  public:
    /// How long a domain that has failed once is remembered: storage that failed in the morning is suspect at
    /// noon as soon as one of those who share it fails.
    static constexpr std::chrono::hours memory{24};

    /// `window`: failures that are no further apart count as one.
    domain_watch(std::vector<fault_domains> backends, milliseconds window);

    void update(steady_time now, std::span<const domain_member> members);

    /// What a former watch suspected, over another list of backends.
    void remember(const std::vector<suspected_domain>& suspects) { suspects_ = suspects; }

    /// Shares a suspect domain, and has not shown since that it works.
    [[nodiscard]] bool doubtful(backend_index backend) const { return !doubts(backend).empty(); }
    /// Those suspect domains.
    [[nodiscard]] const std::vector<suspected_domain>& doubts(backend_index backend) const {
        return doubts_[to_number(backend)];
    }
    [[nodiscard]] const std::vector<suspected_domain>& suspects() const { return suspects_; }

  private:
    friend struct state_reader;  // of the tests: compares and counts states
    void suspect(const std::string& kind, const std::string& name, steady_time since);
    void suspect_what_failed_together(std::span<const domain_member> members);
    [[nodiscard]] bool shares(std::size_t backend, const suspected_domain& domain) const;

    std::vector<fault_domains> domains_;
    std::vector<std::string> kinds_;
    milliseconds window_;
    std::vector<suspected_domain> suspects_;
    std::vector<std::vector<suspected_domain>> doubts_;  ///< by backend
};

}  // namespace garde::continuity
