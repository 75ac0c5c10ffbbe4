// What one signature of a receipt costs: ES256 over as many bytes as a receipt signs, by OpenSSL alone. CPU
// time of one thread, in microseconds, on standard output as JSON.
//
// Usage: bench-signature
#include "garde/base/hash.hpp"

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <tuple>

namespace {

constexpr int signatures = 4'000;
/// Header and claims of a receipt, in base64url.
constexpr std::size_t signed_bytes = 900;

double cpu_us() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

bool sign(EVP_PKEY* key, const std::string& text) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::array<unsigned char, 128> out{};
    std::size_t size = out.size();
    return EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestSign(context.get(), out.data(), &size,
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

}  // namespace

int main() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::string text = garde::to_base64url(garde::random_bytes(signed_bytes * 3 / 4));
    for (int i = 0; i < signatures / 10; ++i)
        if (!sign(key.get(), text)) return 1;
    const double begin = cpu_us();
    for (int i = 0; i < signatures; ++i) std::ignore = sign(key.get(), text);
    fmt::print("{{\"us\": {:.3f}}}\n", (cpu_us() - begin) / signatures);
    return 0;
}
