// The ledger's disk when the power goes: at two hundred moments, while deferrals are kept, sent and settled
// in groups, the file opens again, has every one that a caller was told of, in a state that was written down
// or about to be, and no seal is broken.
#include "../support/crash_disk.hpp"
#include "../support/seed.hpp"
#include "deferring.hpp"

#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>

namespace garde::emergency {
namespace {

constexpr std::size_t crashes = 200;

/// Nothing: it need not be there.
using allowed = std::map<std::uint32_t, std::set<std::optional<deferral_state>>>;

struct crash {
    test::remains left;
    allowed right;
};

struct ledger_crash : deferring {
    std::mt19937_64 random{test::seed()};
    std::map<std::uint32_t, deferral_state> known;    ///< as callers were told, or would be
    std::map<std::uint32_t, deferral_state> running;  ///< after the change at hand
    std::vector<crash> seen;
    std::unique_ptr<deferral_vault> vault;
    std::uint32_t next = 1;

    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    }

    void note_crash(test::crash_disk& disk) {
        crash one{disk.lose_power(), {}};
        for (const auto& [number, state] : known) one.right[number] = {state};
        for (const auto& [number, state] : running) {
            if (!known.contains(number)) one.right[number].insert(std::nullopt);
            one.right[number].insert(state);
        }
        for (const auto& [number, state] : known)
            if (!running.contains(number)) one.right[number].insert(std::nullopt);
        seen.push_back(std::move(one));
    }

    /// Five hundred a second come in groups of what has come within a few milliseconds.
    void keep_some() {
        std::vector<deferral_request> group;
        for (std::size_t i = 0; i <= below(8); ++i) {
            group.push_back(message(next));
            running[next++] = deferral_state::queued;
        }
        ASSERT_TRUE(vault->keep(group));
    }

    void settle_one() {
        const auto found = vault->next("prescriptions", now);
        ASSERT_TRUE(found.has_value());
        if (!*found) return;
        const auto id = (*found)->id;
        const std::array steps{deferral_state::sent,
                               below(3) == 0 ? deferral_state::queued : deferral_state::confirmed};
        for (const auto to : steps) {
            const deferral_change change{.id = id, .to = to, .attempts = 1, .result = "200"};
            running[number_of(id)] = to;
            ASSERT_TRUE(vault->change({&change, 1}, now));
            known = running;
        }
    }

    void withdraw_one() {
        const std::uint32_t number = next - 1;
        if (!known.contains(number) || known[number] != deferral_state::queued) return;
        running.erase(number);
        const std::vector gone{id_of(number)};
        ASSERT_TRUE(vault->withdraw(gone));
    }

    void live() {
        test::crash_disk disk(test::seed());
        std::uint64_t at = 5;
        disk.at_every_step([&] {
            if (seen.size() == crashes || disk.steps() < at) return;
            at = disk.steps() + 1 + below(30);
            note_crash(disk);
        });
        vault = open();
        while (seen.size() < crashes) {
            running = known;
            switch (below(6)) {
                case 0: settle_one(); break;
                case 1: withdraw_one(); break;
                default: keep_some(); break;
            }
            known = running;
            if (below(60) == 0) {
                vault.reset();
                vault = open();
            }
        }
        vault.reset();
    }

    void check(const crash& of, std::size_t which) const {
        SCOPED_TRACE("crash " + std::to_string(which) + " of GARDE_SEED=" + std::to_string(test::seed()));
        const test::temporary_folder there;
        for (const auto& [name, content] : of.left)
            std::ofstream(there.path() / name, std::ios::binary) << content;
        const auto copy = there.path() / file.filename();
        auto opened = deferral_vault::open({.file = copy, .keys = keys, .bytes = bytes});
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        EXPECT_FALSE(std::filesystem::exists(copy.string() + ".corrupt-1")) << "it was corrupt";
        std::map<std::uint32_t, deferral_state> found;
        const auto entries = (*opened)->of_caller(one, 100'000);
        ASSERT_TRUE(entries.has_value());
        for (const auto& each : *entries) {
            found[number_of(each.id)] = each.state;
            EXPECT_EQ(each.reference, fmt::format("reference {}", number_of(each.id))) << "a seal is broken";
        }
        for (const auto& [number, right] : of.right) {
            const auto state =
                found.contains(number) ? std::optional(found[number]) : std::optional<deferral_state>();
            ASSERT_TRUE(right.contains(state))
                << "deferral " << number << " is " << (state ? to_text(*state) : "lost");
        }
        for (const auto& [number, state] : found)
            ASSERT_TRUE(of.right.contains(number)) << number << " came from nowhere";
        // What is queued can still be asked again.
        const auto message = (*opened)->next("prescriptions", now);
        ASSERT_TRUE(message.has_value()) << message.error().message;
        if (*message) {
            EXPECT_EQ((*message)->body.reveal(), fmt::format("body {}", number_of((*message)->id)));
        }
    }
};

TEST_F(ledger_crash, no_deferral_that_a_caller_was_told_of_is_lost) {
    std::cout << "  GARDE_SEED=" << test::seed() << "\n";
    live();
    ASSERT_EQ(seen.size(), crashes);
    for (std::size_t i = 0; i < seen.size() && !HasFatalFailure(); ++i) check(seen[i], i);
}

}  // namespace
}  // namespace garde::emergency
