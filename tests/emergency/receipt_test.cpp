// Receipts: form, signature, limits, and everything that verification must refuse. Keys are made by the
// tests.
#include "garde/emergency/receipt.hpp"

#include "../../src/emergency/receipt_check.hpp"
#include "../support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>
#include <thread>

namespace garde::emergency {
namespace {

using testing::HasSubstr;

struct freer {
    void operator()(EVP_PKEY* what) const { EVP_PKEY_free(what); }
    void operator()(X509* what) const { X509_free(what); }
    void operator()(EVP_MD_CTX* what) const { EVP_MD_CTX_free(what); }
    void operator()(ECDSA_SIG* what) const { ECDSA_SIG_free(what); }
    void operator()(std::FILE* what) const { std::fclose(what); }
};
template <class T>
using owner = std::unique_ptr<T, freer>;
using key = owner<EVP_PKEY>;

owner<std::FILE> create(const std::filesystem::path& file) {
    return owner<std::FILE>(std::fopen(file.c_str(), "w"));
}

void write_private(const key& from, const std::filesystem::path& to) {
    ASSERT_EQ(PEM_write_PrivateKey(create(to).get(), from.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
}
void write_public(const key& from, const std::filesystem::path& to) {
    ASSERT_EQ(PEM_write_PUBKEY(create(to).get(), from.get()), 1);
}

void write_certificate(const key& from, const std::filesystem::path& to) {
    const owner<X509> certificate(X509_new());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), from.get());
    ASSERT_GT(X509_sign(certificate.get(), from.get(), EVP_sha256()), 0);
    ASSERT_EQ(PEM_write_X509(create(to).get(), certificate.get()), 1);
}

receipt_claims some_claims() {
    receipt_claims out;
    out.at = *parse_rfc3339("2018-08-09T12:00:00.250Z");
    out.id = "0123456789abcdef";
    out.service = "assurability";
    out.request_sha256 = sha256("request");
    out.caller = "CN=Authority,O=Example / CN=pharmacy-1";
    out.mode = "degraded";
    out.decision = "cache";
    out.attempts = {
        {"dc1", *parse_rfc3339("2018-08-09T11:59:58.500Z"), std::chrono::milliseconds(1'000), "timed-out"},
        {"dc2", *parse_rfc3339("2018-08-09T11:59:59.500Z"), std::chrono::milliseconds(3), "connect-failed"}};
    out.age = std::chrono::seconds(86'400);
    return out;
}

struct parts {
    std::string header;
    std::string payload;
    std::string signature;
};

parts split(const std::string& jws) {
    const auto first = jws.find('.');
    const auto last = jws.rfind('.');
    return {jws.substr(0, first), jws.substr(first + 1, last - first - 1), jws.substr(last + 1)};
}

boost::json::object payload_of(const std::string& jws) {
    return boost::json::parse(from_base64url(split(jws).payload).value_or("")).as_object();
}

class receipt : public testing::Test {
  protected:
    receipt() {
        write_private(key_, private_file_);
        write_public(key_, public_file_);
        auto loaded = receipt_signer::load(private_file_, "garde.example");
        EXPECT_TRUE(loaded) << loaded.error().message;
        signer_.emplace(*std::move(loaded));
    }

    std::string refusal(std::string_view jws) {
        const auto verified = check_receipt(jws, verifying_key_.get());
        return verified ? "" : verified.error().message;
    }

    static result<std::string> verify(std::string_view jws, const std::filesystem::path& key) {
        const std::array<std::filesystem::path, 1> files{key};
        const auto keys = receipt_keys::load(files);
        if (!keys) return std::unexpected(keys.error());
        return verify_receipt(jws, *keys);
    }

    /// Signs any header and payload with the signer's key.
    std::string forge(std::string_view header, std::string_view payload) {
        const auto input = to_base64url(header) + "." + to_base64url(payload);
        const owner<EVP_MD_CTX> context(EVP_MD_CTX_new());
        unsigned char der[128];
        std::size_t length = sizeof der;
        EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()), 1);
        EXPECT_EQ(EVP_DigestSign(context.get(), der, &length,
                                 reinterpret_cast<const unsigned char*>(input.data()), input.size()),
                  1);
        const unsigned char* at = der;
        const owner<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
        std::string raw(64, '\0');
        auto* to = reinterpret_cast<unsigned char*>(raw.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), to, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), to + 32, 32);
        return input + "." + to_base64url(raw);
    }

