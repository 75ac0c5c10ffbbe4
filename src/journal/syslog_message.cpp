// See syslog_message.hpp.
#include "syslog_message.hpp"

#include <fmt/format.h>

namespace garde::journal {

std::string syslog_frame(const syslog_sender_name& from, syslog_kind kind, wall_time at,
                         std::string_view text) {
    constexpr int log_audit = 13;
    constexpr int warning = 4;
    constexpr int notice = 5;
    const int severity = kind == syslog_kind::checkpoint ? notice : warning;
    const auto message =
        fmt::format("<{}>1 {} {} garde {} {} - {}", log_audit * 8 + severity, to_rfc3339(at), from.host,
                    from.process, kind == syslog_kind::checkpoint ? "checkpoint" : "record", text);
    return fmt::format("{} {}", message.size(), message);
}

}  // namespace garde::journal
