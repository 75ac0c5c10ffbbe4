// See sections.hpp: when traffic moves, away and back.
#include "sections.hpp"
#include "units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t canary_limit = 10;

constexpr std::array<choice<all_down_policy>, 2> all_down_policies{
    {{"try", all_down_policy::try_anyway}, {"procedure", all_down_policy::procedure}}};

void read_exchange(table_reader& in, switchover_settings& into) {
    in.read_duration("attempt_timeout", into.attempt_timeout, {10ms, 5min});
    in.read_duration("exchange_timeout", into.exchange_timeout, {10ms, 10min});
    in.read_duration("connect_timeout", into.connect_timeout, {10ms, 1min});
    in.read_percentage("retry_budget", into.retry_budget, {0, 100});
    in.read_flag("hedge", into.hedge);
    in.read_flag("replay_detection", into.replay_detection);
    in.read_choice("when_all_fail", into.when_all_fail, all_down_policies);
}

void read_detection(table_reader& in, switchover_settings& into) {
    in.read_number("traffic_fall", into.traffic_fall, {1, 1000});
    in.read_number("distinct_callers", into.distinct_callers, {1, 100});
    in.read_percentage("failure_rate", into.failure_rate, {0, 100});
    in.read_duration("failure_window", into.failure_window, {1s, 1h});
    in.read_number("failure_volume", into.failure_volume, {1, 100'000});
    in.read_number("slow_factor", into.slow_factor, {0, 1000});
    in.read_duration("ejection_time", into.ejection_time, {100ms, 1h});
    in.read_duration("longest_ejection", into.longest_ejection, {100ms, 24h});
    in.read_duration("domain_window", into.domain_window, {1s, 1h});
}

void read_way_back(table_reader& in, switchover_settings& into) {
    in.read_duration("trial_interval", into.trial_interval, {100ms, 1h});
    in.read_duration("hold_down", into.hold_down, {0ms, 24h});
    in.read_duration("degraded_hold_down", into.degraded_hold_down, {0ms, 24h});
    in.read_duration("longest_hold_down", into.longest_hold_down, {0ms, 24h});
    in.read_percentages("canary", into.canary, {1, 99}, canary_limit);
    in.read_duration("canary_step", into.canary_step, {100ms, 1h});
    in.read_duration("ramp_step", into.ramp_step, {100ms, 1h});
    in.read_duration("min_dwell", into.min_dwell, {0ms, 1h});
    in.read_number("switchovers_per_hour", into.switchovers_per_hour, {1, 3600});
    in.read_duration("procedure_closes", into.procedure_closes, {0ms, 30 * 24h}, "by-operator");
}

/// Of two settings that contradict each other: the first, unless it is only a default.
std::string_view written_one(const table_reader& in, std::string_view first, std::string_view second) {
    return in.has(first) ? first : second;
}

void check_times(table_reader& in, const switchover_settings& is) {
    if (is.attempt_timeout > is.exchange_timeout)
        in.error(written_one(in, "attempt_timeout", "exchange_timeout"),
                 "makes attempt_timeout longer than exchange_timeout",
                 "leave the exchange time for at least one attempt, better for two");
    if (is.connect_timeout > is.attempt_timeout)
        in.error(written_one(in, "connect_timeout", "attempt_timeout"),
                 "makes connect_timeout longer than attempt_timeout",
                 "shorten connect_timeout: it is a part of the attempt");
    if (is.degraded_hold_down > is.hold_down)
        in.error(written_one(in, "degraded_hold_down", "hold_down"),
                 "makes degraded_hold_down longer than hold_down",
                 "shorten degraded_hold_down: without a backend, a return may wait less than with one");
}

/// A time that grows from `first` to `longest`. Where only the first is in the file, the other follows it.
void check_growth(table_reader& in, std::string_view first_key, milliseconds first,
                  std::string_view longest_key, milliseconds& longest) {
    if (longest >= first) return;
    if (!in.has(longest_key)) {
        longest = first;
        return;
    }
    in.error(longest_key,
             fmt::format("= \"{}\" is shorter than {} = \"{}\"", duration_text(longest), first_key,
                         duration_text(first)),
             fmt::format("write at least \"{}\": {} grows to it with each relapse", duration_text(first),
                         first_key));
}

/// A setting that another one switches off would make its author believe in a check that never happens.
void check_uses(table_reader& in, const switchover_settings& is) {
    if (is.failure_rate == 0)
        for (const auto* key : {"failure_window", "failure_volume"})
            if (in.has(key))
                in.error(key, "has no use while failure_rate = \"0%\"", "remove it, or write a failure_rate");
    if (is.canary.empty() && in.has("canary_step"))
        in.error("canary_step", "has no use while canary is empty",
                 "remove it, or write e.g. canary = [\"5%\", \"25%\", \"50%\"]");
    if (is.hedge && is.retry_budget == 0)
        in.error("hedge", "= true asks a second backend, and retry_budget = \"0%\" forbids it",
                 "write e.g. retry_budget = \"20%\", or remove hedge");
    if (is.slow_factor == 1)
        in.error("slow_factor", "= 1 takes a backend for failing as soon as it is slower than usual",
                 "write 2 or more, better 5; or 0, and latency takes no backend down");
}

}  // namespace

void read_switchover(table_reader& in, switchover_settings& into) {
    read_exchange(in, into);
    read_detection(in, into);
    read_way_back(in, into);
    in.finish();

    check_times(in, into);
    check_growth(in, "hold_down", into.hold_down, "longest_hold_down", into.longest_hold_down);
    check_growth(in, "ejection_time", into.ejection_time, "longest_ejection", into.longest_ejection);
    check_uses(in, into);
}

void check_switchover(table_reader& in, const service_settings& service) {
    const auto& is = service.switchover;
    const bool replays = std::ranges::any_of(service.routes, &route_settings::replay_safe);
    if (is.hedge && service.backends.size() < 2)
        in.error("hedge", "= true has no second backend to ask", "add a backup, or remove hedge");
    else if (is.hedge && !replays)
        in.error("hedge", "= true has no route whose requests may be sent twice",
                 "write replay_safe = true in a [[service.route]] that changes nothing, or remove hedge");
    if (in.has("when_all_fail") && is.when_all_fail == all_down_policy::procedure && !service.procedure)
        in.error("when_all_fail", "= \"procedure\" has no procedure to hand out",
                 "add [service.procedure], or write when_all_fail = \"try\"");
}

}  // namespace garde::config
