// Messages for syslog (RFC 5424), framed for a stream (RFC 5425, 4.3). Pure.
#pragma once

#include "garde/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace garde::journal {

/// Who speaks. Both are printable ASCII without blanks.
struct syslog_sender_name {
    std::string host;     ///< the node
    std::string process;  ///< its number
};

enum class syslog_kind : std::uint8_t {
    checkpoint,  ///< MSGID checkpoint, log audit, notice
    record,      ///< MSGID record, log audit, warning: the log itself could not take it
};

/// `text` is ASCII: then a receiver needs no byte order mark to know what it is.
std::string syslog_frame(const syslog_sender_name& from, syslog_kind kind, wall_time at,
                         std::string_view text);

}  // namespace garde::journal
