// The brain under sequences that nobody would write by hand: every short one of two backends, and long random
// ones of three with operators' orders in between, under virtual time. GARDE_SEED repeats a random run.
#include "garde/continuity/brain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));

backend_index index_of(std::size_t number) {
    return static_cast<backend_index>(number);
}

/// A brain and what is known about it from outside; every event is checked against the rules.
class observed_brain {
  public:
    observed_brain(const brain_rules& rules, steady_time now)
        : rules_(rules), brain_(rules, now), published_(brain_.posture()), now_(now), changed_at_(now) {}

    void probe(std::size_t backend, bool ok) {
        log(std::string(ok ? "probe-ok " : "probe-fail ") + std::to_string(backend));
        event([&] {
            return ok ? brain_.probe_passed(now_, index_of(backend))
                      : brain_.probe_failed(now_, index_of(backend), reason::timed_out);
        });
    }
    void traffic(std::size_t backend, bool ok) {
        log(std::string(ok ? "traffic-ok " : "traffic-fail ") + std::to_string(backend));
        event([&] {
            return ok ? brain_.traffic_answered(now_, index_of(backend), 1)
                      : brain_.traffic_failed(now_, index_of(backend), reason::reset);
        });
    }
    void order(override_order what, std::optional<steady_time> until) {
        log("order " + std::string(to_text(what.pinned)));
        event([&] { return brain_.set_override(now_, {what, "anna", "test", until}); });
    }
    void clear_order() {
        log("clear");
        event([&] { return brain_.clear_override(now_, "anna", "test"); });
    }
    /// Another configuration: `places` as in reconfiguration::former_places.
    void reconfigure(const brain_rules& rules, const std::vector<std::optional<backend_index>>& places) {
        log("reconfigure");
        const observed_brain former = *this;
        const auto actions = brain_.adopt(now_, {rules, places, "anna", "test"});
        rules_ = rules;
        published_ = brain_.posture();
        check_carried(former, places);
        check_move(former, places, actions);
        check_attempts();
        check_due();
    }
    /// Time passes; tick() is called exactly when it is due.
    void pass(milliseconds time) {
        log("pass " + std::to_string(time.count()));
        const steady_time until = now_ + time;
        for (auto due = brain_.next_due(); due && *due <= until; due = brain_.next_due()) {
            ASSERT_LE(++ticks_, 100'000) << "ticks without end" << path();
            now_ = std::max(now_, *due);
            event([&] { return brain_.tick(now_); });
            if (testing::Test::HasFatalFailure()) return;
        }
        now_ = until;
    }

    [[nodiscard]] const service_brain& brain() const { return brain_; }
    [[nodiscard]] const brain_rules& rules() const { return rules_; }
    [[nodiscard]] steady_time now() const { return now_; }
    [[nodiscard]] std::string path() const { return "\nafter: " + path_; }

  private:
    void log(const std::string& what) { path_ += what + ", "; }

    template <class Event>
    void event(Event&& happens) {
        const placement before = brain_.modes().current();
        const bool was_pinned = brain_.override_in_force().has_value();
        const steady_time dwelt_since = changed_at_;
        const auto actions = happens();
        follow(actions, before);
        check_change(before, was_pinned, dwelt_since);
        check_attempts();
        check_due();
    }

    /// What the actions tell is what happened.
    void follow(const std::vector<brain_action>& actions, const placement& before) {
        const placement& after = brain_.modes().current();
        int switchovers = 0;
        int backend_changes = 0;
        for (const auto& action : actions) {
            if (const auto* told = std::get_if<publish_posture>(&action)) published_ = told->value;
            if (const auto* told = std::get_if<record_backend_change>(&action)) {
                ++backend_changes;
                ASSERT_EQ(told->from, before.active) << path();
                ASSERT_EQ(told->to, after.active) << path();
            }
            if (const auto* told = std::get_if<record_switchover>(&action)) {
                ++switchovers;
                check_record(*told, before);
            }
        }
        const bool other_mode = before.current != after.current;
        ASSERT_EQ(switchovers, other_mode ? 1 : 0) << path();
        ASSERT_EQ(backend_changes, !other_mode && before != after ? 1 : 0) << path();
        ASSERT_EQ(published_, brain_.posture()) << path();
        ASSERT_EQ(brain_.posture().current, after.current) << path();
        if (before != after) changed_at_ = now_;
    }

    /// Nothing that was known is forgotten, nothing is made up.
    void check_carried(const observed_brain& former,
                       const std::vector<std::optional<backend_index>>& places) {
        for (std::size_t i = 0; i < places.size(); ++i) {
            const auto& now = brain_.detector(index_of(i));
            ASSERT_EQ(now.current(), places[i] ? former.state_of(to_number(*places[i])) : verdict::unknown)
                << path();
            if (places[i]) {
                ASSERT_EQ(now.since(), former.brain_.detector(*places[i]).since()) << path();
            }
        }
        ASSERT_EQ(brain_.override_in_force().has_value(), former.brain_.override_in_force().has_value());
    }

    /// The mode goes where it must, and that is told once.
    void check_move(const observed_brain& former, const std::vector<std::optional<backend_index>>& places,
                    const std::vector<brain_action>& actions) {
        const placement& before = former.brain_.modes().current();
        const placement& after = brain_.modes().current();
        std::optional<backend_index> carried;
        for (std::size_t i = 0; i < places.size(); ++i)
            if (places[i] && places[i] == before.active) carried = index_of(i);
        const bool other_mode = before.current != after.current;
        const bool other_backend = carried != after.active;
        ASSERT_EQ(actions.size(), other_mode || (other_backend && before.active) ? 1U : 0U) << path();
        for (const auto& action : actions) {
            if (const auto* told = std::get_if<record_switchover>(&action)) {
                check_record(*told, before);
                ASSERT_EQ(told->why, cause::reconfigured) << path();
            } else {
                const auto& change = std::get<record_backend_change>(action);
                ASSERT_EQ(change.from, before.active) << path();
                ASSERT_EQ(change.to, after.active) << path();
            }
        }
        if (other_mode || other_backend) changed_at_ = now_;
        if (brain_.override_in_force()) return;
        ASSERT_TRUE(after.active || !any_eligible() || !before.active) << path();
        if (!after.active) {
            ASSERT_EQ(after.current, rules_.modes.has_cache ? mode::degraded : mode::emergency) << path();
            ASSERT_TRUE(std::ranges::all_of(places, [](const auto& place) { return place.has_value(); }))
                << path();
        } else if (carried && other_backend && eligible(state_of(to_number(*carried)))) {
            ASSERT_LT(*after.active, *carried) << path();
            ASSERT_TRUE(held(to_number(*after.active), rules_.modes.hold_down)) << path();
            ASSERT_GE(now_ - former.changed_at_, rules_.modes.min_dwell) << path();
        }
    }

    void check_record(const record_switchover& told, const placement& before) {
        ASSERT_EQ(told.from, before) << path();
        ASSERT_EQ(told.to, brain_.modes().current()) << path();
        ASSERT_EQ(told.decided, now_) << path();
        ASSERT_LE(told.first_symptom, told.detected) << path();
        ASSERT_LE(told.detected, told.decided) << path();
        ASSERT_NE(told.first_symptom, steady_time{}) << path();
        ASSERT_EQ(told.evidence.size(), rules_.backends) << path();
        ASSERT_FALSE(told.by.empty()) << path();
        const bool better = told.to.current < told.from.current;
        if (told.why == cause::detection) {
            ASSERT_FALSE(better) << path();
        }
        if (told.why == cause::recovery) {
            ASSERT_TRUE(better) << path();
        }
    }

    [[nodiscard]] verdict state_of(std::size_t backend) const {
        return brain_.detector(index_of(backend)).current();
    }
    [[nodiscard]] bool held(std::size_t backend, milliseconds hold) const {
        return state_of(backend) == verdict::up && brain_.detector(index_of(backend)).since() + hold <= now_;
    }
    [[nodiscard]] bool any_eligible() const {
        for (std::size_t i = 0; i < rules_.backends; ++i)
            if (eligible(state_of(i))) return true;
        return false;
    }

    /// An automatic change was due: worse only out of need, better only after the hold-down.
    void check_change(const placement& before, bool was_pinned, steady_time dwelt_since) {
        const placement& after = brain_.modes().current();
        if (before == after || was_pinned || brain_.override_in_force()) return;
        if (!after.active) {
            ASSERT_FALSE(any_eligible()) << path();
            ASSERT_EQ(after.current, rules_.modes.has_cache ? mode::degraded : mode::emergency) << path();
            return;
        }
        ASSERT_EQ(after.current, to_number(*after.active) == 0 ? mode::primary : mode::backup) << path();
        if (!before.active) {
            bool one_held = false;
            for (std::size_t i = 0; i < rules_.backends; ++i)
                one_held |= held(i, rules_.modes.degraded_hold_down);
            ASSERT_TRUE(one_held) << path();
            ASSERT_EQ(state_of(to_number(*after.active)), verdict::up) << path();
        } else if (eligible(state_of(to_number(*before.active)))) {
            ASSERT_LT(*after.active, *before.active) << path();
            ASSERT_TRUE(held(to_number(*after.active), rules_.modes.hold_down)) << path();
            ASSERT_GE(now_ - dwelt_since, rules_.modes.min_dwell) << path();
        }
    }

    /// Nobody who is out is asked, unless an operator names him; somebody is asked whenever there is
    /// somebody.
    void check_attempts() {
        const service_posture& posture = brain_.posture();
        const auto& order = brain_.override_in_force();
        for (std::size_t i = 0; i < posture.attempts.size(); ++i) {
            const auto candidate = posture.attempts[i];
            ASSERT_EQ(std::ranges::count(posture.attempts, candidate), 1) << path();
            if (!eligible(state_of(to_number(candidate)))) {
                ASSERT_TRUE(order && i == 0) << path();
            }
        }
        if (posture.transparent()) {
            ASSERT_EQ(posture.attempts, std::vector{index_of(0)}) << path();
            return;
        }
        const bool by_backend = posture.current == mode::primary || posture.current == mode::backup;
        ASSERT_EQ(posture.attempts.empty(), !by_backend) << path();
        if (order && by_backend) {
            ASSERT_EQ(posture.attempts.front(), brain_.modes().current().active) << path();
        }
        if (order && order->order.strict && order->order.pinned == override_mode::primary) {
            ASSERT_EQ(posture.attempts.size(), 1U) << path();
        }
        // A suspect is asked before an unsuspected backend only when an operator names it.
        for (std::size_t i = order ? 2 : 1; i < posture.attempts.size(); ++i)
            if (state_of(to_number(posture.attempts[i])) != verdict::suspect) {
                ASSERT_NE(state_of(to_number(posture.attempts[i - 1])), verdict::suspect) << path();
            }
    }

    /// When something better is waiting, the time when it comes is known; it is never later than the
    /// hold-down and the dwell.
    void check_due() {
        const auto& order = brain_.override_in_force();
        if (order) {
            if (order->until) {
                ASSERT_TRUE(brain_.next_due().has_value()) << path();
            }
            return;
        }
        const auto& active = brain_.modes().current().active;
        const milliseconds hold = active ? rules_.modes.hold_down : rules_.modes.degraded_hold_down;
        for (std::size_t i = 0; i < (active ? to_number(*active) : rules_.backends); ++i) {
            if (state_of(i) != verdict::up) continue;
            const steady_time held_at = brain_.detector(index_of(i)).since() + hold;
            const steady_time dwelt_at = changed_at_ + rules_.modes.min_dwell;
            ASSERT_TRUE(brain_.next_due().has_value()) << path();
            ASSERT_LE(*brain_.next_due(), active ? std::max(held_at, dwelt_at) : held_at) << path();
        }
        if (brain_.next_due()) {
            ASSERT_GT(*brain_.next_due(), now_) << path();
        }
    }

    brain_rules rules_;
    service_brain brain_;
    service_posture published_;
    steady_time now_;
    steady_time changed_at_;  ///< the placement, the last time
    int ticks_ = 0;
    std::string path_;
};

/// Whatever happened: once everything works again, the primary has its traffic back within the published
/// bound.
void expect_recovery(observed_brain& world, const brain_rules& rules) {
    world.clear_order();
    world.pass(rules.detector.ejection_time);
    for (int i = 0; i < rules.detector.rise; ++i) {
        for (std::size_t b = 0; b < rules.backends; ++b) {
            world.probe(b, true);
            world.traffic(b, true);
        }
    }
    world.pass(std::max(rules.modes.degraded_hold_down, rules.modes.hold_down + rules.modes.min_dwell));
    ASSERT_EQ(world.brain().posture().current, mode::primary) << world.path();
    for (std::size_t b = 0; b < rules.backends; ++b) {
        ASSERT_EQ(world.brain().posture().attempts.at(b), index_of(b)) << world.path();
    }
    ASSERT_FALSE(world.brain().next_due().has_value()) << world.path();
}

// --- every short sequence ---

void explore(const observed_brain& at, const brain_rules& rules, int depth) {
    if (testing::Test::HasFatalFailure()) return;
    observed_brain end = at;
    expect_recovery(end, rules);
    if (depth == 0) return;
    for (std::size_t b = 0; b < rules.backends; ++b) {
        for (const bool ok : {true, false}) {
            observed_brain probed = at;
            probed.pass(1s);
            probed.probe(b, ok);
            explore(probed, rules, depth - 1);
        }
        observed_brain used = at;
        used.pass(1s);
        used.traffic(b, false);
        explore(used, rules, depth - 1);
    }
    observed_brain waited = at;
    waited.pass(4s);
    explore(waited, rules, depth - 1);
}

brain_rules quick_rules() {
    return {.detector = {.rise = 1, .fall = 1, .traffic_fall = 2, .ejection_time = 3s},
            .modes = {.hold_down = 3s, .degraded_hold_down = 1s, .min_dwell = 2s, .has_cache = true},
            .backends = 2};
}

TEST(brain_exploration, every_sequence_up_to_six_events_keeps_the_rules) {
    explore(observed_brain(quick_rules(), start), quick_rules(), 6);
}

TEST(brain_exploration, every_sequence_up_to_five_without_cache_and_dwell_keeps_the_rules) {
    brain_rules rules = quick_rules();
    rules.modes.has_cache = false;
    rules.modes.min_dwell = 0s;
    explore(observed_brain(rules, start), rules, 5);
}

TEST(brain_exploration, every_reconfiguration_after_every_short_sequence_keeps_what_is_known) {
    const brain_rules rules = quick_rules();
    std::vector<std::vector<std::optional<backend_index>>> lists;
    const std::vector<std::optional<backend_index>> choices{std::nullopt, index_of(0), index_of(1)};
    for (const auto& first : choices) {
        lists.push_back({first});
        for (const auto& second : choices)
            if (!second || second != first) lists.push_back({first, second});
    }
    std::vector<observed_brain> worlds{observed_brain(rules, start)};
    for (int depth = 0; depth < 4; ++depth) {
        std::vector<observed_brain> next;
        for (const auto& at : worlds)
            for (std::size_t b = 0; b < 2; ++b)
                for (const bool ok : {true, false}) {
                    next.push_back(at);
                    next.back().pass(1s);
                    next.back().probe(b, ok);
                }
        worlds.insert(worlds.end(), next.begin(), next.end());
    }
    for (const auto& world : worlds)
        for (const auto& places : lists) {
            observed_brain end = world;
            brain_rules other = rules;
            other.backends = places.size();
            other.modes.has_cache = false;
            end.reconfigure(other, places);
            ASSERT_FALSE(HasFatalFailure());
            expect_recovery(end, other);
            ASSERT_FALSE(HasFatalFailure());
        }
}

// --- long random ones ---

class dice {
  public:
    explicit dice(std::uint64_t seed) : random_(seed) {}
    std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }
    bool one_in(std::size_t chance) { return below(chance) == 0; }

