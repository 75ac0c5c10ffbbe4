// Records on their way to the journal get the hash of the configuration that is in force: whoever reads one
// later can tell under which rules it came about.
#pragma once

#include "garde/journal/journal.hpp"

#include <mutex>
#include <string>
#include <utility>

namespace garde::journal {

/// Any thread.
class stamped_sink final : public sink {
  public:
    /// `to` outlives this one.
    stamped_sink(sink& to, std::string configuration) : to_(to), configuration_(std::move(configuration)) {}

    using sink::append;
    /// Sets the record's configuration, where it has none of its own.
    void append(record what, on_durable then) override;
    [[nodiscard]] bool failing() const override { return to_.failing(); }

    /// In force from now on.
    void use(std::string configuration);

  private:
    sink& to_;
    std::mutex mutex_;
    std::string configuration_;  ///< SHA-256, hex
};

}  // namespace garde::journal
