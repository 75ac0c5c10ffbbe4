// The self-check: who must answer, when it asks, and when it does not.
#include "garde/control/self_check.hpp"

#include "../support/loopback.hpp"
#include "../support/run.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace garde::control {
namespace {

using test::run_until;
using namespace std::chrono_literals;

config::endpoint named(const net::endpoint& address) {
    return {.host = "127.0.0.1", .port = address.port()};
}

/// A loop, somebody who listens and somebody who does not, and the results.
struct bench {
    explicit bench(std::vector<config::endpoint> references, milliseconds interval = 1h)
        : how{.references = std::move(references), .interval = interval, .timeout = 5s} {
        one.emplace(loop, how, [this](bool reachable) { results.push_back(reachable); });
        one->start();
    }
    void wait_for(std::size_t count) {
        run_until(loop, [&] { return results.size() >= count; });
    }
    void pass(milliseconds time) {
        bool over = false;
        net::deadline pause(loop.wheel(), [&over] { over = true; });
        pause.set(test::in(time));
        run_until(loop, [&over] { return over; });
    }

    net::event_loop loop;
    config::self_check_settings how;
    std::vector<bool> results;
    std::optional<self_check> one;
};

struct self_checking : testing::Test {
    net::socket listening = test::listening_socket();
    config::endpoint there = named(*net::local_endpoint(listening));
    config::endpoint nobody = named(test::closed_port());
};

TEST_F(self_checking, one_that_answers_is_enough) {
    bench b({nobody, there});
    b.wait_for(1);
    EXPECT_TRUE(b.results[0]);
}

TEST_F(self_checking, when_nobody_answers_the_node_is_not_connected) {
    bench b({nobody, nobody});
    b.wait_for(1);
    EXPECT_FALSE(b.results[0]);
}

TEST_F(self_checking, it_does_not_wait_for_the_others) {
    const test::black_hole silent;
    bench b({named(silent.address()), there});
    const auto began = std::chrono::steady_clock::now();
    b.wait_for(1);
    EXPECT_TRUE(b.results[0]);
    EXPECT_LT(std::chrono::steady_clock::now() - began, b.how.timeout);
}

TEST_F(self_checking, who_does_not_answer_within_the_timeout_does_not_count) {
    const test::black_hole silent;
    net::event_loop loop;
    const config::self_check_settings how{
        .references = {named(silent.address())}, .interval = 1h, .timeout = 20ms};
    std::optional<bool> result;
    self_check one(loop, how, [&](bool reachable) { result = reachable; });
    const auto began = std::chrono::steady_clock::now();
    one.start();
    run_until(loop, [&] { return result.has_value(); });
    EXPECT_EQ(result, false);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
}

TEST_F(self_checking, it_asks_again_at_its_interval) {
    const auto began = std::chrono::steady_clock::now();
    bench b({there}, 10ms);
    b.wait_for(4);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 30ms);
    listening.close();
    const auto so_far = b.results.size();
    b.wait_for(so_far + 2);
    EXPECT_FALSE(b.results.back());
}

TEST_F(self_checking, it_asks_at_once_when_told_to_but_not_more_often_than_it_may) {
    bench b({there});
    b.wait_for(1);
    test::settle(b.loop);
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t i = 2; i <= 4; ++i) {
        for (int again = 0; again < 10; ++again) b.one->check_now();
        b.wait_for(i);
    }
    EXPECT_GE(std::chrono::steady_clock::now() - began, 2 * self_check::least_pause);
    b.pass(3 * self_check::least_pause);
    EXPECT_EQ(b.results.size(), 4U) << "each was asked for once";
}

TEST_F(self_checking, asked_by_a_result_it_asks_once_more) {
    net::event_loop loop;
    const config::self_check_settings how{.references = {nobody}, .interval = 1h, .timeout = 5s};
    std::optional<self_check> one;
    int results = 0;
    one.emplace(loop, how, [&](bool) {
        if (++results == 1) one->check_now();
    });
    one->start();
    run_until(loop, [&] { return results == 2; });
    EXPECT_EQ(results, 2);
}

TEST_F(self_checking, a_name_answers_once_it_has_an_address) {
    bench b({{.host = "reference.garde.test", .port = 1}});
    b.wait_for(1);
    EXPECT_FALSE(b.results[0]);
    b.one->set_addresses(0, {*net::local_endpoint(listening)});
    b.one->check_now();
    b.wait_for(2);
    EXPECT_TRUE(b.results[1]);
}

TEST_F(self_checking, of_many_addresses_only_the_first_are_asked) {
    bench b({{.host = "reference.garde.test", .port = 1}});
    b.wait_for(1);
    std::vector<net::endpoint> many(self_check::most_addresses, test::closed_port());
    many.push_back(*net::local_endpoint(listening));
    b.one->set_addresses(0, many);
    b.one->check_now();
    b.wait_for(2);
    EXPECT_FALSE(b.results[1]);
}

TEST_F(self_checking, stopped_it_says_nothing_more) {
    bench b({there}, 1ms);
    b.wait_for(2);
    b.one->stop();
    const auto said = b.results.size();
    b.pass(20ms);
    EXPECT_EQ(b.results.size(), said);
}

}  // namespace
}  // namespace garde::control
