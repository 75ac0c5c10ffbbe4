// Deferrals on the disk: sealed, in order, found by their caller alone, and gone when their time is over.
#include "deferring.hpp"

#include <array>
#include <fstream>

namespace garde::emergency {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct vault_test : deferring {
    std::unique_ptr<deferral_vault> vault = open();

    void keep(const deferral_request& what) const { ASSERT_TRUE(vault->keep({&what, 1})); }
    void change(std::uint32_t number, deferral_state to, std::string result = {}) const {
        const deferral_change what{.id = id_of(number), .to = to, .attempts = 1, .result = std::move(result)};
        ASSERT_TRUE(vault->change({&what, 1}, now + 1min));
    }
    [[nodiscard]] std::vector<std::uint32_t> listed(const caller::identity& who) const {
        std::vector<std::uint32_t> out;
        const auto found = vault->of_caller(who, 100);
        for (const auto& each : found.value()) out.push_back(number_of(each.id));
        return out;
    }
    void reopen() {
        vault.reset();
        vault = open();
    }
};

TEST_F(vault_test, a_message_comes_back_as_it_came_also_after_a_restart) {
    auto what = message(1);
    what.body = std::string("\0<Envelope/>\xff", 13);
    keep(what);
    reopen();
    const auto found = vault->next("prescriptions", now);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->id, id_of(1));
    EXPECT_EQ((*found)->head, what.head);
    EXPECT_EQ((*found)->body.reveal(), what.body);
    EXPECT_EQ((*found)->again, repetition::harmless);
    EXPECT_EQ((*found)->valid_until, what.valid_until);
}

TEST_F(vault_test, messages_come_in_the_order_of_keeping_and_references_never) {
    keep(reference(9));
    keep(message(5));
    keep(message(3));
    EXPECT_EQ((*vault->next("prescriptions", now))->id, id_of(5));
    change(5, deferral_state::sent);
    EXPECT_EQ((*vault->next("prescriptions", now))->id, id_of(3));
    change(3, deferral_state::sent);
    EXPECT_FALSE(vault->next("prescriptions", now)->has_value());
    change(5, deferral_state::queued);
    EXPECT_EQ((*vault->next("prescriptions", now))->id, id_of(5)) << "it keeps its place";
    EXPECT_FALSE(vault->next("another", now)->has_value());
}

TEST_F(vault_test, a_caller_sees_his_own_and_nobody_elses) {
    keep(message(1));
    auto other = message(2);
    other.who = two;
    keep(other);
    keep(reference(3));
    EXPECT_THAT(listed(one), ElementsAre(3, 1));
    EXPECT_THAT(listed(two), ElementsAre(2));
    EXPECT_THAT(listed(caller::identity("CN=Example CA", "CN=Example Pharmacy", {})), ElementsAre());
    const auto entry = vault->of_caller(one, 1)->front();
    EXPECT_EQ(entry.reference, "reference 3");
    EXPECT_EQ(entry.asker, "CN=Example CA / CN=Example Pharmacy One");
    EXPECT_EQ(entry.request_sha256, to_hex(sha256("body 3")));
    EXPECT_EQ(entry.kind, deferral_kind::reference);
    EXPECT_EQ(entry.state, deferral_state::queued);
}

TEST_F(vault_test, neither_request_nor_caller_can_be_read_from_the_files) {
    auto what = message(1);
    what.body = "<Ssin>89010112345</Ssin>";
    keep(what);
    vault.reset();
    for (const auto& each : std::filesystem::directory_iterator(folder.path())) {
        std::ifstream in(each.path(), std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(in), {}};
        for (const auto* text : {"89010112345", "Example Pharmacy", "reference 1", "POST"})
            EXPECT_THAT(content, testing::Not(HasSubstr(text))) << each.path();
        if (each.path() == file) {
            EXPECT_THAT(content, HasSubstr("prescriptions")) << "or nothing was searched";
        }
    }
}

TEST_F(vault_test, what_was_changed_on_the_disk_is_not_sent) {
    keep(message(1));
    keep(message(2));
    vault.reset();
    auto store = store::open_sqlite_deferral_store(file);
    ASSERT_TRUE(store);
    const auto row = *(*store)->first("prescriptions", 0, 0);
    auto forged = *row;
    forged.sealed[forged.sealed.size() / 2] = static_cast<char>(forged.sealed[forged.sealed.size() / 2] ^ 1);
    ASSERT_TRUE((*store)->remove(row->id));
    ASSERT_TRUE((*store)->put(forged));
    store->reset();
    vault = open();
    EXPECT_EQ((*vault->next("prescriptions", now))->id, id_of(2));
    change(2, deferral_state::sent);
    EXPECT_FALSE(vault->next("prescriptions", now)->has_value());
    const auto broken = vault->of_caller(one, 1)->front();
    EXPECT_EQ(broken.state, deferral_state::ambiguous);
    EXPECT_EQ(broken.result, "seal-broken");
}

