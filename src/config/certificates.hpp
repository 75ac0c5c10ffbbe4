// Checks of certificates and keys: readable, belonging together, in their period of validity. Nothing of a
// key is kept.
#pragma once

#include "garde/config/settings.hpp"

#include "reader.hpp"
#include "report.hpp"

#include <optional>
#include <string_view>

namespace garde::config {

/// The settings `certificate_key` and `key_key` of a table; nothing when either is absent. When `presence` is
/// optional, one without the other is an error.
std::optional<certificate_files> read_certificate(table_reader& in, std::string_view certificate_key,
                                                  std::string_view key_key, need presence, report& into);

/// A PEM file of certificates that others are checked against.
void check_authorities(const named_file& file, report& into);

/// A PEM private key on the curve P-256, as ES256 needs it.
void check_signing_key(const named_file& file, report& into);

}  // namespace garde::config
