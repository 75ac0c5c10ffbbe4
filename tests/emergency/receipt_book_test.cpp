// Receipts on their way into a real journal, and proofs of them out of it.
#include "garde/emergency/receipt_book.hpp"

#include "garde/journal/checkpoint.hpp"
#include "garde/journal/journal.hpp"
#include "garde/journal/signed_note.hpp"

#include "../support/run.hpp"
#include "../support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace garde::emergency {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using namespace std::chrono_literals;

struct at_book : testing::Test {
    test::temporary_folder folder;
    net::event_loop loop;
    caller::identity anne{"CN=CA", "CN=Pharmacy One", {}};
    caller::identity bert{"CN=CA", "CN=Pharmacy Two", {}};
    std::optional<journal::writer> log;
    std::optional<receipt_book> book;
    std::string note;
    std::mutex mutex;
    std::vector<std::string> counts;  ///< of each record, in order; `drill` behind that of an exercise
    std::condition_variable came;

    at_book() {
        log.emplace(journal::writer::options{.folder = folder.path() / "journal"});
        begin();
    }
    void begin() {
        book.emplace(receipt_book::setup{.journal = folder.path() / "journal",
                                         .names_key = {},
                                         .write = [this](journal::record what) { write(std::move(what)); },
                                         .checkpoint = [this] { return note; }});
    }
    void write(journal::record what) {
        const auto text = what.attributes[0].second + (what.drill ? " drill" : "");
        log->append(std::move(what), [this, text](bool durable) {
            EXPECT_TRUE(durable);
            const std::lock_guard lock(mutex);
            counts.push_back(text);
            came.notify_all();
        });
    }
    /// Until so many records are durable.
    std::vector<std::string> wait_for_records(std::size_t count) {
        std::unique_lock lock(mutex);
        EXPECT_TRUE(came.wait_for(lock, test::patience, [&] { return counts.size() >= count; }));
        return counts;
    }
    issued_receipt issue(const std::string& bytes, wall_time at = wall_now()) {
        return {.id = new_receipt_id(at), .commitment = sha256(bytes), .who = anne};
    }
    std::expected<std::string, proof_failure> prove(const std::string& id, const caller::identity& who) {
        return test::run(loop, book->prove(loop, id, who));
    }
};

TEST_F(at_book, a_receipt_is_in_the_journal_soon_and_proven_to_its_caller) {
    const auto one = issue("one");
    book->note(one);
    wait_for_records(1);
    const auto document = prove(one.id, anne);
    ASSERT_TRUE(document);
    const auto checked = check_proof(*document, "one");
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->proof.in.size, 1U);
    EXPECT_EQ(checked->checkpoint, "");
    EXPECT_EQ(prove(one.id, bert).error(), proof_failure::unknown);
    EXPECT_EQ(prove(one.id, caller::identity()).error(), proof_failure::unknown);
}

TEST_F(at_book, many_share_a_record_and_each_is_proven) {
    std::vector<issued_receipt> all;
    for (std::size_t i = 0; i < 2 * receipts_a_record; ++i) {
        all.push_back(issue(std::to_string(i)));
        book->note(all.back());
    }
    EXPECT_THAT(wait_for_records(2), SizeIs(2));
    for (const std::size_t i :
         {std::size_t{0}, receipts_a_record - 1, receipts_a_record, 2 * receipts_a_record - 1}) {
        const auto document = prove(all[i].id, anne);
        ASSERT_TRUE(document) << i;
        EXPECT_TRUE(check_proof(*document, std::to_string(i))) << i;
        EXPECT_FALSE(check_proof(*document, std::to_string(i + 1 + receipts_a_record))) << i;
    }
}