    std::string header_with(std::string_view name, const char* value) {
        auto header =
            boost::json::parse(from_base64url(split(signer_->sign(some_claims()).jws).header).value_or(""))
                .as_object();
        header[{name.data(), name.size()}] = value;
        return boost::json::serialize(header);
    }

    test::temporary_folder folder_;
    std::filesystem::path private_file_ = folder_.path() / "private.pem";
    std::filesystem::path public_file_ = folder_.path() / "public.pem";
    key key_{EVP_EC_gen("P-256")};
    key verifying_key_{EVP_PKEY_dup(key_.get())};
    std::optional<receipt_signer> signer_;
};

TEST_F(receipt, that_was_signed_is_verified) {
    const auto jws = signer_->sign(some_claims()).jws;
    const auto verified = verify(jws, public_file_);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(*verified, from_base64url(split(jws).payload));
}

TEST_F(receipt, says_what_happened) {
    EXPECT_EQ(
        boost::json::serialize(payload_of(signer_->sign(some_claims()).jws)),
        R"({"iss":"garde.example","iat":1533816000,"at":"2018-08-09T12:00:00.250Z","jti":"0123456789abcdef",)"
        R"("service":"assurability","request_sha256":")" +
            to_hex(sha256("request")) +
            R"(","caller":"CN=Authority,O=Example / CN=pharmacy-1","mode":"degraded","decision":"cache","attempts":[{"backend":"dc1","at":"2018-08-09T11:59:58.500Z","ms":1000,)"
            R"("result":"timed-out"},{"backend":"dc2","at":"2018-08-09T11:59:59.500Z","ms":3,"result":"connect-failed"}],"age":86400})");
}

TEST_F(receipt, has_no_age_where_no_cached_data_was_served) {
    auto claims = some_claims();
    claims.age = std::chrono::seconds(-1);
    EXPECT_FALSE(payload_of(signer_->sign(claims).jws).contains("age"));
    claims.age = std::chrono::seconds(0);
    EXPECT_EQ(payload_of(signer_->sign(claims).jws).at("age").as_int64(), 0);
}

TEST_F(receipt, names_algorithm_type_and_key_in_its_header) {
    unsigned char* der = nullptr;
    const auto length = i2d_PUBKEY(key_.get(), &der);
    const auto id =
        to_hex(sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)})).substr(0, 16);
    OPENSSL_free(der);
    EXPECT_EQ(from_base64url(split(signer_->sign(some_claims()).jws).header),
              R"({"alg":"ES256","typ":"garde-receipt+jws","kid":")" + id + "\"}");
    EXPECT_EQ(signer_->id(), id);
}

TEST_F(receipt, has_a_signature_that_openssl_verifies) {
    const auto jws = signer_->sign(some_claims()).jws;
    const auto input = jws.substr(0, jws.rfind('.'));
    const auto raw = from_base64url(split(jws).signature).value_or("");
    ASSERT_EQ(raw.size(), 64U);
    const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
    const owner<ECDSA_SIG> signature(ECDSA_SIG_new());
    ECDSA_SIG_set0(signature.get(), BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
    unsigned char* der = nullptr;
    const auto length = i2d_ECDSA_SIG(signature.get(), &der);
    const owner<EVP_MD_CTX> context(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()), 1);
    EXPECT_EQ(EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(length),
                               reinterpret_cast<const unsigned char*>(input.data()), input.size()),
              1);
    OPENSSL_free(der);
}

TEST_F(receipt, is_verified_with_the_private_key_and_with_a_certificate_too) {
    const auto jws = signer_->sign(some_claims()).jws;
    EXPECT_TRUE(verify(jws, private_file_));
    EXPECT_FALSE(verify(jws + "x", private_file_));
    write_certificate(key_, folder_.path() / "certificate.pem");
    const auto verified = verify(jws, folder_.path() / "certificate.pem");
    EXPECT_TRUE(verified) << verified.error().message;
}

