// The reply store over SQLite: what is kept, and what goes.
#include "replying.hpp"

#include <string>
#include <vector>

namespace garde::store {
namespace {

TEST_F(replies, a_reply_comes_back_as_it_was_kept_also_after_a_restart) {
    put(reply(1));
    reopen();
    const std::vector tags{tag(9), tag(1)};
    const auto found = store->find(tags);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->reply.epoch, 1);
    EXPECT_EQ((*found)->reply.tag, tag(1));
    EXPECT_EQ((*found)->reply.removal_tags, (std::vector{tag(100), tag(101)}));
    EXPECT_EQ((*found)->reply.consulted_at, reply(1).consulted_at);
    EXPECT_EQ((*found)->reply.sealed, reply(1).sealed);
}

TEST_F(replies, of_several_tags_the_newest_reply_counts) {
    put(reply(2));
    put(reply(3));
    put(reply(1));
    const std::vector tags{tag(1), tag(3), tag(2)};
    EXPECT_EQ((*store->find(tags))->reply.tag, tag(3));
}

TEST_F(replies, what_is_rolled_back_was_never_there) {
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->put(reply(1)));
    store->roll_back();
    EXPECT_EQ(sealed_under(1), "nothing");
    EXPECT_EQ(store->size()->replies, 0U);
}

TEST_F(replies, a_removed_one_is_found_under_no_tag_any_more) {
    put(reply(1));
    put(reply(2));
    const std::vector shared{tag(100)};
    auto found = store->find_removable(shared, no_reply);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2U);
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->remove((*found)[0]));
    ASSERT_TRUE(store->commit());
    found = store->find_removable(shared, no_reply);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().reply.tag, tag(2));
    EXPECT_EQ(sealed_under(1), "nothing");
    EXPECT_EQ(store->size()->replies, 1U);
}

TEST_F(replies, of_a_bar_the_last_word_counts_and_it_goes_with_its_epoch) {
    const auto put_bar = [&](const stored_bar& bar) {
        ASSERT_TRUE(store->begin());
        ASSERT_TRUE(store->put_bar(bar));
        ASSERT_TRUE(store->commit());
    };
    ASSERT_TRUE(store->put_epoch({.id = 1, .begun = {}, .wrapped_key = "one"}));
    ASSERT_TRUE(store->put_epoch({.id = 2, .begun = {}, .wrapped_key = "two"}));
    put_bar({.epoch = 1, .tag = tag(1), .until = wall_time{1s}});
    put_bar({.epoch = 2, .tag = tag(2), .until = wall_time{2s}});
    put_bar({.epoch = 2, .tag = tag(2), .until = wall_time{3s}});
    reopen();
    EXPECT_EQ(store->bars()->size(), 2U);
    ASSERT_TRUE(store->destroy_epoch(1));
    const auto left = store->bars();
    ASSERT_TRUE(left);
    ASSERT_EQ(left->size(), 1U);
    EXPECT_EQ(left->front().epoch, 2);
    EXPECT_EQ(left->front().tag, tag(2));
    EXPECT_EQ(left->front().until, wall_time{3s});
}

TEST_F(replies, pages_go_from_the_newest_to_the_oldest_and_miss_none) {
    for (std::uint8_t i = 0; i < 10; ++i) {
        auto one = reply(i);
        one.consulted_at =
            reply(static_cast<std::uint8_t>(i / 3)).consulted_at;  // several at the same instant
        put(one);
    }
    reply_cursor at;
    std::vector<std::uint8_t> seen;
    for (;;) {
        const auto page = store->page(at, 4);
        ASSERT_TRUE(page);
        if (page->empty()) break;
        for (const auto& each : *page) {
            EXPECT_LE(each.reply.consulted_at, at.consulted_at);
            at = {each.reply.consulted_at, each.id};
            seen.push_back(each.reply.tag[0]);
        }
    }
    EXPECT_EQ(seen, (std::vector<std::uint8_t>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
}

TEST_F(replies, the_oldest_go_first) {
    for (std::uint8_t i = 1; i <= 5; ++i) put(reply(i));
    EXPECT_EQ(*store->remove_older(reply(5).consulted_at, 2), 2U);
    EXPECT_EQ(sealed_under(2), "nothing");
    EXPECT_NE(sealed_under(3), "nothing");
    EXPECT_EQ(*store->remove_older(reply(5).consulted_at, 100), 2U);
    EXPECT_NE(sealed_under(5), "nothing") << "it is not older than itself";
    EXPECT_EQ(*store->remove_older(reply(5).consulted_at, 100), 0U);
    const std::vector shared{tag(100)};
    EXPECT_EQ(store->find_removable(shared, no_reply)->size(), 1U);
}

TEST_F(replies, an_epoch_goes_with_all_its_replies) {
    ASSERT_TRUE(store->put_epoch({1, wall_time{1s}, "wrapped-key-of-one"}));
    ASSERT_TRUE(store->put_epoch({2, wall_time{2s}, "wrapped-key-of-two"}));
    put(reply(1, 1));
    put(reply(2, 2));
    ASSERT_TRUE(store->destroy_epoch(1));
    const auto epochs = store->epochs();
    ASSERT_TRUE(epochs);
    ASSERT_EQ(epochs->size(), 1U);
    EXPECT_EQ(epochs->front().id, 2);
    EXPECT_EQ(epochs->front().begun, wall_time{2s});
    EXPECT_EQ(epochs->front().wrapped_key, "wrapped-key-of-two");
    EXPECT_EQ(sealed_under(1), "nothing");
    EXPECT_NE(sealed_under(2), "nothing");
}

TEST_F(replies, an_epoch_with_thousands_goes_whole) {
    ASSERT_TRUE(store->put_epoch({1, wall_time{1s}, "one"}));
    ASSERT_TRUE(store->begin());
    for (int i = 0; i < 2500; ++i) {
        auto one = reply(0);
        one.tag = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i / 256)};
        ASSERT_TRUE(store->put(one));
    }
    ASSERT_TRUE(store->commit());
    ASSERT_TRUE(store->destroy_epoch(1));
    EXPECT_EQ(store->size()->replies, 0U);
    EXPECT_TRUE(store->epochs()->empty());
}

