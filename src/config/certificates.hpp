// Checks of certificates, keys, revocation lists and OCSP responses: readable, belonging together, in their
// period of validity. Nothing of a key is kept.
#pragma once

#include "garde/base/secret.hpp"
#include "garde/base/x509.hpp"
#include "garde/config/settings.hpp"

#include "reader.hpp"
#include "report.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

/// The settings `certificate_key` and `key_key` of a table; nothing when either is absent. When `presence` is
/// optional, one without the other is an error.
std::optional<certificate_files> read_certificate(table_reader& in, std::string_view certificate_key,
                                                  std::string_view key_key, need presence, report& into);

/// A server's certificate with all that belongs to it.
struct listed_certificate {
    certificate_files files;
    std::filesystem::path ocsp_response;  ///< empty when there is none
    std::vector<std::string> names;       ///< the DNS names in it
    int line = 0;                         ///< of the setting `certificate`
};

/// The settings `certificate`, `key` and `ocsp_response` of a listener or of one of its further certificates.
std::optional<listed_certificate> read_server_certificate(table_reader& in, report& into);

/// A PEM file of certificates that others are checked against; what is wrong with it has been reported.
std::vector<certificate_ptr> read_authorities(const named_file& file, report& into);

/// The same for authorities of client certificates, with the PEM files of their revocation lists.
void check_client_trust(const named_file& authorities, const std::vector<named_file>& lists, report& into);

/// A PEM private key on the curve P-256, as ES256 needs it.
void check_signing_key(const named_file& file, report& into);
/// The public half of one: in a certificate, a public or a private key.
void check_verifying_key(const named_file& file, report& into);
/// A PEM private key of Ed25519; nothing, and reported, when it is none.
std::optional<secret_string> read_ed25519_key(const named_file& file, report& into);

}  // namespace garde::config
