// Long random lives of a brain with three backends: weather, orders, procedures, a lost network, and other
// configurations in between, under virtual time and random rules. GARDE_SEED repeats a run.
#include "watched_brain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(1h);
constexpr std::size_t most_of_a_list = 6;

class dice {
  public:
    explicit dice(std::uint64_t seed) : random_(seed) {}
    std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }
    int between(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }
    milliseconds up_to(milliseconds most) {
        return milliseconds(below(static_cast<std::size_t>(most.count())));
    }
    bool one_in(std::size_t chance) { return below(chance) == 0; }

  private:
    std::mt19937_64 random_;
};

std::uint64_t chosen_seed() {
    if (const char* given = std::getenv("GARDE_SEED")) return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

brain_rules random_rules(dice& random, std::size_t backends) {
    brain_rules out;
    for (std::size_t i = 0; i < backends; ++i) {
        backend_rules one;
        one.detector = {.rise = random.between(1, 3),
                        .fall = random.between(1, 3),
                        .traffic_fall = random.between(1, 4),
                        .distinct_callers = random.below(3) + 1,
                        .failure_rate = random.one_in(2) ? 0 : random.between(10, 60),
                        .failure_volume = random.below(10) + 1,
                        .failure_window = 1s + random.up_to(9s),
                        .ejection_time = random.up_to(10s),
                        .longest_ejection = random.up_to(40s),
                        .trial_interval = 100ms + random.up_to(3s),
                        .trials_possible = !random.one_in(4)};
        if (!random.one_in(3)) one.domains["storage"] = random.one_in(2) ? "san-a" : "san-b";
        if (random.one_in(2)) one.domains["site"] = "dc" + std::to_string(random.below(3));
        one.deep_probe = random.one_in(3);
        out.backends.push_back(one);
    }
    out.modes = {.hold_down = random.up_to(20s),
                 .longest_hold_down = random.up_to(80s),
                 .degraded_hold_down = random.up_to(6s),
                 .min_dwell = random.up_to(5s),
                 .shares = random.one_in(3) ? std::vector<int>{} : std::vector<int>{5, 25, 50},
                 .canary_step = random.up_to(5s),
                 .ramp_step = random.up_to(2s),
                 .switchovers_per_hour = random.one_in(3) ? random.below(6) + 2 : 1'000,
                 .stands_in = random.one_in(2),
                 .has_cache = random.one_in(2)};
    out.procedure.exists = !random.one_in(4);
    if (random.one_in(2)) out.procedure.closes_after.reset();
    out.domain_window = random.up_to(30s);
    out.try_anyway = random.one_in(4);
    out.references = random.one_in(4);
    return out;
}

/// A service in which backends work or do not work for a while each, so that hold-downs end now and then.
class life {
  public:
    explicit life(dice& random) : random_(random), world_(random_rules(random, 3), start) {}

    void live(int steps) {
        for (int i = 0; i < steps && world_.broken().empty(); ++i) {
            if (random_.one_in(8)) works_[random_.below(works_.size())].flip();
            const std::size_t at = random_.below(world_.rules().backends.size());
            const bool good = random_.one_in(20) ? !works_[at] : works_[at];
            switch (random_.below(4)) {
                case 0: world_.probe(at, good); break;
                case 1: ask(at, good); break;
                case 2: try_out(); break;
                default: world_.pass(random_.up_to(random_.one_in(4) ? 20s : 2s)); break;
            }
            interfere();
        }
    }

    /// Whatever happened: once everything works again, the primary has its traffic back in time.
    [[nodiscard]] std::string recovers() {
        constexpr milliseconds step = 500ms;
        const steady_time bound = world_.now() + world_.brain().recovery_bound(world_.now(), step) + 2 * step;
        while (world_.broken().empty() && !world_.recovered()) {
            if (world_.now() > bound) return "not back to normal in time: " + world_.tell();
            world_.well(step, true);
        }
        return world_.broken();
    }
    [[nodiscard]] const watched_brain& world() const { return world_; }

  private:
    void ask(std::size_t at, bool good) {
        if (good) return world_.answered(at);
        sighting what{.what = static_cast<showed>(1 + random_.below(3)),
                      .why = random_.one_in(3) ? reason::connect_failed : reason::timed_out,
                      .caller = random_.below(4),
                      .request = random_.below(6),
                      .asked = static_cast<insurer>(random_.below(3))};
        world_.shows(at, what);
    }
    void try_out() {
        const auto trial = world_.brain().posture().trial;
        if (!trial) return;
        const std::size_t at = to_number(trial->backend);
        const bool good = works_[at];
        world_.shows(at, {.what = good ? showed::answered : showed::failed,
                          .why = good ? reason::none : reason::http_error,
                          .caller = random_.below(4),
                          .request = random_.below(6),
                          .as = errand::trial});
    }
    void interfere() {
        if (random_.one_in(40)) {
            const auto what = static_cast<override_mode>(random_.below(5));
            const auto until =
                random_.one_in(2) ? std::optional(world_.now() + random_.up_to(30s)) : std::nullopt;
            world_.order({what, random_.one_in(2)}, until);
        }
        if (random_.one_in(30)) world_.clear_order();
        if (random_.one_in(60) && world_.rules().procedure.exists) world_.procedure(random_.one_in(2));
        if (random_.one_in(20)) world_.network(!random_.one_in(3));
        if (random_.one_in(50)) reconfigure();
    }
    /// Some of the backends in another order, some of them replaced.
    void reconfigure() {
        std::vector<std::optional<backend_index>> places;
        for (std::size_t i = 0; i < world_.rules().backends.size(); ++i) places.emplace_back(index_of(i));
        for (std::size_t i = places.size(); i > 1; --i)
            if (random_.one_in(2)) std::swap(places[i - 1], places[random_.below(i)]);
        for (auto& place : places)
            if (random_.one_in(3)) place.reset();
        if (random_.one_in(3) && places.size() < most_of_a_list) places.emplace_back();
        if (places.size() > 1 && random_.one_in(2)) places.pop_back();
        world_.reconfigure(random_rules(random_, places.size()), places);
    }

    dice& random_;
    watched_brain world_;
    std::vector<bool> works_ = std::vector<bool>(most_of_a_list, true);
};

TEST(brain_lives, an_order_may_be_cleared_at_the_moment_at_which_its_time_is_over) {
    dice random(1);
    watched_brain world(random_rules(random, 3), start);
    world.order({override_mode::emergency, false}, world.now());
    world.clear_order();
    world.pass(1s);
    EXPECT_EQ(world.broken(), "");
}

TEST(brain_lives, whatever_happens_the_rules_are_kept_and_the_primary_comes_back) {
    const std::uint64_t seed = chosen_seed();
    std::cout << "  GARDE_SEED=" << seed << "\n";
    dice random(seed);
    for (int i = 0; i < 500; ++i) {
        life one(random);
        one.live(300);
        ASSERT_EQ(one.world().broken(), "") << "life " << i << " of GARDE_SEED=" << seed;
        ASSERT_EQ(one.recovers(), "") << "life " << i << " of GARDE_SEED=" << seed;
    }
}

}  // namespace
}  // namespace garde::continuity
