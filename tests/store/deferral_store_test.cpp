// The deferral store over SQLite: what is kept, in which order it comes back, and what a broken file does.
#include "garde/store/deferral_store.hpp"

#include "../support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace garde::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr wall_time day{std::chrono::seconds{1'533'798'000}};
constexpr std::uint8_t queued = 0;
constexpr std::uint8_t sent = 1;
constexpr std::uint8_t done = 2;

deferral_key key(std::uint8_t first) {
    return {first, 1, 2};
}

stored_deferral deferral(std::uint8_t number) {
    return {.number = 0,
            .id = key(number),
            .service = "assurability",
            .caller = key(200),
            .kind = 0,
            .outage = day,
            .kept_at = day + std::chrono::seconds(number),
            .valid_until = day + 1h + std::chrono::seconds(number),
            .now = {.state = queued,
                    .changed_at = day + std::chrono::seconds(number),
                    .attempts = 0,
                    .result = ""},
            .sealed = std::string("\0sealed", 7) + std::to_string(number),
            .label = "label"};
}

struct deferrals : testing::Test {
    test::temporary_folder folder;
    fs::path file = folder.path() / "deep" / "ledger.sqlite";
    std::unique_ptr<deferral_store> store = open();

    [[nodiscard]] std::unique_ptr<deferral_store> open() const {
        auto opened = open_sqlite_deferral_store(file);
        EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
        return opened ? std::move(*opened) : nullptr;
    }
    void put(const stored_deferral& what) const {
        ASSERT_TRUE(store->begin());
        ASSERT_TRUE(store->put(what));
        ASSERT_TRUE(store->commit());
    }
    void move(std::uint8_t number, std::uint8_t state, deferral_store::content sealed) const {
        ASSERT_TRUE(store->change(
            key(number), {.state = state, .changed_at = day + 2h, .attempts = 3, .result = "200"}, sealed));
    }
    static std::vector<int> numbers(const result<std::vector<stored_deferral>>& from) {
        std::vector<int> out;
        for (const auto& one : from.value()) out.push_back(one.id[0]);
        return out;
    }
};

TEST_F(deferrals, one_comes_back_as_it_was_kept_also_after_a_restart) {
    put(deferral(1));
    store.reset();
    store = open();
    auto found = store->first("assurability", 0, queued);
    ASSERT_TRUE(found && *found);
    EXPECT_GT((*found)->number, 0);
    (*found)->number = 0;
    EXPECT_EQ(**found, deferral(1));
}

TEST_F(deferrals, they_come_in_the_order_of_keeping_whatever_their_ids) {
    for (const std::uint8_t number : {5, 2, 9}) put(deferral(number));
    EXPECT_EQ((*store->first("assurability", 0, queued))->id, key(5));
    move(5, sent, deferral_store::content::stays);
    EXPECT_EQ((*store->first("assurability", 0, queued))->id, key(2));
    EXPECT_EQ((*store->first("assurability", 0, sent))->id, key(5));
    EXPECT_FALSE(store->first("assurability", 1, queued)->has_value());
    EXPECT_FALSE(store->first("another", 0, queued)->has_value());
}

TEST_F(deferrals, one_that_is_settled_keeps_its_label_and_nothing_of_the_request) {
    put(deferral(1));
    move(1, sent, deferral_store::content::stays);
    EXPECT_EQ((*store->first("assurability", 0, sent))->sealed, deferral(1).sealed);
    move(1, done, deferral_store::content::goes);
    const auto settled = store->first("assurability", 0, done);
    EXPECT_EQ((*settled)->sealed, "");
    EXPECT_EQ((*settled)->label, "label");
    EXPECT_EQ((*settled)->now.attempts, 3U);
    EXPECT_EQ((*settled)->now.result, "200");
}

TEST_F(deferrals, nothing_of_a_settled_request_is_left_in_the_files) {
    auto one = deferral(1);
    one.sealed = "a text that can be found";
    put(one);
    move(1, done, deferral_store::content::goes);
    store.reset();
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ASSERT_GT(bytes.size(), 1000U);
    EXPECT_EQ(bytes.find("can be found"), std::string::npos);
    EXPECT_FALSE(fs::exists(file.string() + "-wal"));
}

TEST_F(deferrals, what_is_rolled_back_was_never_there) {
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->put(deferral(1)));
    store->roll_back();
    EXPECT_FALSE(store->first("assurability", 0, queued)->has_value());
}

TEST_F(deferrals, an_id_is_there_once) {
    put(deferral(1));
    EXPECT_FALSE(store->put(deferral(1)).has_value());
}

