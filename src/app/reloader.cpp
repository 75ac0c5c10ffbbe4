// See reloader.hpp.
#include "reloader.hpp"

#include "garde/config/load.hpp"
#include "garde/telemetry/log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace garde::app {

std::size_t cache_bytes(const config::settings& settings) {
    std::size_t out = 0;
    for (const auto& service : settings.services)
        if (service.cache) out += service.cache->memory_bytes;
    return out;
}

/// What was read; without `site` it is refused.
struct reloader::candidate {
    std::string sha256;
    std::vector<config::problem> problems;
    proxy::site_ptr site;
    control::address_book names;
};

/// The way back from the thread that reads, which may outlive the reloader when the disk hangs.
struct reloader::mailbox {
    std::mutex mutex;
    reloader* to = nullptr;  ///< null once the reloader is gone

    void deliver(std::shared_ptr<mailbox> self, candidate read) {
        const std::lock_guard lock(mutex);
        if (to == nullptr) return;
        to->with_.desk.post([self = std::move(self), read = std::move(read)]() mutable {
            if (self->to != nullptr) self->to->judge(std::move(read));
        });
    }
};

namespace {

bool is_error(const config::problem& one) {
    return one.level == config::problem::severity::error;
}

}  // namespace

reloader::reloader(parts with, config::settings_ptr running)
    : with_(std::move(with)), running_(std::move(running)), mail_(std::make_shared<mailbox>()) {
    mail_->to = this;
}

reloader::~reloader() {
    const std::lock_guard lock(mail_->mutex);
    mail_->to = nullptr;
}

void reloader::reload(std::string by, std::function<void(admin::reload_result)> then) {
    if (orders_.size() > waiting_bound)
        return then({.became = admin::reload_result::verdict::busy,
                     .former = running_->sha256,
                     .now = {},
                     .problems = {}});
    orders_.push_back({std::move(by), std::move(then)});
    if (orders_.size() == 1) begin_next();
}

void reloader::begin_next() {
    // Detached: nobody may have to wait for a disk that hangs.
    std::thread([mail = mail_, running = running_, tickets = with_.tickets] {
        candidate out;
        config::reading read = config::read(running->file);
        out.sha256 = std::move(read.sha256);
        if (!read.outcome) {
            out.problems = std::move(read.outcome.error());
            return mail->deliver(mail, std::move(out));
        }
        const config::settings_ptr next = read.outcome->value;
        out.problems = std::move(read.outcome->warnings);
        const auto fixed = config::check_reload(*running, *next);
        out.problems.insert(out.problems.end(), fixed.begin(), fixed.end());
        if (fixed.empty()) {
            auto made = proxy::site::make(next, tickets);
            if (made)
                out.site = std::move(*made);
            else
                out.problems.push_back({config::problem::severity::error, next->file, 0, made.error().message,
                                        "correct what it names"});
        }
        if (out.site) out.names = control::look_up(next, look_up_limit);
        mail->deliver(mail, std::move(out));
    }).detach();
}

void reloader::judge(candidate read) {
    for (const auto& one : read.problems)
        spdlog::log(is_error(one) ? spdlog::level::err : spdlog::level::warn, "reload: {}",
                    config::to_text(one));
    if (read.site)
        adopt(std::move(read));
    else
        refuse(read);
}

void reloader::refuse(const candidate& read) {
    const auto first = std::ranges::find_if(read.problems, is_error);
    with_.control.write(
        {.at = wall_now(),
         .event = "reload-refused",
         .attributes = {{"node", running_->node_name},
                        {"by", orders_.front().by},
                        {"refused-configuration",
                         read.sha256.empty() ? std::string("unreadable") : read.sha256},
                        {"errors", std::to_string(std::ranges::count_if(read.problems, is_error))},
                        {"first", first == read.problems.end() ? std::string() : config::to_text(*first)}},
         .configuration = running_->sha256});
    spdlog::error("reload: refused; the configuration that was in force stays");
    finish({.became = admin::reload_result::verdict::refused,
            .former = running_->sha256,
            .now = read.sha256,
            .problems = read.problems});
}

void reloader::adopt(candidate read) {
    const config::settings_ptr former = std::exchange(running_, read.site->shared_settings());
    telemetry::set_log_level(running_->log_level);
    with_.adopted(*running_);
    with_.cache.resize(cache_bytes(*running_));
    with_.cache.recognise(running_->callers);
    admin::reload_result result{.became = admin::reload_result::verdict::adopted,
                                .former = former->sha256,
                                .now = running_->sha256,
                                .problems = std::move(read.problems)};
    auto in_force = [mail = mail_, desk = &with_.desk, result = std::move(result)]() mutable {
        desk->post([mail = std::move(mail), result = std::move(result)]() mutable {
            if (mail->to != nullptr) mail->to->finish(std::move(result));
        });
    };
    with_.control.adopt(std::move(read.site), std::move(read.names), orders_.front().by, std::move(in_force));
}

void reloader::finish(admin::reload_result result) {
    if (result.became == admin::reload_result::verdict::adopted)
        spdlog::info("reload: configuration {} is in force", result.now);
    const order done = std::move(orders_.front());
    orders_.pop_front();
    done.then(std::move(result));
    if (!orders_.empty()) begin_next();
}

}  // namespace garde::app
