// Posts checkpoints to a URL, by libcurl.
#pragma once

#include "garde/config/settings.hpp"

#include "checkpoint_place.hpp"

namespace garde::journal {

class checkpoint_webhook final : public checkpoint_place {
  public:
    explicit checkpoint_webhook(config::webhook_settings to);

    /// Any answer of 2xx is a success; redirections are not followed. Its errors never hold the URL, whose
    /// path may be a secret.
    result<void> push(const signed_checkpoint& what, const push_limit& until) override;

  private:
    const config::webhook_settings to_;
};

}  // namespace garde::journal
