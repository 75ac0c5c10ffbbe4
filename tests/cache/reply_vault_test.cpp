// Kept answers on the disk: what comes back, what goes, which keys open it, and what can be read of it
// without them.
#include "vaulting.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>

namespace garde::cache {
namespace {

namespace fs = std::filesystem;

TEST_F(vaulting, a_kept_reply_comes_back_whole_also_after_a_restart) {
    open();
    keep(reply(1));
    for (int round = 0; round < 2; ++round) {
        const auto found = find(1);
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(*found->body, test::fixture("consult-reply.xml"));
        EXPECT_EQ(found->removal_keys, reply(1).removal_keys);
        EXPECT_EQ(found->consulted.wall, now);
        EXPECT_EQ(found->consulted.steady, steady);
        open();
    }
    EXPECT_FALSE(find(2).has_value());
}

TEST_F(vaulting, a_newer_reply_takes_the_place_of_an_older_one) {
    open();
    keep(reply(1));
    steady += 1h;
    now += 1h;
    EXPECT_TRUE(keep(reply(1, "newer")).empty());
    EXPECT_EQ(*find(1)->body, "newer");
    EXPECT_EQ(vault->size()->replies, 1U);
}

TEST_F(vaulting, a_reply_with_an_older_communicated_does_not_and_gets_the_newer_one_back) {
    open();
    keep(reply(1, "newer by the insurer's word"));
    auto older = reply(1, "older");
    older.communicated -= std::chrono::days{1};
    older.consulted.steady = steady + 1h;
    const auto stays = keep(older);
    ASSERT_EQ(stays.size(), 1U);
    EXPECT_EQ(*stays.front().body, "newer by the insurer's word");
    EXPECT_EQ(*find(1)->body, "newer by the insurer's word");
}

TEST_F(vaulting, a_newer_reply_replaces_one_of_an_earlier_epoch) {
    open();
    keep(reply(1));
    now += reply_vault::epoch_length;
    steady += reply_vault::epoch_length;
    keep(reply(2));
    ASSERT_EQ(vault->ring()->size(), 2U);
    keep(reply(1, "newer"));
    EXPECT_EQ(*find(1)->body, "newer");
    EXPECT_EQ(vault->size()->replies, 2U);
}

TEST_F(vaulting, bars_come_back_after_a_restart_whatever_epoch_they_are_of) {
    open();
    EXPECT_EQ(vault->bars()->size(), 0U);
    apply({bar_change{{7, now}}, bar_change{{4095, now}}});
    const auto first = now;
    now += reply_vault::epoch_length;
    apply({bar_change{{7, now}}, bar_change{{0, now}}});
    open();
    EXPECT_EQ(barred_until(7), now);
    EXPECT_EQ(barred_until(0), now);
    EXPECT_EQ(barred_until(4095), first);
    EXPECT_EQ(barred_until(8), wall_time{});
}

TEST_F(vaulting, a_removal_takes_what_is_known_under_the_same_patients_other_names) {
    open();
    auto by_both = reply(1);
    auto by_second = reply(2);
    by_second.removal_keys = {by_both.removal_keys[1]};
    auto by_third = reply(3);
    keep(by_both);
    now += reply_vault::epoch_length;  // in another epoch
    keep(by_second);
    keep(by_third);
    apply({remove_change{{ssin(1)}}});
    EXPECT_FALSE(find(1).has_value());
    EXPECT_FALSE(find(2).has_value()) << "the same patient by his registration";
    EXPECT_TRUE(find(3).has_value());
}

TEST_F(vaulting, changes_count_in_their_order) {
    open();
    apply({keep_change{reply(1)}, remove_change{{ssin(1)}}, keep_change{reply(2)},
           forget_change{reply(2).key}, remove_change{{ssin(3)}}, keep_change{reply(3)}});
    EXPECT_FALSE(find(1).has_value());
    EXPECT_FALSE(find(2).has_value());
    EXPECT_TRUE(find(3).has_value());
}

TEST_F(vaulting, all_goes_with_its_keys_and_what_comes_after_stays) {
    open();
    keep(reply(1));
    const auto before = vault->ring()->front().tag(reply(1).key);
    apply({keep_change{reply(2)}, clear_change{}, keep_change{reply(3)}});
    EXPECT_FALSE(find(1).has_value());
    EXPECT_FALSE(find(2).has_value());
    EXPECT_TRUE(find(3).has_value());
    ASSERT_EQ(vault->ring()->size(), 1U);
    EXPECT_NE(vault->ring()->front().tag(reply(1).key), before) << "the former key would still open copies";
}

TEST_F(vaulting, a_purge_goes_by_caller_in_all_epochs_and_by_age) {
    open();
    const caller_ptr one = who;
    const caller_ptr two = std::make_shared<const caller::identity>("CN=ca", "CN=pharmacy-2",
                                                                    std::vector<std::string>{"DNS:two.test"});
    const auto keep_of = [&](int number, const caller_ptr& whose) {
        auto what = reply(number);
        what.who = whose;
        keep(what);
    };
    keep_of(1, one);
    keep_of(2, two);
    now += 24h * 8;  // another epoch
    keep_of(3, one);
    keep_of(4, two);
    open();
    ASSERT_EQ(vault->ring()->size(), 2U);
    EXPECT_EQ(*find(2)->who, *two) << "whose it is comes back";
    EXPECT_EQ(find(2)->who->alternative_names(), two->alternative_names());
    const auto purge = [&](purge_selection which) {
        const std::vector<change> order{purge_change{std::move(which), 7}};
        const auto done = vault->apply(order, now);
        EXPECT_TRUE(done && done->purged.size() == 1 && done->purged.front().first == 7);
        return done->purged.front().second;
    };
    const auto of_two = [](const caller::identity& of) { return of.subject() == "CN=pharmacy-2"; };
    EXPECT_EQ(purge({.of = of_two, .before = now - 24h}), 1U);
    EXPECT_FALSE(find(2));
    EXPECT_TRUE(find(4));
    EXPECT_EQ(purge({.of = of_two, .before = {}}), 1U);
    EXPECT_EQ(purge({.of = of_two, .before = {}}), 0U);
    EXPECT_TRUE(find(1) && find(3));
    EXPECT_EQ(purge({.of = {}, .before = now - 24h}), 1U);
    EXPECT_FALSE(find(1));
    EXPECT_TRUE(find(3));
}

TEST_F(vaulting, a_batch_counts_in_its_order_around_a_purge) {
    open();
    std::vector<change> batch;
    batch.emplace_back(keep_change{reply(1)});
    batch.emplace_back(purge_change{{.of = [](const caller::identity&) { return true; }, .before = {}}, 1});
    batch.emplace_back(keep_change{reply(2)});
    apply(std::move(batch));
    EXPECT_FALSE(find(1));
    EXPECT_TRUE(find(2));
}

TEST_F(vaulting, an_epoch_is_destroyed_when_its_last_reply_is_over) {
    open();
    keep(reply(1));
    now += reply_vault::epoch_length;
    keep(reply(2));
    now += reply_vault::longest_age;
    ASSERT_TRUE(vault->tidy(now, true));
    EXPECT_EQ(vault->ring()->size(), 2U) << "something of its last second may still be served";
    now += 1s;
    ASSERT_TRUE(vault->tidy(now, true));
    EXPECT_EQ(vault->ring()->size(), 1U);
    EXPECT_EQ(vault->ring()->front().epoch(), 2);
}

TEST_F(vaulting, what_is_over_goes_but_not_while_the_clock_cannot_be_trusted) {
    open();
    keep(reply(1));
    now += reply_vault::longest_age + 1s;
    keep(reply(2));
    ASSERT_TRUE(vault->tidy(now, false));
    EXPECT_TRUE(find(1).has_value());
    ASSERT_TRUE(vault->tidy(now, true));
    EXPECT_FALSE(find(1).has_value());
    EXPECT_TRUE(find(2).has_value());
}

TEST_F(vaulting, the_bound_holds_and_the_oldest_go_first) {
    bytes = 1024 * 1024;
    open();
    std::string noise(4000, '\0');
    for (int i = 0; i < 600;) {
        std::vector<change> batch;
        for (const int end = i + 30; i < end; ++i) {
            now += 1s;
            steady += 1s;
            random_fill({reinterpret_cast<std::uint8_t*>(noise.data()), noise.size()});
            batch.emplace_back(keep_change{reply(i, noise)});
        }
        apply(std::move(batch));
        ASSERT_TRUE(vault->make_room());
        ASSERT_LE(vault->size()->bytes, bytes);
    }
    EXPECT_TRUE(find(599).has_value());
    EXPECT_FALSE(find(0).has_value());
    EXPECT_GT(vault->size()->replies, 10U);
}

// --- keys

TEST_F(vaulting, another_master_key_opens_nothing_and_a_new_epoch_begins) {
    open();
    keep(reply(1));
    keys = {master('b')};
    open();
    EXPECT_FALSE(find(1).has_value());
    keep(reply(2));
    EXPECT_TRUE(find(2).has_value());
}

TEST_F(vaulting, after_a_rotation_the_former_key_may_go) {
    open();
    keep(reply(1));
    keys = {master('b'), master('a')};
    open();
    EXPECT_TRUE(find(1).has_value()) << "by the former key";
    keys = {master('b')};
    open();
    EXPECT_TRUE(find(1).has_value()) << "wrapped anew";
    keys = {master('a')};
    open();
    EXPECT_FALSE(find(1).has_value()) << "the former key is worth nothing any more";
}

TEST_F(vaulting, a_reply_in_anothers_place_is_not_taken) {
    open();
    keep(reply(1));
    keep(reply(2));
    vault.reset();
    auto raw = store::open_sqlite_reply_store(settings().file);
    ASSERT_TRUE(raw);
    const auto rows = (*raw)->page({}, 10);
    ASSERT_EQ(rows->size(), 2U);
    auto swapped = (*rows)[0].reply;
    swapped.sealed = (*rows)[1].reply.sealed;
    ASSERT_TRUE((*raw)->begin());
    ASSERT_TRUE((*raw)->remove((*rows)[0]));
    ASSERT_TRUE((*raw)->put(swapped));
    ASSERT_TRUE((*raw)->commit());
    raw->reset();
    open();
    EXPECT_NE(find(1).has_value(), find(2).has_value()) << "the one that was not touched, and no other";
}

// --- what can be read without the keys

/// In the forms in which something like that is usually left behind.
std::vector<std::string> forms(const std::string& text) {
    std::vector<std::string> out{text};
    out.push_back(to_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
    // Inside a longer text, Base64 depends on what stands before; its inner characters do not.
    for (std::size_t shift = 0; shift < 3; ++shift) {
        const auto coded = to_base64url(std::string(shift, 'x') + text);
        const auto begin = shift == 0 ? 0 : shift + 1;
        out.push_back(coded.substr(begin, coded.size() - begin - 2));
    }
    std::string url;
    for (const char c : text) {
        const auto hex = to_hex(std::array{static_cast<std::uint8_t>(c)});
        url += "%" + hex;
    }
    out.push_back(url);
    return out;
}

struct leaks {
    fs::path folder;
    [[nodiscard]] bool hold(const std::string& text) const {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            for (const auto& form : forms(text))
                if (bytes.find(form) != std::string::npos) return true;
        }
        return false;
    }
};

TEST_F(vaulting, nothing_of_a_patient_can_be_found_in_the_files) {
    const leaks left{folder.path()};
    open();
    std::vector<change> all;
    for (int i = 0; i < 50; ++i) all.emplace_back(keep_change{reply(i)});
    apply(std::move(all));
    apply({remove_change{{ssin(3)}}});
    const auto words = {std::string("00000000101"),     std::string("0000000000001"),
                        std::string("EXAMPLE"),         std::string("PATIENT"),
                        std::string("EXAMPLEAPPROVAL"), std::string("Insurability")};
    for (const auto& word : words) EXPECT_FALSE(left.hold(word)) << word;
    const auto of = [](const cache_key& key) {
        return std::string(reinterpret_cast<const char*>(key.data()), 16);
    };
    EXPECT_FALSE(left.hold(of(reply(1).key))) << "numbers can be enumerated: not even a hash of theirs";
    EXPECT_FALSE(left.hold(of(ssin(1))));
    vault.reset();
    for (const auto& word : words) EXPECT_FALSE(left.hold(word)) << word << ", after the end";
}

TEST_F(vaulting, the_search_finds_what_is_planted) {
    const leaks left{folder.path()};
    for (const auto& form : forms("00000000101")) {
        std::ofstream(folder.path() / "planted", std::ios::binary) << "before" << form << "behind";
        EXPECT_TRUE(left.hold("00000000101")) << form;
    }
}

TEST_F(vaulting, a_fixture_consult_takes_little_room) {
    open();
    constexpr int count = 2000;
    std::vector<change> all;
    for (int i = 0; i < count; ++i) all.emplace_back(keep_change{reply(i)});
    apply(std::move(all));
    const auto each = vault->size()->bytes / count;
    std::cout << "  " << each << " bytes on disk for a fixture consult\n";
    EXPECT_LE(each, 600U);
}

}  // namespace
}  // namespace garde::cache