TEST_F(vault_test, a_key_is_replaced_by_one_before_it) {
    keep(message(1));
    keys = {master('b'), master('a')};
    reopen();
    EXPECT_TRUE(vault->next("prescriptions", now)->has_value());
    keys = {master('b')};
    reopen();
    EXPECT_TRUE(vault->next("prescriptions", now)->has_value());
    vault.reset();
    keys = {master('a')};
    const auto wrong = deferral_vault::open(settings());
    ASSERT_FALSE(wrong.has_value());
    EXPECT_THAT(wrong.error().message, HasSubstr("add the former key"));
}

TEST_F(vault_test, all_of_a_group_is_kept_or_none) {
    const std::array group{message(1), message(2), message(1)};  // an id twice
    EXPECT_FALSE(vault->keep(group).has_value());
    EXPECT_THAT(listed(one), ElementsAre());
    EXPECT_TRUE(vault->keep({group.data(), 2}).has_value());
    EXPECT_THAT(listed(one), ElementsAre(2, 1));
}

TEST_F(vault_test, what_is_withdrawn_was_never_there) {
    keep(message(1));
    keep(message(2));
    const std::vector gone{id_of(1)};
    ASSERT_TRUE(vault->withdraw(gone));
    EXPECT_THAT(listed(one), ElementsAre(2));
}

TEST_F(vault_test, what_was_being_sent_is_found_after_a_crash) {
    keep(message(1));
    keep(message(2));
    change(1, deferral_state::sent);
    reopen();
    const auto left = vault->left_sent();
    ASSERT_TRUE(left && left->size() == 1);
    EXPECT_EQ(left->front().id, id_of(1));
    EXPECT_EQ(left->front().again, repetition::harmless);
    EXPECT_EQ(left->front().attempts, 1U);
}

TEST_F(vault_test, those_whose_time_is_over_expire_and_the_settled_go_after_a_month) {
    keep(message(1));
    keep(message(2));
    keep(reference(3));
    change(2, deferral_state::sent);
    EXPECT_EQ(vault->tidy(now + 24h - 1ns)->size(), 0U);
    EXPECT_EQ(vault->tidy(now + 24h)->size(), 2U);
    std::map<std::uint32_t, deferral_state> states;
    const auto entries = vault->of_caller(one, 9);
    for (const auto& each : *entries) states[number_of(each.id)] = each.state;
    EXPECT_EQ(states[1], deferral_state::expired);
    EXPECT_EQ(states[2], deferral_state::sent) << "what is being sent is not over yet";
    EXPECT_EQ(states[3], deferral_state::expired);
    ASSERT_TRUE(vault->tidy(now + 24h + deferral_vault::settled_time - 1ns));
    EXPECT_THAT(listed(one), ElementsAre(3, 2, 1));
    ASSERT_TRUE(vault->tidy(now + 24h + deferral_vault::settled_time));
    EXPECT_THAT(listed(one), ElementsAre(2));
}

TEST_F(vault_test, a_full_ledger_keeps_no_more_and_says_why) {
    bytes = 512 * 1024;
    reopen();
    auto large = message(0);
    large.body.assign(50'000, 'x');
    int kept = 0;
    result<void> last;
    for (std::uint32_t number = 1; number < 100 && last; ++number) {
        large.id = id_of(number);
        last = vault->keep({&large, 1});
        kept += last ? 1 : 0;
    }
    ASSERT_FALSE(last.has_value());
    EXPECT_THAT(last.error().message, HasSubstr("[ledger] bytes"));
    EXPECT_GE(kept, 5);
    EXPECT_LE(kept, 10);
    EXPECT_TRUE(vault->nearly_full());
    // What is settled makes room.
    for (std::uint32_t number = 1; number <= 5; ++number) {
        change(number, deferral_state::sent);
        change(number, deferral_state::confirmed, "200");
    }
    ASSERT_TRUE(vault->tidy(now + 2min));
    EXPECT_TRUE(vault->keep({&large, 1}).has_value());
}

TEST_F(vault_test, an_outage_is_reported_in_the_order_of_keeping) {
    for (const std::uint32_t number : {4, 2, 7}) keep(message(number));
    auto other = message(1);
    other.outage = now - 24h;
    keep(other);
    std::vector<std::uint32_t> numbers;
    const auto entries = vault->of_outage("prescriptions", now);
    for (const auto& each : *entries) numbers.push_back(number_of(each.id));
    EXPECT_THAT(numbers, ElementsAre(4, 2, 7));
}

TEST(deferral_ids, are_read_as_they_are_written) {
    EXPECT_EQ(parse_deferral_id(to_text(id_of(77))), id_of(77));
    EXPECT_EQ(to_text(id_of(77)).size(), 22U);
    for (const auto* text : {"", "AAAA", "not base64url!!!!!!!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
        EXPECT_FALSE(parse_deferral_id(text)) << text;
}

}  // namespace
}  // namespace garde::emergency
