// See vigil.hpp.
#include "garde/control/vigil.hpp"

#include "records.hpp"

#include <spdlog/spdlog.h>

#include <ctime>
#include <utility>

namespace garde::control {
namespace {

std::chrono::nanoseconds since_boot() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// Nothing when the thread lost its core between the two: that would look like a clock that was set.
std::optional<clock_reading> read_clocks() {
    constexpr milliseconds near_enough{50};
    const auto before = since_boot();
    const wall_time wall = wall_now();
    const auto after = since_boot();
    if (after - before > near_enough) return std::nullopt;
    return clock_reading{.wall = wall, .since_boot = after};
}

}  // namespace

vigil::vigil(net::event_loop& loop, journal::sink& into, std::function<void()> looked)
    : into_(into), looked_(std::move(looked)), next_(loop.wheel(), [this] { look(); }) {}

void vigil::begin(net::ticket_keys_ptr keys) {
    keys_ = std::move(keys);
    keys_made_ = keys_->made();
    look();
}

void vigil::look() {
    look_at_journal();
    look_at_clock();
    look_at_keys();
    look_at_alarms();
    looked_();
    next_.set(std::chrono::steady_clock::now() + interval);
}

/// The record waits like any other, and says when it was.
void vigil::look_at_journal() {
    if (into_.failing() == failing_) return;
    failing_ = !failing_;
    into_.append(alarm_record("journal-failing", failing_));
}

void vigil::look_at_clock() {
    const auto now = read_clocks();
    if (!now) return;
    if (!clock_) clock_.emplace(*now);
    const auto step = clock_->look(*now);
    if (!step) return;
    spdlog::warn("the wall clock was set by {} ms", std::chrono::duration_cast<milliseconds>(*step).count());
    into_.append(clock_step_record(now->wall, *step));
}

void vigil::look_at_keys() {
    const auto made = keys_->made();
    if (made == keys_made_) return;
    into_.append(ticket_keys_record(made - std::exchange(keys_made_, made)));
}

void vigil::look_at_alarms() {
    if (!alarms_) return;
    const auto now = alarms_();
    std::set<std::string> present(now.begin(), now.end());
    for (const auto& one : present)
        if (!raised_.contains(one)) into_.append(alarm_record(one, true));
    for (const auto& one : raised_)
        if (!present.contains(one)) into_.append(alarm_record(one, false));
    raised_ = std::move(present);
}

}  // namespace garde::control
