// Signs the log's newest state and sends it where whoever can write here cannot reach: beside the log, to a
// file on another disk, to a webhook, to syslog. What is seen there makes a log that was cut off, rolled back
// or rewritten visible. While the log cannot be written, its records go to syslog as well.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/journal/checkpoint_state.hpp"
#include "garde/journal/journal.hpp"
#include "garde/journal/record.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::journal {

/// Each place has a thread of its own, so that one that hangs delays no other. Nothing here waits for a place
/// but the destructor. Outlives the writer whose hooks it serves.
class checkpoint_desk {
  public:
    static constexpr std::chrono::seconds alarm_after{60};  ///< of failing

    /// `beside` is the file with the newest checkpoint next to the log.
    explicit checkpoint_desk(std::filesystem::path beside);
    /// Pushes what was not pushed yet to each place, once more, in a second and a half.
    ~checkpoint_desk();
    checkpoint_desk(const checkpoint_desk&) = delete;
    checkpoint_desk& operator=(const checkpoint_desk&) = delete;

    // Any thread:
    /// From now on; at the start, and when another configuration is taken up. A place that stays the same
    /// keeps what is known of it; a new one gets the newest checkpoint at once. Fails when the key cannot be
    /// used: then nothing is signed.
    result<void> use(const config::settings& all);

    /// The log has grown to this; for writer::options::grown.
    void grown(const tree_head& head, urgency how);
    /// A record that the log cannot take now goes to garde's own log, and to syslog where there is one; for
    /// writer::options::overflow.
    void overflow(const record& what);

    [[nodiscard]] checkpoint_state state() const;
    /// The newest checkpoint, signed; empty while there is none.
    [[nodiscard]] std::string newest() const;
    /// The places that have been failing for alarm_after, as alarms: checkpoint-file-failing.
    [[nodiscard]] std::vector<std::string> alarms(steady_time now) const;

  private:
    struct desk;
    std::unique_ptr<desk> desk_;
};

}  // namespace garde::journal
