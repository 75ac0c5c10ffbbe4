// OpenSSL's randomness under a seed: keys, nonces and ids of a simulated run are the same each time.
#define OPENSSL_SUPPRESS_DEPRECATED  // a provider would do the same in two hundred lines

#include "chance.hpp"

#include <openssl/rand.h>

namespace garde::sim {
namespace {

chance drawn_from(0);

int fill(unsigned char* out, int count) {
    for (int i = 0; i < count; ++i) out[i] = static_cast<unsigned char>(drawn_from.next() >> 32);
    return 1;
}

int ready() {
    return 1;
}

}  // namespace

void seed_openssl(std::uint64_t seed) {
    static const RAND_METHOD method{.seed = nullptr,
                                    .bytes = fill,
                                    .cleanup = nullptr,
                                    .add = nullptr,
                                    .pseudorand = fill,
                                    .status = ready};
    RAND_set_rand_method(&method);
    drawn_from = chance(seed);
}

}  // namespace garde::sim
