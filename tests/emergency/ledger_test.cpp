// The ledger behind its own thread: told is kept, nobody waits for the disk, what is due is asked again once
// the service is back, and each caller hears of his own.
#include "garde/emergency/ledger.hpp"

#include "../support/crash_disk.hpp"
#include "../support/messages.hpp"
#include "../support/run.hpp"
#include "deferring.hpp"

#include <condition_variable>
#include <fstream>
#include <latch>
#include <mutex>
#include <set>
#include <vector>

namespace garde::emergency {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// What the ledger gave to be asked again; answers as it is told.
class service_double {
  public:
    ledger::sender sender() {
        return [this](deferred_message what, ledger::on_attempt then) {
            {
                const std::lock_guard lock(mutex_);
                asked_.push_back(number_of(what.id));
                waiting_.push_back(std::move(then));
            }
            came_.notify_all();
            if (const auto answer = automatic_) next()(*answer);
        };
    }
    void answers_always(attempt_result with) { automatic_ = std::move(with); }
    /// Waits for the next one that is asked.
    ledger::on_attempt next() {
        std::unique_lock lock(mutex_);
        if (!came_.wait_for(lock, test::patience, [this] { return !waiting_.empty(); })) return [](auto) {};
        auto out = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        return out;
    }
    std::vector<std::uint32_t> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

  private:
    std::optional<attempt_result> automatic_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<std::uint32_t> asked_;
    std::vector<ledger::on_attempt> waiting_;
};

struct at_ledger : deferring {
    net::event_loop loop;
    service_double service;
    std::unique_ptr<ledger> desk;

    at_ledger() { now = wall_now(); }

    void begin() { desk = std::make_unique<ledger>(settings(), service.sender()); }
    std::expected<void, keep_failure> keep(deferral_request what) {
        return test::run(loop, desk->keep(loop, std::move(what)));
    }
    /// Once the ledger could be opened.
    void keep_first(const deferral_request& what) {
        const auto limit = test::in(test::patience);
        while (std::chrono::steady_clock::now() < limit)
            if (keep(what)) return;
        FAIL() << "it is never kept";
    }
    std::optional<deferral_list> list(const caller::identity& who, std::string known = {},
                                      milliseconds wait = 0ms) {
        return test::run(loop, desk->list(loop, who, std::move(known), test::in(wait)));
    }
    std::optional<deferral_state> state_of(std::uint32_t number) {
        const auto found = list(one);
        for (const auto& each : found.value_or(deferral_list{}).entries)
            if (number_of(each.id) == number) return each.state;
        return std::nullopt;
    }
    /// By what callers are told: waits for news with each list.
    void wait_for(std::uint32_t number, deferral_state wanted) {
        std::string known;
        for (int i = 0; i < 60; ++i) {
            const auto found = list(one, known, 1000ms);
            ASSERT_TRUE(found.has_value());
            known = found->version;
            for (const auto& each : found->entries)
                if (number_of(each.id) == number && each.state == wanted) return;
        }
        FAIL() << "deferral " << number << " is never " << to_text(wanted);
    }
};

TEST_F(at_ledger, what_a_caller_was_told_of_is_there_after_a_restart) {
    begin();
    keep_first(message(1));
    EXPECT_TRUE(keep(reference(2)));
    desk.reset();
    begin();
    const auto found = test::run(loop, desk->list(loop, one, {}, test::in(0ms)));
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->entries, SizeIs(2));
}

TEST_F(at_ledger, nothing_is_asked_again_before_the_service_is_back) {
    begin();
    keep_first(message(1));
    keep_first(message(2));
    desk->serving("another", true);
    EXPECT_EQ(state_of(1), deferral_state::queued);
    EXPECT_THAT(service.asked(), IsEmpty());
    desk->serving("prescriptions", true);
    service.next()({settlement::taken, "200"});
    wait_for(1, deferral_state::confirmed);
    service.next()({settlement::refused, "409"});
    wait_for(2, deferral_state::contradicted);
    EXPECT_THAT(service.asked(), ElementsAre(1, 2));
    const auto entries = list(one)->entries;
    EXPECT_EQ(entries[0].result, "409");
    EXPECT_EQ(entries[0].attempts, 1U);
}

