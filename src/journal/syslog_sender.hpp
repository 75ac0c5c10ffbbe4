// Sends framed messages to a syslog receiver over TLS (RFC 5425).
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/socket.hpp"
#include "garde/net/tls_context.hpp"

#include "checkpoint_place.hpp"
#include "syslog_message.hpp"

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace garde::journal {

/// Any thread.
class syslog_sender {
  public:
    explicit syslog_sender(config::syslog_settings to) : to_(std::move(to)) {}

    /// One connection for all of them: what is sent seldom keeps none open. Syslog has no acknowledgement: a
    /// success means that the receiver's system has the bytes and that it did not refuse garde's certificate.
    result<void> send(std::span<const std::string> frames, const push_limit& until);

  private:
    struct way {
        std::shared_ptr<const net::tls_context> tls;
        std::vector<net::endpoint> addresses;
    };
    result<way> find_way();

    const config::syslog_settings to_;
    std::mutex mutex_;
    way known_;  ///< as it was found last
};

class checkpoint_syslog final : public checkpoint_place {
  public:
    checkpoint_syslog(std::shared_ptr<syslog_sender> over, syslog_sender_name from)
        : over_(std::move(over)), from_(std::move(from)) {}

    /// {"origin","size","root","checkpoint"}: the last one is the note, whole.
    result<void> push(const signed_checkpoint& what, const push_limit& until) override;

  private:
    const std::shared_ptr<syslog_sender> over_;
    const syslog_sender_name from_;
};

}  // namespace garde::journal
