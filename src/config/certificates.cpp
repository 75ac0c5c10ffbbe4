// See certificates.hpp.
#include "certificates.hpp"

#include "files.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace garde::config {
namespace {

constexpr std::time_t renewal_notice_s = 30 * 24 * 3600;

struct openssl_free {
    void operator()(BIO* value) const { BIO_free(value); }
    void operator()(X509* value) const { X509_free(value); }
    void operator()(EVP_PKEY* value) const { EVP_PKEY_free(value); }
};
using bio_ptr = std::unique_ptr<BIO, openssl_free>;
using x509_ptr = std::unique_ptr<X509, openssl_free>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free>;

bio_ptr bio_over(std::string_view content) {
    return bio_ptr(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

/// Without this OpenSSL would ask on the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) {
    return -1;
}

std::vector<x509_ptr> parse_certificates(std::string_view pem) {
    std::vector<x509_ptr> out;
    const auto bio = bio_over(pem);
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr))
        out.emplace_back(certificate);
    ERR_clear_error();
    return out;
}

key_ptr parse_key(std::string_view pem) {
    const auto bio = bio_over(pem);
    key_ptr out(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return out;
}

std::string date_text(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
    return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

void check_validity(const X509* certificate, const named_file& file, report& into) {
    std::time_t now = std::time(nullptr);
    std::time_t soon = now + renewal_notice_s;
    const auto* begin = X509_get0_notBefore(certificate);
    const auto* end = X509_get0_notAfter(certificate);
    const auto subject = fmt::format("{}: {}", file.setting, file.path.string());
    if (X509_cmp_time(begin, &now) > 0)
        into.error(file.line, fmt::format("{} is not valid before {}", subject, date_text(begin)),
                   "check this machine's clock, or wait until then");
    else if (X509_cmp_time(end, &now) <= 0)
        into.error(file.line, fmt::format("{} has expired on {}", subject, date_text(end)),
                   "renew the certificate");
    else if (X509_cmp_time(end, &soon) <= 0)
        into.warning(file.line, fmt::format("{} expires on {}", subject, date_text(end)),
                     "renew the certificate before then");
}

std::vector<x509_ptr> read_certificates(const named_file& file, report& into) {
    const auto pem = read_named_file(file, into);
    if (!pem) return {};
    auto out = parse_certificates(*pem);
    if (out.empty())
        into.error(file.line,
                   fmt::format("{}: {} holds no certificate in PEM form", file.setting, file.path.string()),
                   "name a file that begins with -----BEGIN CERTIFICATE-----");
    for (const auto& certificate : out) check_validity(certificate.get(), file, into);
    return out;
}

key_ptr read_key(const named_file& file, report& into) {
    const auto pem = read_key_file(file, into);
    if (!pem) return {};
    auto out = parse_key(pem->reveal());
    if (!out)
        into.error(
            file.line,
            fmt::format("{}: {} holds no private key that can be read", file.setting, file.path.string()),
            "name a PEM private key without a password");
    return out;
}

void check_pair(const named_file& certificate_file, const named_file& key_file, report& into) {
    const auto certificates = read_certificates(certificate_file, into);
    const auto key = read_key(key_file, into);
    if (certificates.empty() || !key) return;
    if (X509_check_private_key(certificates.front().get(), key.get()) != 1)
        into.error(
            key_file.line,
            fmt::format("{}: {} is not the key of the first certificate in {}", key_file.setting,
                        key_file.path.string(), certificate_file.path.string()),
            "name the key that belongs to it, and put the server's own certificate before its issuers");
    ERR_clear_error();
}

}  // namespace

std::optional<certificate_files> read_certificate(table_reader& in, std::string_view certificate_key,
                                                  std::string_view key_key, need presence, report& into) {
    const auto certificate = in.read_path(certificate_key, presence, "\"../certs/server.pem\"");
    const auto key = in.read_path(key_key, presence, "\"../certs/server.key\"");
    if (presence == need::optional && in.has(certificate_key) != in.has(key_key)) {
        const auto there = in.has(certificate_key) ? certificate_key : key_key;
        const auto absent = in.has(certificate_key) ? key_key : certificate_key;
        in.error(there, fmt::format("is there without {}", absent),
                 fmt::format("add {}, or remove both", absent));
    }
    if (!certificate || !key) return std::nullopt;
    check_pair(*certificate, *key, into);
    return certificate_files{certificate->path, key->path};
}

void check_authorities(const named_file& file, report& into) {
    (void)read_certificates(file, into);
}

void check_signing_key(const named_file& file, report& into) {
    const auto key = read_key(file, into);
    if (!key) return;
    std::array<char, 64> group{};
    std::size_t length = 0;
    const bool has_group = EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.data(),
                                                          group.size(), &length) == 1;
    ERR_clear_error();
    if (!has_group || std::string_view(group.data(), length) != "prime256v1")
        into.error(file.line,
                   fmt::format("{}: {} is not a key on the curve P-256", file.setting, file.path.string()),
                   "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256");
}

}  // namespace garde::config
