// The prober's rhythm: at its interval, at once when asked, and to where the name leads now.
#include "garde/control/prober.hpp"

#include "../support/loopback.hpp"
#include "../support/run.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace garde::control {
namespace {

using continuity::probe_pace;
using continuity::reason;
using test::run_until;
using namespace std::chrono_literals;

config::probe_settings every(milliseconds interval) {
    config::probe_settings out;
    out.type = config::probe_type::tcp;
    out.interval = interval;
    out.timeout = 5s;
    out.jitter = 0ms;
    return out;
}

upstream::target_ptr target_at(net::endpoint address) {
    return std::make_shared<const upstream::target>(
        upstream::target{.name = "one", .server_name = "one.garde.test", .addresses = {address}, .tls = {}});
}

/// A loop, an address where somebody listens, and the results.
struct bench {
    explicit bench(milliseconds interval) : bench(every(interval), probe_pace::normal) {}
    bench(config::probe_settings with, probe_pace pace) : how(std::move(with)) {
        one.set_pace(pace);
        one.start();
    }
    void wait_for(std::size_t count) {
        run_until(loop, [&] { return results.size() >= count; });
    }

    /// Lets so much time pass.
    void pass(milliseconds time) {
        bool over = false;
        net::deadline pause(loop.wheel(), [&over] { over = true; });
        pause.set(test::in(time));
        run_until(loop, [&over] { return over; });
    }

    net::event_loop loop;
    net::socket listening = test::listening_socket();
    config::probe_settings how;
    std::vector<reason> results;
    prober one{loop, how, target_at(*net::local_endpoint(listening)),
               [this](reason result) { results.push_back(result); }};
};

TEST(prober, probes_at_once_and_then_at_its_interval) {
    bench b(10ms);
    const auto began = std::chrono::steady_clock::now();
    b.wait_for(4);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 30ms);
    EXPECT_EQ(b.results, std::vector(4, reason::none));
}

TEST(prober, does_not_probe_before_its_interval_is_over) {
    bench b(1h);
    b.wait_for(1);
    test::settle(b.loop);
    EXPECT_EQ(b.results.size(), 1U);
}

TEST(prober, probes_at_once_when_asked) {
    bench b(1h);
    b.wait_for(1);
    test::settle(b.loop);
    b.one.probe_now();
    b.wait_for(2);
    EXPECT_EQ(b.results.size(), 2U);
}

TEST(prober, asked_during_a_probe_it_probes_once_more) {
    bench b(1h);
    b.one.probe_now();  // the first is not over yet
    b.wait_for(1);
    test::settle(b.loop);
    b.one.probe_now();
    b.one.probe_now();
    b.wait_for(2);
    test::settle(b.loop);
    EXPECT_LE(b.results.size(), 3U);
}

TEST(prober, asked_by_the_result_of_a_probe_it_probes_once_more) {
    net::event_loop loop;
    const auto how = every(1h);
    int results = 0;
    std::optional<prober> one;
    one.emplace(loop, how, target_at(test::closed_port()), [&](reason) {
        if (++results == 1) one->probe_now();
    });
    one->start();
    run_until(loop, [&] { return results == 2; });
    test::settle(loop);
    EXPECT_EQ(results, 2);
}

TEST(prober, each_pace_has_its_interval) {
    for (const auto pace : {probe_pace::fast, probe_pace::slow}) {
        auto how = every(1h);
        (pace == probe_pace::fast ? how.fast_interval : how.slow_interval) = 10ms;
        const auto began = std::chrono::steady_clock::now();
        bench b(how, pace);
        b.wait_for(4);
        EXPECT_GE(std::chrono::steady_clock::now() - began, 30ms);
    }
}

TEST(prober, a_faster_pace_shortens_the_pause_that_is_under_way) {
    auto how = every(1h);
    how.fast_interval = 30ms;
    how.slow_interval = 2h;
    const auto began = std::chrono::steady_clock::now();
    bench b(how, probe_pace::slow);
    b.wait_for(1);
    test::settle(b.loop);
    b.one.set_pace(probe_pace::fast);
    b.wait_for(2);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 30ms) << "the pause counts from where it began";
}

TEST(prober, a_slower_pace_does_not_lengthen_the_pause_that_is_under_way) {
    auto how = every(20ms);
    how.slow_interval = 1h;
    bench b(how, probe_pace::normal);
    b.wait_for(1);
    test::settle(b.loop);
    b.one.set_pace(probe_pace::slow);
    b.wait_for(2);
    b.pass(50ms);
    EXPECT_EQ(b.results.size(), 2U) << "the next pause is a slow one";
}

TEST(prober, a_pace_that_is_asked_for_by_a_result_holds_for_the_pause_behind_it) {
    net::event_loop loop;
    auto how = every(1h);
    how.fast_interval = 5ms;
    int results = 0;
    std::optional<prober> one;
    one.emplace(loop, how, target_at(test::closed_port()), [&](reason) {
        if (++results == 1) one->set_pace(probe_pace::fast);
    });
    one->start();
    run_until(loop, [&] { return results == 3; });
    EXPECT_EQ(results, 3);
}

TEST(prober, jitter_is_at_most_as_long_as_the_pause) {
    auto how = every(1h);
    how.fast_interval = 5ms;
    how.jitter = 1h;
    bench b(how, probe_pace::fast);
    b.wait_for(4);
    EXPECT_EQ(b.results.size(), 4U);
}

TEST(prober, goes_to_the_new_address) {
    bench b(1h);
    b.wait_for(1);
    test::settle(b.loop);
    b.one.retarget(target_at(test::closed_port()));
    b.one.probe_now();
    b.wait_for(2);
    EXPECT_EQ(b.results[1], reason::connect_failed);
}

TEST(prober, a_name_without_an_address_is_a_failure_to_connect) {
    net::event_loop loop;
    const auto how = every(1h);
    std::vector<reason> results;
    auto nowhere = std::make_shared<upstream::target>();
    prober one(loop, how, nowhere, [&](reason result) { results.push_back(result); });
    one.start();
    run_until(loop, [&] { return !results.empty(); });
    EXPECT_EQ(results[0], reason::connect_failed);
}

TEST(prober, stopped_it_says_nothing_more) {
    bench b(1ms);
    b.wait_for(2);
    b.one.stop();
    const auto said = b.results.size();
    b.pass(20ms);
    EXPECT_EQ(b.results.size(), said);
}

}  // namespace
}  // namespace garde::control
