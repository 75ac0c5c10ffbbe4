// The control thread whole: real probes against sockets that listen or do not, a real journal, a store under
// the test's control.
#include "garde/control/controller.hpp"

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
#include <sstream>
#include <string>
#include <vector>

namespace garde::control {
namespace {

using continuity::backend_index;
using continuity::mode;
using continuity::override_mode;
using continuity::reason;
using continuity::verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

/// A backend as a TCP probe sees it.
class on_off_backend {
  public:
    on_off_backend() { turn_on(); }
    void turn_on() {
        listening_.open(net::tcp::v4());
        listening_.set_option(net::asio::socket_base::reuse_address(true));
        listening_.bind({net::asio::ip::address_v4::loopback(), port_});
        listening_.listen();
        port_ = listening_.local_endpoint().port();
    }
    void turn_off() { listening_.close(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    net::asio::io_context io_;
    test::acceptor listening_{io_.get_executor()};
    std::uint16_t port_ = 0;
};

/// Answers as told; by default at once.
class fake_store final : public store::override_store {
  public:
    enum class manner : std::uint8_t { works, fails, hangs };
    std::atomic<manner> now = manner::works;

    result<std::vector<store::stored_override>> load(milliseconds) override { return {}; }
    void put(store::stored_override value, store::on_stored then) override {
        note("put " + value.service + " " + std::string(to_text(value.mode)), std::move(then));
    }
    void remove(std::string service, store::on_stored then) override {
        note("remove " + service, std::move(then));
    }

    std::vector<std::string> calls() {
        const std::lock_guard lock(mutex_);
        return calls_;
    }
    void answer_late() {
        for (auto& then : std::exchange(hanging_, {})) then({});
    }

  private:
    void note(std::string what, store::on_stored then) {
        {
            const std::lock_guard lock(mutex_);
            calls_.push_back(std::move(what));
        }
        switch (now.load()) {
            case manner::works: return then({});
            case manner::fails: return then(fail("disk full"));
            case manner::hangs: hanging_.push_back(std::move(then)); return;
        }
    }

    std::mutex mutex_;
    std::vector<std::string> calls_;
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
    std::unique_ptr<const proxy::site> site;
    std::unique_ptr<journal::writer> journal;
    std::unique_ptr<controller> control;
    std::atomic<std::size_t> open_connections{0};
    std::unique_ptr<proxy::worker> worker;

    std::shared_ptr<config::settings> quick_settings() {
        auto out = test::site_settings();
        out->listener.address = {.host = "127.0.0.1", .port = 0};
        out->services[0].backends[0].address.port = one.port();
        out->services[0].backends[1].address.port = two.port();
        out->services[1].backends[0].address.port = three.port();
        for (auto& service : out->services) {
            service.probe.interval = 5ms;
            service.probe.timeout = 5s;
            service.probe.jitter = 0ms;
            service.probe.rise = 1;
            service.probe.fall = 2;
            service.switchover.hold_down = 20ms;
            service.switchover.degraded_hold_down = 10ms;
            service.switchover.min_dwell = 0ms;
            service.switchover.traffic_fall = 3;
        }
        return out;
    }

    void make() {
        auto made = proxy::site::make(settings);
        ASSERT_TRUE(made) << made.error().message;
        site = std::move(*made);
        auto opened = journal::writer::open({.folder = folder.path() / "journal"});
        ASSERT_TRUE(opened) << opened.error().message;
        journal = std::move(*opened);
        control = std::make_unique<controller>(*site, *journal, overrides);
    }
    void start(std::vector<store::stored_override> kept = {}) {
        if (!control) make();
        control->first_posture(std::move(kept));
        control->tell([this](view_ptr now) { seen.show(std::move(now)); });
        control->start();
    }
    void start_with_worker(bool running) {
        make();
        worker =
            std::make_unique<proxy::worker>(proxy::worker::environment{.served = *site,
                                                                       .cache = nullptr,
                                                                       .outcomes = [](const auto&) {},
                                                                       .open_connections = open_connections},
                                            control->first_posture({}));
        ASSERT_TRUE(worker->listen());
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

    /// What the journal says of an event, after the end.
    std::vector<boost::json::object> written(std::string_view event) {
        end();
        std::vector<boost::json::object> out;
        std::istringstream lines(test::read_file(folder.path() / "journal" / "journal.jsonl"));
        for (std::string line; std::getline(lines, line);) {
            auto one = boost::json::parse(line).as_object();
            if (text(one, "event") == event) out.push_back(std::move(one));
        }
        return out;
    }
    static std::string text(const boost::json::object& from, std::string_view name) {
        const boost::json::value* found = from.if_contains(name);
        if (found == nullptr) found = from.at("attributes").as_object().if_contains(name);
        return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
    }

    view_ptr wait_for_mode(mode wanted, std::size_t service = 0) {
        return seen.wait_for([=](const view& now) { return now.services[service].current == wanted; });
    }
    view_ptr wait_for_verdict(verdict wanted, std::size_t backend) {
        return seen.wait_for(
            [=](const view& now) { return now.services[0].backends[backend].state == wanted; });
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

store::stored_override kept_override(std::string service, std::optional<wall_time> until = {}) {
    return {.service = std::move(service),
            .mode = override_mode::backup,
            .strict = false,
            .by = "anna",
            .reason = "before the restart",
            .since = wall_now() - 1h,
            .until = until};
}

// --- the start ---

TEST_F(controlling, at_first_every_backend_may_be_asked) {
    make();
    const auto first = control->first_posture({});
    ASSERT_THAT(first->services, SizeIs(2));
    EXPECT_EQ(first->services[0].current, mode::primary);
    EXPECT_THAT(first->services[0].attempts, ElementsAre(backend_index{0}, backend_index{1}));
    EXPECT_THAT(first->services[1].attempts, ElementsAre(backend_index{0}));
}

TEST_F(controlling, an_order_that_was_kept_is_in_force_from_the_start) {
    make();
    const auto first =
        control->first_posture({kept_override("counter", wall_now() + 1h), kept_override("gone")});
    EXPECT_EQ(first->services[0].current, mode::backup);
    EXPECT_EQ(first->services[0].pinned, override_mode::backup);
    EXPECT_EQ(first->services[1].pinned, std::nullopt);
    const auto resumed = written("override-resumed");
    ASSERT_THAT(resumed, SizeIs(1));
    EXPECT_EQ(text(resumed[0], "by"), "anna");
}

TEST_F(controlling, an_order_whose_time_was_over_is_not_resumed) {
    make();
    EXPECT_EQ(control->first_posture({kept_override("counter", wall_now() - 1s)})->services[0].pinned,
              std::nullopt);
}

TEST_F(controlling, a_resumed_order_is_shown_with_who_and_since_when) {
    start({kept_override("counter")});
    const auto shown = wait_for_mode(mode::backup);
    ASSERT_TRUE(shown->services[0].order);
    EXPECT_EQ(shown->services[0].order->by, "anna");
    EXPECT_EQ(shown->services[0].order->reason, "before the restart");
    EXPECT_LT(shown->services[0].order->since, wall_now() - 59min);
}

// --- outages ---

TEST_F(controlling, an_outage_and_its_end_are_seen_and_written_down) {
    start();
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    EXPECT_EQ(wait_for_mode(mode::backup)->services[0].active_backend, "two");
    two.turn_off();
    const auto shown = wait_for_mode(mode::degraded);
    EXPECT_EQ(shown->services[0].active_backend, "");
    EXPECT_TRUE(shown->services[0].procedure_active());
    one.turn_on();
    EXPECT_EQ(wait_for_mode(mode::primary)->services[0].active_backend, "one");

    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(3));
    EXPECT_EQ(text(all[0], "from"), "primary");
    EXPECT_EQ(text(all[0], "to"), "backup");
    EXPECT_EQ(text(all[1], "to"), "degraded");
    EXPECT_EQ(text(all[2], "to"), "primary");
    EXPECT_EQ(text(all[0], "cause"), "detection");
    EXPECT_EQ(text(all[2], "cause"), "recovery");
    EXPECT_THAT(text(all[0], "evidence"), HasSubstr("connect-failed"));
}

TEST_F(controlling, a_service_without_a_cache_goes_to_emergency) {
    start();
    wait_for_mode(mode::primary, 1);
    three.turn_off();
    EXPECT_TRUE(wait_for_mode(mode::emergency, 1)->services[1].procedure_active());
}

TEST_F(controlling, services_do_not_touch_each_other) {
    start();
    three.turn_off();
    EXPECT_EQ(wait_for_mode(mode::emergency, 1)->services[0].current, mode::primary);
}

TEST_F(controlling, verdicts_are_written_down) {
    start();
    wait_for_verdict(verdict::up, 1);
    two.turn_off();
    wait_for_verdict(verdict::down, 1);
    two.turn_on();
    wait_for_verdict(verdict::up, 1);
    const auto all = written("verdict");
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(text(all[0], "to"), "down");
    EXPECT_EQ(text(all[1], "to"), "up");
}

TEST_F(controlling, failures_that_workers_report_count) {
    for (auto& service : settings->services) service.probe.interval = 1h;
    start();
    wait_for_verdict(verdict::up, 0);
    for (int i = 0; i < 3; ++i)
        control->report(
            {.service = 0, .backend = backend_index{0}, .answered = 0, .failed = reason::timed_out});
    wait_for_mode(mode::backup);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "requests-touched"), "3");
}

TEST_F(controlling, answers_that_workers_report_count_too) {
    for (auto& service : settings->services) service.probe.interval = 1h;
    start();
    wait_for_verdict(verdict::up, 0);
    for (int i = 0; i < 10; ++i) {
        control->report(
            {.service = 0, .backend = backend_index{0}, .answered = 0, .failed = reason::timed_out});
        control->report({.service = 0, .backend = backend_index{0}, .answered = 5, .failed = reason::none});
    }
    order({.service = "unknown",
           .pinned = {},
           .strict = false,
           .by = {},
           .reason = {},
           .until = {}});  // behind the reports
    EXPECT_THAT(written("switchover"), IsEmpty());
}

// --- in effect ---

TEST_F(controlling, a_switchover_says_when_the_workers_served_from_it) {
    start_with_worker(true);
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    wait_for_mode(mode::backup);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_TRUE(parse_rfc3339(text(all[0], "in-effect"))) << text(all[0], "in-effect");
}

TEST_F(controlling, a_worker_that_does_not_answer_does_not_hold_up_the_record) {
    start_with_worker(false);
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    wait_for_mode(mode::backup);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "in-effect"), "pending");
}

// --- orders ---

TEST_F(controlling, an_order_is_carried_out_stored_and_written_down) {
    start();
    const auto said = order(pin(override_mode::backup));
    EXPECT_TRUE(said.known_service);
    EXPECT_TRUE(said.stored);
    const auto shown = wait_for_mode(mode::backup);
    ASSERT_TRUE(shown->services[0].order);
    EXPECT_EQ(shown->services[0].order->pinned, override_mode::backup);
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter backup"));
    ASSERT_THAT(written("override"), SizeIs(1));
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "by"), "anna");
    EXPECT_EQ(text(all[0], "reason"), "drill");
}

