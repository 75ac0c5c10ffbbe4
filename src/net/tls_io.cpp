// See tls_io.hpp.
#include "tls_io.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <cerrno>

namespace garde::net {
namespace {

watched_socket& socket_of(BIO* bio) {
    return *static_cast<watched_socket*>(BIO_get_data(bio));
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    watched_socket& from = socket_of(bio);
    const auto got = static_cast<int>(from.receive({into, static_cast<std::size_t>(size)}));
    if (got < 0 && would_block()) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return got;
}

int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto put = static_cast<int>(socket_of(bio).transmit({data, static_cast<std::size_t>(size)}));
    if (put < 0 && would_block()) BIO_set_retry_write(bio);
    return put;
}

long control(BIO* bio, int what, long /*number*/, void* /*pointer*/) {
    switch (what) {
        case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        case BIO_CTRL_FLUSH: return 1;
        default: return 0;
    }
}

const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
        BIO_METHOD* out = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "garde socket");
        BIO_meth_set_read(out, read);
        BIO_meth_set_write(out, write);
        BIO_meth_set_ctrl(out, control);
        return out;
    }();
    return made;
}

}  // namespace

bool use_socket(SSL* ssl, watched_socket& over) {
    BIO* bio = BIO_new(method());
    if (bio == nullptr) return false;
    BIO_set_data(bio, &over);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return true;
}

}  // namespace garde::net
