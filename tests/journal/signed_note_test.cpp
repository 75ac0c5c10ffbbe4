// Notes and their keys: the published vectors of golang.org/x/mod/sumdb/note, and what is refused.
#include "garde/journal/signed_note.hpp"

#include "garde/base/hash.hpp"
#include "garde/journal/note_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace garde::journal {
namespace {

using testing::HasSubstr;

const std::string neumann = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string problem =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string signature =
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
/// PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz of the same package, as
/// PKCS #8.
const secret_string neumann_private(
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"
    "-----END PRIVATE KEY-----\n");

std::string why_not(const std::string& note, const std::string& key = neumann) {
    const auto opened = note_verifier::parse(key)->open(note);
    return opened ? "it holds" : opened.error().message;
}

TEST(signed_note, the_published_note_holds) {
    const auto key = note_verifier::parse(neumann);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->name(), "PeterNeumann");
    EXPECT_EQ(to_hex(key->id()), "c74f20a3");
    EXPECT_EQ(key->text(), neumann);
    const auto text = key->open(problem + "\n" + signature);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, problem);
}

TEST(signed_note, the_published_key_signs_the_published_note) {
    const auto signer = note_signer::load(neumann_private, "PeterNeumann");
    ASSERT_TRUE(signer) << signer.error().message;
    EXPECT_EQ(signer->verifier().text(), neumann);
    EXPECT_EQ(signer->sign(problem), problem + "\n" + signature);
}

TEST(signed_note, what_is_written_can_be_read) {
    const signed_note note{
        .text = "a\n\nb\n",
        .signatures = {{.name = "x/y", .key = {1, 2, 3, 4}, .bytes = "sig"},
                       {.name = "é", .key = {0, 0, 0, 255}, .bytes = std::string(5000, '\xff')}}};
    EXPECT_EQ(parse_note(to_text(note)), note) << "the last empty line parts text and signatures";
}

TEST(signed_note, any_changed_byte_is_found) {
    const std::string whole = problem + "\n" + signature;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string changed = whole;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_NE(why_not(changed), "it holds") << "byte " << i;
    }
}

TEST(signed_note, signatures_of_others_are_passed_over) {
    const std::string other = "\u2014 EnochRoot " + to_base64("abcdsignature") + "\n";
    EXPECT_EQ(why_not(problem + "\n" + other + signature + other), "it holds");
    // The same name with another id is another key.
    const std::string namesake = "\u2014 PeterNeumann " + to_base64("abcdsignature") + "\n";
    EXPECT_EQ(why_not(problem + "\n" + namesake + signature), "it holds");
    EXPECT_THAT(why_not(problem + "\n" + other), HasSubstr("not signed by PeterNeumann"));
    EXPECT_THAT(why_not(problem + "\n" + other), HasSubstr("EnochRoot"));
}

TEST(signed_note, one_bad_signature_of_the_key_spoils_the_note) {
    const auto id = std::string("\xc7\x4f\x20\xa3");
    const std::string bad = "\u2014 PeterNeumann " + to_base64(id + std::string(64, 'x')) + "\n";
    EXPECT_THAT(why_not(problem + "\n" + signature + bad), HasSubstr("does not hold"));
    const std::string short_one = "\u2014 PeterNeumann " + to_base64(id + "x") + "\n";
    EXPECT_THAT(why_not(problem + "\n" + short_one), HasSubstr("does not hold"));
}

TEST(signed_note, what_has_not_the_form_is_refused) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"", "no empty line"},
        {problem + signature, "no empty line"},
        {problem + "\n", "has no end"},
        {problem + "\n" + signature.substr(0, signature.size() - 1), "has no end"},
        {problem + "\n" + "- PeterNeumann AAAAAAAA\n", "line 1"},
        {problem + "\n" + signature + "nonsense\n", "line 2"},
        {problem + "\n" + "\u2014 Peter Neumann AAAAAAAA\n", "line 1"},
        {problem + "\n" + "\u2014 PeterNeumann\n", "line 1"},
        {problem + "\n" + "\u2014 PeterNeumann AAAA\n", "line 1"},
        {problem + "\n" + "\u2014 PeterNeumann AAAAAB==\n", "line 1"},
        {"tab\there\n\n" + signature, "no text"},
        {"\xff\n\n" + signature, "no text"},
        {std::string(max_note_bytes, 'x') + "\n\n" + signature, "longer than"}};
    for (const auto& [text, why] : wrong) {
        const auto read = parse_note(text);
        ASSERT_FALSE(read) << text.substr(0, 200);
        EXPECT_THAT(read.error().message, HasSubstr(why)) << text.substr(0, 200);
    }
}

TEST(signed_note, the_number_of_signatures_is_bounded) {
    std::string note = problem + "\n";
    for (std::size_t i = 0; i < max_note_signatures; ++i) note += signature;
    EXPECT_EQ(why_not(note), "it holds");
    EXPECT_THAT(why_not(note + signature), HasSubstr("more than 100"));
}

TEST(signed_note, names_have_no_blanks_and_no_plus) {
    for (const auto* good : {"a", "garde-1/journal", "example.com/log", "é"})
        EXPECT_TRUE(is_note_name(good)) << good;
    for (const auto* bad :
         {"", "a b", "a+b", "a\tb", "a\nb", "a\u00a0b", "a\u3000", "\u2028", "\x7f", "\xff"})
        EXPECT_FALSE(is_note_name(bad)) << bad;
}

TEST(note_key, a_damaged_verifier_key_is_refused) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"", "NAME+HASH+KEY"},
        {"PeterNeumann+c74f20a3", "NAME+HASH+KEY"},
        {"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "name"},
        {"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "name"},
        {"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "hash"},
        {"PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "hash"},
        {"PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "Ed25519"},
        {"PeterNeumann+c74f20a3+ARpc2QcUPDhM", "damaged"},
        {"PeterNeumann+nothex!!+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "damaged"}};
    for (const auto& [text, why] : wrong) {
        const auto read = note_verifier::parse(text);
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().message, HasSubstr(why)) << text;
    }
}

TEST(note_key, new_keys_differ_and_sign) {
    const auto one = make_note_key();
    const auto two = make_note_key();
    ASSERT_TRUE(one && two);
    EXPECT_FALSE(*one == *two);
    const auto signer = note_signer::load(*one, "garde-1/journal");
    ASSERT_TRUE(signer) << signer.error().message;
    const auto other = note_signer::load(*two, "garde-1/journal");
    const auto note = signer->sign("text\n");
    ASSERT_TRUE(note);
    EXPECT_EQ(signer->verifier().open(*note), "text\n");
    EXPECT_FALSE(other->verifier().open(*note));
}

TEST(note_key, other_keys_and_names_are_refused_without_their_content) {
    for (const auto* pem : {"", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
        const auto signer = note_signer::load(secret_string(pem), "name");
        ASSERT_FALSE(signer);
        EXPECT_THAT(signer.error().message, HasSubstr("garde journal key"));
        EXPECT_EQ(signer.error().message.find("secret"), std::string::npos);
    }
    EXPECT_FALSE(note_signer::load(neumann_private, "has blanks"));
}

}  // namespace
}  // namespace garde::journal
