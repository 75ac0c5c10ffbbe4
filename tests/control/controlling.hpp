// A controller with what it needs: backends that listen or do not, a real journal, a store under the test's
// control.
#pragma once

#include "garde/control/controller.hpp"
#include "garde/journal/reading.hpp"

#include "../support/loopback.hpp"
#include "../support/run.hpp"
#include "../support/site_settings.hpp"
#include "../support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace garde::control::testing_support {

using continuity::mode;
using continuity::override_mode;
using continuity::verdict;
using namespace std::chrono_literals;

/// A backend as a TCP probe sees it.
class on_off_backend {
  public:
    on_off_backend() { turn_on(); }
    void turn_on() {
        auto made = net::listen_at(test::loopback(port_), net::address_sharing::exclusive);
        if (!made) throw std::runtime_error(made.error().message);
        listening_ = std::move(*made);
        port_ = net::local_endpoint(listening_)->port();
    }
    void turn_off() { listening_.close(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    net::socket listening_;
    std::uint16_t port_ = 0;
};

/// Answers as told; by default at once.
class fake_store final : public store::override_store {
  public:
    enum class manner : std::uint8_t { works, fails, hangs };
    std::atomic<manner> now = manner::works;

    void load(store::on_loaded then) override { then({}); }
    void put(store::stored_override value, store::on_stored then) override {
        note("put " + value.service + " " + std::string(to_text(value.mode)), std::move(then), calls_);
    }
    void remove(std::string service, store::on_stored then) override {
        note("remove " + service, std::move(then), calls_);
    }

    void load_procedures(store::on_procedures_loaded then) override { then({}); }
    void open_procedure(store::stored_procedure value, store::on_stored then) override {
        note("open " + value.service + (value.ordered ? " by order" : ""), std::move(then), procedure_calls_);
    }
    void close_procedure(std::string service, store::on_stored then) override {
        note("close " + service, std::move(then), procedure_calls_);
    }

    std::vector<std::string> procedure_calls() {
        const std::lock_guard lock(mutex_);
        return procedure_calls_;
    }
    std::vector<std::string> calls() {
        const std::lock_guard lock(mutex_);
        return calls_;
    }
    void answer_late() {
        for (auto& then : std::exchange(hanging_, {})) then({});
    }

  private:
    void note(std::string what, store::on_stored then, std::vector<std::string>& in) {
        {
            const std::lock_guard lock(mutex_);
            in.push_back(std::move(what));
        }
        switch (now.load()) {
            case manner::works: return then({});
            case manner::fails: return then(fail("disk full"));
            case manner::hangs: hanging_.push_back(std::move(then)); return;
        }
    }

    std::mutex mutex_;
    std::vector<std::string> calls_;
    std::vector<std::string> procedure_calls_;
    std::vector<store::on_stored> hanging_;
};

/// The views as they came, to wait for.
class watcher {
  public:
    void show(view_ptr now) {
        {
            const std::lock_guard lock(mutex_);
            views_.push_back(std::move(now));
        }
        changed_.notify_all();
    }
    /// The next view that satisfies, from the one found last on; a test failure when none comes.
    view_ptr wait_for(const std::function<bool(const view&)>& good) {
        std::unique_lock lock(mutex_);
        const auto found = [&] {
            while (at_ < views_.size() && !good(*views_[at_])) ++at_;
            return at_ < views_.size();
        };
        if (changed_.wait_for(lock, test::patience, found)) return views_[at_];
        throw std::runtime_error("no such view came");
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<view_ptr> views_;
    std::size_t at_ = 0;
};

struct controlling : testing::Test {
    on_off_backend one;
    on_off_backend two;
    on_off_backend three;
    test::temporary_folder folder;
    std::shared_ptr<config::settings> settings = quick_settings();
    watcher seen;
    fake_store overrides;
    proxy::site_ptr site;
    std::unique_ptr<journal::writer> journal;
    std::unique_ptr<controller> control;
    std::optional<proxy::admission> admits;
    proxy::byte_budget buffers{std::size_t{1} << 30};
    std::unique_ptr<proxy::worker> worker;

    std::shared_ptr<config::settings> quick_settings() {
        auto out = test::site_settings();
        out->listener.address = {.host = "127.0.0.1", .port = 0};
        out->services[0].backends[0].address.port = one.port();
        out->services[0].backends[1].address.port = two.port();
        out->services[1].backends[0].address.port = three.port();
        for (auto& service : out->services) {
            for (auto& backend : service.backends) {
                backend.probe.interval = backend.probe.fast_interval = backend.probe.slow_interval = 5ms;
                backend.probe.timeout = 5s;
                backend.probe.jitter = 0ms;
                backend.probe.rise = 1;
                backend.probe.fall = 2;
            }
            service.switchover.hold_down = 20ms;
            service.switchover.degraded_hold_down = 10ms;
            service.switchover.min_dwell = 0ms;
            service.switchover.traffic_fall = 3;
            service.switchover.canary = {};
            service.switchover.trial_interval = 5ms;
        }
        return out;
    }

    /// For tests of what happens without probes: none comes behind the first.
    static void probe_once(config::settings& of) {
        for (auto& service : of.services)
            for (auto& backend : service.backends)
                backend.probe.interval = backend.probe.fast_interval = backend.probe.slow_interval = 1h;
    }

    void make() {
        auto made = proxy::site::make(settings);
        ASSERT_TRUE(made) << made.error().message;
        site = std::move(*made);
        journal =
            std::make_unique<journal::writer>(journal::writer::options{.folder = folder.path() / "journal"});
        control = std::make_unique<controller>(site, *journal, overrides);
    }
    void start(std::vector<store::stored_override> kept = {}) {
        if (!control) make();
        control->first_posture(std::move(kept));
        control->tell([this](view_ptr now) { seen.show(std::move(now)); });
        control->start();
    }
    void start_with_worker(bool running) {
        make();
        admits.emplace(proxy::derive_limits({}, {}), siphash_key{});
        worker = std::make_unique<proxy::worker>(proxy::worker::environment{.served = site,
                                                                            .cache = nullptr,
                                                                            .outcomes = [](const auto&) {},
                                                                            .admits = *admits,
                                                                            .buffers = buffers,
                                                                            .digests = {}},
                                                 control->first_posture({}));
        control->serve({worker.get()});
        if (running) worker->start();
        control->tell([this](view_ptr now) { seen.show(std::move(now)); });
        control->start();
    }
    void TearDown() override { end(); }

    /// In the program's order: the journal writes what waits, then the controller goes.
    void end() {
        if (worker) worker->stop();
        if (control) control->stop();
        journal.reset();
        worker.reset();
        control.reset();
    }

    /// The same of an event that has to be marked as a drill.
    std::vector<boost::json::object> drills(std::string_view event) {
        auto out = written(event);
        for (const auto& one : out) EXPECT_EQ(one.at("drill"), true);
        return out;
    }
    /// What the journal says of an event, after the end.
    std::vector<boost::json::object> written(std::string_view event) {
        end();
        std::vector<boost::json::object> out;
        journal::record_reader reader(folder.path() / "journal", {}, 1);
        for (auto next = reader.next(); next && *next; next = reader.next()) {
            if ((*next)->event != event) continue;
            boost::json::object attributes{{"configuration", (*next)->configuration}};
            for (const auto& [name, value] : (*next)->attributes) attributes[name] = value;
            boost::json::object record{{"event", (*next)->event}, {"drill", (*next)->drill}};
            record["attributes"] = std::move(attributes);
            out.push_back(std::move(record));
        }
        return out;
    }
    static std::string text(const boost::json::object& from, std::string_view name) {
        const boost::json::value* found = from.if_contains(name);
        if (found == nullptr) found = from.at("attributes").as_object().if_contains(name);
        return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
    }

    view_ptr wait_for_site() {
        return seen.wait_for([this](const view& now) { return now.served != site; });
    }
    view_ptr wait_for_mode(mode wanted, std::size_t service = 0) {
        return seen.wait_for([=](const view& now) { return now.services[service].current == wanted; });
    }
    view_ptr wait_for_verdict(verdict wanted, std::size_t backend) {
        return seen.wait_for(
            [=](const view& now) { return now.services[0].backends[backend].state == wanted; });
    }

    /// Has these settings taken up; waits until they are.
    void adopt(config::settings_ptr next) {
        auto made = proxy::site::make(std::move(next));
        ASSERT_TRUE(made) << made.error().message;
        std::promise<void> adopted;
        control->adopt(std::move(*made), {}, "anna", [&] { adopted.set_value(); });
        ASSERT_EQ(adopted.get_future().wait_for(test::patience), std::future_status::ready);
    }
    /// The present settings, to be changed.
    [[nodiscard]] std::shared_ptr<config::settings> copy_of_settings() const {
        auto out = std::make_shared<config::settings>(*settings);
        out->sha256 = "next";
        return out;
    }

    mode_result order(mode_request what) {
        std::promise<mode_result> out;
        control->order(std::move(what), [&](mode_result said) { out.set_value(std::move(said)); });
        auto answered = out.get_future();
        if (answered.wait_for(test::patience) != std::future_status::ready) {
            ADD_FAILURE() << "the order was not answered";
            return {};
        }
        return answered.get();
    }
    static mode_request pin(override_mode to) {
        return {.service = "counter",
                .pinned = to,
                .strict = false,
                .by = "anna",
                .reason = "drill",
                .until = {}};
    }
};

}  // namespace garde::control::testing_support
