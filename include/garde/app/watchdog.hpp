// Follows the progress of every worker and of the control thread, on a thread of its own, so that nothing
// that it watches can stop it. A worker that stalls gets no more work: what the kernel has queued at its
// listener, and what it goes on queueing there, is accepted from outside and handed to the workers that are
// alive, until it has recovered. Its listener stays open: closing it would reset the connections in its
// queue. What the worker itself had open waits with it.
//
// The service manager's watchdog is fed while the control thread and at least one worker make progress: if
// they do not, a restart is the only cure left.
#pragma once

#include "garde/app/progress_watch.hpp"
#include "garde/app/service_manager.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace garde::app {

/// A thread that is watched.
struct watched_thread {
    std::string name;  ///< "worker-0", "control"
    /// Runs it on that thread; any thread, never waits.
    std::function<void(std::function<void()>)> post;
    int listening = -1;  ///< its listener's descriptor; -1 without one
    /// Serves this connected descriptor, and closes it; any thread, never waits.
    std::function<void(int)> adopt;
};

/// A thread stalled or recovered.
struct progress_change {
    std::string name;
    progress now = progress::alive;
    milliseconds for_time{0};  ///< how long it had not answered
};

class watchdog {
  public:
    static constexpr milliseconds look_every{250};

    struct setting {
        std::vector<watched_thread> workers;
        watched_thread control;
        const service_manager* manager = nullptr;          ///< outlives the watchdog
        std::function<void(const progress_change&)> tell;  ///< on the watchdog's thread; must not wait
        watch_rules rules;
    };

    /// Takes descriptors of its own for the listeners: stop() before they are to be closed or handed over.
    explicit watchdog(setting with);
    ~watchdog();
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    void start();
    /// Ends the thread and gives up its descriptors. Twice is once.
    void stop();

    /// Any thread: of each worker, in order.
    [[nodiscard]] std::vector<progress> workers() const;

  private:
    struct watched {
        watched_thread thread;
        progress_watch watch;
        /// Shared with the questions on their way, which may outlive the watchdog.
        std::shared_ptr<std::atomic<std::uint64_t>> answers = std::make_shared<std::atomic<std::uint64_t>>(0);
        int listening = -1;
        std::atomic<progress> state{progress::alive};

        watched(watched_thread what, const watch_rules& rules, steady_time now);
    };

    void run();
    void look(watched& one, steady_time now);
    void feed(steady_time now);
    /// Waits for the next look, and meanwhile accepts for those who cannot.
    void relieve_until(steady_time next_look);
    /// False when no more can be accepted for now.
    bool accept_for(const watched& stalled);
    watched* next_alive();

    setting with_;
    std::vector<std::unique_ptr<watched>> workers_;
    watched control_;
    std::size_t turn_ = 0;  ///< whose turn it is to get a connection
    steady_time fed_{};
    int wake_ = -1;  ///< an event descriptor: stop() writes it
    std::atomic<bool> ending_{false};
    std::jthread thread_;
};

}  // namespace garde::app
