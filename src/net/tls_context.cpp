// See tls_context.hpp.
#include "garde/net/tls_context.hpp"

#include "garde/net/socket.hpp"

#include "server_callbacks.hpp"
#include "tls_files.hpp"

#include <openssl/ssl.h>

#include <array>

namespace garde::net {
namespace {

/// ECDHE with AEAD only. AES-128 first: as good as the others here, and its handshake hash, SHA-256, is the
/// one that processors compute themselves.
constexpr const char* tls12_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* tls13_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/// X25519 first: the cheapest in time, and 3 KiB less than P-256 for each connection in OpenSSL 3.0.
constexpr const char* groups = "X25519:P-256:P-384";

using context_ptr = std::unique_ptr<SSL_CTX, ssl_deleter>;

context_ptr make_context(const SSL_METHOD* method) {
    context_ptr context(SSL_CTX_new(method));
    if (!context) return nullptr;
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // One receive for all records that are there, instead of two for each.
    SSL_CTX_set_read_ahead(context.get(), 1);
    if (SSL_CTX_set_cipher_list(context.get(), tls12_suites) != 1 ||
        SSL_CTX_set_ciphersuites(context.get(), tls13_suites) != 1 ||
        SSL_CTX_set1_groups_list(context.get(), groups) != 1)
        return nullptr;
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

/// Sessions are kept apart by what their server was checked against, and by whom garde said it was.
result<digest256> client_scope(const std::filesystem::path& ca, SSL_CTX* context) {
    const auto authorities = read_certificates(ca);
    if (!authorities) return fail("cannot use CA file: " + authorities.error().message);
    std::string text;
    for (const auto& authority : *authorities) text += der_of(authority.get());
    if (const X509* own = SSL_CTX_get0_certificate(context)) text += der_of(own);
    return sha256(text);
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

/// Without what is shared by all contexts of a listener.
result<context_ptr> make_server_context(const config::certificate_files& files, config::tls_version min_tls,
                                        const client_trust& trust) {
    auto context = make_context(TLS_server_method());
    if (!context) return fail("cannot make a TLS context: " + openssl_reason());
    SSL_CTX_set_min_proto_version(context.get(),
                                  min_tls == config::tls_version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Tickets only: nothing that threads would share.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_timeout(context.get(), ticket_keys::ticket_life.count());
    SSL_CTX_set_session_id_context(context.get(), trust.scope().data(), trust.scope().size());
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
    if (auto used = use_certificate(context.get(), files); !used) return std::unexpected(used.error());
    trust.apply(context.get());
    return context;
}

/// Nothing when no answer is configured.
result<std::optional<ocsp_answer>> read_staple(const std::filesystem::path& file,
                                               const std::filesystem::path& certificate, wall_time now) {
    if (file.empty()) return std::nullopt;
    const auto der = read_file(file);
    if (!der) return fail("cannot use ocsp_response: " + der.error().message);
    const auto chain = read_certificates(certificate);
    if (!chain) return fail("cannot use certificate: " + chain.error().message);
    auto answer = read_ocsp_answer(*der, *chain, std::chrono::floor<std::chrono::seconds>(now));
    if (!answer)
        return fail("ocsp_response: " + file.string() + " " + answer.error().what + "; " +
                    answer.error().instead);
    return std::move(*answer);
}

std::vector<std::string> names_of(SSL_CTX* context) {
    return dns_names(SSL_CTX_get0_certificate(context));
}

result<void> add_certificate(shared_server& to, const config::sni_certificate& one,
                             config::tls_version min_tls) {
    auto context = make_server_context(one.files, min_tls, to.trust);
    if (!context) return std::unexpected(context.error());
    auto staple = read_staple(one.ocsp_response, one.files.certificate, to.now());
    if (!staple) return std::unexpected(staple.error());
    if (auto attached = attach_further(context->get(), to, std::move(*staple)); !attached) return attached;
    auto names = names_of(context->get());
    to.names.add(names, std::move(*context));
    return {};
}

}  // namespace

void ssl_deleter::operator()(SSL* ssl) const {
    // Otherwise a connection that ends without goodbye takes its session with it, under the context's lock: a
    // rule of TLS 1.0 that RFC 5246 (7.2.1) dropped.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
}
void ssl_deleter::operator()(SSL_CTX* context) const {
    SSL_CTX_free(context);
}

result<tls_context> tls_context::server(const config::listener_settings& settings, ticket_keys_ptr tickets,
                                        std::function<wall_time()> now) {
    auto trust = client_trust::load(settings.clients, settings.client_ca, settings.client_crl,
                                    std::chrono::floor<std::chrono::seconds>(now()));
    if (!trust) return std::unexpected(trust.error());
    auto shared = std::make_unique<shared_server>(std::move(tickets), std::move(now), std::move(*trust));
    auto context = make_server_context(settings.tls, settings.min_tls, shared->trust);
    if (!context) return std::unexpected(context.error());
    shared->names.set_default(names_of(context->get()));
    for (const auto& one : settings.sni)
        if (auto added = add_certificate(*shared, one, settings.min_tls); !added)
            return std::unexpected(added.error());
    auto staple = read_staple(settings.ocsp_response, settings.tls.certificate, shared->now());
    if (!staple) return std::unexpected(staple.error());
    if (auto attached = attach_default(context->get(), std::move(shared), std::move(*staple)); !attached)
        return std::unexpected(attached.error());
    return tls_context(context->release());
}

result<tls_context> tls_context::server(const config::certificate_files& files, config::tls_version min_tls,
                                        config::client_certificates clients,
                                        const std::filesystem::path& client_ca) {
    config::listener_settings settings;
    settings.tls = files;
    settings.min_tls = min_tls;
    settings.clients = clients;
    settings.client_ca = client_ca;
    return server(settings, std::make_shared<ticket_keys>(wall_now()));
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
    session_slot::enable(context.get());
    const auto scope = client_scope(ca, context.get());
    if (!scope) return std::unexpected(scope.error());
    tls_context out(context.release());
    out.trust_ = *scope;
    return out;
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

ssl_ptr tls_context::connect_side(const std::string& server_name, session_slot& sessions) const {
    ssl_ptr ssl = connect_side(server_name);
    if (!ssl) return nullptr;
    std::string scope(reinterpret_cast<const char*>(trust_.data()), trust_.size());
    sessions.use_for(sha256(scope + server_name));
    if (!sessions.attach(ssl.get())) return nullptr;
    sessions.offer(ssl.get());
    return ssl;
}

}  // namespace garde::net
