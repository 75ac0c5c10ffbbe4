// Putting the parts together; see server_parts.hpp.
#include "garde/app/machine.hpp"
#include "garde/base/hash.hpp"
#include "garde/proxy/worker_counters.hpp"

#include "server_parts.hpp"
#include "within.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace garde::app {
namespace {

/// How long the start waits for what may take its time. What comes later counts from then on.
constexpr milliseconds store_wait{300};
constexpr milliseconds look_up_wait{500};
/// For the data folder to say whether another garde owns it; for that garde to hand everything over.
constexpr milliseconds owner_wait{1'000};
constexpr milliseconds take_over_wait{20'000};

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

/// Everything from the garde that owns the data folder; nothing where there is none.
result<std::unique_ptr<inheritance>> inherit(const std::filesystem::path& data_dir, start_as role) {
    if (role == start_as::successor) {
        auto asked = within(take_over_wait, [data_dir] { return inheritance::receive(data_dir); });
        if (!asked) return fail("cannot take over: " + data_dir.string() + " does not answer");
        return std::move(*asked);
    }
    const auto owner = within(owner_wait, [data_dir] { return owner_of(data_dir); });
    if (!owner) spdlog::error("{} does not answer; garde serves all the same", data_dir.string());
    if (owner.value_or(0) == 0) return nullptr;
    return fail(fmt::format(
        "process {} is garde too and owns {}; stop it, or take over from it: garde run --take-over", *owner,
        data_dir.string()));
}

}  // namespace

result<void> server::start() {
    auto signals = net::signals::take(desk_, serve_signals, [this](int one) { on_signal(one); });
    if (!signals) return std::unexpected(signals.error());
    signals_ = std::move(*signals);
    if (auto ready = prepare(); !ready) return ready;
    set_limits(*settings_);
    make_workers();
    status_ = std::make_unique<status::status_site>(desk_, site_);
    admin_ = std::make_unique<admin::admin_api>(desk_, site_, *control_, *cache_, ledger_.get());
    reloader_ = std::make_unique<reloader>(reloader::parts{desk_, *control_, *cache_, site_->tickets(),
                                                           [this](const config::settings& next) {
                                                               set_limits(next);
                                                               use_checkpoints(next);
                                                           }},
                                           settings_);
    status_->show_checkpoints([desk = checkpoints_.get()] { return desk->newest(); });
    admin_->on_journal([desk = checkpoints_.get()] { return desk->state(); });
    admin_->on_reload([this](std::string by, auto then) { reload(std::move(by), std::move(then)); });
    admin_->on_erase_names(
        [this](wall_time before, const std::string& by, const std::string& reason, auto then) {
            control_->write(journal::names_erased_record(wall_now(), before, by, reason), std::move(then));
        });
    make_metrics();
    if (auto open = open_sockets(); !open) return open;

    control_->know(control::look_up(settings_, look_up_wait));
    control_->tell([this](control::view_ptr now) {
        desk_.post([this, now = std::move(now)] {
            view_ = now;
            tell_ledger(*now);
            status_->show(now);
            admin_->show(now);
            if (metrics_) metrics_->show(now);
        });
    });
    control_->start();
    for (auto& worker : workers_) worker->start();
    start_watchdog();
    tell_predecessor();
    predecessor_ = std::make_unique<predecessor>(
        settings_->data_dir,
        predecessor::callbacks{
            .begin = [this] { return begin_offer(); },
            .failed = [this] { desk_.post([this] { admin_->take_orders(); }); },
            .refused =
                [this](int pid, const std::string& why) {
                    control_->write({.at = wall_now(),
                                     .event = "take-over-refused",
                                     .attributes = {{"process", std::to_string(pid)}, {"why", why}}});
                },
            .succeeded =
                [this](int pid) {
                    desk_.post([this, pid] { begin_drain(fmt::format("taken over by process {}", pid)); });
                }});
    return {};
}

/// Everything that does not serve yet. Journal and store open their files by themselves, when they can.
result<void> server::prepare() {
    auto inherited = inherit(settings_->data_dir, role_);
    if (!inherited) return std::unexpected(inherited.error());
    inherited_ = std::move(*inherited);
    auto activated = sockets_from_systemd();
    if (!activated) return std::unexpected(activated.error());
    supply_ = std::move(*activated);
    if (inherited_) supply_.add(inherited_->take_sockets());
    auto made = proxy::site::make(settings_);
    if (!made) return std::unexpected(made.error());
    site_ = std::move(*made);
    open_cache();
    open_ledger();
    make_journal();
    overrides_ = store::open_sqlite_override_store(settings_->data_dir / "garde.sqlite");
    control_ = std::make_unique<control::controller>(site_, *journal_, *overrides_);
    open_receipt_book();
    control_->watch([desk = checkpoints_.get()] { return desk->alarms(std::chrono::steady_clock::now()); });
    journal::record begun{.at = wall_now(), .event = "start", .attributes = {{"node", settings_->node_name}}};
    if (site_->receipts()) begun.attributes.emplace_back("receipt-key", site_->receipts()->id());
    if (inherited_)
        begun.attributes.emplace_back("took-over-from", fmt::format("process {}", inherited_->from()));
    control_->write(std::move(begun));
    return {};
}

void server::make_workers() {
    if (inherited_) control_->remember(inherited_->services());
    const auto first = load_overrides();
    const siphash_key digests = random_key();
    std::vector<proxy::worker*> workers;
    const auto limits = std::make_shared<emergency::stand_in_limits>();
    for (std::size_t i = 0; i < worker_count(*settings_); ++i) {
        workers_.push_back(std::make_unique<proxy::worker>(
            proxy::worker::environment{
                .served = site_,
                .cache = cache_.get(),
                .outcomes = [control = control_.get()](const auto& what) { control->report(what); },
                .admits = *admission_,
                .buffers = *buffers_,
                .digests = digests,
                .ledger = ledger_.get(),
                .limits = limits,
                .receipts = receipts_.get()},
            first));
        workers.push_back(workers_.back().get());
    }
    control_->serve(std::move(workers));
    // No request waits for it: in force whenever it comes.
    overrides_->load_procedures(
        [control = control_.get()](result<std::vector<store::stored_procedure>> kept) {
            if (kept) return control->resume(std::move(*kept));
            spdlog::error("earlier emergency procedures are not open: {}", kept.error().message);
        });
}

/// The first posture, with the overrides that the store gives in time. Those of a store that hangs, or that
/// the predecessor still owns, are in force when they come.
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
    // The predecessor's store cannot be open yet, and what it knew is here already.
    const milliseconds wait = inherited_ ? milliseconds(0) : store_wait;
    std::unique_lock lock(shared->mutex);
    shared->came.wait_for(lock, wait, [&] { return shared->kept.has_value(); });
    shared->late = true;
    return control_->first_posture(shared->kept ? std::move(*shared->kept)
                                                : std::vector<store::stored_override>());
}

/// Limits of admission, from the configuration and from what the machine can bear; at the start, and when
/// another configuration is taken up.
void server::set_limits(const config::settings& of) {
    const auto limits = proxy::derive_limits(of.limits, facts_of_machine(of, worker_count(of)));
    log_limits(of.limits, limits);
    if (!admission_) {
        admission_ = std::make_unique<proxy::admission>(limits, random_key());
        buffers_ = std::make_unique<proxy::byte_budget>(limits.buffer_bytes);
    }
    admission_->set_limits(limits);
    buffers_->resize(limits.buffer_bytes);
}

void server::make_metrics() {
    if (!settings_->metrics) return;
    const auto counted = [this] {
        std::vector<std::shared_ptr<const proxy::counted_site>> out;
        out.reserve(workers_.size());
        for (const auto& worker : workers_) out.push_back(worker->counted());
        return out;
    };
    metrics_ = std::make_unique<telemetry::metrics_site>(
        desk_, telemetry::metrics_site::sources{
                   .counted = counted,
                   .load = [this](const config::settings& of) { return load(of); },
                   .workers = [this] { return health_of(watchdog_->workers()); },
                   .assertions = [this] { return cache_->assertions(); },
                   .cache = [this] { return cache_->totals(); },
                   .cache_store = [this] { return cache_->tier(); },
                   .ledger = [this] { return ledger_ ? std::optional(ledger_->totals()) : std::nullopt; },
                   .checkpoints = [this] { return checkpoints_->state(); }});
}

telemetry::load_now server::load(const config::settings& of) const {
    telemetry::load_now out{.limits = admission_->limits(),
                            .requests = admission_->requests(),
                            .requests_by_service = {},
                            .buffered_bytes = buffers_->used()};
    for (const auto& service : of.services)
        out.requests_by_service.push_back(admission_->service(service.name).read());
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
    control_->write({.at = wall_now(),
                     .event = fmt::format("{}-{}", kind, stalled ? "stalled" : "recovered"),
                     .attributes = {{"thread", what.name},
                                    {"for_ms", std::to_string(what.for_time.count())},
                                    {"node", settings_->node_name}}});
}

/// From the predecessor, from systemd, or new.
result<std::vector<net::socket>> server::take(std::string_view name, const config::endpoint& address,
                                              std::size_t count) {
    const auto sharing = name == "listener" ? net::address_sharing::shared : net::address_sharing::exclusive;
    auto taken = supply_.take(name, address, count, sharing);
    if (!taken) return taken;
    for (const auto& one : *taken) {
        auto copy = net::share(one);
        if (!copy) return std::unexpected(copy.error());
        sockets_.push_back({std::string(name), std::move(*copy)});
    }
    return taken;
}

result<void> server::open_sockets() {
    auto listeners = take("listener", settings_->listener.address, workers_.size());
    if (!listeners) return std::unexpected(listeners.error());
    // A predecessor may have had more workers: connections may wait in each of its sockets.
    for (std::size_t i = 0; i < listeners->size(); ++i)
        workers_[i % workers_.size()]->listen(std::move((*listeners)[i]));
    auto status = take("status", settings_->status.address, 1);
    if (!status) return std::unexpected(status.error());
    status_->listen(std::move(status->front()));
    auto admin = take("admin", settings_->admin.address, 1);
    if (!admin) return std::unexpected(admin.error());
    admin_->listen(std::move(admin->front()));
    if (metrics_) {
        auto metrics = take("metrics", settings_->metrics->address, 1);
        if (!metrics) return std::unexpected(metrics.error());
        metrics_->listen(std::move(metrics->front()));
    }
    for (const auto& one : supply_.left())
        spdlog::warn("a socket was handed over that nothing is configured for: {}:{}", one.host(),
                     one.port());
    supply_ = {};
    return {};
}

void server::tell_predecessor() {
    if (!inherited_) return;
    if (auto done = inherited_->confirm(); !done)
        spdlog::warn("process {} was taken over and has not answered: {}", inherited_->from(),
                     done.error().message);
    inherited_.reset();
}

}  // namespace garde::app