TEST_F(deferrals, a_caller_finds_his_own_newest_first) {
    for (const std::uint8_t number : {1, 2, 3, 4}) {
        auto one = deferral(number);
        if (number == 3) one.caller = key(201);
        put(one);
    }
    EXPECT_THAT(numbers(store->of_caller(key(200), 10)), ElementsAre(4, 2, 1));
    EXPECT_THAT(numbers(store->of_caller(key(200), 2)), ElementsAre(4, 2));
    EXPECT_THAT(numbers(store->of_caller(key(202), 2)), ElementsAre());
}

TEST_F(deferrals, those_whose_time_is_over_come_by_their_time) {
    for (const std::uint8_t number : {3, 1, 2}) put(deferral(number));
    move(2, done, deferral_store::content::goes);
    const std::vector<std::uint8_t> open_states{queued, sent};
    EXPECT_THAT(numbers(store->overdue(day + 1h + 3s, open_states, 10)), ElementsAre(1, 3));
    EXPECT_THAT(numbers(store->overdue(day + 1h + 2s, open_states, 10)), ElementsAre(1));
    EXPECT_THAT(numbers(store->overdue(day + 1h, open_states, 10)), ElementsAre());
}

TEST_F(deferrals, an_outage_is_counted_by_kind_and_state_and_listed_in_parts) {
    for (std::uint8_t number = 1; number <= 5; ++number) {
        auto one = deferral(number);
        if (number == 4) one.outage = day - 1h;
        if (number == 5) one.kind = 1;
        put(one);
    }
    move(2, done, deferral_store::content::goes);
    const auto counts = store->counts();
    ASSERT_TRUE(counts.has_value());
    const auto kept = [](std::uint8_t number) { return deferral(number).kept_at; };
    EXPECT_THAT(*counts, ElementsAre(deferral_count{"assurability", day - 1h, 0, queued, 1, kept(4)},
                                     deferral_count{"assurability", day, 0, queued, 2, kept(3)},
                                     deferral_count{"assurability", day, 0, done, 1, kept(2)},
                                     deferral_count{"assurability", day, 1, queued, 1, kept(5)}));
    EXPECT_THAT(numbers(store->of_kind(0, queued, 0, 2)), ElementsAre(1, 3));
    EXPECT_THAT(numbers(store->of_kind(0, queued, 3, 9)), ElementsAre(4));
    EXPECT_THAT(numbers(store->of_kind(1, queued, 0, 9)), ElementsAre(5));
    EXPECT_THAT(numbers(store->of_outage("assurability", day, 0, 2)), ElementsAre(1, 2));
    EXPECT_THAT(numbers(store->of_outage("assurability", day, 2, 9)), ElementsAre(3, 5));
}

TEST_F(deferrals, old_ones_in_given_states_go) {
    for (const std::uint8_t number : {1, 2, 3}) put(deferral(number));
    move(1, done, deferral_store::content::goes);
    move(2, done, deferral_store::content::goes);
    const std::vector<std::uint8_t> settled{done};
    EXPECT_EQ(*store->remove_unchanged_since(day + 2h - 1s, settled, 10), 0U);
    EXPECT_EQ(*store->remove_unchanged_since(day + 2h, settled, 1), 1U);
    EXPECT_EQ(*store->remove_unchanged_since(day + 2h, settled, 10), 1U);
    EXPECT_EQ((*store->first("assurability", 0, queued))->id, key(3));
    EXPECT_THAT(numbers(store->in_state(done, 10)), ElementsAre());
}

TEST_F(deferrals, the_key_is_kept_and_replaced) {
    EXPECT_FALSE(store->wrapped_key()->has_value());
    ASSERT_TRUE(store->put_wrapped_key("first"));
    ASSERT_TRUE(store->put_wrapped_key("second"));
    store.reset();
    store = open();
    EXPECT_EQ(**store->wrapped_key(), "second");
}

TEST_F(deferrals, one_process_has_it) {
    const auto other = open_sqlite_deferral_store(file);
    ASSERT_FALSE(other.has_value());
    EXPECT_THAT(other.error().message, testing::HasSubstr("ledger.sqlite.lock"));
}

TEST_F(deferrals, a_damaged_file_is_set_aside) {
    put(deferral(1));
    store.reset();
    std::ofstream(file, std::ios::binary) << std::string(8192, 'x');
    store = open();
    ASSERT_NE(store, nullptr);
    EXPECT_FALSE(store->first("assurability", 0, queued)->has_value());
    EXPECT_TRUE(fs::exists(file.string() + ".corrupt-1"));
}

TEST_F(deferrals, it_says_how_large_it_is) {
    const auto before = *store->bytes();
    for (std::uint8_t number = 1; number < 100; ++number) {
        auto one = deferral(number);
        one.sealed.assign(4000, 'x');
        put(one);
    }
    EXPECT_GT(*store->bytes(), before + 99 * 4000);
}

}  // namespace
}  // namespace garde::store
