// See session_slot.hpp.
#include "garde/net/session_slot.hpp"

#include "garde/base/clock.hpp"
#include "garde/base/x509.hpp"

#include <openssl/ssl.h>

#include <utility>
#include <vector>

namespace garde::net {
namespace {

struct session_deleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using session_ptr = std::unique_ptr<SSL_SESSION, session_deleter>;

bool is_usable(const SSL_SESSION* session, std::chrono::sys_seconds now) {
    const X509* peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
    return SSL_SESSION_is_resumable(session) == 1 && peer != nullptr && is_valid_at(peer, now);
}

}  // namespace

/// Owned by the slot and by the connections that hand sessions to it, so that either may go first.
struct session_slot::state {
    scope used_for{};
    std::vector<session_ptr> sessions;  ///< the newest last

    /// OpenSSL's index of a connection's state.
    static int attachment() {
        static const int index = SSL_get_ex_new_index(
            0, nullptr, nullptr, nullptr, [](void*, void* attached, CRYPTO_EX_DATA*, int, long, void*) {
                delete static_cast<std::shared_ptr<state>*>(attached);
            });
        return index;
    }

    /// 1: the session is kept, with the reference that comes with it.
    static int on_new_session(SSL* client, SSL_SESSION* fresh) {
        const auto* attached = static_cast<std::shared_ptr<state>*>(SSL_get_ex_data(client, attachment()));
        if (attached == nullptr) return 0;
        auto& sessions = (*attached)->sessions;
        if (sessions.size() >= kept) sessions.erase(sessions.begin());
        sessions.emplace_back(fresh);
        return 1;
    }
};

session_slot::session_slot() : state_(std::make_shared<state>()) {}
session_slot::session_slot(session_slot&&) noexcept = default;
session_slot& session_slot::operator=(session_slot&&) noexcept = default;
session_slot::~session_slot() = default;

std::size_t session_slot::size() const {
    return state_->sessions.size();
}

void session_slot::use_for(const scope& wanted) {
    if (state_->used_for == wanted) return;
    // Connections made before still hand theirs to the former state, which nobody asks any more.
    state_ = std::make_shared<state>();
    state_->used_for = wanted;
}

void session_slot::offer(SSL* client) {
    auto& sessions = state_->sessions;
    const auto now = std::chrono::floor<std::chrono::seconds>(wall_now());
    while (!sessions.empty()) {
        session_ptr newest = std::move(sessions.back());
        sessions.pop_back();
        if (!is_usable(newest.get(), now)) continue;
        SSL_set_session(client, newest.get());
        if (SSL_SESSION_get_protocol_version(newest.get()) < TLS1_3_VERSION)
            sessions.push_back(std::move(newest));
        return;
    }
}

bool session_slot::attach(SSL* client) const {
    auto owned = std::make_unique<std::shared_ptr<state>>(state_);
    auto* const kept = owned.release();
    if (SSL_set_ex_data(client, state::attachment(), kept) == 1) return true;
    owned.reset(kept);
    return false;
}

void session_slot::enable(SSL_CTX* clients) {
    SSL_CTX_set_session_cache_mode(clients, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(clients, &state::on_new_session);
}

}  // namespace garde::net
