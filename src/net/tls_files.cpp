// See tls_files.hpp.
#include "tls_files.hpp"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace garde::net {

std::string openssl_reason() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

result<std::string> read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail("cannot read " + file.string() + ": " + std::strerror(errno));
    std::string out{std::istreambuf_iterator<char>(in), {}};
    if (in.bad()) return fail("cannot read " + file.string() + ": " + std::strerror(errno));
    return out;
}

result<std::vector<certificate_ptr>> read_certificates(const std::filesystem::path& file) {
    const auto pem = read_file(file);
    if (!pem) return std::unexpected(pem.error());
    auto out = parse_certificates(*pem);
    if (out.empty()) return fail(file.string() + " holds no certificate in PEM form");
    return out;
}

}  // namespace garde::net
