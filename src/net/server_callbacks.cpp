// See server_callbacks.hpp.
#include "server_callbacks.hpp"

#include "tls_files.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace garde::net {
namespace {

using std::chrono::sys_seconds;

/// However often its tickets are renewed, a client proves anew after so long that it holds its key.
constexpr std::chrono::hours proof_life{24};

struct context_state {
    context_state(std::unique_ptr<const shared_server> own, const shared_server* used,
                  std::optional<ocsp_answer> stapled)
        : owned(std::move(own)), shared(used), staple(std::move(stapled)) {}

    std::unique_ptr<const shared_server> owned;  ///< by the default context, which outlives the others' use
    const shared_server* shared;
    std::optional<ocsp_answer> staple;
    mutable std::atomic<bool> stale_noticed{false};
};

void free_state(void*, void* state, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<context_state*>(state);
}

int state_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_state);
    return index;
}

const context_state& state_of(const SSL_CTX* context) {
    return *static_cast<const context_state*>(SSL_CTX_get_ex_data(context, state_index()));
}

sys_seconds seconds_of(wall_time at) {
    return std::chrono::floor<std::chrono::seconds>(at);
}

/// Chooses the certificate, and binds the session to the name and to what makes a client certificate good:
/// OpenSSL resumes a session only under the session id context that it was made under.
int on_client_hello(SSL* ssl, int* /*alert*/, void* shared_pointer) {
    const auto& shared = *static_cast<const shared_server*>(shared_pointer);
    const requested_name name(ssl);
    if (SSL_CTX* chosen = shared.names.find(name.text())) SSL_set_SSL_CTX(ssl, chosen);
    std::string scope(reinterpret_cast<const char*>(shared.trust.scope().data()),
                      shared.trust.scope().size());
    scope += name.text();
    const digest256 bound = sha256(scope);
    SSL_set_session_id_context(ssl, bound.data(), bound.size());
    return SSL_CLIENT_HELLO_SUCCESS;
}

bool use_key(const ticket_key& key, const EVP_CIPHER* with, const unsigned char* start,
             EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
    char digest[] = "SHA256";
    const std::array params{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac().data()),
                                          key.mac().size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, params.data()) == 1 &&
           EVP_CipherInit_ex(cipher, with, nullptr, key.cipher().data(), start, encrypt) == 1;
}

/// 1: done. 2: read, and to be renewed. 0: no such key, so a full handshake. -1: it failed.
int on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* start, EVP_CIPHER_CTX* cipher,
                  EVP_MAC_CTX* mac, int encrypt) {
    const auto& shared = *state_of(SSL_get_SSL_CTX(ssl)).shared;
    ticket_keys& keys = *shared.tickets;
    if (encrypt == 1) {
        const ticket_key key = keys.current(shared.now());
        std::ranges::copy(key.name(), name);
        if (RAND_bytes(start, EVP_CIPHER_get_iv_length(keys.cipher())) != 1) return -1;
        return use_key(key, keys.cipher(), start, cipher, mac, encrypt) ? 1 : -1;
    }
    const auto key = keys.find({name, ticket_key::name_bytes}, shared.now());
    if (!key) return 0;
    if (!use_key(*key, keys.cipher(), start, cipher, mac, encrypt)) return -1;
    return key->newest ? 1 : 2;
}

/// Writes into the ticket until when the client's chain may be believed without being checked again. A
/// renewed ticket keeps what the first one said.
int on_ticket_made(SSL* ssl, void* shared_pointer) {
    // It has been sent by now, and would be kept for as long as the connection.
    SSL_set_tlsext_status_ocsp_resp(ssl, nullptr, 0);
    const auto* chain = SSL_get0_verified_chain(ssl);
    if (chain == nullptr || SSL_session_reused(ssl) == 1) return 1;
    const auto& shared = *static_cast<const shared_server*>(shared_pointer);
    std::int64_t until = (seconds_of(shared.now()) + proof_life).time_since_epoch().count();
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        const auto end = to_time(X509_get0_notAfter(sk_X509_value(chain, i)));
        until = std::min(until, end ? end->time_since_epoch().count() : 0);
    }
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &until, sizeof until);
}

/// What on_ticket_made wrote; the epoch when there is nothing.
sys_seconds believed_until(SSL_SESSION* session) {
    void* data = nullptr;
    std::size_t size = 0;
    std::int64_t until = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) == 1 && size == sizeof until)
        std::memcpy(&until, data, sizeof until);
    return sys_seconds(std::chrono::seconds(until));
}

SSL_TICKET_RETURN on_ticket_read(SSL* ssl, SSL_SESSION* session, const unsigned char* /*name*/,
                                 std::size_t /*name_length*/, SSL_TICKET_STATUS status,
                                 void* shared_pointer) {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    const auto& shared = *static_cast<const shared_server*>(shared_pointer);
    const auto now = seconds_of(shared.now());
    const X509* peer = SSL_SESSION_get0_peer(session);
    if (peer != nullptr && (now > believed_until(session) || !shared.trust.still_believes(peer, now)))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    // A client of TLS 1.3 shows each ticket once, so it needs the next one (RFC 8446, C.4).
    const bool renew = status == SSL_TICKET_SUCCESS_RENEW || SSL_version(ssl) == TLS1_3_VERSION;
    return renew ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

/// Staples while the answer is current; clients treat a stale one worse than none.
int on_status_asked(SSL* ssl, void* state_pointer) {
    const auto& state = *static_cast<const context_state*>(state_pointer);
    if (!state.staple || SSL_session_reused(ssl) == 1) return SSL_TLSEXT_ERR_NOACK;
    if (state.shared->now() >= state.staple->next_update) {
        if (!state.stale_noticed.exchange(true, std::memory_order_relaxed))
            spdlog::warn(
                "the OCSP response has expired on {} and is no longer stapled: fetch a current one and "
                "reload",
                date_text(state.staple->next_update));
        return SSL_TLSEXT_ERR_NOACK;
    }
    const std::string& der = state.staple->der;
    void* copy = OPENSSL_memdup(der.data(), der.size());
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(der.size()));
    return SSL_TLSEXT_ERR_OK;
}

result<void> attach(SSL_CTX* context, std::unique_ptr<context_state> state) {
    context_state* const raw = state.release();
    if (SSL_CTX_set_ex_data(context, state_index(), raw) != 1) {
        state.reset(raw);
        return fail("cannot make a TLS context: " + openssl_reason());
    }
    if (raw->staple) {
        SSL_CTX_set_tlsext_status_cb(context, &on_status_asked);
        SSL_CTX_set_tlsext_status_arg(context, raw);
    }
    return {};
}

}  // namespace

result<void> attach_default(SSL_CTX* context, std::unique_ptr<const shared_server> shared,
                            std::optional<ocsp_answer> staple) {
    auto* const arg = const_cast<shared_server*>(shared.get());  // OpenSSL hands it back as it is
    SSL_CTX_set_client_hello_cb(context, &on_client_hello, arg);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &on_ticket_key);
    SSL_CTX_set_session_ticket_cb(context, &on_ticket_made, &on_ticket_read, arg);
    return attach(context, std::make_unique<context_state>(std::move(shared), arg, std::move(staple)));
}

result<void> attach_further(SSL_CTX* context, const shared_server& shared,
                            std::optional<ocsp_answer> staple) {
    return attach(context, std::make_unique<context_state>(nullptr, &shared, std::move(staple)));
}

}  // namespace garde::net