  private:
    std::mt19937_64 random_;
};

std::uint64_t chosen_seed() {
    if (const char* given = std::getenv("GARDE_SEED")) return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

constexpr milliseconds longest_ejection{10'000};

brain_rules random_rules(dice& random, std::size_t backends) {
    return {.detector = {.rise = 1 + static_cast<int>(random.below(3)),
                         .fall = 1 + static_cast<int>(random.below(3)),
                         .traffic_fall = 1 + static_cast<int>(random.below(4)),
                         .ejection_time = milliseconds(random.below(longest_ejection.count()))},
            .modes = {.hold_down = milliseconds(random.below(20'000)),
                      .degraded_hold_down = milliseconds(random.below(6'000)),
                      .min_dwell = milliseconds(random.below(5'000)),
                      .has_cache = random.one_in(2)},
            .backends = backends};
}

/// Some of the backends in another order, some of them replaced.
void reconfigure(observed_brain& world, dice& random) {
    std::vector<std::optional<backend_index>> places;
    for (std::size_t b = 0; b < world.rules().backends; ++b) places.emplace_back(index_of(b));
    for (std::size_t b = places.size(); b > 1; --b)
        if (random.one_in(2)) std::swap(places[b - 1], places[random.below(b)]);
    for (auto& place : places)
        if (random.one_in(3)) place.reset();
    if (random.one_in(3)) places.emplace_back();
    if (places.size() > 1 && random.one_in(2)) places.pop_back();
    world.reconfigure(random_rules(random, places.size()), places);
}

/// Backends work or do not work for a while each, so that hold-downs end now and then.
void live(observed_brain& world, dice& random, int steps) {
    std::vector<bool> works(8, true);
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
        if (random.one_in(8)) works[random.below(works.size())].flip();
        const std::size_t b = random.below(world.rules().backends);
        const bool ok = random.one_in(20) ? !works[b] : works[b];
        switch (random.below(3)) {
            case 0: world.probe(b, ok); break;
            case 1: world.traffic(b, ok); break;
            default: world.pass(milliseconds(random.below(random.one_in(4) ? 20'000 : 2'000))); break;
        }
        if (random.one_in(40)) {
            const auto what = static_cast<override_mode>(random.below(5));
            const auto until = random.one_in(2)
                                   ? std::optional(world.now() + milliseconds(random.below(30'000)))
                                   : std::nullopt;
            world.order({what, random.one_in(2)}, until);
        }
        if (random.one_in(30)) world.clear_order();
        if (random.one_in(50) && world.rules().backends < works.size()) reconfigure(world, random);
    }
}

TEST(brain_exploration, long_random_lives_keep_the_rules) {
    const std::uint64_t seed = chosen_seed();
    SCOPED_TRACE("GARDE_SEED=" + std::to_string(seed));
    dice random(seed);
    for (int life = 0; life < 300 && !HasFatalFailure(); ++life) {
        observed_brain world(random_rules(random, 3), start);
        live(world, random, 300);
        brain_rules last = world.rules();
        last.detector.ejection_time =
            longest_ejection;  // an ejection lasts as long as the rules said that began it
        if (!HasFatalFailure()) expect_recovery(world, last);
    }
}

}  // namespace
}  // namespace garde::continuity
