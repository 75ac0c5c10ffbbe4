// See world.hpp: how time passes, and the parts of a run. What happens in it is in events.cpp.
#include "world.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace garde::sim {
namespace {

using namespace std::chrono_literals;

/// More productive turns than this in one virtual second, and a loop is spinning.
constexpr std::uint64_t most_turns_a_second = 60'000;

moment to_moment(steady_time at) {
    return at.time_since_epoch();
}

}  // namespace

outcome run(const scenario& what) {
    const auto level = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);
    world one(what);
    outcome out = one.run();
    spdlog::set_level(level);
    return out;
}

/// Everything that happens at this moment, until nothing more does.
void world::settle() {
    while (turn_all()) {
        ++turns_;
        if (const auto second = now() / 1s; second != second_) {
            second_ = second;
            turns_this_second_ = 0;
        }
        if (++turns_this_second_ > most_turns_a_second)
            throw std::runtime_error("a loop does not come to rest");
        look_at_postures();
    }
}

/// One round, in an order by chance.
bool world::turn_all() {
    bool any = kernel_.run_due();
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[luck_.below(i)]);
    for (const std::size_t i : order_) {
        turned& one = loops_[i];
        if (kernel_.now() < one.asleep_until) continue;
        kernel_.set_side(one.side);
        any = one.loop->turn(net::event_loop::patience::poll) || any;
        kernel_.set_side(0);
    }
    return any;
}

moment world::next_moment() const {
    moment next = kernel_.now() + 1h;
    if (const auto event = kernel_.next_event()) next = std::min(next, *event);
    for (const turned& one : loops_) {
        if (kernel_.now() < one.asleep_until)
            next = std::min(next, one.asleep_until);
        else if (const auto due = one.loop->wheel().next_expiry())
            next = std::min(next, to_moment(*due));
    }
    return next;
}

void world::turn_until(moment end, const std::function<bool()>& finished) {
    settle();
    while (now() < end && !finished()) {
        const moment next = std::min(next_moment(), begun_ + end);
        if (next <= kernel_.now()) throw std::runtime_error("a timer is due and does not fire");
        kernel_.move_to(next);
        settle();
    }
}

outcome world::run() {
    try {
        begin();
        turn_until(plan_.trouble_ends, [] { return false; });
        recover();
        prove_primary();
        end();
    } catch (const std::exception& thrown) {
        book_.violated(thrown.what());
    }
    return {.violations = book_.violations(),
            .hash = trace_.hash(),
            .asked = book_.asked(),
            .answered_by_backends = book_.answered_by_backends(),
            .answered_by_garde = book_.answered_by_garde(),
            .saved = book_.saved(),
            .switchovers = journal_.switchovers().size(),
            .turns = turns_};
}

void world::begin() {
    build_garde();
    build_outside();
    for (std::size_t i = 0; i < loops_.size(); ++i) order_.push_back(i);
    plan_events();
}

/// All is well again: in due time every service is back at its primary, and nobody is out or on trial.
void world::recover() {
    const auto is_up = [](const auto& backend) { return backend.state == continuity::verdict::up; };
    const auto all_well = [&] {
        return std::ranges::all_of(view_->services, [&](const auto& one) {
            return one.current == continuity::mode::primary && one.recorded == control::durability::durable &&
                   std::ranges::all_of(one.backends, is_up);
        });
    };
    // What was asked in bad times may still fail in good ones.
    moment late{};
    moment longest{};
    for (const auto& service : plan_.promised->services) {
        late = std::max(late, moment(service.switchover.exchange_timeout) + ledger::slack);
        longest = std::max(longest, late + time_to_recover(service));
    }
    turn_until(plan_.trouble_ends + late, [] { return false; });
    longest += plan_.longest_disk_delay;
    turn_until(plan_.trouble_ends + longest, all_well);
    for (const auto& one : view_->services)
        if (one.current != continuity::mode::primary)
            book_.violated(fmt::format("{} s after all is well, service {} is still in mode {}",
                                       longest.count() / 1'000'000'000, one.name, to_text(one.current)));
    for (const auto& one : view_->services) {
        if (one.recorded != control::durability::durable)
            book_.violated(fmt::format("service {} is not announced durably", one.name));
        for (const auto& backend : one.backends)
            if (!is_up(backend))
                book_.violated(fmt::format("{} is still {}", backend.name, to_text(backend.state)));
    }
    trace_.note("recovered");
}

/// … and there the traffic goes.
void world::prove_primary() {
    // Who is asked may still have been sent to a backup that is just as well.
    turn_until(now() + 200ms, [] { return false; });
    book_.expect_primary();
    for (const auto& one : callers_) (void)one->take_ended();
    std::size_t ended = 0;
    turn_until(now() + 60s, [&] {
        for (const auto& one : callers_) ended += one->take_ended();
        return ended >= 2 * callers_.size();
    });
}

/// Everybody goes home; nothing is left behind.
void world::end() {
    for (const auto& one : callers_) one->stop();
    const auto gone = [this] {
        return std::ranges::all_of(callers_, [](const auto& one) { return one->is_done(); });
    };
    turn_until(now() + 120s, gone);
    if (!gone()) book_.violated("a caller does not come to an end");
    for (const auto& one : workers_) one->drain([this] { ++drained_; });
    turn_until(now() + 10s, [this] { return drained_ == workers_.size(); });
    if (drained_ != workers_.size()) book_.violated("a worker does not end");
    if (orders_open_ != 0) book_.violated("an order was not answered");
    compare_with_journal();
    compare_clock_with_journal();
    check_empty();
}

world::world(const scenario& what)
    : plan_((seed_openssl(what.seed + 1), what)),
      kernel_(what.seed + 2),
      luck_(what.seed + 3),
      begun_(kernel_.now()),
      trace_(kernel_),
      book_(what, trace_, kernel_),
      journal_(kernel_, what, trace_, luck_.fork()),
      store_(kernel_, what, luck_.fork()) {
    book_.begin(begun_);
}

world::~world() = default;

}  // namespace garde::sim
