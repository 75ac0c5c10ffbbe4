// X.509 objects in memory: owners, what is read from PEM text, names and times. No files and no clock.
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde {

struct x509_deleter {
    void operator()(X509* value) const;
    void operator()(X509_CRL* value) const;
    void operator()(EVP_PKEY* value) const;
};
using certificate_ptr = std::unique_ptr<X509, x509_deleter>;
using revocation_list_ptr = std::unique_ptr<X509_CRL, x509_deleter>;
using key_ptr = std::unique_ptr<EVP_PKEY, x509_deleter>;

/// All certificates of a PEM text, up to the first that cannot be read. Empty when there is none.
std::vector<certificate_ptr> parse_certificates(std::string_view pem);

/// The same for certificate revocation lists.
std::vector<revocation_list_ptr> parse_revocation_lists(std::string_view pem);

/// A private key without a password; null when there is none that can be read. Never asks on the terminal.
key_ptr parse_private_key(std::string_view pem);

/// The public key in a certificate, a public or a private key; null when there is none that can be read.
key_ptr parse_public_key(std::string_view pem);

/// Whole seconds, in any year that ASN.1 can say; nothing for a time that cannot be read.
std::optional<std::chrono::sys_seconds> to_time(const ASN1_TIME* time);

/// "2018-08-09", in UTC.
std::string date_text(std::chrono::sys_seconds at);

/// Is `at` inside the certificate's period of validity? Both ends belong to it (RFC 5280, 4.1.2.5).
bool is_valid_at(const X509* certificate, std::chrono::sys_seconds at);

/// One line for messages, e.g. "CN=Test CA,O=garde".
std::string name_text(const X509_NAME* name);

/// The certificate's own encoding.
std::string der_of(const X509* certificate);

/// The host names that a certificate is for: its DNS alternative names, in lower case, wildcards as they
/// stand ("*.garde.test"). The subject's common name does not count (RFC 9525, 2).
std::vector<std::string> dns_names(const X509* certificate);

}  // namespace garde