/// The journal takes its time: the book's thread is at its first record until the test lets it go on.
TEST(receipt_book_bound, who_notes_the_last_that_may_wait_gives_all_to_the_journal_himself) {
    std::mutex mutex;
    std::condition_variable changed;
    bool begun = false;
    bool go_on = false;
    std::size_t own_records = 0;
    const auto me = std::this_thread::get_id();
    receipt_book book({.journal = {},
                       .names_key = {},
                       .write =
                           [&](const journal::record& /*what*/) {
                               std::unique_lock lock(mutex);
                               if (std::this_thread::get_id() == me) {
                                   ++own_records;
                                   return;
                               }
                               begun = true;
                               changed.notify_all();
                               changed.wait(lock, [&] { return go_on; });
                           },
                       .checkpoint = [] { return std::string(); }});
    const issued_receipt one{.id = new_receipt_id(wall_now()), .commitment = {}, .who = {}};
    book.note(one);
    {
        std::unique_lock lock(mutex);
        ASSERT_TRUE(changed.wait_for(lock, test::patience, [&] { return begun; }));
    }
    for (std::size_t i = 0; i + 1 < receipt_book::pending_bound; ++i) book.note(one);
    EXPECT_EQ(own_records, 0U);
    book.note(one);
    EXPECT_EQ(own_records, receipt_book::pending_bound / receipts_a_record);
    {
        const std::lock_guard lock(mutex);
        go_on = true;
    }
    changed.notify_all();
}

TEST_F(at_book, exercises_have_records_of_their_own) {
    auto drill = issue("drill");
    drill.exercise = true;
    book->note(issue("one"));
    book->note(drill);
    book->note(issue("two"));
    EXPECT_THAT(wait_for_records(2), ElementsAre("2", "1 drill"));
    EXPECT_TRUE(prove(drill.id, anne));
}

TEST_F(at_book, what_is_left_at_the_end_is_given_to_the_journal) {
    const auto one = issue("one");
    book->note(one);
    book.reset();
    wait_for_records(1);
    begin();
    EXPECT_TRUE(prove(one.id, anne));
}

TEST_F(at_book, what_is_not_there_yet_may_come_and_what_is_old_will_not) {
    book->note(issue("one"));
    wait_for_records(1);
    EXPECT_EQ(prove(new_receipt_id(wall_now()), anne).error(), proof_failure::not_yet);
    EXPECT_EQ(prove(new_receipt_id(wall_now() - 10min), anne).error(), proof_failure::unknown);
    EXPECT_EQ(prove(new_receipt_id(wall_now() + 10min), anne).error(), proof_failure::unknown);
    EXPECT_EQ(prove("no id", anne).error(), proof_failure::unknown);
}

TEST_F(at_book, the_proof_is_for_the_newest_checkpoint_that_has_it) {
    const auto one = issue("one");
    book->note(one);
    wait_for_records(1);
    const auto two = issue("two");
    book->note(two);
    wait_for_records(2);
    // Of one record: what is signed does not matter here.
    const auto first = journal::prove(folder.path() / "journal", 1, 1);
    ASSERT_TRUE(first);
    journal::signed_note made{.text = journal::to_text(journal::checkpoint{"garde", first->in}),
                              .signatures = {}};
    made.signatures.push_back({.name = "garde", .key = {1, 2, 3, 4}, .bytes = "signature"});
    note = journal::to_text(made);
    const auto of_one = check_proof(*prove(one.id, anne), "one");
    ASSERT_TRUE(of_one);
    EXPECT_EQ(of_one->proof.in, first->in);
    EXPECT_EQ(of_one->checkpoint, note);
    const auto of_two = check_proof(*prove(two.id, anne), "two");
    ASSERT_TRUE(of_two);
    EXPECT_EQ(of_two->proof.in.size, 2U);
    EXPECT_EQ(of_two->checkpoint, "");
}

TEST_F(at_book, callers_that_are_erased_are_not_guessed) {
    const auto old = issue("old");
    book->note(old);
    wait_for_records(1);
    // As an erasure leaves it.
    book.reset();
    log.reset();
    for (const auto& file : std::filesystem::directory_iterator(folder.path() / "journal"))
        if (file.path().extension() == ".key" && file.path().stem() != "names")
            std::filesystem::remove(file.path());
    log.emplace(journal::writer::options{.folder = folder.path() / "journal"});
    begin();
    EXPECT_EQ(prove(old.id, anne).error(), proof_failure::erased);
}

TEST_F(at_book, a_journal_that_cannot_be_read_is_told) {
    const auto one = issue("one");
    book->note(one);
    wait_for_records(1);
    book.reset();
    log.reset();
    std::filesystem::remove_all(folder.path() / "journal");
    begin();
    EXPECT_EQ(prove(one.id, anne).error(), proof_failure::unreadable);
}

}  // namespace
}  // namespace garde::emergency
