// See server.hpp.
#include "garde/app/server.hpp"

#include "garde/admin/admin_api.hpp"
#include "garde/app/machine.hpp"
#include "garde/app/service_manager.hpp"
#include "garde/app/watchdog.hpp"
#include "garde/base/hash.hpp"
#include "garde/cache/cache_desk.hpp"
#include "garde/control/controller.hpp"
#include "garde/journal/journal.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/signals.hpp"
#include "garde/proxy/admission.hpp"
#include "garde/proxy/byte_budget.hpp"
#include "garde/proxy/site.hpp"
#include "garde/proxy/worker.hpp"
#include "garde/proxy/worker_counters.hpp"
#include "garde/status/status_site.hpp"
#include "garde/store/override_store.hpp"
#include "garde/telemetry/metrics_site.hpp"

#include "reloader.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <thread>

namespace garde::app {
namespace {

/// How long the start waits for the store. What comes later counts from then on.
constexpr milliseconds store_wait{300};

/// How long the start waits for backends' names, so that the first request finds their addresses known.
constexpr milliseconds look_up_wait{500};

/// Patients' data must not end up in a core dump, and a caller that hangs up must not end the process.
void harden_process() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
    ::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
}

/// A key that no stranger knows, for the counts per caller.
siphash_key random_key() {
    siphash_key out;
    const std::string bytes = random_bytes(sizeof out);
    std::memcpy(&out, bytes.data(), sizeof out);
    return out;
}

/// A word to the log where the machine bears less than what was asked for, and what is in force.
void log_limits(const config::limits_settings& wanted, const proxy::admission_limits& in_force) {
    if (in_force.connections < wanted.connections)
        spdlog::warn("[limits] connections = {}, but there are descriptors for {} only: raise LimitNOFILE",
                     wanted.connections, in_force.connections);
    spdlog::info(
        "limits: {} connections ({} a caller), {} requests ({} a service, {} a caller), {} MiB of buffers",
        in_force.connections, in_force.connections_per_caller, in_force.requests,
        in_force.requests_per_service, in_force.requests_per_caller, in_force.buffer_bytes >> 20);
}

std::vector<telemetry::worker_health> health_of(const std::vector<progress>& workers) {
    std::vector<telemetry::worker_health> out;
    out.reserve(workers.size());
    for (const auto state : workers)
        out.push_back(state == progress::alive ? telemetry::worker_health::alive
                                               : telemetry::worker_health::stalled);
    return out;
}

std::size_t worker_count(const config::settings& settings) {
    if (settings.workers > 0) return settings.workers;
    return std::max(1U, std::thread::hardware_concurrency());
}

/// All parts, in the order in which they are made; stop() takes them apart.
class server {
  public:
    explicit server(config::settings_ptr settings)
        : settings_(std::move(settings)), manager_(service_manager::from_environment()) {}

    result<void> start();
    void run_until_told();
    void stop();

  private:
    continuity::posture_ptr load_overrides();
    void set_limits();
    void make_metrics();
    [[nodiscard]] telemetry::load_now load() const;
    void start_watchdog();
    void record_progress(const progress_change& what);
    result<void> open_listeners();
    void on_signal(int signal);
    void begin_drain(int signal);
    void announce_ready() const;

