// Receipts in the journal's records: found by their ids, for their callers, and proven with nothing but
// hashes.
#include "garde/emergency/receipt_proof.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <vector>

namespace garde::emergency {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

const wall_time now = *parse_rfc3339("2026-03-02T08:00:00Z");
const caller::identity anne("CN=CA", "CN=Pharmacy One", {});
const caller::identity bert("CN=CA", "CN=Pharmacy Two", {});

issued_receipt issue(const std::string& bytes, const caller::identity& who = anne) {
    return {.id = new_receipt_id(now), .commitment = sha256(bytes), .who = who};
}

/// As it is read; `hidden` in place of what is personal.
journal::shown_record shown(const journal::record& what, const std::string& hidden = "") {
    journal::shown_record out{.seq = 1, .at = to_rfc3339(what.at), .event = what.event};
    out.attributes = what.attributes;
    for (auto& [name, value] : out.attributes)
        if (name == "callers" && !hidden.empty()) value = hidden;
    return out;
}

std::string value(const journal::record& of, std::string_view name) {
    for (const auto& [key, text] : of.attributes)
        if (key == name) return text;
    return {};
}

/// A log of two records, the second of which is this one; proven as RFC 9162 has it.
journal::inclusion_proof proof_of(const std::string& leaf) {
    const auto hash = [](char kind, std::string_view text) {
        return sha256(std::string(1, kind) + std::string(text));
    };
    const auto text_of = [](const digest256& of) {
        return std::string(reinterpret_cast<const char*>(of.data()), of.size());
    };
    const auto first = hash('\0', "first");
    const auto root = hash('\1', text_of(first) + text_of(hash('\0', leaf)));
    return {.leaf = leaf, .seq = 2, .in = {.size = 2, .root = root}, .path = {first}};
}

std::string leaf_with(const std::string& receipts, const std::string& event = "receipts") {
    return fmt::format(
        R"({{"seq":2,"at":"2026-03-02T08:00:00.000Z","event":"{}","attributes":{{"receipts":"{}"}}}})", event,
        receipts);
}

// --- ids

TEST(receipt_id, tells_when_it_was_made_and_comes_once) {
    std::set<std::string> all;
    for (int i = 0; i < 1'000; ++i) {
        const auto id = new_receipt_id(now + milliseconds(i));
        EXPECT_EQ(id.size(), 24U);
        EXPECT_EQ(time_of_receipt_id(id), now + milliseconds(i));
        all.insert(id);
    }
    EXPECT_EQ(all.size(), 1'000U);
    EXPECT_NE(new_receipt_id(now), new_receipt_id(now));
}

TEST(receipt_id, what_is_none_has_no_time) {
    const auto id = new_receipt_id(now);
    for (const auto& wrong :
         {std::string(), id.substr(1), id + "A", "x" + id, std::string(24, '='), std::string(24, '_')})
        EXPECT_EQ(time_of_receipt_id(wrong), std::nullopt) << wrong;
}

// --- records

TEST(receipts_record, names_neither_receipts_nor_callers) {
    const std::vector all{issue("one"), issue("two", bert), issue("three", caller::identity())};
    const auto record = receipts_record(now, all);
    EXPECT_EQ(record.event, "receipts");
    EXPECT_EQ(value(record, "count"), "3");
    for (const auto& [name, text] : record.attributes)
        for (const auto& one : all) {
            EXPECT_THAT(text, Not(HasSubstr(one.id))) << name;
            EXPECT_THAT(text, Not(HasSubstr("Pharmacy"))) << name;
        }
    EXPECT_FALSE(record.drill);
}

TEST(receipts_record, of_an_exercise_is_a_drill) {
    std::vector all{issue("one")};
    all[0].exercise = true;
    EXPECT_TRUE(receipts_record(now, all).drill);
}

TEST(receipts_record, full_is_written_whole) {
    std::vector<issued_receipt> all;
    for (std::size_t i = 0; i < receipts_a_record; ++i) all.push_back(issue(std::to_string(i)));
    const auto record = receipts_record(now, all);
    EXPECT_LE(value(record, "receipts").size(), 4096U) << "the journal cuts longer values";
    EXPECT_LE(value(record, "callers").size(), 4096U);
    for (const auto& one : all) EXPECT_EQ(find_receipt(shown(record), one.id, anne), receipt_match::his);
}

TEST(receipts_record, each_receipt_is_its_callers) {
    const std::vector all{issue("one"), issue("two", bert), issue("three", caller::identity())};
    const auto record = shown(receipts_record(now, all));
    EXPECT_EQ(find_receipt(record, all[0].id, anne), receipt_match::his);
    EXPECT_EQ(find_receipt(record, all[0].id, bert), receipt_match::of_others);
    EXPECT_EQ(find_receipt(record, all[0].id, caller::identity()), receipt_match::of_others);
    EXPECT_EQ(find_receipt(record, all[1].id, bert), receipt_match::his);
    EXPECT_EQ(find_receipt(record, all[1].id, anne), receipt_match::of_others);
    // Who had not shown who he is has nothing but the id.
    EXPECT_EQ(find_receipt(record, all[2].id, anne), receipt_match::his);
    EXPECT_EQ(find_receipt(record, all[2].id, caller::identity()), receipt_match::his);
    EXPECT_EQ(find_receipt(record, new_receipt_id(now), anne), receipt_match::absent);
}

TEST(receipts_record, whose_callers_are_erased_is_nobodys) {
    const std::vector all{issue("one"), issue("two", bert)};
    const auto record = receipts_record(now, all);
    for (const auto* hidden : {"(erased)", "(sealed)"})
        EXPECT_EQ(find_receipt(shown(record, hidden), all[0].id, anne), receipt_match::erased);
    // A single one must not be taken for its own tag.
    const std::vector single{issue("one")};
    EXPECT_EQ(find_receipt(shown(receipts_record(now, single), "(erased)"), single[0].id, anne),
              receipt_match::erased);
}

TEST(receipts_record, another_event_has_no_receipts) {
    const std::vector all{issue("one")};
    auto record = shown(receipts_record(now, all));
    record.event = "verdict";
    EXPECT_EQ(find_receipt(record, all[0].id, anne), receipt_match::absent);
}

// --- proofs

class receipt_proof : public testing::Test {
  protected:
    const issued_receipt receipt_ = issue("the receipt");
    const std::string receipts_ =
        value(receipts_record(now, std::vector{issue("other"), receipt_}), "receipts");
    const std::string document_ = proof_document(receipt_.id, proof_of(leaf_with(receipts_)), "note");
};

TEST_F(receipt_proof, holds_for_its_receipt_and_says_where_it_is) {
    const auto checked = check_proof(document_, "the receipt");
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->proof.seq, 2U);
    EXPECT_EQ(checked->proof.in, proof_of(leaf_with(receipts_)).in);
    EXPECT_EQ(checked->at, "2026-03-02T08:00:00.000Z");
    EXPECT_EQ(checked->checkpoint, "note");
}

TEST_F(receipt_proof, holds_for_no_other) {
    for (const auto* other : {"the receipu", "", "the receipt "}) {
        const auto checked = check_proof(document_, other);
        ASSERT_FALSE(checked);
        EXPECT_THAT(checked.error().message, HasSubstr("does not hold this receipt"));
    }
}

TEST_F(receipt_proof, of_another_event_or_another_attribute_is_none) {
    EXPECT_FALSE(
        check_proof(proof_document("id", proof_of(leaf_with(receipts_, "refused")), ""), "the receipt"));
    auto leaf = leaf_with(receipts_);
    leaf.replace(leaf.find("\"receipts\":\""), 12, "\"reason\":\"");
    EXPECT_FALSE(check_proof(proof_document("id", proof_of(leaf), ""), "the receipt"));
}

TEST_F(receipt_proof, with_anything_changed_does_not_hold) {
    const auto original = json::parse(document_).as_object();
    const auto expect_broken = [&](const char* member, json::value value) {
        auto changed = original;
        changed[member] = std::move(value);
        EXPECT_FALSE(check_proof(json::serialize(changed), "the receipt")) << member;
    };
    expect_broken("seq", json::value(1));
    expect_broken("seq", json::value(3));
    expect_broken("seq", json::value(0));
    expect_broken("size", json::value(3));
    expect_broken("root", json::value(std::string(64, '0')));
    expect_broken("root", json::value("short"));
    expect_broken("path", json::value(json::array()));
    expect_broken("path", json::value(json::array({json::value(std::string(64, 'f'))})));
    expect_broken("path", json::value("none"));
    expect_broken("leaf", json::value(leaf_with(receipts_) + " "));
    expect_broken("leaf", json::value());
}

TEST_F(receipt_proof, what_is_no_document_is_said_to_be_none) {
    for (const auto* wrong : {"", "{", "[]", "{}", R"({"leaf":"x"})"}) {
        const auto checked = check_proof(wrong, "the receipt");
        ASSERT_FALSE(checked);
        EXPECT_THAT(checked.error().message, HasSubstr("no proof as garde gives it")) << wrong;
    }
}

}  // namespace
}  // namespace garde::emergency