TEST_F(replies, a_key_may_be_wrapped_anew) {
    ASSERT_TRUE(store->put_epoch({1, wall_time{1s}, "old"}));
    ASSERT_TRUE(store->put_epoch({1, wall_time{1s}, "new"}));
    ASSERT_EQ(store->epochs()->size(), 1U);
    EXPECT_EQ(store->epochs()->front().wrapped_key, "new");
}

TEST_F(replies, a_reader_sees_what_was_committed_beside_the_writer) {
    put(reply(1));
    auto reader = open_sqlite_reply_reader(file);
    ASSERT_TRUE(reader);
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->put(reply(2)));
    const std::vector one{tag(1)};
    const std::vector two{tag(2)};
    EXPECT_TRUE((*reader)->find(one)->has_value());
    EXPECT_FALSE((*reader)->find(two)->has_value()) << "not committed yet";
    ASSERT_TRUE(store->commit());
    EXPECT_TRUE((*reader)->find(two)->has_value());
}

TEST_F(replies, a_reader_may_stay_at_one_moment) {
    put(reply(1));
    auto reader = open_sqlite_reply_reader(file);
    ASSERT_TRUE(reader);
    const std::vector one{tag(1)};
    const std::vector two{tag(2)};
    ASSERT_TRUE((*reader)->begin_reading());
    EXPECT_TRUE((*reader)->find(one)->has_value());
    put(reply(2));
    EXPECT_FALSE((*reader)->find(two)->has_value()) << "it came later";
    (*reader)->end_reading();
    EXPECT_TRUE((*reader)->find(two)->has_value());
}

TEST_F(replies, a_purge_takes_what_is_selected_and_nothing_else) {
    for (std::uint8_t i = 1; i <= 6; ++i) {
        auto one = reply(i);
        one.caller = 1 + i % 2;
        put(one);
    }
    EXPECT_EQ(*store->purge({.callers = std::vector<std::int64_t>{1}, .before = reply(4).consulted_at}), 1U);
    EXPECT_EQ(sealed_under(2), "nothing");
    EXPECT_NE(sealed_under(1), "nothing") << "it is another's";
    EXPECT_NE(sealed_under(4), "nothing") << "it is not older than itself";
    EXPECT_EQ(*store->purge({.callers = std::vector<std::int64_t>{2, 7}, .before = {}}), 3U);
    EXPECT_EQ(store->size()->replies, 2U);
    EXPECT_EQ(*store->purge({.callers = {}, .before = reply(6).consulted_at}), 1U);
    EXPECT_NE(sealed_under(6), "nothing");
    const std::vector shared{tag(100)};
    EXPECT_EQ(store->find_removable(shared, no_reply)->size(), 1U);
}

TEST_F(replies, a_purge_of_thousands_is_whole) {
    ASSERT_TRUE(store->begin());
    for (int i = 0; i < 2500; ++i) {
        auto one = reply(0);
        one.caller = i % 5;
        one.tag = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i / 256)};
        ASSERT_TRUE(store->put(one));
    }
    ASSERT_TRUE(store->commit());
    EXPECT_EQ(*store->purge({.callers = std::vector<std::int64_t>{0, 1, 2, 3}, .before = {}}), 2000U);
    EXPECT_EQ(store->size()->replies, 500U);
}

TEST_F(replies, callers_are_kept_as_long_as_their_epoch_and_their_numbers_are_never_used_again) {
    ASSERT_TRUE(store->put_epoch({1, wall_time{1s}, "one"}));
    ASSERT_TRUE(store->begin());
    const auto first = store->put_caller({.id = 0, .epoch = 1, .tag = tag(1), .sealed = "sealed-name"});
    ASSERT_TRUE(store->commit());
    ASSERT_TRUE(first);
    const auto known = store->callers();
    ASSERT_TRUE(known && known->size() == 1);
    EXPECT_EQ(known->front().id, *first);
    EXPECT_EQ(known->front().tag, tag(1));
    EXPECT_EQ(known->front().sealed, "sealed-name");
    auto one = reply(1);
    one.caller = *first;
    put(one);
    const std::vector tags{tag(1)};
    EXPECT_EQ((*store->find(tags))->reply.caller, *first);
    ASSERT_TRUE(store->destroy_epoch(1));
    EXPECT_TRUE(store->callers()->empty());
    ASSERT_TRUE(store->begin());
    EXPECT_GT(*store->put_caller({.id = 0, .epoch = 2, .tag = tag(2), .sealed = "other"}), *first);
    ASSERT_TRUE(store->commit());
}

}  // namespace
}  // namespace garde::store
