// See tls_context.hpp.
#include "garde/net/tls_context.hpp"

#include "garde/net/socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

namespace garde::net {
namespace {

/// ECDHE with AEAD only; TLS 1.3's own suites are all modern.
constexpr const char* tls12_suites = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string openssl_reason() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

std::unique_ptr<SSL_CTX, ssl_deleter> make_context(const SSL_METHOD* method) {
    std::unique_ptr<SSL_CTX, ssl_deleter> context(SSL_CTX_new(method));
    if (!context) return nullptr;
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_cipher_list(context.get(), tls12_suites);
    return context;
}

result<void> use_certificate(SSL_CTX* context, const config::certificate_files& files) {
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
        return fail("cannot use certificate " + files.certificate.string() + ": " + openssl_reason());
    // Also fails when the key belongs to another certificate.
    if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return fail("cannot use key " + files.key.string() + " with certificate " +
                    files.certificate.string() + ": " + openssl_reason());
    return {};
}

result<void> trust(SSL_CTX* context, const std::filesystem::path& ca) {
    if (SSL_CTX_load_verify_file(context, ca.c_str()) != 1)
        return fail("cannot read CA file " + ca.string() + ": " + openssl_reason());
    return {};
}

/// The only application protocol that garde speaks, where the client offers ALPN at all; others are left
/// without.
int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned in_length, void* /*unused*/) {
    static constexpr std::array<unsigned char, 9> http11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, http11.data(), http11.size(), in, in_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

result<void> ask_clients(SSL_CTX* context, config::client_certificates clients,
                         const std::filesystem::path& client_ca) {
    if (clients == config::client_certificates::off) return {};
    if (auto trusted = trust(context, client_ca); !trusted) return trusted;
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(client_ca.c_str()));
    const int required =
        clients == config::client_certificates::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
    return {};
}

}  // namespace

void ssl_deleter::operator()(SSL* ssl) const {
    SSL_free(ssl);
}
void ssl_deleter::operator()(SSL_CTX* context) const {
    SSL_CTX_free(context);
}

result<tls_context> tls_context::server(const config::certificate_files& files, config::tls_version min_tls,
                                        config::client_certificates clients,
                                        const std::filesystem::path& client_ca) {
    auto context = make_context(TLS_server_method());
    if (!context) return fail("cannot make a TLS context: " + openssl_reason());
    SSL_CTX_set_min_proto_version(context.get(),
                                  min_tls == config::tls_version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_OFF);  // tickets only: nothing shared between threads
    SSL_CTX_set_num_tickets(context.get(), 1);
    static constexpr std::array<unsigned char, 5> scope{'g', 'a', 'r', 'd', 'e'};
    SSL_CTX_set_session_id_context(context.get(), scope.data(), scope.size());
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
    if (auto used = use_certificate(context.get(), files); !used) return std::unexpected(used.error());
    if (auto asked = ask_clients(context.get(), clients, client_ca); !asked)
        return std::unexpected(asked.error());
    return tls_context(context.release());
}

result<tls_context> tls_context::client(const std::filesystem::path& ca,
                                        const std::optional<config::certificate_files>& own) {
    auto context = make_context(TLS_client_method());
    if (!context) return fail("cannot make a TLS context: " + openssl_reason());
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (auto trusted = trust(context.get(), ca); !trusted) return std::unexpected(trusted.error());
    if (own)
        if (auto used = use_certificate(context.get(), *own); !used) return std::unexpected(used.error());
    return tls_context(context.release());
}

ssl_ptr tls_context::accept_side() const {
    ssl_ptr ssl(SSL_new(context_.get()));
    if (ssl) SSL_set_accept_state(ssl.get());
    return ssl;
}

ssl_ptr tls_context::connect_side(const std::string& server_name) const {
    ssl_ptr ssl(SSL_new(context_.get()));
    if (!ssl) return nullptr;
    SSL_set_connect_state(ssl.get());
    // RFC 6066, 3: an IP literal is no server name; SSL_set1_host compares it with the certificate's
    // addresses.
    const bool is_name = !endpoint::from_literal(server_name, 0);
    if (is_name && SSL_set_tlsext_host_name(ssl.get(), server_name.c_str()) != 1) return nullptr;
    if (SSL_set1_host(ssl.get(), server_name.c_str()) != 1) return nullptr;
    return ssl;
}

}  // namespace garde::net