TEST_F(receipt, is_refused_once_any_bit_is_changed) {
    const auto jws = signer_->sign(some_claims()).jws;
    for (std::size_t i = 0; i < jws.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = jws;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            EXPECT_NE(refusal(changed), "") << "byte " << i << ", bit " << bit;
        }
}

TEST_F(receipt, is_refused_once_any_byte_of_payload_or_signature_is_changed_inside_the_encoding) {
    const auto [header, payload, signature] = split(signer_->sign(some_claims()).jws);
    const auto change = [](const std::string& encoded, std::size_t byte) {
        auto content = *from_base64url(encoded);
        content[byte] = static_cast<char>(content[byte] ^ (1 << (byte % 8)));
        return to_base64url(content);
    };
    for (std::size_t i = 0; i < from_base64url(payload)->size(); ++i)
        EXPECT_THAT(refusal(fmt::format("{}.{}.{}", header, change(payload, i), signature)),
                    HasSubstr("the signature is wrong"));
    for (std::size_t i = 0; i < 64; ++i)
        EXPECT_THAT(refusal(fmt::format("{}.{}.{}", header, payload, change(signature, i))),
                    HasSubstr("the signature is wrong"));
}

TEST_F(receipt, is_refused_with_another_key) {
    verifying_key_.reset(EVP_EC_gen("P-256"));
    EXPECT_THAT(refusal(signer_->sign(some_claims()).jws), HasSubstr("signed with another key"));
}

TEST_F(receipt, of_another_signer_that_claims_the_key_is_refused) {
    const auto header = split(signer_->sign(some_claims()).jws).header;
    key_.reset(EVP_EC_gen("P-256"));
    EXPECT_THAT(refusal(forge(*from_base64url(header), "{}")), HasSubstr("the signature is wrong"));
}

TEST_F(receipt, without_an_algorithm_is_refused) {
    const auto payload = split(signer_->sign(some_claims()).jws).payload;
    for (const char* name : {"none", "None", "HS256", "ES384", "es256", ""}) {
        const auto header = to_base64url(header_with("alg", name));
        EXPECT_THAT(refusal(fmt::format("{}.{}.", header, payload)), HasSubstr("not signed with ES256"))
            << name;
        EXPECT_THAT(refusal(forge(header_with("alg", name), "{}")), HasSubstr("not signed with ES256"))
            << name;
    }
}

TEST_F(receipt, of_another_type_is_refused) {
    EXPECT_THAT(refusal(forge(header_with("typ", "JWT"), "{}")), HasSubstr("not a receipt"));
}

TEST_F(receipt, with_an_unknown_extension_is_refused) {
    EXPECT_THAT(refusal(forge(header_with("crit", "x"), "{}")), HasSubstr("extension"));
}

TEST_F(receipt, with_a_payload_that_is_no_object_is_refused) {
    EXPECT_THAT(refusal(forge(header_with("typ", "garde-receipt+jws"), "[]")), HasSubstr("payload"));
    EXPECT_EQ(refusal(forge(header_with("typ", "garde-receipt+jws"), "{}")), "");
}

TEST_F(receipt, of_other_than_three_parts_is_refused) {
    const auto jws = signer_->sign(some_claims()).jws;
    for (const auto& text : {std::string{}, std::string("."), std::string("abcd"),
                             jws.substr(0, jws.rfind('.')), jws + ".", "." + jws})
        EXPECT_THAT(refusal(text), HasSubstr("three parts")) << text;
    EXPECT_NE(refusal(".."), "");
}

TEST_F(receipt, in_another_spelling_is_refused) {
    const auto [header, payload, signature] = split(signer_->sign(some_claims()).jws);
    EXPECT_NE(refusal(header + "." + payload + "." + signature + "=="), "");
    EXPECT_NE(refusal(header + "." + payload + "." + signature + "\n"), "");
    EXPECT_NE(refusal(" " + header + "." + payload + "." + signature), "");
    // The last digit carries four bits that decode to nothing.
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    auto other = signature;
    other.back() = digits[digits.find(other.back()) ^ 1U];
    ASSERT_EQ(from_base64url(other), from_base64url(signature));
    EXPECT_THAT(refusal(header + "." + payload + "." + other), HasSubstr("canonical"));
}

