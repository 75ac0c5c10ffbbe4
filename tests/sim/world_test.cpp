// Thousands of worlds, each from one seed. A seed that fails is printed with the command that runs it again.
#include "world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace garde::sim {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t usual_count = 30;
#else
constexpr std::uint64_t usual_count = 150;
#endif

struct batch {
    std::uint64_t from = 1;
    std::uint64_t count = usual_count;
};

/// GARDE_SIM_SEEDS=FROM:COUNT runs others.
batch seeds() {
    batch out;
    if (const char* wanted = std::getenv("GARDE_SIM_SEEDS")) {
        char* behind = nullptr;
        out.from = std::strtoull(wanted, &behind, 10);
        out.count = *behind == ':' ? std::strtoull(behind + 1, nullptr, 10) : 1;
    }
    return out;
}

std::string violations_of(const scenario& of) {
    std::string out;
    for (const auto& one : run(of).violations) out += one + "\n";
    return out;
}

TEST(world, keeps_its_rules_whatever_goes_wrong) {
    const batch all = seeds();
    outcome sum;
    for (std::uint64_t seed = all.from; seed < all.from + all.count; ++seed) {
        const outcome out = run(make_scenario(seed));
        sum.asked += out.asked;
        sum.answered_by_backends += out.answered_by_backends;
        sum.answered_by_garde += out.answered_by_garde;
        sum.saved += out.saved;
        sum.switchovers += out.switchovers;
        std::string text;
        for (const auto& one : out.violations) text += "\n  " + one;
        EXPECT_THAT(out.violations, IsEmpty())
            << "seed " << seed << ":" << text << "\nagain: GARDE_SIM_TRACE=1 GARDE_SIM_SEEDS=" << seed
            << ":1 build/debug/tests/sim/test_sim_world "
               "--gtest_filter=world.keeps_its_rules_whatever_goes_wrong";
    }
    fmt::print(
        "{} worlds: {} requests, {} answered by backends ({} while another was ill), {} by garde; {} "
        "switchovers\n",
        all.count, sum.asked, sum.answered_by_backends, sum.saved, sum.answered_by_garde, sum.switchovers);
    if (all.count < usual_count) return;
    // Rules that nothing is held to are always kept.
    EXPECT_GT(sum.saved, all.count);
    EXPECT_GT(sum.answered_by_garde, all.count);
    EXPECT_GT(sum.switchovers, all.count);
}

/// Worlds of which the rules were once wrong: two backends that fail alike; a kept connection that was made
/// in bad times; a backup on trial when the primary had long been well.
TEST(world, keeps_its_rules_where_it_once_did_not) {
    for (const std::uint64_t seed : {2026113247, 2026113458, 2026113030, 2026116248, 2026116487})
        EXPECT_EQ(violations_of(make_scenario(seed)), "") << "seed " << seed;
}

// --- what it would notice ---

