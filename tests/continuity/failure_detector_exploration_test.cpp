// The failure detector in every state that it can come to, against a model that only counts. Nothing is left
// out: there is no bound on the length of what happens.
#include "garde/continuity/failure_detector.hpp"

#include "exploration.hpp"
#include "observed_counts.hpp"
#include "state_reader.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(1h);
constexpr milliseconds unit = 1s;

enum class event : std::uint8_t {
    probe_ok,
    probe_failed,
    answered,
    failed_for_anna,
    failed_for_bert,
    unreached,
    slow_for_anna,
    refused_for_anna,
    refused_for_bert,
    trial_answered,
    trial_failed,        ///< of another request than the last one that failed
    trial_failed_again,  ///< of the same
    others_change,       ///< it becomes the only one, or is no longer
    network_change,      ///< reference addresses stop answering, or answer again
    time_passes,
};
constexpr std::array names{"probe ok",         "probe failed",   "answered",      "failed for anna",
                           "failed for bert",  "unreached",      "slow for anna", "refused for anna",
                           "refused for bert", "trial answered", "trial failed",  "trial failed again",
                           "others change",    "network change", "time passes"};

sighting sighting_of(event what) {
    switch (what) {
        case event::failed_for_anna: return {.what = showed::failed, .why = reason::timed_out, .caller = 1};
        case event::failed_for_bert: return {.what = showed::failed, .why = reason::reset, .caller = 2};
        case event::unreached: return {.what = showed::failed, .why = reason::connect_failed, .caller = 1};
        case event::slow_for_anna:
            return {.what = showed::slow, .why = reason::too_slow, .caller = 1, .request = 1};
        case event::refused_for_anna: return {.what = showed::refused, .why = reason::refused, .caller = 1};
        case event::refused_for_bert: return {.what = showed::refused, .why = reason::refused, .caller = 2};
        case event::trial_answered: return {.what = showed::answered, .caller = 1, .as = errand::trial};
        default: return {};
    }
}

struct setting {
    std::string name;
    detector_rules rules;
    bool references = false;
    /// What does not happen here; it does elsewhere. All at once would be a matter of minutes.
    std::vector<event> without{};

    friend void PrintTo(const setting& what, std::ostream* out) { *out << what.name; }
};

class watched_detector {
  public:
    using move = event;

    explicit watched_detector(const setting& of)
        : detector_(of.rules, start),
          rules_(of.rules),
          without_(of.without),
          now_(start),
          references_(of.references),
          far_{.since = 1} {
        if (rules_.failure_rate > 0) far_.answers = 3;
    }

