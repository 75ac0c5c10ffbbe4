// The mode machine in every state that it can come to, whatever its backends do: verdicts, doubts and orders
// come in any order and at any time. As the detectors can do no more than this, what holds here holds for the
// service, however long a day is.
#include "garde/continuity/mode_machine.hpp"

#include "exploration.hpp"
#include "state_reader.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(100h);
/// So long that the hour of the bound on switchovers is a few of them.
constexpr milliseconds unit = 20min;
backend_index index_of(std::size_t number) {
    return static_cast<backend_index>(number);
}

enum class event : std::uint8_t { comes_up, is_suspect, goes_down, doubt, answers, order, time_passes };

struct happening {
    event what{};
    std::size_t which = 0;  ///< the backend, or the order
};

const std::vector<std::optional<override_order>> orders{std::nullopt, override_order{override_mode::primary},
                                                        override_order{override_mode::backup, true},
                                                        override_order{override_mode::degraded}};

struct setting {
    std::string name;
    mode_rules rules;
    std::size_t backends = 3;
    std::vector<event> without;  ///< what does not happen here

    friend void PrintTo(const setting& what, std::ostream* out) { *out << what.name; }
};

class watched_machine {
  public:
    using move = happening;

    explicit watched_machine(const setting& of)
        : rules_(of.rules),
          machine_(of.rules, start),
          views_(of.backends, backend_view{.state = verdict::up, .since = start}),
          now_(start),
          without_(of.without),
          far_{.unit = unit, .since = static_cast<int>(of.rules.longest_hold_down / unit)} {}

    [[nodiscard]] std::vector<move> moves() const {
        std::vector<move> out{{event::time_passes}};
        for (std::size_t i = 0; i < views_.size(); ++i) {
            if (views_[i].state != verdict::up) out.push_back({event::comes_up, i});
            if (views_[i].state != verdict::suspect) out.push_back({event::is_suspect, i});
            if (views_[i].state != verdict::down) out.push_back({event::goes_down, i});
            if (views_[i].state == verdict::suspect) out.push_back({event::answers, i});
            out.push_back({event::doubt, i});
        }
        for (std::size_t i = 0; i < orders.size(); ++i)
            if (i != order_) out.push_back({event::order, i});
        std::erase_if(
            out, [&](const move& one) { return std::ranges::find(without_, one.what) != without_.end(); });
        return out;
    }
    static std::string describe(move what) {
        static const std::vector<std::string> names{"up ",      "suspect ", "down ",       "doubt about ",
                                                    "answers ", "order ",   "time passes "};
        return names[static_cast<std::size_t>(what.what)] + std::to_string(what.which);
    }

    void make(move what) {
        switch (what.what) {
            case event::comes_up: turn(what.which, verdict::up); break;
            case event::is_suspect: turn(what.which, verdict::suspect); break;
            case event::goes_down: turn(what.which, verdict::down); break;
            case event::doubt: views_[what.which].doubtful = !views_[what.which].doubtful; break;
            case event::answers: views_[what.which].answers = !views_[what.which].answers; break;
            case event::order: order_ = what.which; break;
            case event::time_passes: now_ += unit; break;
        }
        update(what.what == event::order);
        for (int again = 0; machine_.next_due() && *machine_.next_due() <= now_; ++again) {
            if (again == 5) return expect(false, "asks to be asked again without end");
            update(false);
        }
    }

    [[nodiscard]] std::string fingerprint() const {
        state_reader reader(now_, far_);
        reader.read(machine_);
        reader.put(static_cast<std::int64_t>(order_));
        for (const auto& one : views_) {
            reader.put(static_cast<std::int64_t>(one.state));
            if (one.state == verdict::up || one.answers) reader.put_age(one.since, far_.since);
            reader.put(one.doubtful);
            reader.put(one.answers);
        }
        return std::move(reader.out);
    }
    [[nodiscard]] const std::string& broken() const { return broken_; }

    // Of recovery:
    [[nodiscard]] bool recovered() const {
        return machine_.current() == placement{mode::primary, index_of(0)} && order_ == 0 && all_well();
    }
    [[nodiscard]] int recovery_bound() const {
        return static_cast<int>(machine_.recovery_bound(0) / unit) + 1;  // the first unit makes all well
    }
    void well() {
        for (std::size_t i = 0; i < views_.size(); ++i) {
            turn(i, verdict::up);
            views_[i].doubtful = false;
        }
        const bool ordered = order_ != 0;
        order_ = 0;
        update(ordered);
        make({event::time_passes});
    }
    [[nodiscard]] std::string tell() const {
        std::string out(to_text(machine_.current().current));
        for (const auto& one : views_)
            out += ", " + std::string(to_text(one.state)) + (one.doubtful ? " in doubt" : "");
        return out + (machine_.frozen() ? ", frozen" : "");
    }