    config::settings_ptr settings_;
    service_manager manager_;
    net::event_loop desk_;
    std::unique_ptr<net::signals> signals_;
    proxy::site_ptr site_;
    std::unique_ptr<cache::cache_desk> cache_;
    std::unique_ptr<journal::writer> journal_;
    std::unique_ptr<store::override_store> overrides_;
    std::unique_ptr<control::controller> control_;
    std::unique_ptr<proxy::admission> admission_;
    std::unique_ptr<proxy::byte_budget> buffers_;
    std::vector<std::unique_ptr<proxy::worker>> workers_;
    std::unique_ptr<status::status_site> status_;
    std::unique_ptr<admin::admin_api> admin_;
    std::unique_ptr<reloader> reloader_;
    std::unique_ptr<telemetry::metrics_site> metrics_;
    std::unique_ptr<watchdog> watchdog_;
    std::unique_ptr<net::deadline> drain_limit_;
    std::size_t draining_ = 0;
};

result<void> server::start() {
    auto signals = net::signals::take(desk_, serve_signals, [this](int one) { on_signal(one); });
    if (!signals) return std::unexpected(signals.error());
    signals_ = std::move(*signals);
    auto made = proxy::site::make(settings_);
    if (!made) return std::unexpected(made.error());
    site_ = std::move(*made);
    journal_ = std::make_unique<journal::writer>(
        journal::writer::options{.folder = settings_->data_dir / "journal"});
    overrides_ = store::open_sqlite_override_store(settings_->data_dir / "garde.sqlite");
    cache_ = std::make_unique<cache::cache_desk>(cache_bytes(*settings_));

    control_ = std::make_unique<control::controller>(site_, *journal_, *overrides_);
    journal_->append({.at = wall_now(),
                      .event = "start",
                      .attributes = {{"node", settings_->node_name}, {"configuration", settings_->sha256}}});
    set_limits();
    const auto first = load_overrides();
    std::vector<proxy::worker*> workers;
    for (std::size_t i = 0; i < worker_count(*settings_); ++i) {
        workers_.push_back(std::make_unique<proxy::worker>(
            proxy::worker::environment{
                .served = site_,
                .cache = cache_.get(),
                .outcomes = [control = control_.get()](const auto& what) { control->report(what); },
                .admits = *admission_},
            first));
        workers.push_back(workers_.back().get());
    }
    status_ = std::make_unique<status::status_site>(desk_, site_);
    admin_ = std::make_unique<admin::admin_api>(desk_, site_, *control_);
    reloader_ =
        std::make_unique<reloader>(reloader::parts{desk_, *control_, *cache_, site_->tickets()}, settings_);
    admin_->on_reload(
        [this](std::string by, auto then) { reloader_->reload(std::move(by), std::move(then)); });
    make_metrics();
    if (auto open = open_listeners(); !open) return open;

    control_->know(control::look_up(settings_, look_up_wait));
    control_->serve(std::move(workers));
    control_->tell([this](control::view_ptr now) {
        desk_.post([this, now = std::move(now)] {
            status_->show(now);
            admin_->show(now);
            if (metrics_) metrics_->show(now);
        });
    });
    control_->start();
    for (auto& worker : workers_) worker->start();
    start_watchdog();
    return {};
}

/// The first posture, with the overrides that the store gives in time. Those of a store that hangs are
/// in force when they come.
continuity::posture_ptr server::load_overrides() {
    struct answer {
        std::mutex mutex;
        std::condition_variable came;
        std::optional<std::vector<store::stored_override>> kept;
        bool late = false;
    };
    const auto shared = std::make_shared<answer>();
    overrides_->load([shared, control = control_.get()](result<std::vector<store::stored_override>> loaded) {
        if (!loaded) return spdlog::error("earlier overrides are not in force: {}", loaded.error().message);
        const std::lock_guard lock(shared->mutex);
        if (shared->late) return control->resume(std::move(*loaded));
        shared->kept = std::move(*loaded);
        shared->came.notify_all();
    });
    std::unique_lock lock(shared->mutex);
    shared->came.wait_for(lock, store_wait, [&] { return shared->kept.has_value(); });
    shared->late = true;
    return control_->first_posture(shared->kept ? std::move(*shared->kept)
                                                : std::vector<store::stored_override>());
}

/// Limits of admission, from the configuration and from what the machine can bear; and what counts.
void server::set_limits() {
    const std::size_t workers = worker_count(*settings_);
    const auto limits = proxy::derive_limits(settings_->limits, facts_of_machine(*settings_, workers));
    log_limits(settings_->limits, limits);
    admission_ = std::make_unique<proxy::admission>(limits, settings_->services.size(), random_key());
    buffers_ = std::make_unique<proxy::byte_budget>(limits.buffer_bytes);
}

void server::make_metrics() {
    if (!settings_->metrics) return;
    const auto counted = [this] {
        std::vector<std::shared_ptr<const proxy::counted_site>> out;
        for (const auto& worker : workers_) out.push_back(worker->counted());
        return out;
    };
    metrics_ = std::make_unique<telemetry::metrics_site>(
        desk_, telemetry::metrics_site::sources{.counted = counted,
                                                .load = [this] { return load(); },
                                                .workers = [this] { return health_of(watchdog_->workers()); }});
}

telemetry::load_now server::load() const {
    telemetry::load_now out{.limits = admission_->limits(),
                            .requests = admission_->requests(),
                            .requests_by_service = {},
                            .buffered_bytes = buffers_->used()};
    for (std::size_t i = 0; i < settings_->services.size(); ++i)
        out.requests_by_service.push_back(admission_->requests_of(i));
    return out;
}

void server::start_watchdog() {
    watchdog::setting with{.workers = {},
                           .control = {.name = "control",
                                       .post = [this](auto what) { control_->post(std::move(what)); },
                                       .adopt = {}},
                           .manager = &manager_,
                           .tell = [this](const progress_change& what) { record_progress(what); },
                           .rules = {}};
    for (std::size_t i = 0; i < workers_.size(); ++i)
        with.workers.push_back(
            {.name = fmt::format("worker-{}", i),
             .post = [at = workers_[i].get()](auto what) { at->loop().post(std::move(what)); },
             .listening = workers_[i]->listening_descriptor(),
             .adopt = [at = workers_[i].get()](int connected) { at->adopt(connected); }});
    watchdog_ = std::make_unique<watchdog>(std::move(with));
    watchdog_->start();
}

/// On the watchdog's thread.
void server::record_progress(const progress_change& what) {
    const bool stalled = what.now == progress::stalled;
    if (stalled)
        spdlog::error("{} has made no progress for {} ms", what.name, what.for_time.count());
    else
        spdlog::warn("{} makes progress again after {} ms", what.name, what.for_time.count());
    manager_.status(stalled ? fmt::format("{} makes no progress", what.name) : "serving");
    const std::string kind = what.name == "control" ? "control" : "worker";
    journal_->append({.at = wall_now(),
                      .event = fmt::format("{}-{}", kind, stalled ? "stalled" : "recovered"),
                      .attributes = {{"thread", what.name},
                                     {"for_ms", std::to_string(what.for_time.count())},
                                     {"node", settings_->node_name}}});
}

result<void> server::open_listeners() {
    for (auto& worker : workers_)
        if (auto open = worker->listen(); !open) return open;
    if (auto open = status_->listen(); !open) return open;
    if (metrics_)
        if (auto open = metrics_->listen(settings_->metrics->address); !open) return open;
    return admin_->listen();
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
    desk_.run();
}

void server::on_signal(int signal) {
    if (signal == SIGHUP)
        reloader_->reload("SIGHUP", [](const admin::reload_result&) {});
    else
        begin_drain(signal);
}

void server::begin_drain(int signal) {
    if (drain_limit_) return;  // told already
    manager_.stopping("exchanges under way may finish");
    watchdog_->stop();  // it shares the listeners that are now to close
    spdlog::info("ending on signal {}: exchanges under way may finish", signal);
    drain_limit_ = std::make_unique<net::deadline>(desk_.wheel(), [this] {
        spdlog::warn("exchanges were cut off after {} s", drain_time.count());
        desk_.stop();
    });
    drain_limit_->set(std::chrono::steady_clock::now() + drain_time);
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
    drain_limit_.reset();
    watchdog_.reset();
    for (auto& worker : workers_) worker->stop();
    if (control_) control_->stop();
    if (admin_) admin_->stop();  // writes down the refusals that were only counted so far
    if (journal_)
        journal_->append({.at = wall_now(), .event = "stop", .attributes = {{"node", settings_->node_name}}});
    overrides_.reset();
    journal_.reset();
    admin_.reset();
    reloader_.reset();
    status_.reset();
    metrics_.reset();
    cache_.reset();  // before the workers: a question that it still holds comes back to one of them
    workers_.clear();
    control_.reset();
}

}  // namespace

result<void> serve(const config::settings_ptr& settings) {
    harden_process();
    server one(settings);
    auto started = one.start();
    if (started) one.run_until_told();
    one.stop();
    return started;
}

}  // namespace garde::app