TEST_F(at_ledger, one_that_is_not_answered_keeps_its_place_where_it_may_go_again) {
    begin();
    keep_first(message(1));
    keep_first(message(2));
    desk->serving("prescriptions", true);
    service.next()({settlement::unanswered, "timed-out"});
    service.next()({settlement::taken, "200"});
    wait_for(1, deferral_state::confirmed);
    EXPECT_THAT(service.asked(), ElementsAre(1, 1));
    EXPECT_EQ(list(one)->entries[1].attempts, 2U);
}

TEST_F(at_ledger, one_that_may_not_go_again_is_ambiguous) {
    begin();
    auto once = message(1);
    once.again = repetition::harmful;
    keep_first(once);
    desk->serving("prescriptions", true);
    service.next()({settlement::unanswered, "timed-out"});
    wait_for(1, deferral_state::ambiguous);
    EXPECT_THAT(service.asked(), ElementsAre(1));
}

TEST_F(at_ledger, a_crash_while_one_is_asked) {
    begin();
    auto once = message(2);
    once.again = repetition::harmful;
    keep_first(message(1));
    keep_first(once);
    desk->serving("prescriptions", true);
    service.next()(
        {settlement::unanswered, "timed-out"});  // the first goes again, and is under way at the end
    auto late = service.next();
    desk.reset();
    late({settlement::taken, "200"});  // too late for anybody
    begin();
    EXPECT_EQ(state_of(1), deferral_state::queued);
    EXPECT_EQ(state_of(2), deferral_state::queued);
    desk->serving("prescriptions", true);
    service.next()({settlement::taken, "200"});
    wait_for(1, deferral_state::confirmed);
    late = service.next();  // the second one
    desk.reset();
    begin();
    EXPECT_EQ(state_of(2), deferral_state::ambiguous);
}

TEST_F(at_ledger, references_are_handed_back_once_they_are_due) {
    begin();
    keep_first(reference(1));
    EXPECT_EQ(state_of(1), deferral_state::queued);
    desk->serving("prescriptions", true);
    wait_for(1, deferral_state::handed_back);
    EXPECT_THAT(service.asked(), IsEmpty());
    desk->serving("prescriptions", false);
    EXPECT_EQ(state_of(1), deferral_state::handed_back);
}

TEST_F(at_ledger, a_list_waits_for_news_and_not_longer_than_it_was_told) {
    begin();
    keep_first(message(1));
    const auto first = list(one);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(list(one, first->version, 10ms)->version, first->version);
    std::optional<std::optional<deferral_list>> later;
    loop.spawn(test::keep_result(desk->list(loop, one, first->version, test::in(test::patience)), later));
    test::settle(loop);
    EXPECT_FALSE(later.has_value());
    EXPECT_TRUE(keep(message(2)));
    test::run_until(loop, [&] { return later.has_value(); });
    EXPECT_THAT((*later)->entries, SizeIs(2));
}

TEST_F(at_ledger, callers_hear_of_their_own_only) {
    begin();
    keep_first(message(1));
    auto other = message(2);
    other.who = two;
    EXPECT_TRUE(keep(other));
    EXPECT_THAT(list(two)->entries, SizeIs(1));
    EXPECT_EQ(number_of(list(two)->entries[0].id), 2U);
}

TEST_F(at_ledger, a_paused_one_asks_nothing) {
    begin();
    keep_first(message(1));
    desk->pause();
    desk->serving("prescriptions", true);
    EXPECT_TRUE(keep(message(2)));
    EXPECT_THAT(service.asked(), IsEmpty());
    EXPECT_EQ(state_of(1), deferral_state::queued);
}

