// See outlook.hpp. Each sentence says what the guards in continuity/failure_detector and
// continuity/mode_machine do: who changes one of them changes its sentence.
#include "outlook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace garde::admin {
namespace {

using continuity::backend_explanation;
using continuity::backend_index;
using continuity::to_number;
using continuity::to_text;
using continuity::verdict;

/// "30s", "500ms", "10m": as durations are written in the configuration.
std::string span_text(milliseconds span) {
    constexpr milliseconds minute{60'000};
    if (span >= minute && span % minute == milliseconds(0)) return fmt::format("{}m", span / minute);
    if (span >= seconds(1) && span % seconds(1) == milliseconds(0))
        return fmt::format("{}s", span / seconds(1));
    return fmt::format("{}ms", span.count());
}

/// "5 %, 25 %, 50 %".
std::string shares_text(std::span<const int> shares) {
    return fmt::format("{} %", fmt::join(shares, " %, "));
}

std::string domains_text(const std::vector<continuity::suspected_domain>& all) {
    std::string out;
    for (const auto& one : all) {
        if (!out.empty()) out += " and ";
        out += one.name.empty() ? fmt::format("an unknown {}", one.kind)
                                : fmt::format("{} {}", one.kind, one.name);
    }
    return out;
}

bool is_out(verdict state) {
    return state == verdict::down || state == verdict::recovering;
}

class narrator {
  public:
    explicit narrator(const control::service_explanation& of) : of_(of), what_(of.what) {}

    std::vector<std::string> tell() {
        tell_order();
        tell_bounds();
        tell_loss();
        tell_last_chance();
        tell_share();
        tell_return();
        for (std::size_t i = 0; i < what_.backends.size(); ++i) tell_backend(i);
        tell_procedure();
        return std::move(out_);
    }

  private:
    template <class... Args>
    void say(fmt::format_string<Args...> sentence, Args&&... args) {
        out_.push_back(fmt::format(sentence, std::forward<Args>(args)...));
    }

    [[nodiscard]] const std::string& name(backend_index backend) const {
        return of_.backends[to_number(backend)];
    }

    /// "09:12:31 UTC", with the date when it is not today's.
    [[nodiscard]] std::string clock(steady_time due) const {
        const std::string text = to_rfc3339(of_.on_wall(due));
        const bool today = text.starts_with(to_rfc3339(of_.at).substr(0, 10));
        return fmt::format("{}{} UTC", today ? "" : text.substr(0, 10) + " ", text.substr(11, 8));
    }

    /// "at 09:12:31 UTC"; "now" when it has come.
    [[nodiscard]] std::string when(steady_time due) const {
        return due <= of_.at_steady ? "now" : "at " + clock(due);
    }

    [[nodiscard]] static std::string_view mode_on(backend_index backend) {
        return to_text(to_number(backend) == 0 ? continuity::mode::primary : continuity::mode::backup);
    }

    [[nodiscard]] std::string without_backend() const {
        const std::string_view procedure =
            of_.has_procedure ? "the emergency procedure answers" : "callers get an error";
        if (of_.has_cache)
            return fmt::format("the mode becomes degraded: the cache answers, else {}", procedure);
        return fmt::format("the mode becomes emergency: {}", procedure);
    }

    /// How who is not given to a backend is answered.
    [[nodiscard]] std::string_view stand_in() const {
        if (!of_.has_procedure) return "from the cache";
        return of_.has_cache ? "from the cache or with the emergency procedure"
                             : "with the emergency procedure";
    }

    /// Those that are asked when the backend that the mode rests on is not.
    [[nodiscard]] std::optional<backend_index> next_in_line() const {
        const auto next =
            std::ranges::find_if(what_.attempts, [&](const auto one) { return one != what_.now.active; });
        return next == what_.attempts.end() ? std::nullopt : std::optional(*next);
    }

    void tell_order() {
        if (!of_.order) return;
        const auto& order = *of_.order;
        const std::string until =
            order.until ? fmt::format("until {}", to_rfc3339(*order.until)) : "until it is taken back";
        say("An order of {} pins the mode to {} {}: nothing else changes it before. To take it back: "
            "garde ctl mode {} automatic --reason TEXT.",
            order.by, to_text(order.pinned), until, of_.name);
        if (!what_.without_order) return;
        const auto& then = *what_.without_order;
        if (then == what_.now)
            say("If the order ended now, the mode would stay as it is.");
        else
            say("If the order ended now, the mode would be {}{}.", to_text(then.current),
                then.active ? ", on " + name(*then.active) : "");
    }

    void tell_bounds() {
        if (what_.frozen_until)
            say("The mode is frozen: the bound of {} switchovers an hour is reached. Until there is room "
                "again, {}, requests go to whoever may be asked.",
                what_.rules.switchovers_per_hour, when(*what_.frozen_until));
        if (what_.cut_off)
            say("No reference address answers: this node itself may be cut off. Until one of them or a "
                "backend answers, no backend goes down.");
    }

    void tell_last_chance() {
        if (!what_.last_chance) return;
        if (of_.has_cache)
            say("A request that the cache cannot answer is tried at {} all the same.",
                name(*what_.last_chance));
        else
            say("Requests are tried at {} all the same.", name(*what_.last_chance));
    }

    /// What would make it worse.
    void tell_loss() {
        if (of_.order || what_.frozen_until || !what_.now.active) return;
        const std::string& active = name(*what_.now.active);
        if (const auto next = next_in_line())
            say("When {} is down, {} takes over at once.", active, name(*next));
        else
            say("When {} is down, no backend is left and {}.", active, without_backend());
    }

    /// After an outage, or before its end, only a part of the requests is given to a backend.
    void tell_share() {
        if (what_.admitted_percent == 100) return;
        std::string then;
        if (what_.share_until) {
            const auto next = std::ranges::upper_bound(what_.rules.shares, what_.admitted_percent);
            then = fmt::format(" until {}, then {}", clock(*what_.share_until),
                               next == what_.rules.shares.end() ? "all" : fmt::format("{} %", *next));
        }
        say("{} % of the requests are given to a backend{}; the others are answered {}.",
            what_.admitted_percent, then, stand_in());
    }

    void tell_return() {
        if (what_.returning) return tell_canary(*what_.returning);
        if (!what_.back || what_.frozen_until) return;
        const auto& back = *what_.back;
        const auto& rules = what_.rules;
        if (!what_.now.active) {
            const bool ramped = rules.stands_in && !rules.shares.empty();
            say("A backend answers again: when it has held out for {}, {}, the mode becomes {} and rests on "
                "{}{}.",
                hold_down(), when(back.at), mode_on(back.to), name(back.to),
                ramped ? fmt::format("; its share grows by {}, {} each", shares_text(rules.shares),
                                     span_text(rules.ramp_step))
                       : "");
            return;
        }
        const std::string steps = rules.shares.empty()
                                      ? "all at once"
                                      : fmt::format("in steps of {}, {} each", shares_text(rules.shares),
                                                    span_text(rules.canary_step));
        const auto held = what_.backends[to_number(back.to)].since + what_.hold_down;
        const std::string dwell =
            back.at > held ? fmt::format(" and the mode has lasted for {}", span_text(rules.min_dwell)) : "";
        say("{} is up: traffic returns to it when it has been up for {}{}, {}, {}.", name(back.to),
            hold_down(), dwell, when(back.at), steps);
    }

    void tell_canary(const continuity::canary& back) {
        const auto rest =
            std::span(std::ranges::upper_bound(what_.rules.shares, back.percent), what_.rules.shares.end());
        say("{} is coming back: it has {} % of the requests until {}{}, then the mode is {}. If it fails "
            "meanwhile, they all go to {} again.",
            name(back.backend), back.percent, clock(what_.share_until.value_or(of_.at_steady)),
            rest.empty() ? "" : fmt::format(", then {}", shares_text(rest)), mode_on(back.backend),
            what_.now.active ? name(*what_.now.active) : "the others");
    }

    [[nodiscard]] std::string hold_down() const {
        if (what_.relapses == 0) return span_text(what_.hold_down);
        return fmt::format("{} (it relapsed: {})", span_text(what_.hold_down), what_.relapses);
    }

    void tell_backend(std::size_t number) {
        const auto& one = what_.backends[number];
        if (is_out(one.state)) tell_down(number, one);
        if (one.state == verdict::suspect) tell_suspect(number, one);
        if (one.state == verdict::unknown)
            say("Nothing has been seen of {} yet: it may be asked.", of_.backends[number]);
        if (!one.doubts.empty()) tell_doubt(static_cast<backend_index>(number), one);
        if (one.insurer_failing)
            say("Questions to insurer {} fail at {} while others are answered: that is the insurer's "
                "trouble, and changes no mode.",
                std::to_underlying(*one.insurer_failing), of_.backends[number]);
    }

    void tell_down(std::size_t number, const backend_explanation& one) {
        const std::string& backend = of_.backends[number];
        std::string out;
        if (one.needs_trial)
            out = fmt::format(
                "{} is down ({}), and passing probes are not enough: it needs {} answered trials in a row, "
                "and has {}{}",
                backend, to_text(one.observed.last_reason), one.rules.rise, one.trials_passed,
                next_trial(one));
        else
            out = fmt::format(
                "{} is down ({}): it needs {} passing probes in a row, and has {}{}", backend,
                to_text(one.observed.last_reason), one.rules.rise, one.probes_passed,
                one.ejected_until ? fmt::format("; it stays out until {}", clock(*one.ejected_until)) : "");
        if (!one.needs_trial && (one.next_trial || one.trial_offered))
            out += fmt::format(", or {} answered trials in a row, and has {}{}", one.rules.rise,
                               one.trials_passed, next_trial(one));
        const bool better = !what_.now.active || number < to_number(*what_.now.active);
        if (better && !of_.order)
            out += fmt::format(". Then its hold-down of {} begins", span_text(what_.hold_down));
        say("{}.", out);
    }

    /// What follows "has 1".
    [[nodiscard]] std::string next_trial(const backend_explanation& one) const {
        if (of_.order) return "; none is made while the mode is pinned";
        std::string out;
        if (one.trial_offered)
            out = "; the next request that may be sent twice is one";
        else if (one.next_trial)
            out = fmt::format("; the next {}", when(*one.next_trial));
        else
            out = "; its probes must pass first";
        if (one.needs_trial && one.trials_waived_at)
            out +=
                fmt::format(". If nobody comes by to try, passing probes are enough {}",
                            when(std::max(*one.trials_waived_at, one.ejected_until.value_or(of_.at_steady))));
        return out;
    }

    void tell_suspect(std::size_t number, const backend_explanation& one) {
        const auto& rules = one.rules;
        say("{} is suspect ({}){}. It is down after {} failed probes in a row (it has {}), after {} failed "
            "connections in a row, or when enough requests of at least {} callers fail; it is up again when "
            "{} probes in a row pass or requests are answered, and nothing fails meanwhile.",
            of_.backends[number], to_text(one.observed.last_reason), of_.order ? "" : " and asked last",
            rules.fall, one.observed.probe_failures, rules.traffic_fall, rules.distinct_callers, rules.rise);
    }

    void tell_doubt(backend_index backend, const backend_explanation& one) {
        const std::string domains = domains_text(one.doubts);
        const auto own = std::ranges::find(what_.attempts, backend);
        std::vector<std::string> before;
        for (auto at = what_.attempts.begin(); own != what_.attempts.end() && at != own; ++at)
            before.push_back(name(*at));
        const bool held_back = one.state == verdict::up && what_.now.active && backend < *what_.now.active &&
                               !of_.order && what_.backends[to_number(*what_.now.active)].doubts.empty();
        if (held_back)
            say("{} is up, but shares {}, which is suspect: traffic returns to it once a request, trial or "
                "deep probe has been answered{}.",
                name(backend), domains,
                one.next_trial ? fmt::format("; the next trial {}", when(*one.next_trial)) : "");
        else if (before.empty())
            say("{} shares {}, which is suspect.", name(backend), domains);
        else
            say("{} is not asked before {}: it shares {}, which is suspect. An answered request, trial or "
                "deep probe clears it.",
                name(backend), fmt::join(before, ", "), domains);
    }

    void tell_procedure() {
        if (!of_.has_procedure) return;
        const bool answers = what_.now.active.has_value();
        if (what_.procedure_closes)
            say("The service is back; the emergency procedure closes {}.", when(*what_.procedure_closes));
        else if (what_.procedure_active && answers)
            say("The service answers, and the emergency procedure is open until an operator closes it: "
                "garde ctl procedure close {} --reason TEXT.",
                of_.name);
        else if (!what_.procedure_active && !answers)
            say("The emergency procedure has been closed by order; it opens again with the next outage.");
    }

    const control::service_explanation& of_;
    const continuity::explanation& what_;
    std::vector<std::string> out_;
};

}  // namespace

std::vector<std::string> outlook(const control::service_explanation& of) {
    return narrator(of).tell();
}

}  // namespace garde::admin
