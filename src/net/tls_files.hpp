// Reading the files of a TLS context; what is wrong comes in words that name the file.
#pragma once

#include "garde/base/result.hpp"
#include "garde/base/x509.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace garde::net {

/// What OpenSSL last complained of on this thread; its queue is empty afterwards.
std::string openssl_reason();

/// The content of a file.
result<std::string> read_file(const std::filesystem::path& file);

/// At least one certificate, from PEM.
result<std::vector<certificate_ptr>> read_certificates(const std::filesystem::path& file);

}  // namespace garde::net
