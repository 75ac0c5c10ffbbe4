// The set of keys that receipts are verified with: as it is published, and as it is read again.
#include "garde/emergency/receipt.hpp"

#include "../support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace garde::emergency {
namespace {

using testing::HasSubstr;

receipt_claims claims() {
    receipt_claims out;
    out.id = "0123456789abcdef";
    out.service = "assurability";
    return out;
}

class receipt_key_set : public testing::Test {
  protected:
    /// A new key's file.
    std::filesystem::path make(const std::string& name, const char* curve = "P-256") {
        const auto out = folder_.path() / name;
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen(curve), EVP_PKEY_free);
        const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(out.c_str(), "w"),
                                                                      std::fclose);
        EXPECT_EQ(PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
        return out;
    }
    static std::string signed_with(const std::filesystem::path& key) {
        return receipt_signer::load(key, "garde.example").value().sign(claims()).jws;
    }
    static receipt_keys published(const std::vector<std::filesystem::path>& files) {
        return receipt_keys::parse(receipt_keys::load(files).value().to_jwks()).value();
    }
    static std::string refusal(std::string_view jwks) {
        const auto read = receipt_keys::parse(jwks);
        return read ? "" : read.error().message;
    }

    test::temporary_folder folder_;
    std::filesystem::path now_ = make("now.pem");
    std::filesystem::path before_ = make("before.pem");
};

TEST_F(receipt_key_set, verifies_receipts_of_now_and_of_before) {
    const auto keys = published({now_, before_});
    EXPECT_TRUE(verify_receipt(signed_with(now_), keys));
    EXPECT_TRUE(verify_receipt(signed_with(before_), keys));
}

TEST_F(receipt_key_set, does_not_verify_what_another_key_has_signed) {
    const auto verified = verify_receipt(signed_with(make("other.pem")), published({now_, before_}));
    ASSERT_FALSE(verified);
    EXPECT_THAT(verified.error().message, HasSubstr("which is not among those given"));
}

TEST_F(receipt_key_set, does_not_verify_once_a_bit_is_changed) {
    const auto keys = published({now_});
    const auto good = signed_with(now_);
    for (std::size_t i = 0; i < good.size(); i += 7) {
        auto bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_FALSE(verify_receipt(bad, keys)) << "byte " << i;
    }
}

TEST_F(receipt_key_set, has_each_key_once_and_only_its_public_half) {
    const std::array files{now_, before_, now_};
    const auto set = boost::json::parse(receipt_keys::load(files).value().to_jwks()).as_object();
    const auto& list = set.at("keys").as_array();
    ASSERT_EQ(list.size(), 2U);
    for (const auto& one : list) {
        EXPECT_EQ(one.at("kty"), "EC");
        EXPECT_EQ(one.at("crv"), "P-256");
        EXPECT_EQ(one.at("alg"), "ES256");
        EXPECT_EQ(one.at("use"), "sig");
        EXPECT_EQ(one.at("kid").as_string().size(), 16U);
        EXPECT_FALSE(one.as_object().contains("d")) << "the private half";
    }
}

TEST_F(receipt_key_set, passes_over_keys_of_others) {
    const std::array files{now_};
    auto set = boost::json::parse(receipt_keys::load(files).value().to_jwks());
    auto& list = set.as_object().at("keys").as_array();
    list.insert(list.begin(), boost::json::object{{"kty", "RSA"}, {"n", "AQAB"}, {"e", "AQAB"}});
    list.insert(list.begin(), "not a key");
    const auto read = receipt_keys::parse(boost::json::serialize(set));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(verify_receipt(signed_with(now_), *read));
}

TEST_F(receipt_key_set, that_is_damaged_is_refused) {
    const std::array files{now_};
    const auto good = boost::json::parse(receipt_keys::load(files).value().to_jwks());
    const auto with = [&](const char* name, const boost::json::value& value) {
        auto set = good;
        set.at("keys").as_array()[0].as_object()[name] = value;
        return boost::json::serialize(set);
    };
    EXPECT_THAT(refusal("{}"), HasSubstr("this is no set of keys"));
    EXPECT_THAT(refusal("{"), HasSubstr("this is no set of keys"));
    EXPECT_THAT(refusal(R"({"keys":[]})"), HasSubstr("has no key"));
    EXPECT_THAT(refusal(with("x", "AQAB")), HasSubstr("\"x\" is not 32 bytes"));
    EXPECT_THAT(refusal(with("y", 1)), HasSubstr("\"y\" is not 32 bytes"));
    EXPECT_THAT(refusal(with("x", boost::json::string(43, 'A'))), HasSubstr("no point on its curve"));
    EXPECT_THAT(refusal(std::string(64 * 1024 + 1, ' ')), HasSubstr("longer than 64 KiB"));
}

TEST_F(receipt_key_set, takes_no_other_curve) {
    const std::array files{make("other.pem", "P-384")};
    const auto loaded = receipt_keys::load(files);
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("EC P-256 is needed"));
}

}  // namespace
}  // namespace garde::emergency