TEST_F(at_ledger, a_full_one_promises_nothing) {
    bytes = 400 * 1024;
    begin();
    keep_first(message(1));
    auto large = message(2);
    large.body.assign(500'000, 'x');
    const auto refused = keep(large);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), keep_failure::disk);
    EXPECT_EQ(state_of(2), std::nullopt);
    EXPECT_TRUE(desk->totals().failing);
    EXPECT_TRUE(keep(message(3)));
    EXPECT_FALSE(desk->totals().failing);
    EXPECT_EQ(desk->totals().kept, 2U);
}

TEST_F(at_ledger, a_folder_that_cannot_be_written_promises_nothing_until_it_can) {
    std::ofstream(folder.path() / "in-the-way") << "a file";
    file = folder.path() / "in-the-way" / "ledger.sqlite";
    begin();
    const auto refused = keep(message(1));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), keep_failure::disk);
    EXPECT_FALSE(list(one).has_value());
    std::filesystem::remove(folder.path() / "in-the-way");
    keep_first(message(1));
    EXPECT_FALSE(desk->totals().failing);
}

/// The disk does not answer until it is let go.
struct hung_disk : at_ledger {
    test::crash_disk disk{1};
    std::mutex mutex;
    std::condition_variable changed;
    bool hangs = false;
    bool hanging = false;

    hung_disk() {
        disk.at_every_step([this] {
            std::unique_lock lock(mutex);
            hanging = hangs;
            changed.notify_all();
            changed.wait(lock, [this] { return !hangs; });
        });
    }
    ~hung_disk() override {
        hang(false);
        desk.reset();
    }
    void hang(bool yes) {
        const std::lock_guard lock(mutex);
        hangs = yes;
        changed.notify_all();
    }
};

TEST_F(hung_disk, nobody_waits_longer_than_the_limit_and_who_gave_up_was_not_promised_anything) {
    begin();
    keep_first(message(1));
    hang(true);
    const auto first = keep(message(2));
    ASSERT_FALSE(first.has_value());
    EXPECT_EQ(first.error(), keep_failure::late);
    // From then on nobody waits at all.
    std::optional<std::expected<void, keep_failure>> second;
    loop.spawn(test::keep_result(desk->keep(loop, message(3)), second));
    test::settle(loop);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->error(), keep_failure::late);
    EXPECT_TRUE(desk->totals().failing);
    hang(false);
    keep_first(message(4));
    EXPECT_EQ(state_of(2), std::nullopt) << "who was told nothing must not be surprised";
    EXPECT_EQ(state_of(4), deferral_state::queued);
    EXPECT_FALSE(desk->totals().failing);
}