TEST_F(controlling, an_order_is_taken_back) {
    start();
    order(pin(override_mode::degraded));
    wait_for_mode(mode::degraded);
    mode_request back = pin(override_mode::degraded);
    back.pinned.reset();
    EXPECT_TRUE(order(back).stored);
    EXPECT_FALSE(wait_for_mode(mode::primary)->services[0].order);
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter degraded", "remove counter"));
    EXPECT_THAT(written("override-cleared"), SizeIs(1));
}

TEST_F(controlling, an_order_expires) {
    start();
    mode_request what = pin(override_mode::degraded);
    what.until = wall_now() + 30ms;
    order(what);
    wait_for_mode(mode::degraded);
    EXPECT_FALSE(wait_for_mode(mode::primary)->services[0].order);
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter degraded", "remove counter"));
    EXPECT_THAT(written("override-expired"), SizeIs(1));
}

TEST_F(controlling, an_order_for_an_unknown_service_does_nothing) {
    start();
    mode_request what = pin(override_mode::degraded);
    what.service = "unknown";
    EXPECT_FALSE(order(what).known_service);
    EXPECT_THAT(overrides.calls(), IsEmpty());
    EXPECT_THAT(written("override"), IsEmpty());
}

TEST_F(controlling, an_order_that_cannot_be_stored_is_in_force_all_the_same) {
    overrides.now = fake_store::manner::fails;
    start();
    const auto said = order(pin(override_mode::degraded));
    EXPECT_FALSE(said.stored);
    EXPECT_EQ(said.store_error, "disk full");
    wait_for_mode(mode::degraded);
}

TEST_F(controlling, a_store_that_hangs_keeps_nobody_waiting) {
    overrides.now = fake_store::manner::hangs;
    start();
    const auto said = order(pin(override_mode::degraded));
    EXPECT_FALSE(said.stored);
    EXPECT_THAT(said.store_error, HasSubstr("in time"));
    wait_for_mode(mode::degraded);
    control->stop();
    overrides.answer_late();
}

}  // namespace
}  // namespace garde::control
