// The cache's desk with its disk: what outlives the process.
#include "garde/cache/cache_desk.hpp"

#include "../support/run.hpp"
#include "brake.hpp"
#include "vaulting.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace garde::cache {
namespace {

namespace fs = std::filesystem;

struct at_desk_with_disk : vaulting {
    caller::identity pharmacy{"CN=Example CA", "CN=Example Pharmacy One", {}};
    /// Its period has not ended, whatever day it is.
    std::string answer = test::with(test::fixture("consult-reply.xml"), "2018-12-31", "9999-12-31");
    std::shared_ptr<const config::cache_settings> rules = std::make_shared<config::cache_settings>();
    net::event_loop asking;

    [[nodiscard]] found ask(cache_desk& desk) {
        std::optional<found> out;
        const auto keep = [](net::task<found> answer, std::optional<found>& into) -> net::task<> {
            into = co_await std::move(answer);
        };
        asking.spawn(keep(desk.ask(asking, {.service = "assurability",
                                            .rules = rules,
                                            .who = pharmacy,
                                            .request_body = test::fixture("consult-request.xml"),
                                            .now = wall_now(),
                                            .now_steady = std::chrono::steady_clock::now()}),
                          out));
        test::run_until(asking, [&] { return out.has_value(); });
        return out.value_or(std::unexpected(miss{"no answer"}));
    }
    /// Asks again where others use the disk as well, and it may take longer than a question waits.
    [[nodiscard]] found ask_until(cache_desk& desk, const std::function<bool(const found&)>& right) {
        auto got = ask(desk);
        for (const auto limit = test::in(test::patience);
             !right(got) && std::chrono::steady_clock::now() < limit;)
            got = ask(desk);
        return got;
    }
    [[nodiscard]] cache::offer good_offer() const {
        return {.service = "assurability",
                .rules = rules,
                .who = pharmacy,
                .request_body = test::fixture("consult-request.xml"),
                .reply_body = answer,
                .reply_content_type = "text/xml",
                .reply_status = 200,
                .consulted_at = wall_now(),
                .consulted_at_steady = std::chrono::steady_clock::now()};
    }
    /// Until all that the desk was told so far is on the disk: a purge of nothing is told when it is done.
    static void wait_for_disk(cache_desk& desk) {
        std::promise<purge_result> done;
        auto told = done.get_future();
        while (!desk.purge({.of = {}, .before = wall_time{}},
                           [&](const purge_result& what) { done.set_value(what); }))
            std::this_thread::yield();  // the queue is full
        const auto what = told.get();
        ASSERT_EQ(what.disk, purge_result::on_disk::done);
        ASSERT_EQ(what.from_disk, 0U);
    }
};

TEST_F(at_desk_with_disk, an_answer_outlives_the_process_in_a_memory_that_holds_nothing) {
    {
        cache_desk desk(16 * 1024 * 1024);
        desk.keep_on_disk(settings());
        desk.offer(good_offer());
        ASSERT_TRUE(ask(desk)) << "from memory";
    }
    cache_desk desk(16 * 1024 * 1024);
    EXPECT_FALSE(ask(desk)) << "nothing in memory any more";
    desk.keep_on_disk(settings());
    wait_for_disk(desk);
    const auto got = ask_until(desk, [](const found& one) { return one.has_value(); });
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(*got->body, answer);
    EXPECT_EQ(got->who.subject(), "CN=Example Pharmacy One");
}

/// The disk as it is while the first desk lives: as a process finds it after another was killed.
TEST_F(at_desk_with_disk, a_dropped_offer_bars_what_its_caller_had_before_also_after_a_kill) {
    const test::temporary_folder killed;
    {
        cache_desk desk(16 * 1024 * 1024);
        brake standstill;
        desk.keep_on_disk(settings());
        desk.offer(good_offer());
        ASSERT_TRUE(ask(desk));
        wait_for_disk(desk);
        auto heavy = good_offer();
        heavy.who = {};
        heavy.rules = standstill.rules();
        desk.offer(std::move(heavy));
        standstill.wait();
        auto refused = good_offer();
        refused.reply_body.clear();
        refused.who = {};
        while (desk.dropped() == 0) desk.offer(refused);
        desk.offer(good_offer());
        standstill.release();
        wait_for_disk(desk);
        fs::copy(folder.path(), killed.path(), fs::copy_options::recursive);
    }
    cache_desk desk(16 * 1024 * 1024);
    auto there = settings();
    there.file = killed.path() / there.file.filename();
    desk.keep_on_disk(std::move(there));
    const auto got =
        ask_until(desk, [](const found& one) { return one || one.error().detail != "no-entry"; });
    ASSERT_FALSE(got) << "what is older than the dropped offer was served";
    EXPECT_EQ(got.error().detail, "overtaken");
}

}  // namespace
}  // namespace garde::cache
