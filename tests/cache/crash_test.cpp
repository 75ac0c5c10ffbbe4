// The cache's disk when the power goes: at two hundred moments under load the file opens again, has all that
// was reported as written and nothing of what was reported as removed, and no seal is broken.
#include "../support/crash_disk.hpp"
#include "vaulting.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <set>

namespace garde::cache {
namespace {

constexpr std::size_t crashes = 200;
constexpr int patients = 60;

constexpr std::size_t barred_places = 20;

/// What a patient's entry must be: each of these is right. Empty text: no entry.
using allowed = std::map<int, std::set<std::string>>;

struct crash {
    test::remains left;
    allowed right;
    std::map<std::size_t, wall_time> bars;  ///< reported as done
};

struct crashing : vaulting {
    std::uint64_t seed = [] {
        const char* given = std::getenv("GARDE_SEED");
        return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    }();
    std::mt19937_64 random{seed};
    std::map<int, std::string> known;               ///< reported as done
    std::map<int, std::string> running;             ///< after the batch at hand
    std::map<std::size_t, wall_time> bars;          ///< reported as done
    std::map<std::size_t, wall_time> running_bars;  ///< after the batch at hand
    bool cleared = false;                           ///< the batch at hand clears everything
    std::vector<crash> seen;

    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    }

    /// A random batch; `running` is what is right once it is done.
    std::vector<change> batch() {
        std::vector<change> out;
        running = known;
        running_bars = bars;
        cleared = false;
        if (below(60) == 0) {
            out.emplace_back(clear_change{});
            cleared = true;
            for (auto& [number, text] : running) text.clear();
            bars.clear();  // with their epochs; whoever has them raises them again
            running_bars.clear();
        }
        for (std::size_t i = 0; i <= below(12); ++i) {
            const int number = static_cast<int>(below(patients));
            if (below(4) == 0) {
                out.emplace_back(remove_change{{ssin(number)}});
                running[number].clear();
            } else {
                now += 1s;
                steady += 1s;
                running[number] = "answer " + std::to_string(random()) + std::string(below(3000), 'x');
                out.emplace_back(keep_change{reply(number, running[number])});
            }
        }
        if (below(4) == 0) {
            const auto place = below(barred_places);
            out.emplace_back(bar_change{{place, now}});
            running_bars[place] = now;
        }
        return out;
    }

    void note_crash(test::crash_disk& disk) {
        crash one{disk.lose_power(), {}, bars};
        for (int number = 0; number < patients; ++number) {
            one.right[number] = {known[number], running[number]};
            if (cleared) one.right[number].insert("");  // all goes first, and then the rest is done
        }
        seen.push_back(std::move(one));
    }

    void live(test::crash_disk::syncing how) {
        test::crash_disk disk(seed, how);
        std::uint64_t next = 5;
        disk.at_every_step([&] {
            if (seen.size() == crashes || disk.steps() < next) return;
            next = disk.steps() + 1 + below(40);
            note_crash(disk);
        });
        open();
        while (seen.size() < crashes) {
            const auto changes = batch();
            ASSERT_TRUE(vault->apply(changes, now));
            known = running;
            bars = running_bars;
            if (below(20) == 0) {
                ASSERT_TRUE(vault->tidy(now, true));
            }
            if (below(50) == 0) open();  // an orderly end, and on
        }
        vault.reset();
    }

    /// What is not as it must be; empty when all is.
    std::string wrong_after(const crash& of) {
        const test::temporary_folder there;
        for (const auto& [name, bytes] : of.left)
            std::ofstream(there.path() / name, std::ios::binary) << bytes;
        const auto file = there.path() / settings().file.filename();
        auto opened = reply_vault::open({file, keys, bytes}, boot, now);
        if (!opened) return opened.error().message;
        if (std::filesystem::exists(file.string() + ".corrupt-1")) return "it was corrupt";
        auto reader = vault_reader::open(file, boot);
        if (!reader) return reader.error().message;
        if (const auto whole = (*reader)->check([] { return false; }); !whole) return whole.error().message;
        for (const auto& [number, right] : of.right) {
            const auto found = (*reader)->find(*(*opened)->ring(), reply(number).key);
            if (!found) return found.error().message;
            if (!right.contains(*found ? *(*found)->what.body : std::string()))
                return "patient " + std::to_string(number) + (*found ? " has an answer" : " has none");
        }
        const auto bars_there = (*opened)->bars();
        if (!bars_there) return bars_there.error().message;
        for (const auto& [place, until] : of.bars)
            if (std::ranges::none_of(*bars_there, [&](const caller_bar& one) {
                    return one.place == place && one.until >= until;
                }))
                return "bar " + std::to_string(place) + " is lost";
        const auto page = (*reader)->page(*(*opened)->ring(), {}, 1000);
        if (!page) return page.error().message;
        return (*reader)->unreadable() == 0 ? "" : "a seal is broken";
    }
};

TEST_F(crashing, nothing_that_was_reported_is_lost) {
    std::cout << "  GARDE_SEED=" << seed << "\n";
    live(test::crash_disk::syncing::honest);
    ASSERT_EQ(seen.size(), crashes);
    for (std::size_t i = 0; i < seen.size(); ++i)
        ASSERT_EQ(wrong_after(seen[i]), "") << "crash " << i << " of GARDE_SEED=" << seed;
}

/// The test above must be able to fail.
TEST_F(crashing, without_synchronous_much_is_lost_and_the_check_sees_it) {
    live(test::crash_disk::syncing::lies);
    ASSERT_EQ(seen.size(), crashes);
    std::size_t wrong = 0;
    for (const auto& one : seen) wrong += wrong_after(one).empty() ? 0 : 1;
    std::cout << "  " << wrong << " of " << crashes << " crashes of GARDE_SEED=" << seed
              << " lose something\n";
    EXPECT_GT(wrong, crashes / 10);
}

TEST_F(crashing, the_disk_loses_what_was_not_synced) {
    test::crash_disk disk(seed);
    open();
    std::vector<change> one;
    one.emplace_back(keep_change{reply(1)});
    std::size_t changed = 0;
    disk.at_every_step([&] {
        const auto first = disk.lose_power();
        changed += first != disk.lose_power() ? 1 : 0;
    });
    ASSERT_TRUE(vault->apply(one, now));
    EXPECT_GT(changed, 0U) << "or it would lose nothing, and the test above would say nothing";
    disk.at_every_step({});
    vault.reset();
}

}  // namespace
}  // namespace garde::cache
