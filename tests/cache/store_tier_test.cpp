// The cache's disk behind its threads: what comes back after a restart, and what is not taken from the disk
// because something newer is on its way.
#include "tiering.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>

namespace garde::cache {
namespace {

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

}  // namespace
}  // namespace garde::cache