  private:
    [[nodiscard]] bool all_well() const {
        return std::ranges::all_of(views_,
                                   [](const auto& one) { return one.state == verdict::up && !one.doubtful; });
    }
    void turn(std::size_t which, verdict to) {
        if (views_[which].state == to) return;
        views_[which] = {.state = to, .since = now_, .doubtful = views_[which].doubtful, .answers = false};
    }
    [[nodiscard]] bool eligible_at(const placement& where) const {
        return where.active && eligible(views_[to_number(*where.active)].state);
    }
    [[nodiscard]] bool any_eligible() const {
        return std::ranges::any_of(views_, [](const auto& one) { return eligible(one.state); });
    }
    void expect(bool holds, const char* rule) {
        if (!holds && broken_.empty()) broken_ = std::string(rule) + ": now " + tell();
    }

    void update(bool ordered) {
        const mode_machine before = machine_;
        const auto former = machine_.update(now_, views_, orders[order_]);
        const bool changed = before.current() != machine_.current();
        expect(former.has_value() == changed && (!changed || *former == before.current()),
               "a change is told, and nothing else");
        expect(machine_.since() == (changed ? now_ : before.since()), "a mode is as old as its change");
        check_names();
        check_attempts();
        check_shares();
        if (order_ != 0) return check_order();
        if (changed && !ordered) check_change(before);
        check_route();
        check_due();
    }

    void check_names() {
        const placement& at = machine_.current();
        if (at.active)
            expect(at.current == (*at.active == index_of(0) ? mode::primary : mode::backup),
                   "a mode is called by what it rests on");
        else
            expect(order_ != 0 || at.current == (rules_.has_cache ? mode::degraded : mode::emergency),
                   "without a backend: the cache, or the procedure");
    }

    /// Worse only out of need; better after the hold-down, the dwell time and all shares.
    void check_change(const mode_machine& before) {
        const placement& at = machine_.current();
        std::erase_if(changes_, [&](steady_time one) { return one + 1h <= now_; });
        expect(changes_.size() < rules_.switchovers_per_hour, "no more changes an hour than the bound");
        changes_.push_back(now_);
        if (!at.active) return expect(!any_eligible(), "a mode without backend while one may be asked");
        const auto& to = views_[to_number(*at.active)];
        expect(eligible(to.state), "a mode that rests on a backend that is down");
        if (eligible_at(before.current())) {
            const auto& from = views_[to_number(*before.current().active)];
            expect(*at.active < *before.current().active, "a change to a worse one while there is a route");
            expect(to.state == verdict::up && now_ >= to.since + before.hold_down(),
                   "back before its hold-down");
            expect(now_ >= before.since() + rules_.min_dwell, "a change within the dwell time");
            // Whoever carries shares shows by them whether it works.
            expect(!to.doubtful || from.doubtful || before.returning() || before.frozen(),
                   "back to one in doubt");
            // Shares that have had their time while the mode was frozen are over by now.
            if (!rules_.shares.empty() && !before.frozen()) {
                expect(before.returning() == canary{*at.active, rules_.shares.back()},
                       "back before it has carried its shares");
                expect(before.share_until() == now_, "a share that does not last its time");
            }
        } else if (!before.current().active) {
            const bool held = std::ranges::any_of(views_, [&](const auto& one) {
                return eligible(one.state) && now_ >= one.since + before.hold_before_leaving();
            });
            expect(held, "out of a mode without backend before any hold-down");
            expect(to.state == verdict::up || (to.state == verdict::suspect && to.answers),
                   "out of a mode without backend to one that shows nothing good");
        } else {
            expect(machine_.attempts(views_, std::nullopt).front() == *at.active,
                   "the next is the best there is");
        }
    }

    /// Somebody is asked whenever there is somebody, and nobody who is out.
    void check_attempts() {
        const auto asked = machine_.attempts(views_, orders[order_]);
        for (std::size_t i = 0; i < asked.size(); ++i) {
            expect(std::ranges::count(asked, asked[i]) == 1, "nobody is asked twice");
            const auto& one = views_[to_number(asked[i])];
            expect(eligible(one.state) || (order_ != 0 && i == 0), "one that is down is asked");
            if (i + 1 == asked.size() || (order_ != 0 && i == 0)) continue;
            const auto& next = views_[to_number(asked[i + 1])];
            expect(one.state != verdict::suspect || next.state == verdict::suspect,
                   "a suspect is asked last");
            const bool stays = i == 0 && machine_.current().active == asked[i];
            const bool in_doubt = one.doubtful && one.state != verdict::suspect;
            expect(stays || !in_doubt || next.doubtful || next.state == verdict::suspect,
                   "one in doubt is asked after those that are not");
        }
        if (order_ != 0) return;
        const auto may = static_cast<std::size_t>(
            std::ranges::count_if(views_, [](const auto& one) { return eligible(one.state); }));
        expect(asked.size() == may, "all that may be asked are asked");
    }

