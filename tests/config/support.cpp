// See support.hpp.
#include "support.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

namespace garde::config {

// NOLINTNEXTLINE(readability-identifier-naming): gtest's name
void PrintTo(const problem& value, std::ostream* out) {
    *out << to_text(value);
}

}  // namespace garde::config

namespace garde::config::testing_support {
namespace {

namespace fs = std::filesystem;

struct openssl_free {
    void operator()(BIO* value) const { BIO_free(value); }
    void operator()(X509* value) const { X509_free(value); }
    void operator()(EVP_PKEY* value) const { EVP_PKEY_free(value); }
};
using bio_ptr = std::unique_ptr<BIO, openssl_free>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free>;

constexpr long day_s = 24 * 3600;

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY* key, const EVP_CIPHER* cipher, char* password) {
    const bio_ptr bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key, cipher, nullptr, 0, nullptr, password);
    return content_of(bio.get());
}

pem_pair make_pair(long first_day, long last_day) {
    const key_ptr key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, openssl_free> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), first_day * day_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), last_day * day_s);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("garde.test"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const bio_ptr bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate.get());
    return {content_of(bio.get()), key_pem(key.get(), nullptr, nullptr)};
}

}  // namespace

const pem_pair& valid_pair() {
    static const auto out = make_pair(-1, 365);
    return out;
}

const pem_pair& expired_pair() {
    static const auto out = make_pair(-20, -10);
    return out;
}

const pem_pair& expiring_pair() {
    static const auto out = make_pair(-1, 10);
    return out;
}

const pem_pair& future_pair() {
    static const auto out = make_pair(10, 365);
    return out;
}

std::string key_on_p384() {
    return key_pem(key_ptr(EVP_EC_gen("P-384")).get(), nullptr, nullptr);
}

std::string key_with_password() {
    char password[] = "invented";
    return key_pem(key_ptr(EVP_EC_gen("P-256")).get(), EVP_aes_128_cbc(), password);
}

workspace::workspace() {
    auto pattern = (fs::temp_directory_path() / "garde-config-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    write("server.pem", valid_pair().certificate);
    write("server.key", valid_pair().key);
    write("client-ca.pem", valid_pair().certificate);
    write("backend-ca.pem", valid_pair().certificate);
    write("receipts.key", valid_pair().key);
    write("admin-tokens",
          "# operators\nanna " + std::string(64, 'a') + "\n\nbert " + std::string(64, 'B') + "\n");
    write("probe.xml",
          "<s:Envelope "
          "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><ping/></s:Body></s:Envelope>");
    for (const auto* language : {"fr", "nl", "de", "en"})
        write(std::string("assurability.") + language + ".txt", "Title\n\nSummary.\n\nStep.\n");
}

workspace::~workspace() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void workspace::write(const std::string& name, std::string_view content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    fs::permissions(folder_ / name, fs::perms::owner_read | fs::perms::owner_write);
}

void workspace::remove(const std::string& name) const {
    fs::remove(folder_ / name);
}

std::vector<problem> workspace::problems_of(std::string_view text) const {
    write("garde.toml", text);
    const auto result = load(config());
    return result ? result->warnings : result.error();
}

settings_ptr workspace::load_good(std::string_view text) const {
    write("garde.toml", text);
    const auto result = load(config());
    if (result) return result->value;
    for (const auto& each : result.error()) ADD_FAILURE() << to_text(each);
    return nullptr;
}

std::string good_config() {
    return R"([node]
name = "node-1"
data_dir = "var"

[listener]
address = "127.0.0.1:8443"
certificate = "server.pem"
key = "server.key"
client_ca = "client-ca.pem"

[limits]
head_bytes = "32KiB"
idle_time = "1m"

[admin]
address = "127.0.0.1:8444"
certificate = "server.pem"
key = "server.key"
tokens = "admin-tokens"

[status]
address = "127.0.0.1:8080"
public_url = "http://127.0.0.1:8080"

[receipts]
key = "receipts.key"
issuer = "https://status.test"

[[service]]
name = "assurability"
title = { fr = "Assurabilité", en = "Assurability" }

[[service.backend]]
name = "dc2"
role = "backup"
order = 1
address = "dc2.test:443"
ca = "backend-ca.pem"
domains = { site = "dc2", storage = "san-b" }

[[service.backend]]
name = "dc1"
role = "primary"
address = "127.0.0.1:9441"
server_name = "dc1.test"
ca = "backend-ca.pem"
domains = { site = "dc1", storage = "san-a" }

[service.probe]
type = "soap"
path = "/probe"
body_file = "probe.xml"
expect_element = "ping"
interval = "1s"
timeout = "500ms"

[service.switchover]
hold_down = "10s"
degraded_hold_down = "3s"

[service.cache]
max_age = "30d"

[service.procedure]
folder = "."
name = "assurability"
environment = "Acceptation"

[[service.route]]
path = "/Insurability/v2"
replay_safe = true
cached = true
cached_callers = ["*"]

[[service.route]]
path = "/wsdl/*"
kind = "http"
)";
}

std::string changed(std::string text, std::string_view old_text, std::string_view new_text) {
    const auto at = text.find(old_text);
    if (at == std::string::npos) {
        ADD_FAILURE() << "the configuration has no " << old_text;
        return text;
    }
    return text.replace(at, old_text.size(), new_text);
}

std::string changed(std::string_view old_text, std::string_view new_text) {
    return changed(good_config(), old_text, new_text);
}

int line_of(std::string_view text, std::string_view part) {
    const auto at = text.find(part);
    if (at == std::string_view::npos) {
        ADD_FAILURE() << "the configuration has no " << part;
        return -1;
    }
    return 1 + static_cast<int>(std::ranges::count(text.substr(0, at), '\n'));
}

namespace {

testing::Matcher<const problem&> problem_at(problem::severity level, int line, const std::string& what,
                                            const std::string& instead) {
    return testing::AllOf(testing::Field("level", &problem::level, level),
                          testing::Field("line", &problem::line, line),
                          testing::Field("what", &problem::what, testing::HasSubstr(what)),
                          testing::Field("instead", &problem::instead, testing::HasSubstr(instead)));
}

}  // namespace

testing::Matcher<const problem&> error_at(int line, const std::string& what, const std::string& instead) {
    return problem_at(problem::severity::error, line, what, instead);
}

testing::Matcher<const problem&> expired_at(int line, const std::string& what, const std::string& instead) {
    return problem_at(problem::severity::expired, line, what, instead);
}

testing::Matcher<const problem&> warning_at(int line, const std::string& what, const std::string& instead) {
    return problem_at(problem::severity::warning, line, what, instead);
}

}  // namespace garde::config::testing_support
