// The keys that are known: found by their element, and bounded.
#include "../../src/caller/key_memory.hpp"

#include "message_maker.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

namespace garde::caller {
namespace {

digest256 element(int number) {
    return sha256("element " + std::to_string(number));
}

std::shared_ptr<const verification_key> key_of(const std::string& name,
                                               const std::string& kind = "RSA-2048") {
    EVP_PKEY* key = test::shared_signer(name, kind).key.get();
    EVP_PKEY_up_ref(key);
    return std::make_shared<const verification_key>(key_ptr(key));
}

TEST(key_memory, knows_each_key_by_its_element) {
    key_memory memory(10);
    const auto one = key_of("Pharmacy One");
    const auto two = key_of("Pharmacy Two");
    memory.remember(element(1), one);
    memory.remember(element(2), two);
    EXPECT_EQ(memory.find(element(1)), one);
    EXPECT_EQ(memory.find(element(2)), two);
    EXPECT_EQ(memory.find(element(3)), nullptr);
}

TEST(key_memory, forgets_the_one_known_for_longest_when_there_are_too_many) {
    key_memory memory(2);
    const auto key = key_of("Pharmacy One");
    for (int i = 0; i < 5; ++i) {
        memory.remember(element(i), key);
        memory.remember(element(i), key);  // again: nothing new
    }
    EXPECT_EQ(memory.size(), 2U);
    EXPECT_EQ(memory.find(element(2)), nullptr);
    EXPECT_EQ(memory.find(element(3)), key);
    EXPECT_EQ(memory.find(element(4)), key);
}

TEST(key_memory, may_be_without_room) {
    key_memory memory(0);
    memory.remember(element(1), key_of("Pharmacy One"));
    EXPECT_EQ(memory.size(), 0U);
}

TEST(verification_key, texts_are_equal_exactly_for_equal_keys) {
    EXPECT_EQ(key_of("Pharmacy One")->text(), key_of("Pharmacy One")->text());
    EXPECT_NE(key_of("Pharmacy One")->text(), key_of("Pharmacy Two")->text());
    EXPECT_EQ(key_of("Elliptic Pharmacy", "P-256")->text(), key_of("Elliptic Pharmacy", "P-256")->text());
    EXPECT_NE(key_of("Elliptic Pharmacy", "P-256")->text(), key_of("Elliptic Pharmacy Two", "P-256")->text());
    EXPECT_NE(key_of("Elliptic Pharmacy", "P-256")->text(), key_of("Elliptic Pharmacy", "P-384")->text());
}

}  // namespace
}  // namespace garde::caller
