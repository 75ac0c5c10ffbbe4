// The day this project comes from, in compressed time: shared storage fails at 09:00, is back after an hour,
// fails again at 12:00, is back at 20:30, and the emergency procedure is closed at 09:00 the next day. Brain,
// routing and attempt plan serve a day's requests of many callers; the backends are a model: two of them on
// the storage that failed, and another elsewhere.
#include "garde/continuity/attempt_plan.hpp"
#include "garde/continuity/brain.hpp"
#include "garde/continuity/routing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;

/// Midnight; the clock itself began a month before.
constexpr steady_time midnight = steady_time(hours(24 * 30));
constexpr steady_time at(milliseconds time_of_day) {
    return midnight + time_of_day;
}
constexpr steady_time first_outage = at(9h);
constexpr steady_time first_end = at(10h);
constexpr steady_time relapse = at(12h);
constexpr steady_time second_end = at(20h + 30min);
constexpr steady_time closed = at(33h);

constexpr std::size_t primary = 0;
constexpr std::size_t sharing = 1;  ///< a backup on the primary's storage

/// How a backend that does not work behaves.
enum class trouble : std::uint8_t { refuses, hangs };

/// Storage that fails twice a day, and two sites on it; the third has its own.
struct site_model {
    milliseconds
        lag{};  ///< the sharing backup still answers for so long at the relapse, from what it has in memory

    [[nodiscard]] bool works(std::size_t backend, steady_time now) const {
        if (backend > sharing) return true;
        const steady_time second_begin = backend == sharing ? relapse + lag : relapse;
        return !(now >= first_outage && now < first_end) && !(now >= second_begin && now < second_end);
    }
    /// In the morning the sites say that they are not available; at noon they take requests and fall silent.
    [[nodiscard]] static trouble trouble_at(steady_time now) {
        return now < relapse ? trouble::refuses : trouble::hangs;
    }
};

/// Requests a second: pharmacies are open from 8 to 19 h; a few are on duty at night.
double requests_a_second(steady_time now) {
    const auto hour = std::chrono::duration_cast<hours>(now - midnight) % hours(24);
    if (hour >= 8h && hour < 19h) return 12.0;
    return hour >= 19h && hour < 22h ? 2.0 : 0.2;
}

brain_rules rules_for(std::size_t backends) {
    static const std::array<std::string, 3> storage{"san-a", "san-a", "san-b"};
    brain_rules out;
    for (std::size_t i = 0; i < backends; ++i)
        out.backends.push_back(
            {.detector = {}, .domains = {{"site", "dc" + std::to_string(i + 1)}, {"storage", storage[i]}}});
    out.modes.stands_in = true;
    out.modes.has_cache = true;
    out.procedure.closes_after.reset();  // an operator closes it
    return out;
}

struct told {
    steady_time when{};
    std::string what;
};

std::string clock_time(steady_time when) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(when - midnight).count();
    char out[32];
    std::snprintf(out, sizeof out, "%02d:%02d:%02d", static_cast<int>(passed / 3600),
                  static_cast<int>(passed / 60 % 60), static_cast<int>(passed % 60));
    return out;
}

/// What became of the requests.
struct tally {
    std::uint64_t requests = 0;
    std::uint64_t answered = 0;
    std::uint64_t stood_in = 0;         ///< by cache or procedure, while no backend worked
    std::vector<steady_time> given_up;  ///< without an answer though a backend worked all the time
    milliseconds slowest{};
    std::uint64_t doubted_regular = 0;  ///< that reached the sharing backup while it was in doubt or down
    std::uint64_t doubted_trials = 0;
    milliseconds doubted_for{};  ///< and for how long it was
};

class day {
  public:
    day(std::size_t backends, const site_model& sites)
        : sites_(sites), brain_(rules_for(backends), midnight), backends_(backends) {
        for (std::size_t i = 0; i < backends; ++i) plan_probe(i, midnight + milliseconds(i * 100));
        plan_arrival(midnight);
        plan(midnight + 1s, [this](steady_time now) { report_answers(now); });
    }

    void by_operator(steady_time when, bool open) {
        plan(when, [this, open](steady_time now) {
            carry_out(now, open ? brain_.open_procedure(now, "anna", "the public was told")
                                : brain_.close_procedure(now, "anna", "stable since yesterday"));
        });
    }

