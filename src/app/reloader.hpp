// Reads the configuration anew while garde serves: all of it is taken up, or nothing. Reading happens on a
// thread of its own, since the disk may take its time.
#pragma once

#include "garde/admin/admin_api.hpp"
#include "garde/cache/cache_desk.hpp"
#include "garde/control/controller.hpp"
#include "garde/net/event_loop.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace garde::app {

/// The most that any service's cache may take, for the one cache that they share.
std::size_t cache_bytes(const config::settings& settings);

/// On the desk's thread, which must live longer; so must the others.
class reloader {
  public:
    static constexpr std::size_t waiting_bound = 8;      ///< orders that wait for one that is being read
    static constexpr milliseconds look_up_limit{2'000};  ///< for names of backends that are new

    struct parts {
        net::event_loop& desk;
        control::controller& control;
        cache::cache_desk& cache;
        net::ticket_keys_ptr tickets;                          ///< callers' sessions go on
        std::function<void(const config::settings&)> adopted;  ///< what is taken up, on the desk's thread
    };

    reloader(parts with, config::settings_ptr running);
    ~reloader();
    reloader(const reloader&) = delete;
    reloader& operator=(const reloader&) = delete;

    /// Reads the file that garde was started with. What is wrong with it goes to the log, into the journal,
    /// and to `then`.
    void reload(std::string by, std::function<void(admin::reload_result)> then);

    /// What is in force.
    [[nodiscard]] const config::settings_ptr& running() const { return running_; }

  private:
    struct order {
        std::string by;
        std::function<void(admin::reload_result)> then;
    };
    struct candidate;
    struct mailbox;

    void begin_next();
    void judge(candidate read);
    void refuse(const candidate& read);
    void adopt(candidate read);
    void finish(admin::reload_result result);

    parts with_;
    config::settings_ptr running_;
    std::deque<order> orders_;  ///< the first one is being carried out
    std::shared_ptr<mailbox> mail_;
};

}  // namespace garde::app