/// A quiet world of two backends, the first of which fails all the time.
scenario with_a_sick_primary(malady what) {
    scenario out = make_scenario(1);
    out.services = {
        {.backends = {{.name = "backend-7001", .port = 7001}, {.name = "backend-7002", .port = 7002}}}};
    out.orders.clear();
    out.naps.clear();
    out.wall_jumps.clear();
    out.reloads.clear();
    out.lost_reports_percent = 0;
    out.settings->limits.commit_bytes = 256 * 1024;
    auto& services = out.settings->services;
    services.resize(1);
    services[0].backends.resize(1, services[0].backends[0]);
    services[0].backends[0].tls = false;
    services[0].backends.push_back(services[0].backends[0]);
    services[0].backends[1].name = "backend-7002";
    services[0].backends[1].role = config::backend_role::backup;
    services[0].backends[1].address.port = 7002;
    services[0].switchover.attempt_timeout = milliseconds(1'000);
    services[0].switchover.exchange_timeout = milliseconds(2'500);
    services[0].switchover.traffic_fall = 1'000;
    auto& sick = out.services[0].backends[0];
    for (auto* one : {&sick, &out.services[0].backends[1]}) one->patience = std::chrono::seconds(30);
    sick.troubles = {
        {.from = std::chrono::seconds(2), .until = out.trouble_ends, .what = what, .in_probes = false}};
    return out;
}

/// What garde gets is not what was promised.
config::service_settings& garde_of(scenario& of) {
    of.promised = std::make_shared<const config::settings>(*of.settings);
    return of.settings->services[0];
}

TEST(world, holds_its_rules_with_a_sick_primary) {
    for (const auto what : {malady::silent, malady::hangs_up, malady::faulty})
        EXPECT_EQ(violations_of(with_a_sick_primary(what)), "");
}

TEST(world, notices_an_answer_to_another_request) {
    EXPECT_THAT(violations_of(with_a_sick_primary(malady::lies)), HasSubstr("got the answer to"));
}

TEST(world, notices_a_second_copy_of_what_must_not_be_repeated) {
    scenario of = with_a_sick_primary(malady::hangs_up);
    for (auto& route : garde_of(of).routes) route.replay_safe = true;
    EXPECT_THAT(violations_of(of),
                HasSubstr("not to be repeated, reached backend-7001 and then backend-7002"));
}

TEST(world, notices_a_request_that_is_lost_though_a_backend_worked) {
    scenario of = with_a_sick_primary(malady::hangs_up);
    for (auto& route : garde_of(of).routes) route.replay_safe = false;
    EXPECT_THAT(violations_of(of), HasSubstr("while a backend worked"));
}

/// A quiet world of three backends: the first two fail, each in its way.
scenario with_one_well_backend(malady first, malady second) {
    scenario out = with_a_sick_primary(first);
    auto& plans = out.services[0].backends;
    plans[1].troubles = plans[0].troubles;
    plans[1].troubles[0].what = second;
    plans.push_back({.name = "backend-7003", .port = 7003, .patience = std::chrono::seconds(30)});
    auto& backends = out.settings->services[0].backends;
    backends.push_back(backends[1]);
    backends[2].name = "backend-7003";
    backends[2].address.port = 7003;
    return out;
}

TEST(world, holds_its_rules_with_one_well_backend_of_three) {
    for (const auto second : {malady::hangs_up, malady::not_xml, malady::silent})
        EXPECT_EQ(violations_of(with_one_well_backend(malady::hangs_up, second)), "");
}

/// What fails differently at two is to be sent to the third. Once the troubles are over, who does not know
/// the third is blamed either way; while they last, only what fails alike at two is excused.
TEST(world, notices_that_a_third_backend_is_not_asked) {
    const auto lost = [](malady second) {
        scenario of = with_one_well_backend(malady::hangs_up, second);
        garde_of(of).backends.pop_back();
        return run(of).violations.size();
    };
    const auto alike = lost(malady::hangs_up);
    const auto differently = lost(malady::not_xml);
    EXPECT_GT(differently, 2 * alike) << alike << " were lost that failed alike";
}

TEST(world, notices_that_an_answer_takes_too_long) {
    scenario of = with_a_sick_primary(malady::silent);
    auto& rules = garde_of(of).switchover;
    rules.attempt_timeout *= 5;
    rules.exchange_timeout *= 5;
    EXPECT_THAT(violations_of(of), HasSubstr("exchange_timeout is 2500 ms"));
}

TEST(world, notices_that_traffic_does_not_go_back) {
    scenario of = with_a_sick_primary(malady::refuses);
    auto& rules = garde_of(of).switchover;
    rules.traffic_fall = 1;
    rules.hold_down = std::chrono::hours(1);
    EXPECT_THAT(violations_of(of), HasSubstr("is still in mode backup"));
}

TEST(world, is_the_same_again_from_the_same_seed) {
    for (const std::uint64_t seed : {3, 4, 5}) {
        const auto first = run(make_scenario(seed)).hash;
        (void)run(make_scenario(seed + 100));
        EXPECT_EQ(run(make_scenario(seed)).hash, first) << "seed " << seed;
        EXPECT_NE(run(make_scenario(seed + 1)).hash, first);
    }
}

}  // namespace
}  // namespace garde::sim
