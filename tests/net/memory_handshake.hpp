// Two TLS sides that talk through memory: no sockets, no loop, no time.
#pragma once

#include "garde/base/x509.hpp"
#include "garde/net/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

namespace garde::net::testing_support {

struct session_deleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using session_ptr = std::unique_ptr<SSL_SESSION, session_deleter>;

/// A client as others are: what it shows, whom it trusts (nobody is checked) and which versions it speaks.
class foreign_client {
  public:
    explicit foreign_client(int version = TLS1_3_VERSION) : context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_min_proto_version(context_.get(), version);
        SSL_CTX_set_max_proto_version(context_.get(), version);
    }

    void show(const config::certificate_files& own) {
        SSL_CTX_use_certificate_chain_file(context_.get(), own.certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context_.get(), own.key.c_str(), SSL_FILETYPE_PEM);
    }

    /// Asks for this name, with this session.
    [[nodiscard]] ssl_ptr side(const std::string& name = {}, SSL_SESSION* session = nullptr) const {
        ssl_ptr out(SSL_new(context_.get()));
        SSL_set_connect_state(out.get());
        if (!name.empty()) SSL_set_tlsext_host_name(out.get(), name.c_str());
        if (session != nullptr) SSL_set_session(out.get(), session);
        return out;
    }

    [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

  private:
    std::unique_ptr<SSL_CTX, ssl_deleter> context_;
};

/// A client's and a server's side, connected.
class memory_pair {
  public:
    memory_pair(ssl_ptr client, ssl_ptr server) : client_(std::move(client)), server_(std::move(server)) {
        BIO* a = nullptr;
        BIO* b = nullptr;
        BIO_new_bio_pair(&a, 0, &b, 0);
        SSL_set_bio(client_.get(), a, a);
        SSL_set_bio(server_.get(), b, b);
    }

    /// True when both sides are satisfied: the handshake and one byte each way, so that tickets and late
    /// refusals (TLS 1.3) have arrived.
    bool shake_hands() {
        for (int turn = 0; turn < 20; ++turn) {
            const bool client = step(client_.get());
            const bool server = step(server_.get());
            if (client && server)
                return send(client_.get(), server_.get()) && send(server_.get(), client_.get());
        }
        return false;
    }

    [[nodiscard]] SSL* client() const { return client_.get(); }
    [[nodiscard]] SSL* server() const { return server_.get(); }
    [[nodiscard]] bool resumed() const { return SSL_session_reused(server_.get()) == 1; }
    [[nodiscard]] session_ptr session() const { return session_ptr(SSL_get1_session(client_.get())); }
    /// The common name of what the server showed; of the session's when it was resumed.
    [[nodiscard]] std::string shown() const {
        const X509* certificate = SSL_get0_peer_certificate(client_.get());
        return certificate == nullptr ? "" : name_text(X509_get_subject_name(certificate));
    }
    /// What the server stapled; empty when it did not.
    [[nodiscard]] std::string staple() const {
        const unsigned char* data = nullptr;
        const long size = SSL_get_tlsext_status_ocsp_resp(client_.get(), &data);
        return size > 0 ? std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size))
                        : "";
    }

  private:
    static bool step(SSL* one) {
        ERR_clear_error();
        return SSL_do_handshake(one) == 1;
    }
    static bool send(SSL* from, SSL* to) {
        char byte = 'x';
        ERR_clear_error();
        return SSL_write(from, &byte, 1) == 1 && SSL_read(to, &byte, 1) == 1;
    }

    ssl_ptr client_;
    ssl_ptr server_;
};

}  // namespace garde::net::testing_support