TEST_F(receipt, is_at_most_2_kib_long_by_cutting_the_caller) {
    auto claims = some_claims();
    const std::string long_caller = "CN=" + std::string(5'000, 'x');
    claims.caller = long_caller;
    const auto jws = signer_->sign(claims).jws;
    EXPECT_LE(jws.size(), 2048U);
    EXPECT_EQ(refusal(jws), "");
    EXPECT_EQ(payload_of(jws).at("jti").as_string(), claims.id);
    const auto caller = std::string(payload_of(jws).at("caller").as_string());
    EXPECT_TRUE(caller.starts_with("CN=xxx"));
    EXPECT_TRUE(caller.ends_with("x…"));
}

TEST_F(receipt, is_at_most_2_kib_long_whatever_must_be_escaped) {
    auto loaded = receipt_signer::load(private_file_, std::string(200, '"'));
    ASSERT_TRUE(loaded);
    const std::string nasty(5'000, '\x01');
    auto claims = some_claims();
    claims.id = claims.service = claims.caller = claims.mode = claims.decision = nasty;
    claims.attempts.assign(20, {nasty, claims.at, std::chrono::milliseconds::max(), nasty});
    claims.age = std::chrono::seconds::max();
    const auto jws = loaded->sign(claims).jws;
    EXPECT_LE(jws.size(), 2048U);
    EXPECT_EQ(refusal(jws), "");
}

TEST_F(receipt, of_a_caller_whose_name_is_not_utf8_can_be_read) {
    auto claims = some_claims();
    claims.caller = "CN=Andr\xE9";
    const auto jws = signer_->sign(claims).jws;
    EXPECT_EQ(refusal(jws), "");
    EXPECT_EQ(payload_of(jws).at("caller").as_string(), "CN=Andr\xEF\xBF\xBD");
}

TEST_F(receipt, may_be_signed_by_several_threads_at_once) {
    std::vector<std::string> signed_ones(4);
    std::vector<std::thread> threads;
    threads.reserve(signed_ones.size());
    for (auto& to : signed_ones)
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) to = signer_->sign(some_claims()).jws;
        });
    for (auto& each : threads) each.join();
    for (const auto& each : signed_ones) EXPECT_EQ(refusal(each), "");
}

TEST_F(receipt, needs_a_p256_key) {
    const key other(EVP_EC_gen("P-384"));
    write_private(other, private_file_);
    const auto loaded = receipt_signer::load(private_file_, "garde.example");
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("EC P-256 is needed"));
}

TEST_F(receipt, needs_an_ec_key) {
    const key other(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    write_private(other, private_file_);
    EXPECT_FALSE(receipt_signer::load(private_file_, "garde.example"));
}

TEST_F(receipt, cannot_be_signed_with_a_public_key) {
    const auto loaded = receipt_signer::load(public_file_, "garde.example");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message,
              public_file_.string() + " holds no private key in PEM form without a passphrase");
}

TEST_F(receipt, needs_a_key_without_passphrase) {
    char passphrase[] = "secret";
    ASSERT_EQ(PEM_write_PrivateKey(create(private_file_).get(), key_.get(), EVP_aes_128_cbc(),
                                   reinterpret_cast<unsigned char*>(passphrase), 6, nullptr, nullptr),
              1);
    EXPECT_FALSE(receipt_signer::load(private_file_, "garde.example"));
}

TEST_F(receipt, names_a_missing_key_file) {
    const auto missing = folder_.path() / "missing.pem";
    const auto loaded = receipt_signer::load(missing, "garde.example");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message, "cannot read " + missing.string() + ": No such file or directory");
    const auto verified = verify(signer_->sign(some_claims()).jws, missing);
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().message, loaded.error().message);
}

TEST_F(receipt, refuses_an_issuer_that_would_not_fit) {
    EXPECT_FALSE(receipt_signer::load(private_file_, std::string(201, 'x')));
    EXPECT_FALSE(receipt_signer::load(private_file_, "\xFF"));
    EXPECT_FALSE(receipt_signer::load(private_file_, "two\nlines"));
}

}  // namespace
}  // namespace garde::emergency
