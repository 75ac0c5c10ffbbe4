// The reply cache behind its own thread: offers and questions by message, and what happens when its queues
// are full.
#include "garde/cache/cache_desk.hpp"

#include "../support/messages.hpp"
#include "../support/run.hpp"
#include "brake.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace garde::cache {
namespace {

using test::fixture;
using namespace std::chrono_literals;

constexpr std::size_t roomy = 16 * 1024 * 1024;
const wall_time nine = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;
const steady_time steady_nine{1000h};

struct at_desk : testing::Test {
    caller::identity one{"CN=Example CA", "CN=Example Pharmacy One", {}};
    caller::identity two{"CN=Example CA", "CN=Example Pharmacy Two", {}};
    std::shared_ptr<const config::cache_settings> rules = std::make_shared<config::cache_settings>();
    net::event_loop asking;
    cache_desk desk{roomy};
    brake standstill;  // behind the desk: a desk that stands still cannot end

    [[nodiscard]] cache::offer good_offer(const caller::identity& who, milliseconds after_nine = 0ms) const {
        return {.service = "assurability",
                .rules = rules,
                .who = who,
                .request_body = fixture("consult-request.xml"),
                .reply_body = fixture("consult-reply.xml"),
                .reply_content_type = "text/xml",
                .reply_status = 200,
                .consulted_at = nine + after_nine,
                .consulted_at_steady = steady_nine + after_nine};
    }
    /// One that the cache refuses at a glance.
    [[nodiscard]] cache::offer small_offer(const caller::identity& who, milliseconds after_nine = 0ms) const {
        return {.service = "assurability",
                .rules = rules,
                .who = who,
                .request_body = {},
                .reply_body = {},
                .reply_content_type = {},
                .reply_status = 500,
                .consulted_at = nine + after_nine,
                .consulted_at_steady = steady_nine + after_nine};
    }
    [[nodiscard]] question about(const caller::identity& who) const {
        return {.service = "assurability",
                .rules = rules,
                .who = who,
                .request_body = fixture("consult-request.xml"),
                .now = nine + 1h,
                .now_steady = steady_nine + 1h};
    }

    found ask(const caller::identity& who) {
        std::optional<found> out;
        asking.spawn(keep(desk.ask(asking, about(who)), out));
        test::run_until(asking, [&] { return out.has_value(); });
        return out.value_or(std::unexpected(miss{"no answer"}));
    }
    /// The miss's detail; empty for a hit.
    std::string detail_for(const caller::identity& who) {
        const found got = ask(who);
        return got ? "" : got.error().detail;
    }

    void stand_still() {
        cache::offer heavy = small_offer(caller::identity{});
        heavy.rules = standstill.rules();
        desk.offer(std::move(heavy));
        standstill.wait();
    }
    void fill_offers() {
        for (std::size_t i = 0; i < cache_desk::offer_bound; ++i) desk.offer(small_offer(caller::identity{}));
    }