    [[nodiscard]] std::vector<move> moves() const {
        std::vector<move> out;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto one = static_cast<event>(i);
            const bool is_trial = one == event::trial_answered || one == event::trial_failed ||
                                  one == event::trial_failed_again;
            if (is_trial && !ticket_) continue;
            if (std::ranges::find(without_, one) != without_.end()) continue;
            if (one == event::trial_failed_again && known_.failed_trial_of == 0) continue;
            if (one == event::network_change && !references_) continue;
            // What is slow or refused takes part in rates only.
            const bool by_rate = one == event::slow_for_anna || one == event::refused_for_anna ||
                                 one == event::refused_for_bert;
            if (by_rate && rules_.failure_rate == 0) continue;
            if (unreachable() && one == event::answered) continue;
            out.push_back(one);
        }
        return out;
    }
    static std::string describe(move what) { return names[static_cast<std::size_t>(what)]; }
    [[nodiscard]] const std::string& broken() const { return broken_; }

    void make(move what) {
        const failure_detector before = detector_;
        if (what == event::time_passes) now_ += unit;
        known_.forget(now_, rules_.failure_window);
        observe(what);
        check(before, what);
        offer_trial();
        (void)detector_.take_probe_wish();
    }

    [[nodiscard]] std::string fingerprint() const {
        state_reader reader(now_, far_);
        reader.read(detector_);
        reader.put(sole_);
        reader.put(ticket_);
        reader.put(cut_off_);
        put_model(reader);
        reader.put(network_seen_ && *network_seen_ < detector_.observed().first_symptom);
        return std::move(reader.out);
    }

    // Of recovery:
    [[nodiscard]] bool recovered() const { return detector_.current() == verdict::up; }
    [[nodiscard]] int recovery_bound() const {
        return static_cast<int>(detector_.recovery_bound(now_, unit) / unit) + (cut_off_ ? 1 : 0);
    }
    [[nodiscard]] std::string tell() const {
        return std::string(to_text(detector_.current())) + (sole_ ? ", the only one" : "");
    }
    void well() {
        if (cut_off_) make(event::network_change);
        make(event::probe_ok);
        if (ticket_) make(event::trial_answered);
        if (eligible_now()) make(event::answered);
        make(event::time_passes);
    }
    /// The same while nobody asks.
    void quietly_well() {
        if (cut_off_) make(event::network_change);
        make(event::probe_ok);
        make(event::time_passes);
    }

  private:
    [[nodiscard]] bool eligible_now() const {
        return detector_.current() != verdict::down && detector_.current() != verdict::recovering;
    }
    /// Who is out is asked as a trial only.
    [[nodiscard]] bool unreachable() const { return !eligible_now(); }
    [[nodiscard]] surroundings around() const {
        return {.sole = sole_, .network_seen = network_seen_, .references = references_};
    }

    void put_model(state_reader& to) const {
        to.put(std::min(known_.probe_failures, std::max(2, rules_.fall)));
        to.put(std::min(known_.passes, rules_.rise));
        to.put(eligible_now() ? std::min(known_.unreached, rules_.traffic_fall) : 0);
        to.put(eligible_now() ? std::min(known_.counted, rules_.traffic_fall) : 0);
        to.put(std::min(known_.trials, rules_.rise));
        to.put(static_cast<std::int64_t>(known_.failed_trial_of));
        to.put_age(known_.answered, 2);
        to.put_age(known_.symptom, 1);
        to.put(known_.answered > known_.symptom);
        to.put_rest(known_.out_until);
    }

    void observe(event what) {
        switch (what) {
            case event::probe_ok:
                ++known_.passes;
                known_.probe_failures = 0;
                network_seen_ = now_;
                return detector_.probe_passed(now_, around());
            case event::probe_failed:
                ++known_.probe_failures;
                known_.passes = 0;
                known_.symptom = now_;
                return detector_.probe_failed(now_, reason::timed_out, around());
            case event::answered:
                known_.answer(now_);
                network_seen_ = now_;
                return detector_.traffic_answered(now_, 1, around());
            case event::others_change: sole_ = !sole_; return detector_.reconsider(now_, around());
            case event::network_change: return change_network();
            case event::time_passes: return;
            case event::trial_failed:
            case event::trial_failed_again: return show(trial_that_fails(what));
            default: return show(sighting_of(what));
        }
    }
    [[nodiscard]] sighting trial_that_fails(event what) const {
        const std::uint64_t other = known_.failed_trial_of == 1 ? 2 : 1;
        return {.what = showed::failed,
                .why = reason::timed_out,
                .caller = what == event::trial_failed ? other : known_.failed_trial_of,
                .as = errand::trial};
    }
    void show(const sighting& what) {
        const bool good = what.what == showed::answered;
        if (what.as == errand::trial && good) ++known_.trials;
        if (what.as == errand::trial && !good && what.caller != known_.failed_trial_of) {
            known_.trials = 0;
            known_.failed_trial_of = what.caller;
        }
        if (good) known_.answer(now_);
        if (what.what == showed::failed || what.what == showed::slow) known_.fail(now_, what);
        if (what.what == showed::refused) known_.refuse(now_, what.caller);
        if (what.what != showed::failed) network_seen_ = now_;
        detector_.traffic_showed(now_, what, around());
    }
    void change_network() {
        cut_off_ = !cut_off_;
        if (cut_off_) return;
        network_seen_ = now_;
        known_.probe_failures = known_.unreached = known_.counted = 0;
        known_.recent.clear();
        known_.refused.clear();
        known_.good.clear();
        detector_.disregard();
        detector_.reconsider(now_, around());
    }
    void offer_trial() {
        const bool desperate = sole_ && !eligible_now();
        const auto due =
            sole_ && detector_.current() == verdict::suspect ? std::nullopt : detector_.trial_due(desperate);
        if (!due) ticket_ = false;
        if (!due || *due > now_) return;
        ticket_ = true;
        detector_.trial_offered(now_);
        expect(detector_.trial_due(desperate) > now_, "a trial is offered twice at once");
    }

    void expect(bool holds, const char* rule) {
        if (!holds && broken_.empty()) broken_ = std::string(rule) + ": now " + tell();
    }
    void check(const failure_detector& before, event what) {
        const verdict was = before.current();
        const verdict is = detector_.current();
        const bool was_in = was != verdict::down && was != verdict::recovering;
        const bool is_in = eligible_now();
        const bool judged = what != event::time_passes && !(what == event::network_change && cut_off_);
        if (!judged) expect(is == was, "what is not looked at changes no verdict");
        if (was != is) expect(detector_.since() == now_, "a verdict is as old as its change");
        if (was == is) expect(detector_.since() == before.since(), "a verdict that stays keeps its age");
        expect(detector_.observed().first_symptom <= now_, "symptoms are not in the future");
        if (was_in && judged) expect(is_in != must_fall(), "down if and only if it must");
        if (was_in && is_in) check_suspicion(was, is, what);
        if (!was_in && !is_in)
            expect(!judged || (is == verdict::recovering) == (known_.passes > 0),
                   "recovering: the last probe passed");
        if (was_in && !is_in) fell(before);
        if (!was_in && is_in) check_return();
        if ((was == verdict::suspect && is == verdict::up) || (!was_in && is_in)) calmed(is);
        check_pace(is);
    }

    /// The rules of falls(), from what the model counted.
    [[nodiscard]] bool must_fall() const {
        if (references_ && (!network_seen_ || *network_seen_ < first_symptom_seen())) return false;
        const bool works = known_.answered && *known_.answered + rules_.failure_window > now_ &&
                           known_.unreached + known_.counted == 0;
        if (sole_ ? known_.probe_failures >= std::max(2, rules_.fall) && !works
                  : known_.probe_failures >= rules_.fall)
            return true;
        if (known_.unreached >= rules_.traffic_fall) return true;
        if (known_.callers({}, true) < rules_.distinct_callers) return false;
        const auto after = known_.callers(known_.answered.value_or(steady_time{}), false);
        if (known_.counted >= rules_.traffic_fall && after >= rules_.distinct_callers) return true;
        return rate_exceeded();
    }
    [[nodiscard]] steady_time first_symptom_seen() const { return detector_.observed().first_symptom; }
    [[nodiscard]] bool rate_exceeded() const {
        const auto slow = static_cast<std::uint64_t>(
            std::ranges::count(known_.recent, true, &observed_counts::failure::slow));
        const std::uint64_t failed = known_.recent.size() - slow;
        const std::uint64_t all = known_.good.size() + failed;
        const std::uint64_t bad = failed + (sole_ ? 0 : slow);
        return rules_.failure_rate > 0 && all >= rules_.failure_volume && bad > 0 &&
               bad * 100 >= all * static_cast<std::uint64_t>(rules_.failure_rate);
    }

    void check_suspicion(verdict was, verdict is, event what) {
        if (what == event::probe_failed) expect(is == verdict::suspect, "a failed probe makes it suspect");
        if (what == event::unreached) expect(is == verdict::suspect, "who cannot be reached is suspect");
        const bool one_caller = known_.callers({}, true) < rules_.distinct_callers;
        const bool traffic =
            what == event::failed_for_anna || what == event::failed_for_bert || what == event::slow_for_anna;
        if (traffic && one_caller)
            expect(is == was || is == verdict::up, "one caller's failures make no verdict worse");
        if (was == verdict::suspect && is == verdict::up) {
            expect(known_.passes >= rules_.rise || (known_.answered && known_.answered > known_.symptom),
                   "a suspicion ends with something good");
            expect(!known_.symptom || now_ >= *known_.symptom + failure_detector::least_suspicion,
                   "a suspicion lasts");
            expect(known_.probe_failures == 0, "no suspicion ends on a failed probe");
        }
    }
    void fell(const failure_detector& before) {
        expect(before.current() != verdict::recovering && detector_.current() == verdict::down,
               "who falls is down");
        const steady_time first = detector_.observed().first_symptom;
        expect(first >= start && first <= now_, "who falls has a first symptom");
        const bool by_probes = known_.probe_failures >= rules_.fall;
        known_.passes = known_.trials = 0;
        known_.out_until = detector_.ejected_until(now_);
        expect(detector_.needs_trial() == (!by_probes && rules_.trials_possible),
               "down by traffic needs trials");
        if (by_probes) return;
        expect(known_.out_until && *known_.out_until >= now_ + rules_.ejection_time &&
                   *known_.out_until <= now_ + rules_.longest_ejection,
               "down by traffic is out for the ejection");
    }
    void check_return() {
        const bool by_trials = known_.trials >= rules_.rise;
        const bool by_probes = known_.passes >= rules_.rise;
        expect(by_trials || by_probes, "back needs passing probes or trials in a row");
        if (!by_trials) {
            expect(!known_.out_until || now_ >= *known_.out_until, "no probe ends an ejection");
        }
        expect(!detector_.needs_trial(), "who is back needs no trial");
    }
    /// What is thought well of begins anew.
    void calmed(verdict is) {
        known_.unreached = known_.counted = known_.trials = 0;
        if (is == verdict::suspect) expect(known_.probe_failures > 0, "back as a suspect: its probes fail");
        known_.recent.clear();
        known_.refused.clear();
        known_.good.clear();
        known_.symptom.reset();
    }
    void check_pace(verdict is) {
        const auto wanted = is == verdict::down                                   ? probe_pace::slow
                            : is == verdict::suspect || is == verdict::recovering ? probe_pace::fast
                                                                                  : probe_pace::normal;
        expect(detector_.pace() == wanted, "the pace follows the verdict");
    }

    failure_detector detector_;
    detector_rules rules_;
    std::vector<event> without_;
    steady_time now_;
    observed_counts known_;
    bool references_;
    bool sole_ = false;
    bool cut_off_ = false;
    bool ticket_ = false;
    std::optional<steady_time> network_seen_;
    horizon far_;
    std::string broken_;
};

