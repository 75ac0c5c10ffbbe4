// Lets a cache desk stand still, so that its queues fill.
#pragma once

#include "garde/cache/cache_desk.hpp"

#include <memory>
#include <semaphore>
#include <utility>

namespace garde::cache {

/// Keeps the desk's thread busy: it waits when it lets go of the offer that carries these rules.
class brake {
  public:
    brake() = default;
    brake(const brake&) = delete;
    brake& operator=(const brake&) = delete;
    ~brake() { release(); }

    [[nodiscard]] std::shared_ptr<const config::cache_settings> rules() const {
        return {new config::cache_settings, [with = with_](const config::cache_settings* last) {
                    delete last;
                    with->reached.release();
                    with->go.acquire();
                }};
    }
    /// Until the desk's thread stands still.
    void wait() {
        with_->reached.acquire();
        standing_ = true;
    }
    void release() {
        if (std::exchange(standing_, false)) with_->go.release();
    }

  private:
    struct shared {
        std::binary_semaphore reached{0};
        std::binary_semaphore go{0};
    };
    std::shared_ptr<shared> with_ = std::make_shared<shared>();
    bool standing_ = false;
};

}  // namespace garde::cache