    /// Nobody asks any more after `end`; who has asked by then is waited for.
    void run_until(steady_time end) {
        last_arrival_ = end;
        for (;;) {
            const auto due = brain_.next_due();
            const steady_time next = todo_.begin()->first;
            const steady_time now = due ? std::min(*due, next) : next;
            if (now >= end + 1min) return;
            note_doubt(now);
            if (due && *due <= next) {
                carry_out(now, brain_.tick(now));
                continue;
            }
            auto what = std::move(todo_.begin()->second);
            todo_.erase(todo_.begin());
            what(now);
        }
    }

    [[nodiscard]] const std::vector<told>& log() const { return log_; }
    [[nodiscard]] const tally& requests() const { return tally_; }
    [[nodiscard]] const service_brain& brain() const { return brain_; }

  private:
    static constexpr std::size_t workers = 2;
    static constexpr milliseconds round_trip{80};
    static constexpr milliseconds probe_timeout{1'000};

    struct exchange {
        attempt_plan plan;
        steady_time arrived;
        std::uint64_t caller = 0;
        std::uint64_t request = 0;
        errand first = errand::regular;
        std::size_t worker = 0;
    };

    void plan(steady_time when, std::function<void(steady_time)> what) {
        todo_.emplace(when, std::move(what));
    }

    // Probes, at the pace that the detector asks for.
    void plan_probe(std::size_t backend, steady_time when) {
        const std::uint64_t turn = ++probe_turn_[backend];
        plan(when, [this, backend, turn](steady_time now) {
            if (turn == probe_turn_[backend]) probe(backend, now);
        });
    }
    void probe(std::size_t backend, steady_time now) {
        const bool works = sites_.works(backend, now);
        const bool hangs = !works && site_model::trouble_at(now) == trouble::hangs;
        const std::uint64_t turn = probe_turn_[backend];
        plan(now + (hangs ? probe_timeout : round_trip), [this, backend, works, hangs,
                                                          turn](steady_time then) {
            if (turn != probe_turn_[backend]) return;
            carry_out(then, works ? brain_.probe_passed(then, index(backend))
                                  : brain_.probe_failed(then, index(backend),
                                                        hangs ? reason::timed_out : reason::fault_temporary));
            if (turn == probe_turn_[backend]) plan_probe(backend, then + pause(backend));
        });
    }
    [[nodiscard]] milliseconds pause(std::size_t backend) const {
        switch (brain_.detector(index(backend)).pace()) {
            case probe_pace::fast: return 500ms;
            case probe_pace::slow: return 5s;
            case probe_pace::normal: break;
        }
        return 2s;
    }

    // Requests.
    void plan_arrival(steady_time now) {
        std::exponential_distribution<double> gap(requests_a_second(now));
        const auto next = now + std::chrono::duration_cast<steady_time::duration>(
                                    std::chrono::duration<double>(gap(random_)));
        plan(next, [this](steady_time then) {
            if (then >= last_arrival_) return;
            arrive(then);
            plan_arrival(then);
        });
    }
    void arrive(steady_time now) {
        const std::size_t worker = ++tally_.requests % workers;
        routing_[worker].retries.request(20);
        const auto route = choose_route(brain_.posture(), replay::safe, routing_[worker]);
        exchange one{.plan = attempt_plan(route.whom, {.replays = replay::safe}, now),
                     .arrived = now,
                     .caller = random_() % 400,
                     .request = tally_.requests,
                     .first = route.first,
                     .worker = worker};
        const auto action = one.plan.start();
        go_on(std::move(one), action, now);
    }
    void go_on(exchange one, const attempt_action& action, steady_time now) {
        const auto* attempt = std::get_if<try_backend>(&action);
        if (attempt == nullptr) return end_without_answer(one, now);
        const std::size_t backend = to_number(attempt->backend);
        const errand as = one.plan.tried().size() == 1 ? one.first : errand::regular;
        count_doubted(backend, as);
        const bool works = sites_.works(backend, now);
        const bool hangs = !works && site_model::trouble_at(now) == trouble::hangs;
        const steady_time ends = hangs ? attempt->give_up_at : now + round_trip;
        plan(ends, [this, one = std::move(one), backend, as, works, hangs](steady_time then) mutable {
            if (works)
                answered(one, backend, as, then);
            else
                failed(std::move(one), backend, as, hangs ? reason::timed_out : reason::fault_temporary,
                       then);
        });
    }
    void answered(const exchange& one, std::size_t backend, errand as, steady_time now) {
        ++tally_.answered;
        tally_.slowest = std::max(tally_.slowest, std::chrono::ceil<milliseconds>(now - one.arrived));
        if (as == errand::regular) {
            ++unreported_[backend].count;
            return;
        }
        carry_out(now, brain_.traffic_showed(now, index(backend),
                                             {.what = showed::answered, .caller = one.caller, .as = as}));
    }
    void failed(exchange one, std::size_t backend, errand as, reason why, steady_time now) {
        carry_out(now, brain_.traffic_showed(now, index(backend),
                                             {.what = showed::failed,
                                              .why = why,
                                              .caller = one.caller,
                                              .request = one.request,
                                              .as = as}));
        one.plan.prefer(brain_.posture().attempts);
        const auto action = one.plan.resume(now, {outcome_kind::failed, why}, routing_[one.worker].retries);
        go_on(std::move(one), action, now);
    }
    void end_without_answer(const exchange& one, steady_time now) {
        for (std::size_t i = 0; i < backends_; ++i)
            if (sites_.works(i, one.arrived) && sites_.works(i, now))
                return tally_.given_up.push_back(one.arrived);
        ++tally_.stood_in;
    }
    void report_answers(steady_time now) {
        for (std::size_t i = 0; i < backends_; ++i) {
            if (unreported_[i].count > 0)
                carry_out(now, brain_.traffic_answered(now, index(i), unreported_[i]));
            unreported_[i] = {};
        }
        plan(now + 1s, [this](steady_time then) { report_answers(then); });
    }

    // While the sharing backup's domain is suspect it is asked for trials only.
    [[nodiscard]] bool doubted() const {
        return backends_ > sharing + 1 && brain_.domains().doubtful(index(sharing));
    }
    void count_doubted(std::size_t backend, errand as) {
        if (backend != sharing || !doubted()) return;
        ++(as == errand::trial ? tally_.doubted_trials : tally_.doubted_regular);
    }
    void note_doubt(steady_time now) {
        if (doubted()) tally_.doubted_for += std::chrono::duration_cast<milliseconds>(now - last_look_);
        last_look_ = now;
    }

    void carry_out(steady_time now, const std::vector<brain_action>& actions) {
        for (const auto& action : actions) {
            if (const auto* one = std::get_if<record_switchover>(&action))
                log_.push_back({now, std::string(to_text(one->from.current)) + " -> " +
                                         std::string(to_text(one->to.current)) + resting(one->to)});
            if (const auto* one = std::get_if<record_backend_change>(&action))
                log_.push_back({now, "backup " + std::to_string(to_number(one->from)) + " -> " +
                                         std::to_string(to_number(one->to))});
            if (const auto* one = std::get_if<record_procedure>(&action))
                log_.push_back(
                    {now, std::string("procedure ") + (one->open ? "opened by " : "closed by ") + one->by});
            if (const auto* one = std::get_if<probe_now>(&action)) plan_probe(to_number(one->backend), now);
        }
    }
    static std::string resting(const placement& on) {
        return on.active && *on.active != backend_index{0} ? " " + std::to_string(to_number(*on.active)) : "";
    }
    static backend_index index(std::size_t number) { return static_cast<backend_index>(number); }

    site_model sites_;
    service_brain brain_;
    std::size_t backends_;
    std::multimap<steady_time, std::function<void(steady_time)>> todo_;
    std::array<std::uint64_t, 3> probe_turn_{};
    std::array<routing_state, workers> routing_;
    std::array<answers, 3> unreported_{};
    std::mt19937_64 random_{2018};  // NOLINT(cert-msc51-cpp): the same day each time
    std::vector<told> log_;
    tally tally_;
    steady_time last_look_ = midnight;
    steady_time last_arrival_ = midnight;
};

struct expected {
    std::string what;
    steady_time from;
    milliseconds within;
};

/// Exactly these, each within its time.
void expect_log(const std::vector<told>& log, const std::vector<expected>& wanted) {
    std::string all;
    for (const auto& one : log) all += "  " + clock_time(one.when) + " " + one.what + "\n";
    ASSERT_EQ(log.size(), wanted.size()) << all;
    for (std::size_t i = 0; i < log.size(); ++i) {
        EXPECT_EQ(log[i].what, wanted[i].what) << all;
        EXPECT_GE(log[i].when, wanted[i].from) << all;
        EXPECT_LE(log[i].when, wanted[i].from + wanted[i].within) << all;
    }
}

void expect_only_trials_while_in_doubt(const tally& requests) {
    EXPECT_EQ(requests.doubted_regular, 0U) << "requests went to the backup on suspect storage";
    const auto bound =
        static_cast<std::uint64_t>(requests.doubted_for / 1s + 1) * 2;  // one each second and worker
    EXPECT_LE(requests.doubted_trials, bound);
}

// With the defaults: up for 30 s, then shares of 5, 25 and 50 % for 5 s each.
constexpr milliseconds way_back = 45s;

TEST(august_2018, with_a_backup_on_other_storage_nobody_is_sent_away) {
    day all(3, {});
    all.by_operator(first_outage + 20min, true);
    all.by_operator(closed, false);
    all.run_until(closed + 1h);
    expect_log(all.log(), {{"primary -> backup 2", first_outage, 2s},
                           {"procedure opened by anna", first_outage + 20min, 0s},
                           {"backup -> primary", first_end + way_back, 15s},
                           {"primary -> backup 2", relapse, 8s},
                           {"backup -> primary", second_end + way_back, 15s},
                           {"procedure closed by anna", closed, 0s}});
    const tally& requests = all.requests();
    EXPECT_GT(requests.requests, 500'000U);
    EXPECT_EQ(requests.answered + requests.given_up.size() + requests.stood_in, requests.requests);
    EXPECT_EQ(requests.given_up.size(), 0U) << "the first at " << clock_time(requests.given_up.front());
    EXPECT_EQ(requests.stood_in, 0U);
    EXPECT_LE(requests.slowest, 3s + 500ms) << "no request waits for more than one attempt that hangs";
    expect_only_trials_while_in_doubt(requests);
}

TEST(august_2018, a_backup_that_fails_later_than_the_storage_it_shares_is_left_once) {
    day all(3, {.lag = 90s});
    all.run_until(at(24h));
    // It answers when it is asked, so it is out of doubt, until it fails too.
    expect_log(all.log(), {{"primary -> backup 2", first_outage, 2s},
                           {"backup -> primary", first_end + way_back, 15s},
                           {"primary -> backup 1", relapse, 8s},
                           {"backup 1 -> 2", relapse + 90s, 8s},
                           {"backup -> primary", second_end + way_back, 15s}});
    EXPECT_EQ(all.requests().given_up.size(), 0U);
    EXPECT_EQ(all.requests().stood_in, 0U);
    expect_only_trials_while_in_doubt(all.requests());
}

TEST(august_2018, as_it_was_both_backends_are_lost_and_the_procedure_stays_open_until_it_is_closed) {
    day all(2, {});
    all.by_operator(closed, false);
    all.run_until(closed + 1h);
    expect_log(all.log(), {{"primary -> backup 1", first_outage, 2s},
                           {"procedure opened by garde", first_outage, 2s},
                           {"backup -> degraded", first_outage, 2s},
                           {"degraded -> primary", first_end + 5s, 15s},
                           {"primary -> backup 1", relapse, 8s},
                           {"backup -> degraded", relapse, 8s},
                           {"degraded -> primary", second_end + 5s, 15s},
                           {"procedure closed by anna", closed, 0s}});
    const tally& requests = all.requests();
    EXPECT_EQ(requests.answered + requests.given_up.size() + requests.stood_in, requests.requests);
    EXPECT_LE(requests.given_up.size(), 12U * 30U) << "only while a hold-down or a ramp runs";
    for (const steady_time when : requests.given_up)
        EXPECT_TRUE((when >= first_end && when < first_end + 30s) ||
                    (when >= second_end && when < second_end + 30s))
            << clock_time(when);
}

}  // namespace
}  // namespace garde::continuity