TEST_F(at_ledger, deferrals_of_one_outage_are_counted_together) {
    begin();
    desk->serving("prescriptions", false);
    keep_first(message(1));
    EXPECT_TRUE(keep(reference(2)));
    const auto limit = test::in(test::patience);
    while (desk->totals().counts.size() < 2 && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    const auto counts = desk->totals().counts;
    ASSERT_THAT(counts, SizeIs(2));
    EXPECT_EQ(counts[0].outage, counts[1].outage);
    std::latch reported(1);
    std::vector<deferral_entry> entries;
    desk->report("prescriptions", counts[0].outage, [&](result<std::vector<deferral_entry>> found) {
        if (found) entries = std::move(*found);
        reported.count_down();
    });
    reported.wait();
    EXPECT_THAT(entries, SizeIs(2));
}

TEST_F(at_ledger, a_restart_in_an_outage_does_not_begin_another_one) {
    begin();
    desk->serving("prescriptions", false);
    keep_first(message(1));
    desk.reset();
    begin();
    desk->serving("prescriptions", false);
    keep_first(message(2));
    const auto outages = [this] {
        const auto limit = test::in(test::patience);
        for (;;) {
            std::set<wall_time> out;
            std::uint64_t count = 0;
            for (const auto& each : desk->totals().counts) out.insert(each.outage), count += each.count;
            if (count == 2 || std::chrono::steady_clock::now() > limit) return out;
            (void)list(one);
        }
    };
    EXPECT_THAT(outages(), SizeIs(1));
}

// --- answers that were given from the cache

struct following : at_ledger {
    using at_ledger::one;
    std::string question = test::fixture("consult-request.xml");
    std::string answer = test::fixture("consult-reply.xml");

    void note(const caller::identity& who) {
        desk->follow({.service = "assurability",
                      .who = who,
                      .request_body = question,
                      .reply_body = std::make_shared<const std::string>(answer),
                      .reference = "R1",
                      .given_at = wall_now()});
    }
    [[nodiscard]] cache::cache_key key(const caller::identity& who) const {
        return cache::make_key("assurability", who, *soap::read_request(question));
    }
    void hear(const caller::identity& who, const std::string& reply) {
        desk->listener()->hear(
            key(who), {.why = cache::refusal::none, .facts = cache::facts_of(*soap::read_reply(reply))});
    }
    /// Until the only one of his is in this state.
    deferral_entry wait_until(const caller::identity& who, deferral_state wanted) {
        const auto limit = test::in(test::patience);
        std::string known;
        while (std::chrono::steady_clock::now() < limit) {
            const auto found = list(who, known, 1000ms);
            if (!found) continue;
            known = found->version;
            if (found->entries.size() == 1 && found->entries[0].state == wanted) return found->entries[0];
        }
        ADD_FAILURE() << "never " << to_text(wanted);
        return {};
    }
};

TEST_F(following, an_answer_is_confirmed_by_the_service_saying_the_same_again) {
    begin();
    note(one);
    const auto given = wait_until(one, deferral_state::queued);
    EXPECT_EQ(given.kind, deferral_kind::answer);
    EXPECT_EQ(given.reference, "R1");
    EXPECT_EQ(given.request_sha256, to_hex(sha256(question)));
    hear(one, answer);
    EXPECT_EQ(wait_until(one, deferral_state::confirmed).result, "same-coverage");
}

TEST_F(following, an_answer_is_contradicted_by_the_service_saying_something_else) {
    begin();
    note(one);
    note(two);
    wait_until(one, deferral_state::queued);
    wait_until(two, deferral_state::queued);
    hear(one, test::with(answer, "<c:Code1>110<", "<c:Code1>111<"));
    EXPECT_EQ(wait_until(one, deferral_state::contradicted).result, "coverage-changed");
    EXPECT_EQ(wait_until(two, deferral_state::queued).result, "") << "each caller asks for himself";
}

TEST_F(following, it_is_waited_for_over_a_restart) {
    begin();
    note(one);
    wait_until(one, deferral_state::queued);
    desk.reset();
    begin();
    wait_until(one, deferral_state::queued);  // it is open again
    EXPECT_TRUE(desk->listener()->waits_for(key(one)));
    hear(one, answer);
    wait_until(one, deferral_state::confirmed);
    desk.reset();
    begin();
    wait_until(one, deferral_state::confirmed);
    EXPECT_FALSE(desk->listener()->waits());
}

TEST_F(following, answers_leave_half_of_the_room_to_what_is_to_be_asked_again) {
    bytes = 128ULL * 1024;
    begin();
    keep_first(message(1));
    std::uint64_t given = 0;
    const auto limit = test::in(test::patience);
    while (desk->totals().not_followed == 0 && std::chrono::steady_clock::now() < limit) {
        note(two);
        ++given;
        (void)list(two);
    }
    EXPECT_GT(given, 10U);
    EXPECT_TRUE(keep(message(2)));
}

TEST_F(following, what_cannot_be_read_is_counted_as_not_followed) {
    begin();
    keep_first(message(1));
    question = "<no consult/>";
    note(two);
    const auto limit = test::in(test::patience);
    while (desk->totals().not_followed == 0 && std::chrono::steady_clock::now() < limit) (void)list(two);
    EXPECT_EQ(desk->totals().not_followed, 1U);
}

TEST_F(following, what_is_heard_after_the_end_harms_nobody) {
    begin();
    note(one);
    wait_until(one, deferral_state::queued);
    const auto ear = desk->listener();
    desk.reset();
    ear->hear(key(one), {.why = cache::refusal::deceased, .facts = {}});
}

}  // namespace
}  // namespace garde::emergency
