// See x509.hpp.
#include "garde/base/x509.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace garde {
namespace {

struct free_bio {
    void operator()(BIO* value) const { BIO_free(value); }
};
using bio_ptr = std::unique_ptr<BIO, free_bio>;

bio_ptr bio_over(std::string_view content) {
    return bio_ptr(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

/// Without this OpenSSL would ask on the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) {
    return -1;
}

}  // namespace

void x509_deleter::operator()(X509* value) const {
    X509_free(value);
}
void x509_deleter::operator()(X509_CRL* value) const {
    X509_CRL_free(value);
}
void x509_deleter::operator()(EVP_PKEY* value) const {
    EVP_PKEY_free(value);
}

std::vector<certificate_ptr> parse_certificates(std::string_view pem) {
    std::vector<certificate_ptr> out;
    const auto bio = bio_over(pem);
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr))
        out.emplace_back(certificate);
    ERR_clear_error();
    return out;
}

std::vector<revocation_list_ptr> parse_revocation_lists(std::string_view pem) {
    std::vector<revocation_list_ptr> out;
    const auto bio = bio_over(pem);
    while (X509_CRL* list = PEM_read_bio_X509_CRL(bio.get(), nullptr, no_password, nullptr))
        out.emplace_back(list);
    ERR_clear_error();
    return out;
}

key_ptr parse_private_key(std::string_view pem) {
    const auto bio = bio_over(pem);
    key_ptr out(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return out;
}

key_ptr parse_public_key(std::string_view pem) {
    // Each reader skips what it is not for.
    if (const auto certificates = parse_certificates(pem); !certificates.empty())
        return key_ptr(X509_get_pubkey(certificates.front().get()));
    const auto bio = bio_over(pem);
    key_ptr out(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return out ? std::move(out) : parse_private_key(pem);
}

std::optional<std::chrono::sys_seconds> to_time(const ASN1_TIME* time) {
    std::tm parts{};
    // A null time would mean "now" to OpenSSL.
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(timegm(&parts)));
}

std::string date_text(std::chrono::sys_seconds at) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

bool is_valid_at(const X509* certificate, std::chrono::sys_seconds at) {
    const auto begin = to_time(X509_get0_notBefore(certificate));
    const auto end = to_time(X509_get0_notAfter(certificate));
    return begin && end && *begin <= at && at <= *end;
}

std::string name_text(const X509_NAME* name) {
    const bio_ptr memory(BIO_new(BIO_s_mem()));
    if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string der_of(const X509* certificate) {
    unsigned char* data = nullptr;
    const int size = i2d_X509(certificate, &data);
    if (size < 0) std::abort();  // out of memory
    std::string out(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return out;
}

std::vector<std::string> dns_names(const X509* certificate) {
    const auto free_names = [](GENERAL_NAMES* names) { GENERAL_NAMES_free(names); };
    const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        free_names);
    std::vector<std::string> out;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int type = 0;
        const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
        if (type != GEN_DNS) continue;
        const auto* text = static_cast<const ASN1_IA5STRING*>(value);
        std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                         static_cast<std::size_t>(ASN1_STRING_length(text)));
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        out.push_back(std::move(name));
    }
    return out;
}

}  // namespace garde
