// What the tests of the cache's disk behind its threads share: a tier, and a desk that takes what comes of
// it.
#pragma once

#include "garde/cache/store_tier.hpp"

#include "../support/run.hpp"
#include "vaulting.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace garde::cache {

struct tiering : vaulting {
    net::event_loop desk;
    std::map<cache_key, kept_reply> taken;
    caller_bars bars;
    std::size_t room = 1000;
    std::unique_ptr<store_tier> tier;

    tiering() {
        now = wall_now();  // the tier deletes by the real clock
        steady = std::chrono::steady_clock::now();
    }

    void begin() {
        tier = std::make_unique<store_tier>(desk, settings(), bars, [this](kept_reply what, restored_as) {
            if (taken.size() >= room) return false;
            taken.insert_or_assign(what.key, std::move(what));
            return true;
        });
    }
    /// What is waited for happens on the tier's threads: nothing wakes the desk's loop for it.
    void run_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + test::patience;
        while (!done() && std::chrono::steady_clock::now() < limit) {
            desk.turn(net::event_loop::patience::poll);
            std::this_thread::sleep_for(1ms);
        }
        ASSERT_TRUE(done()) << "it hangs";
    }
    void wait_for(tier_state state) {
        run_until([&] { return tier->totals().state == state; });
    }
    void wait_until_written(std::uint64_t count) {
        run_until([&] { return tier->totals().written >= count; });
    }
    /// What came of asking the disk: taken, or not. One that others use as well may take longer than a
    /// question waits.
    bool ask(int number) {
        for (;;) {
            const auto late = tier->totals().late;
            std::optional<bool> out;
            if (!tier->read(reply(number).key, [&](bool got) { out = got; })) return false;
            run_until([&] { return out.has_value(); });
            if (*out || tier->totals().late == late) return *out;
        }
    }
    void restart() {
        tier.reset();
        desk.abandon();
        taken.clear();
        begin();
        wait_for(tier_state::working);
    }
};

}  // namespace garde::cache
