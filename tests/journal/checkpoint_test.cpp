// Checkpoints: their form, whom they are of, and what proves nothing.
#include "garde/journal/checkpoint.hpp"

#include "garde/journal/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace garde::journal {
namespace {

using testing::HasSubstr;

/// The example of https://c2sp.org/tlog-checkpoint.
const std::string published =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

note_signer signer_of(const std::string& name) {
    return *note_signer::load(*make_note_key(), name);
}

TEST(checkpoint, the_published_text_is_read_and_written) {
    const auto read = parse_checkpoint(published);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->origin, "example.com/behind-the-sofa");
    EXPECT_EQ(read->head.size, 20852163U);
    EXPECT_EQ(read->head.root[0], 0x0a);
    EXPECT_EQ(to_text(*read), published);
}

TEST(checkpoint, an_empty_log_and_the_largest_have_one) {
    for (const auto size : {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()}) {
        const checkpoint one{.origin = "x", .head = {.size = size, .root = {1, 2, 3}}};
        EXPECT_EQ(parse_checkpoint(to_text(one)), one);
    }
}

TEST(checkpoint, extensions_are_passed_over) {
    EXPECT_EQ(parse_checkpoint(published + "an extension\nanother\n"), *parse_checkpoint(published));
}

TEST(checkpoint, what_has_not_the_form_is_refused) {
    const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"", "fewer than three lines"},
        {"a\n1\n", "fewer than three lines"},
        {"\n1\n" + root, "fewer than three lines"},
        {"a\n1\n" + root.substr(0, root.size() - 1), "fewer than three lines"},
        {"a\nmany\n" + root, "not a number: many"},
        {"a\n-1\n" + root, "not a number"},
        {"a\n01\n" + root, "not a number"},
        {"a\n18446744073709551616\n" + root, "not a number"},
        {"a\n1\nCsUYapGGPo4=\n", "32 bytes"},
        {"a\n1\nnothing\n", "32 bytes"},
        {"a\n1\n" + root + "\nx\n", "empty line"}};
    for (const auto& [text, why] : wrong) {
        const auto read = parse_checkpoint(text);
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().message, HasSubstr(why)) << text;
    }
}

TEST(checkpoint, a_signed_one_is_believed_with_its_key) {
    const auto signer = signer_of("garde-1/journal");
    const tree_head head{.size = 7, .root = {9, 8, 7}};
    const auto note = sign_checkpoint(head, signer);
    ASSERT_TRUE(note);
    EXPECT_TRUE(note->starts_with("garde-1/journal\n7\n")) << *note;
    EXPECT_EQ(read_checkpoint(*note, signer.verifier().text()), head);
}

TEST(checkpoint, one_that_proves_nothing_says_why) {
    const auto signer = signer_of("garde-1/journal");
    const auto key = signer.verifier().text();
    const auto why = [&](const std::string& note) {
        const auto read = read_checkpoint(note, key);
        return read ? std::string("it proves") : read.error().message;
    };
    EXPECT_THAT(why(*sign_checkpoint({}, signer_of("garde-1/journal"))),
                HasSubstr("not signed by garde-1/journal"));
    EXPECT_THAT(why(*signer.sign("garde-2/journal\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")),
                HasSubstr("of the log garde-2/journal"));
    EXPECT_THAT(why(*signer.sign("garde-1/journal\n1\n")), HasSubstr("fewer than three lines"));
    EXPECT_THAT(why("nonsense"), HasSubstr("no signed note"));
    EXPECT_THAT(read_checkpoint("", "nonsense").error().message, HasSubstr("no verifier key"));
}

TEST(urgency, switchovers_and_what_operators_do_are_urgent) {
    for (const auto* event :
         {"switchover", "override", "order-refused", "procedure-opened", "reload", "stop"})
        EXPECT_EQ(urgency_of(event), urgency::at_once) << event;
    for (const auto* event : {"probe-verdict", "refused", "verdict", "clock-step"})
        EXPECT_EQ(urgency_of(event), urgency::usual) << event;
}

}  // namespace
}  // namespace garde::journal
