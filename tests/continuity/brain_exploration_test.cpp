// The whole brain, breadth first through what can happen to it: every single event in any order up to a bound
// on states, and without a bound every course of the weather, second by second, where each backend works,
// fails, or fails its requests while its probes pass.
#include "exploration.hpp"
#include "state_reader.hpp"
#include "watched_brain.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(1h);
constexpr milliseconds unit = 1s;
constexpr horizon far{.unit = unit, .since = 4};

constexpr sighting failed_for_anna{.what = showed::failed, .why = reason::timed_out, .caller = 1};
constexpr sighting failed_for_bert{.what = showed::failed, .why = reason::reset, .caller = 2};
constexpr sighting unreached{.what = showed::failed, .why = reason::connect_failed, .caller = 1};
constexpr sighting slow_for_anna{.what = showed::slow, .why = reason::too_slow, .caller = 1, .request = 1};
constexpr sighting trial_answered{.what = showed::answered, .caller = 1, .as = errand::trial};
constexpr sighting trial_failed{
    .what = showed::failed, .why = reason::connect_timeout, .caller = 1, .as = errand::trial};

/// Verdicts come quickly; times are a few units.
brain_rules small_rules(std::size_t backends) {
    const detector_rules detector{.rise = 2,
                                  .fall = 2,
                                  .traffic_fall = 2,
                                  .distinct_callers = 2,
                                  .failure_rate = 0,
                                  .failure_volume = 4,
                                  .failure_window = 1s,
                                  .ejection_time = 1s,
                                  .longest_ejection = 2s,
                                  .trial_interval = 1s};
    brain_rules out;
    // The primary and the first backup share their storage; the second stands elsewhere.
    for (std::size_t i = 0; i < backends; ++i)
        out.backends.push_back({detector, {{"storage", i < 2 ? "san-a" : "san-b"}}, false});
    out.domain_window = 1s;
    out.modes = {.hold_down = 2s,
                 .longest_hold_down = 4s,
                 .degraded_hold_down = 1s,
                 .min_dwell = 1s,
                 .shares = {50},
                 .canary_step = 1s,
                 .ramp_step = 1s,
                 .switchovers_per_hour = 1'000,
                 .stands_in = true,
                 .has_cache = true};
    out.procedure.closes_after = 1s;
    return out;
}

std::string bytes_of(const watched_brain& of) {
    return fingerprint(of.brain(), of.now(), far);
}

/// What both explorations have in common.
class world : public watched_brain {
  public:
    explicit world(const brain_rules& rules) : watched_brain(rules, start) {}

    [[nodiscard]] std::string fingerprint() const { return bytes_of(*this); }
    [[nodiscard]] int recovery_bound() const {
        return static_cast<int>(brain().recovery_bound(now(), unit) / unit) +
               1;  // the first unit makes all well
    }
};

/// From each state back to the primary within the bound that the brain publishes.
template <class World>
explored explore_with_recovery(const World& first, const exploration_bounds& bounds) {
    exploration<World> all;
    recovery<World> busy;
    recovery<World> quiet;
    const auto out = all.run(first, affordable(bounds), [&](const auto& at) {
        const std::string wrong = busy.check(at, [](auto& one) { one.well(unit, true); });
        return wrong.empty() ? quiet.check(at, [](auto& one) { one.well(unit, false); }) : wrong;
    });
    std::cout << "  the primary is back after at most " << busy.longest() << " s with traffic, "
              << quiet.longest() << " s without\n";
    return out;
}

// --- single events, in any order ---

enum class event : std::uint8_t {
    probe_ok,
    probe_failed,
    answered,
    failed_for_anna,
    failed_for_bert,
    unreached,
    slow,
    trial_answered,
    trial_failed,
    // not of one backend
    order_primary,
    order_backup,
    order_degraded,
    order_transparent,
    order_cleared,
    procedure_opened,
    procedure_closed,
    time_passes,
};
constexpr std::array event_names{
    "probe ok",         "probe failed",   "answered",       "failed for anna", "failed for bert",
    "unreached",        "slow",           "trial answered", "trial failed",    "order primary",
    "order backup",     "order degraded", "transparent",    "order cleared",   "procedure opened",
    "procedure closed", "time passes"};

struct happening {
    event what{};
    std::size_t backend = 0;
};

class world_of_events : public world {
  public:
    using move = happening;
    using world::world;

