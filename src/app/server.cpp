// How garde lives once it serves: offers to a successor, reloads, signals, draining, the end. See server.hpp
// and server_parts.hpp.
#include "garde/app/server.hpp"

#include "garde/app/machine.hpp"

#include "exit_guard.hpp"
#include "server_parts.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <utility>

namespace garde::app {
namespace {

/// How long the desk may take to make an offer to a successor.
constexpr milliseconds offer_wait{2'000};
/// How long taking apart may take, beyond draining.
constexpr milliseconds exit_limit{5'000};

/// Patients' data must not end up in a core dump, and a caller that hangs up must not end the process.
void harden_process() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
    ::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
}

}  // namespace

/// On the predecessor's thread; everything that is offered belongs to the desk.
result<offer> server::begin_offer() {
    const auto made = std::make_shared<std::promise<result<offer>>>();
    auto waiting = made->get_future();
    desk_.post([this, made] { made->set_value(make_offer()); });
    if (waiting.wait_for(offer_wait) != std::future_status::ready) return fail("this process is too busy");
    return waiting.get();
}

result<offer> server::make_offer() {
    if (!ending_.empty()) return fail("this process is ending");
    if (!view_) return fail("this process is starting");
    offer out{.sockets = {}, .services = control::memory_of(*view_)};
    for (const auto& one : sockets_) {
        auto copy = net::share(one.socket);
        if (!copy) return std::unexpected(copy.error());
        out.sockets.push_back({one.name, std::move(*copy)});
    }
    admin_->refuse_orders(
        "Another process is taking over: an order would be lost. Ask again in a few seconds.");
    return out;
}

void server::announce_ready() const {
    const auto& at = settings_->listener.address;
    fmt::print("garde is ready: https://{}:{}\n", at.host, at.port);
    std::fflush(stdout);
    manager_.ready("serving");
}

/// The desk runs on the main thread; signals come to it like anything else.
void server::run_until_told() {
    announce_ready();
    net::let_workers_go_first();
    desk_.run();
}

/// The service manager hears of it, however it was ordered and whatever comes of it.
void server::reload(std::string by, std::function<void(admin::reload_result)> then) {
    manager_.reloading(std::chrono::steady_clock::now());
    reloader_->reload(std::move(by), [this, then = std::move(then)](admin::reload_result result) {
        if (ending_.empty()) manager_.ready("serving");
        then(std::move(result));
    });
}

void server::on_signal(int which) {
    if (which == SIGHUP)
        reload("SIGHUP", [this](const admin::reload_result& became) {
            if (became.became != admin::reload_result::verdict::busy) return;  // else it is written down
            control_->write({.at = wall_now(),
                             .event = "reload-refused",
                             .attributes = {{"node", settings_->node_name},
                                            {"by", "SIGHUP"},
                                            {"first", "too many reloads wait already"}}});
        });
    else
        begin_drain(fmt::format("signal {}", which));
}

void server::begin_drain(std::string why) {
    if (!ending_.empty()) return;
    ending_ = std::move(why);
    manager_.stopping("exchanges under way may finish");
    if (ledger_) ledger_->pause();
    watchdog_->stop();  // it shares the listeners that are now to close
    spdlog::info("ending ({}): exchanges under way may finish", ending_);
    const milliseconds limit = reloader_->running()->drain_time;
    drain_limit_ = std::make_unique<net::deadline>(desk_.wheel(), [this, limit] {
        spdlog::warn("exchanges were cut off after {} ms", limit.count());
        desk_.stop();
    });
    drain_limit_->set(std::chrono::steady_clock::now() + limit);
    // Orders would be lost to a successor, and new connections are for it, or for nobody.
    admin_->refuse_orders("This process is ending. Ask again in a few seconds.");
    sockets_.clear();
    status_->stop();
    admin_->stop();
    draining_ = workers_.size();
    for (auto& worker : workers_)
        worker->drain([this] {
            desk_.post([this] {
                if (--draining_ == 0) desk_.stop();
            });
        });
}

/// Those who send stop before those who receive; the journal and the store write what waits last.
void server::stop() {
    const exit_guard guard(exit_limit, ending_.empty() ? 1 : 0);
    predecessor_.reset();
    drain_limit_.reset();
    watchdog_.reset();
    for (auto& worker : workers_) worker->stop();
    receipts_.reset();  // gives what is left to the journal
    if (control_) control_->stop();
    if (admin_) admin_->stop();  // writes down the refusals that were only counted so far
    if (control_)
        control_->write(
            {.at = wall_now(),
             .event = "stop",
             .attributes = {{"node", settings_->node_name},
                            {"why", ending_.empty() ? std::string("the start failed") : ending_}}});
    overrides_.reset();
    journal_.reset();
    checkpoints_.reset();
    admin_.reset();
    reloader_.reset();
    status_.reset();
    metrics_.reset();
    ledger_.reset();
    cache_.reset();  // both before the workers: what is asked of them still comes back to one of those
    workers_.clear();
    control_.reset();
}

result<void> serve(const config::settings_ptr& settings, start_as role) {
    harden_process();
    server one(settings, role);
    auto started = one.start();
    if (started) one.run_until_told();
    one.stop();
    return started;
}

}  // namespace garde::app