    void check_shares() {
        const int admitted = machine_.admitted_percent();
        expect(admitted > 0 && admitted <= 100, "a share of the requests is let through");
        if (admitted < 100) {
            expect(rules_.stands_in && !machine_.frozen(), "who has nothing else to offer lets all through");
            expect(!machine_.current().active || now_ < machine_.since() + ramp(), "a ramp ends");
        }
        if (const auto one = machine_.returning()) {
            expect(one->backend < *machine_.current().active, "shares are for a better one");
            expect(views_[to_number(one->backend)].state == verdict::up, "shares are for one that is up");
            expect(order_ == 0, "an order ends the shares");
        }
    }
    /// How long a return takes once it has begun, and what it brings lasts.
    [[nodiscard]] milliseconds stays() const {
        return rules_.canary_step * static_cast<milliseconds::rep>(rules_.shares.size()) + rules_.min_dwell;
    }
    [[nodiscard]] milliseconds ramp() const {
        return rules_.ramp_step * static_cast<milliseconds::rep>(rules_.shares.size());
    }

    void check_order() {
        const placement& at = machine_.current();
        switch (orders[order_]->pinned) {
            case override_mode::primary: expect(at.active == index_of(0), "pinned to the primary"); break;
            case override_mode::backup: {
                expect(at.active && *at.active > index_of(0), "pinned to a backup");
                const auto asked = machine_.attempts(views_, orders[order_]);
                expect(std::ranges::count(asked, index_of(0)) == 0, "strictly backup: not the primary");
                break;
            }
            default: expect(!at.active && at.current == mode::degraded, "pinned to degraded"); break;
        }
    }

    /// A lost route is left at once, unless the mode is frozen; frozen only where the bound is reached.
    void check_route() {
        const placement& at = machine_.current();
        std::erase_if(changes_, [&](steady_time one) { return one + 1h <= now_; });
        if (at.active && !eligible_at(at)) expect(machine_.frozen(), "rests on one that is down");
        if (machine_.frozen()) {
            expect(changes_.size() >= rules_.switchovers_per_hour, "frozen below the bound");
            expect(machine_.frozen_until() && *machine_.frozen_until() > now_ &&
                       machine_.next_due() <= now_ + 1h,
                   "a freeze ends, and it is known when");
        }
        expect(machine_.hold_down() >= rules_.hold_down && machine_.hold_down() <= rules_.longest_hold_down,
               "the hold-down grows within its bounds");
    }

    /// When something better waits, the time when it comes is known. A better one yet may be worth the wait.
    void check_due() {
        const placement& at = machine_.current();
        if (machine_.returning()) {
            expect(machine_.next_due().has_value(), "a share ends, and it is known when");
            return;
        }
        for (std::size_t i = 0; i < (at.active ? to_number(*at.active) : views_.size()); ++i) {
            const auto& one = views_[i];
            if (one.state != verdict::up || one.doubtful || machine_.frozen()) continue;
            const steady_time held = one.since + machine_.hold_before_leaving();
            const steady_time at_latest =
                at.active ? std::max({held, machine_.since() + rules_.min_dwell, now_}) + stays() : held;
            expect(machine_.next_due() && *machine_.next_due() <= std::max(at_latest, now_),
                   "something better waits, and nobody knows until when");
        }
    }

    mode_rules rules_;
    mode_machine machine_;
    std::vector<backend_view> views_;
    steady_time now_;
    std::size_t order_ = 0;
    std::vector<event> without_;
    horizon far_;
    std::vector<steady_time> changes_;  ///< automatic ones of the last hour
    std::string broken_;
};

class mode_machine_exploration : public testing::TestWithParam<setting> {};

TEST_P(mode_machine_exploration, every_state_keeps_the_rules_and_leads_back) {
    exploration<watched_machine> all;
    recovery<watched_machine> back;
    const auto seen = all.run(watched_machine(GetParam()), affordable({}), [&](const auto& at) {
        return back.check(at, [](auto& world) { world.well(); });
    });
    tell(GetParam().name, seen);
    std::cout << "  the primary is back after at most " << back.longest() << " units\n";
}

mode_rules small_rules() {
    return {.hold_down = unit,
            .longest_hold_down = 2 * unit,
            .degraded_hold_down = unit,
            .min_dwell = 2 * unit,
            .shares = {50},
            .canary_step = unit,
            .ramp_step = unit,
            .switchovers_per_hour = 1000,
            .stands_in = true,
            .has_cache = true};
}

std::vector<setting> settings() {
    mode_rules without_shares = small_rules();
    without_shares.shares.clear();
    without_shares.has_cache = false;
    mode_rules slow = small_rules();
    slow.hold_down = 2 * unit;
    slow.longest_hold_down = 4 * unit;
    slow.min_dwell = unit;
    slow.shares = {5, 50};
    mode_rules bounded = small_rules();
    bounded.switchovers_per_hour = 3;
    bounded.min_dwell = 0ms;
    using enum event;
    return {{"three_backends", small_rules(), 3, {answers, order}},
            {"three_without_shares", without_shares, 3, {order}},
            {"three_with_orders", without_shares, 3, {answers}},
            {"all_of_two", small_rules(), 2, {}},
            {"two_shares", slow, 2, {}},
            {"frozen", bounded, 2, {}}};
}

INSTANTIATE_TEST_SUITE_P(rules, mode_machine_exploration, testing::ValuesIn(settings()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace garde::continuity