    [[nodiscard]] std::vector<move> moves() const {
        std::vector<move> out{{event::time_passes}};
        for (std::size_t i = 0; i < rules().backends.size(); ++i) {
            for (const event one : {event::probe_ok, event::probe_failed, event::failed_for_anna,
                                    event::failed_for_bert, event::unreached, event::slow})
                out.push_back({one, i});
            if (eligible(state_of(i))) out.push_back({event::answered, i});
            const auto& trial = brain().posture().trial;
            if (!trial || trial->backend != index_of(i)) continue;
            out.push_back({event::trial_answered, i});
            out.push_back({event::trial_failed, i});
        }
        for (const event one : {event::order_primary, event::order_backup, event::order_degraded,
                                event::order_transparent, event::procedure_opened, event::procedure_closed})
            out.push_back({one});
        if (brain().override_in_force()) out.push_back({event::order_cleared});
        return out;
    }
    static std::string describe(move what) {
        const std::string name = event_names[static_cast<std::size_t>(what.what)];
        return what.what < event::order_primary ? name + " " + std::to_string(what.backend) : name;
    }
    void make(move what) {
        switch (what.what) {
            case event::probe_ok: return probe(what.backend, true);
            case event::probe_failed: return probe(what.backend, false);
            case event::answered: return answered(what.backend);
            case event::failed_for_anna: return shows(what.backend, failed_for_anna);
            case event::failed_for_bert: return shows(what.backend, failed_for_bert);
            case event::unreached: return shows(what.backend, unreached);
            case event::slow: return shows(what.backend, slow_for_anna);
            case event::trial_answered: return shows(what.backend, trial_answered);
            case event::trial_failed: return shows(what.backend, trial_failed);
            case event::order_primary: return order({override_mode::primary, true}, std::nullopt);
            case event::order_backup: return order({override_mode::backup}, now() + 2 * unit);
            case event::order_degraded: return order({override_mode::degraded}, now() + unit);
            case event::order_transparent: return order({override_mode::transparent}, std::nullopt);
            case event::order_cleared: return clear_order();
            case event::procedure_opened: return procedure(true);
            case event::procedure_closed: return procedure(false);
            case event::time_passes: return pass(unit);
        }
    }
};

TEST(brain_exploration, single_events_of_three_backends_keep_the_rules) {
    tell("three_backends_events", explore_with_recovery(world_of_events(small_rules(3)), {.states = 60'000}));
}

// --- the weather ---

enum class weather : std::uint8_t { well, ill, grey, gone };
constexpr std::size_t weathers = 4;

/// In each second every backend has its weather: its probe and the requests that reach it show it.
class world_of_weather : public world {
  public:
    using move = std::vector<weather>;

    world_of_weather(const brain_rules& rules, bool asked) : world(rules), asked_(asked) {}

    [[nodiscard]] std::vector<move> moves() const {
        std::vector<move> out{{}};
        for (std::size_t i = 0; i < rules().backends.size(); ++i) {
            std::vector<move> longer;
            for (const auto& begun : out)
                for (std::size_t one = 0; one < weathers; ++one) {
                    longer.push_back(begun);
                    longer.back().push_back(static_cast<weather>(one));
                }
            out = std::move(longer);
        }
        return out;
    }
    static std::string describe(const move& what) {
        static const std::array<std::string, weathers> names{"well", "ill", "grey", "gone"};
        std::string out = "(";
        for (const auto one : what) out += names[static_cast<std::size_t>(one)] + " ";
        out.back() = ')';
        return out;
    }
    void make(const move& what) {
        for (std::size_t i = 0; i < what.size(); ++i)
            probe(i, what[i] == weather::well || what[i] == weather::grey);
        if (asked_) ask(what);
        pass(unit);
    }

  private:
    /// A trial first, then two callers' requests, each to one backend after the other until one answers.
    void ask(const move& what) {
        if (const auto trial = brain().posture().trial) {
            const std::size_t at = to_number(trial->backend);
            shows(at, what[at] == weather::well ? trial_answered : trial_failed);
        }
        if (const auto back = brain().posture().returning)
            (void)reach(to_number(back->backend), what, failed_for_anna);
        for (const auto& request : {failed_for_anna, failed_for_bert})
            for (const auto one : std::vector(brain().posture().attempts))
                if (reach(to_number(one), what, request)) break;
    }
    bool reach(std::size_t at, const move& what, const sighting& failing) {
        if (what[at] == weather::well)
            answered(at);
        else
            shows(at, what[at] == weather::gone ? unreached : failing);
        return what[at] == weather::well;
    }

    bool asked_;
};

TEST(brain_exploration, every_weather_of_two_backends_keeps_the_rules) {
    tell("two_backends_weather", explore_with_recovery(world_of_weather(small_rules(2), true), {}));
}

TEST(brain_exploration, every_weather_of_two_backends_keeps_the_rules_while_nobody_asks) {
    tell("two_backends_quiet", explore_with_recovery(world_of_weather(small_rules(2), false), {}));
}

TEST(brain_exploration, the_weather_of_three_backends_keeps_the_rules) {
    tell("three_backends_weather",
         explore_with_recovery(world_of_weather(small_rules(3), true), {.states = 15'000}));
}

}  // namespace
}  // namespace garde::continuity
