// Load at a fixed rate of which it is kept what became of each question, for a benchmark in which servers
// fail. It judges nothing: what comes back, right or wrong, is written down for whoever knows what was to be
// expected.
#pragma once

#include "campaign.hpp"

#include <string>
#include <vector>

namespace load {

class recording final : public fixed_rate {
  public:
    /// The target must keep bodies and call every answer right.
    recording(const target& to, std::size_t clients, bench::pace rate) : fixed_rate(to, clients, rate) {}

    struct line {
        steady_time due;
        steady_time end;
        int status = 0;    ///< 0 without a whole answer
        std::string what;  ///< bench::kind_of_answer, or in words why there is no answer
        std::string site;  ///< of the simulated service that answered; empty when it does not say
    };

    /// Of the last step, in the order in which they ended.
    [[nodiscard]] const std::vector<line>& lines() const { return lines_; }

  private:
    void start(steady_time now, nanoseconds length) override;
    void ended(const fate& of) override;
    /// Failing is what is measured here.
    [[nodiscard]] std::uint64_t failure_limit() const override;

    std::vector<line> lines_;
};

}  // namespace load
