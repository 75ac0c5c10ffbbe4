// See note_key.hpp.
#include "garde/journal/note_key.hpp"

#include "garde/base/hash.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace garde::journal {
namespace {

constexpr char type_ed25519 = 0x01;
constexpr std::size_t signature_bytes = 64;

struct openssl_deleter {
    void operator()(EVP_MD_CTX* value) const { EVP_MD_CTX_free(value); }
    void operator()(BIO* value) const { BIO_free(value); }
};
using context_ptr = std::unique_ptr<EVP_MD_CTX, openssl_deleter>;
using bio_ptr = std::unique_ptr<BIO, openssl_deleter>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// As it is hashed and written: the type of signature, then the key.
std::string typed(const note_verifier::public_key& key) {
    return type_ed25519 + std::string(key.begin(), key.end());
}

note_key_id id_of(std::string_view name, const note_verifier::public_key& key) {
    const auto hash = sha256(fmt::format("{}\n{}", name, typed(key)));
    note_key_id out{};
    std::copy_n(hash.begin(), out.size(), out.begin());
    return out;
}

}  // namespace

note_verifier::note_verifier(std::string name, const public_key& key)
    : name_(std::move(name)), key_(key), id_(id_of(name_, key_)) {}

result<note_verifier> note_verifier::parse(std::string_view text) {
    const auto first = text.find('+');
    const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos)
        return fail(
            "this is no verifier key: NAME+HASH+KEY is needed, as `garde journal verifier` prints it");
    const auto name = text.substr(0, first);
    if (!is_note_name(name)) return fail("the verifier key's name is empty, or has blanks in it");
    const auto id = from_hex(text.substr(first + 1, second - first - 1));
    // The key's own base64 may hold a '+'.
    const auto key = from_base64(text.substr(second + 1));
    public_key bytes{};
    if (!id || !key || key->size() != 1 + bytes.size() || key->front() != type_ed25519)
        return fail(fmt::format("the verifier key of {} is damaged, or not one of Ed25519", name));
    std::copy(key->begin() + 1, key->end(), bytes.begin());
    note_verifier out(std::string(name), bytes);
    if (!std::ranges::equal(out.id_, *id))
        return fail(
            fmt::format("the verifier key of {} is damaged: its hash is not that of name and key", name));
    return out;
}

std::string note_verifier::text() const {
    return fmt::format("{}+{}+{}", name_, to_hex(id_), to_base64(typed(key_)));
}

bool note_verifier::holds(std::string_view text, std::string_view signature) const {
    const key_ptr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_.data(), key_.size()));
    const context_ptr context(EVP_MD_CTX_new());
    const bool good =
        key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) ==
            1;
    ERR_clear_error();
    return good;
}

result<std::string> note_verifier::open(std::string_view note) const {
    auto read = parse_note(note);
    if (!read) return std::unexpected(read.error());
    enum class finding : std::uint8_t { unsigned_by_us, good } found = finding::unsigned_by_us;
    for (const auto& one : read->signatures) {
        if (one.name != name_ || one.key != id_) continue;
        if (one.bytes.size() != signature_bytes || !holds(read->text, one.bytes))
            return fail(fmt::format(
                "the signature of {} does not hold: the note was changed, or is not theirs", name_));
        found = finding::good;
    }
    if (found == finding::good) return std::move(read->text);
    return fail(fmt::format("the note is not signed by {} with the key {}; who signed it: {}", name_,
                            to_hex(id_), read->signatures.front().name));
}

result<note_signer> note_signer::load(const secret_string& pem, std::string name) {
    if (!is_note_name(name))
        return fail(
            "a key's name must not be empty, nor have blanks or '+' in it; write e.g. garde-1/journal");
    key_ptr key = parse_private_key(pem.reveal());
    note_verifier::public_key half{};
    std::size_t size = half.size();
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(key.get(), half.data(), &size) != 1) {
        ERR_clear_error();
        return fail(
            "this is no private key of Ed25519 in PEM form without a passphrase; make one: garde journal "
            "key");
    }
    note_verifier verifier(std::move(name), half);
    return note_signer({key.release(), x509_deleter{}}, std::move(verifier));
}

result<std::string> note_signer::sign(std::string text) const {
    const context_ptr context(EVP_MD_CTX_new());
    std::string signature(signature_bytes, '\0');
    std::size_t length = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes_of(text), text.size()) != 1 ||
        length != signature_bytes) {
        ERR_clear_error();
        return fail("OpenSSL cannot sign with the key of " + verifier_.name());
    }
    return to_text({.text = std::move(text),
                    .signatures = {{.name = verifier_.name(), .key = verifier_.id(), .bytes = signature}}});
}

result<secret_string> make_note_key() {
    const key_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const bio_ptr memory(BIO_new(BIO_s_secmem()));
    if (!key || !memory ||
        PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        ERR_clear_error();
        return fail("OpenSSL cannot make a key");
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    secret_string out(std::string_view(data, static_cast<std::size_t>(size)));
    return out;
}

}  // namespace garde::journal
