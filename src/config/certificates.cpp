// See certificates.hpp.
#include "certificates.hpp"

#include "garde/base/clock.hpp"
#include "garde/base/revocation.hpp"
#include "garde/base/x509.hpp"

#include "files.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace garde::config {
namespace {

constexpr std::time_t renewal_notice_s = 30 * 24 * 3600;

std::chrono::sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(wall_now());
}

std::string date_text(const ASN1_TIME* time) {
    const auto at = to_time(time);
    return at ? garde::date_text(*at) : "an unreadable date";
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
        into.expired(file.line, fmt::format("{} has expired on {}", subject, date_text(end)),
                     "renew the certificate");
    else if (X509_cmp_time(end, &soon) <= 0)
        into.warning(file.line, fmt::format("{} expires on {}", subject, date_text(end)),
                     "renew the certificate before then");
}

std::vector<certificate_ptr> read_certificates(const named_file& file, report& into) {
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
    auto out = parse_private_key(pem->reveal());
    if (!out)
        into.error(
            file.line,
            fmt::format("{}: {} holds no private key that can be read", file.setting, file.path.string()),
            "name a PEM private key without a password");
    return out;
}

std::vector<certificate_ptr> read_pair(const named_file& certificate_file, const named_file& key_file,
                                       report& into) {
    auto certificates = read_certificates(certificate_file, into);
    const auto key = read_key(key_file, into);
    if (certificates.empty() || !key) return certificates;
    if (X509_check_private_key(certificates.front().get(), key.get()) != 1)
        into.error(
            key_file.line,
            fmt::format("{}: {} is not the key of the first certificate in {}", key_file.setting,
                        key_file.path.string(), certificate_file.path.string()),
            "name the key that belongs to it, and put the server's own certificate before its issuers");
    ERR_clear_error();
    return certificates;
}

/// Of a setting's file: what revocation.hpp found wrong with it.
void report_fault(const named_file& file, const revocation_fault& fault, report& into) {
    into.error(file.line, fmt::format("{}: {} {}", file.setting, file.path.string(), fault.what),
               fault.instead);
}

void report_expiry(const named_file& file, const revocation_fault& fault, report& into) {
    into.expired(file.line, fmt::format("{}: {} {}", file.setting, file.path.string(), fault.what),
                 fault.instead);
}

std::vector<revocation_list_ptr> read_lists(const std::vector<named_file>& files,
                                            const std::vector<certificate_ptr>& authorities, report& into) {
    std::vector<revocation_list_ptr> out;
    for (const auto& file : files) {
        const auto pem = read_named_file(file, into);
        if (!pem) continue;
        auto lists = parse_revocation_lists(*pem);
        if (lists.empty())
            report_fault(file,
                         {"holds no revocation list in PEM form",
                          "name a file that begins with -----BEGIN X509 CRL-----; from DER: openssl crl "
                          "-inform DER -in … -out …"},
                         into);
        for (auto& list : lists) {
            if (const auto fault = check_revocation_list(list.get(), authorities, now()))
                report_fault(file, *fault, into);
            else if (const auto expiry = check_expiry(list.get(), now()))
                report_expiry(file, *expiry, into);
            out.push_back(std::move(list));
        }
    }
    return out;
}

void check_curve(const key_ptr& key, const named_file& file, report& into) {
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

}  // namespace

namespace {

struct named_pair {
    named_file certificate;
    named_file key;
};

std::optional<named_pair> read_pair_names(table_reader& in, std::string_view certificate_key,
                                          std::string_view key_key, need presence) {
    const auto certificate = in.read_path(certificate_key, presence, "\"../certs/server.pem\"");
    const auto key = in.read_path(key_key, presence, "\"../certs/server.key\"");
    if (presence == need::optional && in.has(certificate_key) != in.has(key_key)) {
        const auto there = in.has(certificate_key) ? certificate_key : key_key;
        const auto absent = in.has(certificate_key) ? key_key : certificate_key;
        in.error(there, fmt::format("is there without {}", absent),
                 fmt::format("add {}, or remove both", absent));
    }
    if (!certificate || !key) return std::nullopt;
    return named_pair{*certificate, *key};
}

}  // namespace

std::optional<certificate_files> read_certificate(table_reader& in, std::string_view certificate_key,
                                                  std::string_view key_key, need presence, report& into) {
    const auto names = read_pair_names(in, certificate_key, key_key, presence);
    if (!names) return std::nullopt;
    (void)read_pair(names->certificate, names->key, into);
    return certificate_files{names->certificate.path, names->key.path};
}

std::optional<listed_certificate> read_server_certificate(table_reader& in, report& into) {
    const auto names = read_pair_names(in, "certificate", "key", need::required);
    const auto answer = in.read_path("ocsp_response", need::optional, "\"../certs/server.ocsp\"");
    if (!names) return std::nullopt;
    const auto chain = read_pair(names->certificate, names->key, into);
    listed_certificate out{{names->certificate.path, names->key.path}, {}, {}, names->certificate.line};
    if (!chain.empty()) out.names = dns_names(chain.front().get());
    if (!answer) return out;
    out.ocsp_response = answer->path;
    const auto der = read_named_file(*answer, into);
    if (!der || chain.empty()) return out;
    const auto read = read_ocsp_answer(*der, chain, now());
    if (!read)
        report_fault(*answer, read.error(), into);
    else if (const auto expiry = check_expiry(*read, now()))
        report_expiry(*answer, *expiry, into);
    return out;
}

std::vector<certificate_ptr> read_authorities(const named_file& file, report& into) {
    return read_certificates(file, into);
}

void check_client_trust(const named_file& authorities, const std::vector<named_file>& lists, report& into) {
    const auto certificates = read_certificates(authorities, into);
    if (lists.empty() || certificates.empty()) return;
    const auto read = read_lists(lists, certificates, into);
    if (read.empty()) return;
    for (const X509* bare : authorities_without_list(certificates, read))
        into.error(
            lists.front().line,
            fmt::format("{} has no list of the authority {} in client_ca: all its clients would be refused",
                        lists.front().setting, name_text(X509_get_subject_name(bare))),
            "add a file with its list");
}

void check_signing_key(const named_file& file, report& into) {
    if (const auto key = read_key(file, into)) check_curve(key, file, into);
}

std::optional<secret_string> read_ed25519_key(const named_file& file, report& into) {
    auto pem = read_key_file(file, into);
    if (!pem) return std::nullopt;
    const auto key = parse_private_key(pem->reveal());
    if (key && EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519) return pem;
    into.error(file.line,
               fmt::format("{}: {} holds no private key of Ed25519", file.setting, file.path.string()),
               fmt::format("make one: garde journal key {} --name ORIGIN", file.path.string()));
    return std::nullopt;
}

void check_verifying_key(const named_file& file, report& into) {
    const auto pem = read_named_file(file, into);
    if (!pem) return;
    if (const auto key = parse_public_key(*pem)) return check_curve(key, file, into);
    into.error(file.line,
               fmt::format("{}: {} holds no public key that can be read", file.setting, file.path.string()),
               "make one of the private key: openssl pkey -pubout -in … -out …");
}

}  // namespace garde::config
