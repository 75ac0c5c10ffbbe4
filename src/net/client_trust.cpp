// See client_trust.hpp.
#include "client_trust.hpp"

#include "garde/base/revocation.hpp"

#include "tls_files.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

namespace garde::net {
namespace {

using std::chrono::sys_seconds;

/// Longer chains, and longer messages that carry them, only cost time and memory.
constexpr int chain_limit = 5;
constexpr long chain_bytes_limit = 32 * 1024;

}  // namespace

void client_trust::store_deleter::operator()(X509_STORE* store) const {
    X509_STORE_free(store);
}

int client_trust::attachment() {
    static const int index =
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE, 0, nullptr, nullptr, nullptr,
                                [](void*, void* notices, CRYPTO_EX_DATA*, int, long, void*) {
                                    delete static_cast<expiry_notices*>(notices);
                                });
    return index;
}

result<client_trust> client_trust::load(config::client_certificates clients,
                                        const std::filesystem::path& authorities,
                                        const std::vector<std::filesystem::path>& lists, sys_seconds now) {
    client_trust out;
    out.clients_ = clients;
    if (clients != config::client_certificates::off) {
        auto certificates = read_certificates(authorities);
        if (!certificates) return fail("cannot use client_ca: " + certificates.error().message);
        out.authorities_ = std::move(*certificates);
        out.store_.reset(X509_STORE_new());
        if (!out.store_) return fail("cannot make a store of authorities: " + openssl_reason());
        for (const auto& authority : out.authorities_) X509_STORE_add_cert(out.store_.get(), authority.get());
        if (auto added = out.add_lists(lists, now); !added) return std::unexpected(added.error());
    }
    out.make_scope();
    return out;
}

result<void> client_trust::add_lists(const std::vector<std::filesystem::path>& files, sys_seconds now) {
    if (files.empty()) return {};
    for (const auto& file : files) {
        const auto pem = read_file(file);
        if (!pem) return fail("cannot use client_crl: " + pem.error().message);
        auto parsed = parse_revocation_lists(*pem);
        if (parsed.empty()) return fail("client_crl: " + file.string() + " holds no list in PEM form");
        for (auto& list : parsed) {
            if (const auto fault = check_revocation_list(list.get(), authorities_, now))
                return fail("client_crl: " + file.string() + " " + fault->what + "; " + fault->instead);
            lists_.push_back(std::move(list));
        }
    }
    if (const auto bare = authorities_without_list(authorities_, lists_); !bare.empty())
        return fail("client_crl has no list of " + name_text(X509_get_subject_name(bare.front())) +
                    ", so that all its clients would be refused; add its list");
    auto notices = std::make_unique<expiry_notices>();
    for (const auto& list : lists_) {
        X509_STORE_add_crl(store_.get(), list.get());
        notices->push_back(std::make_unique<expiry_notice>(list.get()));
    }
    X509_STORE_set_flags(store_.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_set_verify_cb(store_.get(), &on_verified);
    auto* const kept = notices.release();
    if (X509_STORE_set_ex_data(store_.get(), attachment(), kept) == 1) return {};
    notices.reset(kept);
    return fail("cannot keep the revocation lists: " + openssl_reason());
}

void client_trust::make_scope() {
    std::string text = "clients " + std::to_string(static_cast<int>(clients_));
    text += lists_.empty() ? " without lists" : " with lists";
    for (const auto& authority : authorities_) {
        text += !lists_.empty() && is_revoked(authority.get(), lists_) ? " revoked " : " good ";
        text += der_of(authority.get());
    }
    scope_ = sha256(text);
}

void client_trust::apply(SSL_CTX* to) const {
    if (clients_ == config::client_certificates::off) return;
    SSL_CTX_set1_cert_store(to, store_.get());
    for (const auto& authority : authorities_) SSL_CTX_add_client_CA(to, authority.get());
    SSL_CTX_set_verify_depth(to, chain_limit);
    SSL_CTX_set_max_cert_list(to, chain_bytes_limit);
    const int required =
        clients_ == config::client_certificates::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(to, SSL_VERIFY_PEER | required, nullptr);
}

/// A list that has expired stays in force, also over a restart: what it revokes is refused, and the clients
/// that nothing is known against are not cut off because somebody did not renew a file.
int client_trust::on_verified(int good, X509_STORE_CTX* checked) {
    if (good == 1 || X509_STORE_CTX_get_error(checked) != X509_V_ERR_CRL_HAS_EXPIRED) return good;
    const X509_CRL* list = X509_STORE_CTX_get0_current_crl(checked);
    const auto* notices = static_cast<expiry_notices*>(
        X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(checked), attachment()));
    const auto notice = std::ranges::find(*notices, list, [](const auto& each) { return each->list; });
    if (notice != notices->end() && !(*notice)->given.exchange(true, std::memory_order_relaxed))
        spdlog::warn(
            "the revocation list of {} has expired on {}: what it revokes stays refused, what was "
            "revoked since is not known; fetch the current list and reload",
            name_text(X509_CRL_get_issuer(list)), date_text(next_update(list)));
    X509_STORE_CTX_set_error(checked, X509_V_OK);
    return 1;
}

bool client_trust::still_believes(const X509* peer, sys_seconds now) const {
    if (clients_ == config::client_certificates::off || !is_valid_at(peer, now)) return false;
    return lists_.empty() || !is_revoked(peer, lists_);
}

}  // namespace garde::net
