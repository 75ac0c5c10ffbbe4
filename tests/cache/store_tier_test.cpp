// The cache's disk behind its threads: what comes back after a restart, what is not taken from the disk
// because something newer is on its way, and a disk that does not work.
#include "garde/cache/store_tier.hpp"

#include "../support/run.hpp"
#include "vaulting.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <thread>

namespace garde::cache {
namespace {

namespace fs = std::filesystem;

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

TEST_F(tiering, what_was_kept_comes_back_after_a_restart_newest_first) {
    begin();
    for (int i = 0; i < 300; ++i) {
        now += 1s;
        tier->keep(reply(i));
    }
    room = 200;
    restart();
    run_until([&] { return taken.size() == room; });
    EXPECT_TRUE(taken.contains(reply(299).key));
    EXPECT_TRUE(taken.contains(reply(100).key));
    EXPECT_FALSE(taken.contains(reply(99).key)) << "there was no room for the oldest";
    EXPECT_EQ(tier->totals().entries, 300U);
}

TEST_F(tiering, it_knows_whether_the_memory_has_got_everything) {
    begin();
    run_until([&] { return tier->has_given_all(); });  // a new file has nothing
    for (int i = 0; i < 300; ++i) tier->keep(reply(i));
    restart();
    run_until([&] { return tier->has_given_all(); });
    EXPECT_EQ(taken.size(), 300U);
    room = 200;
    restart();
    run_until([&] { return taken.size() == room; });
    EXPECT_FALSE(ask(300));  // behind the pages
    EXPECT_FALSE(tier->has_given_all());
}

TEST_F(tiering, a_question_finds_what_is_on_the_disk_only) {
    room = 0;
    begin();
    tier->keep(reply(1));
    restart();
    room = 1000;
    EXPECT_FALSE(ask(2));
    EXPECT_TRUE(ask(1));
    EXPECT_EQ(*taken.at(reply(1).key).body, *reply(1).body);
    EXPECT_EQ(tier->totals().found, 1U);
    EXPECT_EQ(tier->totals().missed, 1U);
}

TEST_F(tiering, more_questions_than_are_read_together_are_each_answered_for_themselves) {
    constexpr int kept = 3 * static_cast<int>(store_tier::reads_together);
    room = 0;
    begin();
    for (int i = 0; i < kept; ++i) tier->keep(reply(i));
    restart();
    room = 1000;
    // Where others use the disk as well, some may be late or turned away: then all are asked again.
    for (bool all_in_time = false; !all_in_time;) {
        const auto late_before = tier->totals().late;
        std::map<int, bool> got;
        std::size_t asked = 0;
        for (int i = 0; i < 2 * kept; ++i)
            if (tier->read(reply(i).key, [&got, i](bool taken_in) { got.emplace(i, taken_in); })) ++asked;
        run_until([&] { return got.size() == asked; });
        all_in_time = asked == 2 * kept && tier->totals().late == late_before;
        if (!all_in_time) continue;
        for (const auto& [number, taken_in] : got) EXPECT_EQ(taken_in, number < kept) << number;
    }
    for (int i = 0; i < kept; ++i) EXPECT_EQ(*taken.at(reply(i).key).body, *reply(i).body) << i;
}

TEST_F(tiering, what_is_removed_is_not_taken_from_the_disk_before_the_disk_knows) {
    room = 0;
    begin();
    tier->keep(reply(1));
    restart();
    room = 1000;
    tier->remove({ssin(1)});
    EXPECT_FALSE(ask(1)) << "it is still there, and may not be served";
    wait_until_written(1);
    EXPECT_FALSE(ask(1));
    restart();
    EXPECT_FALSE(ask(1));
}

TEST_F(tiering, a_removal_that_waits_reaches_the_patients_other_names_on_the_disk) {
    room = 0;
    begin();
    auto by_registration = reply(2);
    by_registration.removal_keys = {reply(1).removal_keys[1]};
    tier->keep(reply(1));  // knows both his names
    tier->keep(by_registration);
    restart();
    room = 1000;
    tier->remove({ssin(1)});
    EXPECT_FALSE(ask(2)) << "the same patient by his registration";
}

TEST_F(tiering, what_is_replaced_is_not_taken_from_the_disk_before_the_disk_knows) {
    room = 0;
    begin();
    tier->keep(reply(1, "older"));
    restart();
    room = 1000;
    now += 1s;
    steady += 1s;
    tier->keep(reply(1, "newer"));
    EXPECT_FALSE(ask(1)) << "the newer one is in memory, or there is none";
    wait_until_written(1);
    restart();
    run_until([&] { return taken.contains(reply(1).key); });
    EXPECT_EQ(*taken.at(reply(1).key).body, "newer");
}

TEST_F(tiering, a_reply_that_the_insurer_has_overtaken_is_replaced_in_memory) {
    begin();
    tier->keep(reply(1, "newer by the insurer's word"));
    restart();
    run_until([&] { return taken.contains(reply(1).key); });
    taken.clear();
    auto older = reply(1, "older");
    older.communicated -= std::chrono::days{3};
    tier->keep(older);
    run_until([&] { return taken.contains(reply(1).key); });
    EXPECT_EQ(*taken.at(reply(1).key).body, "newer by the insurer's word");
}

TEST_F(tiering, a_purge_takes_one_callers_replies_from_the_disk_and_from_what_waits) {
    begin();
    room = 0;
    wait_for(tier_state::working);
    tier->keep(reply(1));
    const auto mine = who;
    who = std::make_shared<const caller::identity>("CN=ca", "CN=pharmacy-2", std::vector<std::string>{});
    tier->keep(reply(2));
    who = mine;
    wait_until_written(2);
    room = 1000;
    std::optional<std::optional<std::uint64_t>> gone;
    tier->keep(reply(3));
    tier->purge(
        {.of = [](const caller::identity& of) { return of.subject() == "CN=pharmacy-1"; }, .before = {}},
        [&](std::optional<std::uint64_t> count) { gone = count; });
    EXPECT_FALSE(ask(1)) << "it is still there, and may not be served";
    EXPECT_FALSE(ask(2)) << "nor may anything else, as nobody knows whose it is";
    run_until([&] { return gone.has_value(); });
    EXPECT_EQ(*gone, std::optional<std::uint64_t>(1)) << "the other one had not come there";
    run_until([&] { return ask(2); });
    EXPECT_FALSE(ask(1));
    EXPECT_FALSE(ask(3));
    EXPECT_EQ(*taken.at(reply(2).key).who, caller::identity("CN=ca", "CN=pharmacy-2", {}));
    EXPECT_EQ(taken.size(), 1U);
}

TEST_F(tiering, what_comes_back_from_the_disk_after_a_purge_was_ordered_is_not_taken) {
    begin();
    tier->keep(reply(1, "newer by the insurer's word"));
    restart();
    run_until([&] { return taken.contains(reply(1).key); });
    auto older = reply(1, "older");
    older.communicated -= std::chrono::days{3};
    tier->keep(older);
    // The disk has told that it has a newer one, and the desk has not heard of it.
    const auto limit = test::in(test::patience);
    while (tier->totals().written == 0 && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(1ms);
    ASSERT_EQ(tier->totals().written, 1U);
    taken.clear();
    std::optional<std::uint64_t> gone;
    tier->purge({.of = [](const caller::identity&) { return true; }, .before = {}},
                [&](std::optional<std::uint64_t> count) { gone = count; });
    run_until([&] { return gone.has_value(); });
    EXPECT_EQ(gone, 1U);
    EXPECT_TRUE(taken.empty());
}

TEST_F(tiering, two_purges_in_one_batch_have_their_own_counts) {
    begin();
    wait_for(tier_state::working);
    for (int i = 0; i < 5; ++i) {
        tier->keep(reply(i));
        now += 1s;
    }
    wait_until_written(5);
    std::vector<std::optional<std::uint64_t>> counts;
    const auto count = [&](std::optional<std::uint64_t> gone) { counts.push_back(gone); };
    tier->purge({.of = {}, .before = now - 3s}, count);
    tier->purge({.of = [](const caller::identity&) { return true; }, .before = {}}, count);
    run_until([&] { return counts.size() == 2; });
    EXPECT_EQ(counts, (std::vector<std::optional<std::uint64_t>>{2, 3}));
}

TEST_F(tiering, all_goes_at_once) {
    begin();
    tier->keep(reply(1));
    restart();
    run_until([&] { return taken.contains(reply(1).key); });
    std::optional<std::uint64_t> gone;
    tier->purge({}, [&](std::optional<std::uint64_t> count) { gone = count; });
    EXPECT_FALSE(ask(1));
    run_until([&] { return gone == 1U; });
    restart();
    EXPECT_FALSE(ask(1));
    EXPECT_EQ(tier->totals().entries, 0U);
}

// --- a disk that does not work

TEST_F(tiering, a_file_that_cannot_be_opened_yet_is_opened_when_it_can) {
    fs::create_directory(folder.path() / "replies.sqlite");
    begin();
    wait_for(tier_state::failing);
    tier->keep(reply(1));
    EXPECT_FALSE(ask(1));
    fs::remove(folder.path() / "replies.sqlite");
    wait_for(tier_state::working);
    wait_until_written(1);
    restart();
    EXPECT_TRUE(ask(1));
}

TEST_F(tiering, another_process_that_owns_the_file_is_waited_for) {
    open();  // the vault of the fixture
    begin();
    wait_for(tier_state::failing);
    vault.reset();
    wait_for(tier_state::working);
}

TEST_F(tiering, too_many_replies_for_the_disk_are_dropped_and_what_is_older_with_them) {
    begin();
    tier->keep(reply(1, "older"));
    restart();
    tier.reset();
    desk.abandon();
    open();  // the vault of the fixture keeps the file from the tier
    taken.clear();
    begin();
    wait_for(tier_state::failing);
    for (std::size_t i = 0; i < store_tier::waiting_bound; ++i) tier->keep(reply(1000, "x"));
    EXPECT_EQ(tier->totals().dropped, 0U);
    now += 1s;
    steady += 1s;
    tier->keep(reply(1, "newer"));
    EXPECT_EQ(tier->totals().dropped, 1U);
    vault.reset();
    wait_for(tier_state::working);
    wait_until_written(store_tier::waiting_bound + 1);
    restart();
    EXPECT_FALSE(ask(1)) << "the older one may not speak in its place";
    EXPECT_TRUE(ask(1000));
}

TEST_F(tiering, removals_beyond_what_can_be_remembered_take_everything) {
    begin();
    tier->keep(reply(1));
    restart();
    tier.reset();
    desk.abandon();  // as the end of the desk does: what the tier's threads had sent is for nobody
    open();
    taken.clear();
    begin();
    wait_for(tier_state::failing);
    for (std::size_t i = 0; i <= store_tier::removal_bound; ++i)
        tier->remove({ssin(10'000 + static_cast<int>(i))});
    EXPECT_LT(tier->totals().waiting, 10U) << "one change in place of all";
    vault.reset();
    wait_for(tier_state::working);
    run_until([&] { return tier->totals().written >= 1; });
    EXPECT_FALSE(ask(1));
    tier->keep(reply(2));
    restart();
    EXPECT_FALSE(ask(1));
    EXPECT_TRUE(ask(2)) << "what came after is kept";
}

// --- bars

TEST_F(tiering, a_bar_is_raised_again_before_anything_comes_from_the_disk) {
    begin();
    tier->keep(reply(1));
    bars.raise({7, now});
    tier->bars_raised();
    tier.reset();
    desk.abandon();
    caller_bars next;
    std::optional<wall_time> known;
    tier = std::make_unique<store_tier>(desk, settings(), next, [&](const kept_reply&, restored_as) {
        if (!known) known = next.until(7);
        return true;
    });
    run_until([&] { return known.has_value(); });
    EXPECT_EQ(*known, now);
    EXPECT_EQ(next.until(8), wall_time{});
    tier.reset();  // it uses `next`
}

TEST_F(tiering, a_bar_needs_no_other_change_to_come_to_the_disk) {
    begin();
    wait_for(tier_state::working);
    bars.raise({7, now});
    tier->bars_raised();
    wait_until_written(1);
    bars.raise({7, now + 1s});
    bars.raise({8, now});
    tier->bars_raised();
    wait_until_written(3);
    tier.reset();
    open();
    EXPECT_EQ(barred_until(7), now + 1s);
    EXPECT_EQ(barred_until(8), now);
}

TEST_F(tiering, bars_outlive_that_everything_is_purged) {
    begin();
    bars.raise({7, now});
    tier->bars_raised();
    wait_until_written(1);
    bool gone = false;
    tier->purge({}, [&](std::optional<std::uint64_t>) { gone = true; });
    run_until([&] { return gone; });
    tier.reset();
    open();
    EXPECT_EQ(barred_until(7), now) << "what is on its way may still be older";
}

TEST_F(tiering, bars_go_to_the_file_that_takes_a_damaged_ones_place) {
    begin();
    tier->keep(reply(1));
    bars.raise({7, now});
    tier->bars_raised();
    wait_until_written(2);
    tier.reset();
    std::ofstream(settings().file, std::ios::binary) << std::string(8192, '\x7f');
    for (const auto* suffix : {"-wal", "-shm"}) fs::remove(settings().file.string() + suffix);
    restart();
    EXPECT_TRUE(fs::exists(settings().file.string() + ".corrupt-1"));
    wait_until_written(1);
    tier.reset();
    open();
    EXPECT_EQ(barred_until(7), now);
}

TEST_F(tiering, a_file_that_is_destroyed_in_use_is_set_aside) {
    begin();
    std::string noise(8000, '\0');
    for (int i = 0; i < 100; ++i) {
        random_fill({reinterpret_cast<std::uint8_t*>(noise.data()), noise.size()});
        tier->keep(reply(i, noise));
    }
    room = 0;
    restart();
    const auto file = settings().file;
    const auto size = fs::file_size(file);
    {
        std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(4096);
        out << std::string(size - 4096, '\x7f');
    }
    run_until([&] {
        EXPECT_FALSE(ask(50));
        return fs::exists(file.string() + ".corrupt-1");
    });
    wait_for(tier_state::working);
    tier->keep(reply(2));
    restart();
    room = 10;
    EXPECT_FALSE(ask(50));
    EXPECT_TRUE(ask(2));
}

}  // namespace
}  // namespace garde::cache