    static net::task<> keep(net::task<found> what, std::optional<found>& out) {
        out.emplace(co_await std::move(what));
    }
};

TEST_F(at_desk, what_was_offered_is_found_byte_for_byte) {
    desk.offer(good_offer(one));
    const found got = ask(one);
    ASSERT_TRUE(got);
    EXPECT_EQ(*got->body, fixture("consult-reply.xml"));
    EXPECT_EQ(got->content_type, "text/xml");
    EXPECT_EQ(got->consulted_at, nine);
    EXPECT_EQ(desk.dropped(), 0U);
}

TEST_F(at_desk, what_was_not_offered_is_a_miss) {
    EXPECT_EQ(detail_for(one), "no-entry");
}

TEST_F(at_desk, entries_are_not_shared_between_callers) {
    desk.offer(good_offer(one));
    EXPECT_EQ(detail_for(two), "no-entry");
}

TEST_F(at_desk, an_offer_is_seen_by_every_later_question) {
    for (int i = 0; i < 50; ++i) {
        desk.offer(good_offer(one, milliseconds(i)));
        const found got = ask(one);
        ASSERT_TRUE(got);
        ASSERT_EQ(got->consulted_at, nine + milliseconds(i));
    }
}

TEST_F(at_desk, the_answer_comes_on_the_asking_thread) {
    std::thread::id answered_on;
    const auto note = [](cache_desk& at, net::event_loop& loop, question what,
                         std::thread::id& where) -> net::task<> {
        auto waiting = at.ask(loop, std::move(what));
        co_await std::move(waiting);
        where = std::this_thread::get_id();
    };
    test::run(asking, note(desk, asking, about(one), answered_on));
    EXPECT_EQ(answered_on, std::this_thread::get_id());
}

TEST_F(at_desk, workers_offer_and_ask_at_the_same_time) {
    std::vector<std::jthread> workers;
    std::atomic<int> hits = 0;
    desk.offer(good_offer(one));
    for (int w = 0; w < 3; ++w)
        workers.emplace_back([&] {
            net::event_loop loop;
            for (int i = 0; i < 50; ++i) {
                desk.offer(good_offer(one));
                std::optional<found> out;
                loop.spawn(keep(desk.ask(loop, about(one)), out));
                test::run_until(loop, [&] { return out.has_value(); });
                if (out && *out) ++hits;
            }
        });
    workers.clear();
    EXPECT_EQ(hits, 150);
}

TEST_F(at_desk, what_became_of_offers_and_questions_is_counted) {
    desk.offer(good_offer(one));
    desk.offer(small_offer(one));
    ASSERT_EQ(detail_for(one), "");
    ASSERT_EQ(detail_for(two), "no-entry");
    const auto totals = desk.totals();
    EXPECT_EQ(totals.offers[static_cast<std::size_t>(refusal::none)], 1U);
    EXPECT_EQ(totals.offers[static_cast<std::size_t>(refusal::http_status)], 1U);
    EXPECT_EQ(totals.misses.at("no-entry"), 1U);
    EXPECT_EQ(totals.served_ages[0], 1U) << "an hour old";
    EXPECT_EQ(totals.served_age_sum_s, 3600U);
    EXPECT_EQ(totals.kept.entries, 1U);
    EXPECT_EQ(totals.clock, clock_trust::good);
}

TEST_F(at_desk, a_purge_takes_one_callers_entries_and_what_was_offered_before_it) {
    const auto purge = [&](purge_order what) {
        std::optional<purge_result> out;
        std::binary_semaphore done{0};
        EXPECT_TRUE(desk.purge(std::move(what), [&](purge_result became) {
            out = became;
            done.release();
        }));
        done.acquire();
        return *out;
    };
    desk.offer(good_offer(one));
    desk.offer(good_offer(two));
    const auto gone = purge({.of = caller::pattern::parse("CN=Example Pharmacy One"), .before = {}});
    EXPECT_EQ(gone.from_memory, 1U);
    EXPECT_EQ(gone.disk, purge_result::on_disk::no_disk);
    EXPECT_EQ(detail_for(one), "no-entry");
    EXPECT_EQ(detail_for(two), "");
    EXPECT_EQ(purge({.of = {}, .before = nine}).from_memory, 0U);
    EXPECT_EQ(purge({.of = {}, .before = nine + 1ms}).from_memory, 1U);
    desk.offer(good_offer(one));
    EXPECT_EQ(purge({}).from_memory, 1U);
    EXPECT_EQ(desk.totals().kept.purged, 3U);
}

TEST_F(at_desk, a_purge_by_one_of_a_callers_names_reaches_what_he_asked_under_the_others) {
    caller::named_caller named{.name = "pharmacy", .known_as = {}, .limits = {}};
    named.known_as.push_back(*caller::pattern::parse("CN=Example Pharmacy One"));
    named.known_as.push_back(*caller::pattern::parse("CN=New Name"));
    const auto known = std::make_shared<caller::recognition>();
    known->known = caller::directory({named});
    desk.recognise(known);
    desk.offer(good_offer(known->known.recognise(one)));
    desk.offer(good_offer(two));
    std::binary_semaphore done{0};
    std::uint64_t gone = 0;
    ASSERT_TRUE(
        desk.purge({.of = caller::pattern::parse("CN=New Name"), .before = {}}, [&](purge_result became) {
            gone = became.from_memory;
            done.release();
        }));
    done.acquire();
    EXPECT_EQ(gone, 1U);
    EXPECT_EQ(detail_for(two), "");
}

TEST_F(at_desk, a_clock_that_was_set_raises_an_alarm) {
    desk.offer(good_offer(one));
    question later = about(one);
    later.now += 10min;
    std::optional<found> out;
    asking.spawn(keep(desk.ask(asking, std::move(later)), out));
    test::run_until(asking, [&] { return out.has_value(); });
    EXPECT_EQ(desk.totals().clock, clock_trust::stepped);
}

// --- a full queue of offers ---

TEST_F(at_desk, as_many_offers_as_the_bound_may_wait) {
    stand_still();
    fill_offers();
    EXPECT_EQ(desk.dropped(), 0U);
}

TEST_F(at_desk, an_offer_over_the_bound_is_dropped_and_counted) {
    stand_still();
    fill_offers();
    desk.offer(good_offer(one));
    desk.offer(good_offer(one));
    EXPECT_EQ(desk.dropped(), 2U);
    standstill.release();
    EXPECT_EQ(detail_for(one), "no-entry");
}

TEST_F(at_desk, a_dropped_offer_bars_what_its_caller_had_before) {
    // It may have said that the patient has died: what is older may not speak any more.
    desk.offer(good_offer(one));
    ASSERT_EQ(detail_for(one), "");
    stand_still();
    fill_offers();
    desk.offer(small_offer(one, 1ms));
    standstill.release();
    EXPECT_EQ(detail_for(one), "overtaken");
}

TEST_F(at_desk, a_dropped_offer_bars_what_came_at_the_same_instant) {
    desk.offer(good_offer(one));
    stand_still();
    fill_offers();
    desk.offer(small_offer(one));
    standstill.release();
    EXPECT_EQ(detail_for(one), "overtaken");
}

TEST_F(at_desk, a_dropped_offer_bars_nobody_else) {
    desk.offer(good_offer(two));
    ASSERT_EQ(detail_for(two), "");
    stand_still();
    fill_offers();
    desk.offer(small_offer(one, 1ms));
    standstill.release();
    EXPECT_EQ(detail_for(two), "");
}

TEST_F(at_desk, what_comes_after_a_dropped_offer_is_served) {
    stand_still();
    fill_offers();
    desk.offer(small_offer(one, 1ms));
    standstill.release();
    ASSERT_EQ(detail_for(one), "no-entry");  // and the queue has room again
    desk.offer(good_offer(one, 2ms));
    EXPECT_EQ(detail_for(one), "");
}

TEST_F(at_desk, of_several_dropped_offers_the_latest_counts) {
    desk.offer(good_offer(one, 5ms));
    ASSERT_EQ(detail_for(one), "");
    stand_still();
    fill_offers();
    desk.offer(small_offer(one, 6ms));
    desk.offer(small_offer(one, 1ms));  // of another worker, a little late
    standstill.release();
    EXPECT_EQ(detail_for(one), "overtaken");
}

// --- a full queue of questions ---

TEST_F(at_desk, a_question_over_the_bound_is_a_miss) {
    stand_still();
    question quick = about(one);
    quick.request_body.clear();
    quick.who = {};
    std::vector<std::optional<found>> out(cache_desk::question_bound + 1);
    for (auto& one_of_them : out) asking.spawn(keep(desk.ask(asking, quick), one_of_them));
    // All are asked; only the one that did not fit is answered while the desk stands still.
    test::run_until(asking, [&] { return out.back().has_value(); });
    ASSERT_FALSE(out.back()->has_value());
    EXPECT_EQ(out.back()->error().detail, "cache-busy");
    EXPECT_FALSE(out.front().has_value());
    standstill.release();
    test::run_until(
        asking, [&] { return std::ranges::all_of(out, [](const auto& each) { return each.has_value(); }); });
    EXPECT_EQ(out.front()->error().detail, "caller-unverified");
}

// --- the end ---

TEST(cache_desk, may_end_with_questions_unanswered) {
    // Those who asked have stopped running but are still there, as workers are at the end of the program.
    net::event_loop asking;
    std::optional<found> out;
    brake standstill;
    std::jthread releases;
    {
        cache_desk desk(roomy);
        desk.offer({.service = "assurability",
                    .rules = standstill.rules(),
                    .who = {},
                    .request_body = {},
                    .reply_body = {},
                    .reply_content_type = {},
                    .reply_status = 500});
        standstill.wait();
        question what;
        what.rules = std::make_shared<config::cache_settings>();
        asking.spawn(at_desk::keep(desk.ask(asking, std::move(what)), out));
        test::settle(asking);
        releases = std::jthread([&] { standstill.release(); });
    }
    releases.join();
    EXPECT_FALSE(out.has_value());
}

}  // namespace
}  // namespace garde::cache