class failure_detector_exploration : public testing::TestWithParam<setting> {};

TEST_P(failure_detector_exploration, every_state_keeps_the_rules_and_leads_back) {
    exploration<watched_detector> all;
    recovery<watched_detector> busy;
    recovery<watched_detector> quiet;
    const auto seen = all.run(watched_detector(GetParam()), affordable({}), [&](const auto& at) {
        const std::string wrong = busy.check(at, [](auto& world) { world.well(); });
        return wrong.empty() ? quiet.check(at, [](auto& world) { world.quietly_well(); }) : wrong;
    });
    tell(GetParam().name, seen);
    std::cout << "  back up after at most " << busy.longest() << " s with traffic, " << quiet.longest()
              << " s without\n";
}

detector_rules small_rules() {
    return {.rise = 2,
            .fall = 2,
            .traffic_fall = 2,
            .distinct_callers = 2,
            .failure_rate = 0,
            .failure_volume = 4,
            .failure_window = 2s,
            .ejection_time = 1s,
            .longest_ejection = 2s,
            .trial_interval = 1s};
}

std::vector<setting> settings() {
    detector_rules without_trials = small_rules();
    without_trials.trials_possible = false;
    detector_rules by_rate = without_trials;
    by_rate.failure_rate = 50;
    by_rate.failure_window = 1s;
    by_rate.longest_ejection = 1s;
    detector_rules at_once = small_rules();
    at_once.rise = at_once.fall = at_once.traffic_fall = 1;
    at_once.distinct_callers = 1;
    detector_rules with_references = at_once;
    with_references.trials_possible = false;
    return {{"in_a_row", small_rules(), false, {event::trial_failed, event::trial_failed_again}},
            {"trials", small_rules(), false, {event::failed_for_bert, event::others_change}},
            {"without_trials", without_trials, false},
            {"by_rate", by_rate, false, {event::unreached}},
            {"at_once", at_once, false},
            {"with_references", with_references, true}};
}

INSTANTIATE_TEST_SUITE_P(rules, failure_detector_exploration, testing::ValuesIn(settings()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace garde::continuity
