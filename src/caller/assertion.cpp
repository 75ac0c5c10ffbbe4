// The checker: in which order a message is checked, and what is remembered of it. Each check is in a file of
// its own. See assertion.hpp.
#include "garde/caller/assertion.hpp"

#include "garde/base/hash.hpp"
#include "garde/soap/consult_tree.hpp"

#include "assertion_facts.hpp"
#include "assertion_memory.hpp"
#include "key_memory.hpp"
#include "message_signature.hpp"
#include "replay_memory.hpp"
#include "security_header.hpp"
#include "signature.hpp"
#include "signature_form.hpp"
#include "signing_key.hpp"
#include "timestamp.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace garde::caller {
namespace {

using enum assertion_refusal;
using key_handle = std::shared_ptr<const verification_key>;

/// What OpenSSL has to say is said by the refusal; left in its queue, others on this thread would take it for
/// theirs.
struct clean_error_queue {
    clean_error_queue() = default;
    clean_error_queue(const clean_error_queue&) = delete;
    clean_error_queue& operator=(const clean_error_queue&) = delete;
    ~clean_error_queue() { ERR_clear_error(); }
};

/// Both sums are taken in milliseconds, so that no instant that can be read is too far off for them.
bool is_before_begin(const validity& valid, wall_time now, std::chrono::seconds skew) {
    return std::chrono::floor<milliseconds>(now) + skew < std::chrono::floor<milliseconds>(valid.not_before);
}

bool is_at_or_behind_end(const validity& valid, wall_time now, std::chrono::seconds skew) {
    return std::chrono::floor<milliseconds>(now) - skew >=
           std::chrono::floor<milliseconds>(valid.not_on_or_after);
}

bool is_nihii(std::string_view text) {
    return (text.size() == 8 || text.size() == 11) &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Of a NIHII number the first eight digits name the provider; the last three say its qualification, and may
/// be left out.
bool same_provider(std::string_view a, std::string_view b) {
    if (is_nihii(a) && is_nihii(b)) return a.substr(0, 8) == b.substr(0, 8);
    return !a.empty() && a == b;
}

}  // namespace

class assertion_checker::parts {
  public:
    parts(std::shared_ptr<const assertion_rules> rules, assertion_bounds bounds)
        : messages_(bounds.messages), assertions_(bounds.assertions), keys_(bounds.keys) {
        use(std::move(rules));
    }

    /// What the former issuers have signed is verified anew.
    void use(std::shared_ptr<const assertion_rules> rules) {
        rules_ = std::move(rules);
        issuers_.clear();
        assertions_.forget();
        for (const auto& certificate : rules_->issuers) {
            key_ptr key(X509_get_pubkey(certificate.get()));
            issuers_.push_back(is_strong(key.get()) ? std::make_shared<const verification_key>(std::move(key))
                                                    : nullptr);
        }
        ERR_clear_error();
    }

    std::expected<identity, refused_message> check(std::string_view message, wall_time now) {
        const quiet_libxml2 quiet;
        const clean_error_queue clean;
        auto read = examine(message, now);
        if (!read) return std::unexpected(refused_message{read.error()});
        if (const auto new_one = remember(*read, now); !new_one)
            return std::unexpected(refused_message{new_one.error(), std::move(read->who)});
        return std::move(read->who);
    }

  private:
    /// A message that holds, whether or not it was seen before.
    struct examined {
        identity who;
        digest256 fingerprint{};
        wall_time created{};
    };

    checked<examined> examine(std::string_view message, wall_time now) {
        const auto document = parse_message(message);
        if (!document) return std::unexpected(document.error());
        const auto header = find_security_header(**document);
        if (!header) return std::unexpected(header.error());
        auto facts = read_assertion(*header->assertion, header->version);
        if (!facts) return std::unexpected(facts.error());
        const auto key = bound_key(*header, *facts, now);
        if (!key) return std::unexpected(key.error());
        const auto signed_info = check_message_signature(*header, **key);
        if (!signed_info) return std::unexpected(signed_info.error());
        const auto created = read_timestamp(*header->timestamp);
        if (!created) return std::unexpected(created.error());
        if (!is_near(*created, now, rules_->skew)) return std::unexpected(stale);
        if (!speaks_of_provider(*facts, *header->body)) return std::unexpected(provider);
        return examined{.who = {std::move(facts->name), std::move(facts->attributes)},
                        .fingerprint = fingerprint_of_message(**key, *signed_info),
                        .created = *created};
    }

    /// The key that the assertion binds, when its issuer has signed it and it is valid now.
    checked<key_handle> bound_key(const security_header& header, const assertion_facts& facts,
                                  wall_time now) {
        const auto fingerprint = fingerprint_of(*header.assertion);
        const auto* known = fingerprint ? assertions_.find(*fingerprint, now) : nullptr;
        // Another certificate may have the key of one that has expired.
        if (known != nullptr && !issuer_is_valid(known->issuer, now)) known = nullptr;
        known_assertion found;
        if (known != nullptr) {
            found = *known;
        } else {
            auto verified = verify_assertion(header, facts, now);
            if (!verified) return std::unexpected(verified.error());
            found = std::move(*verified);
        }
        if (!issuer_is_valid(found.issuer, now)) return std::unexpected(issuer_not_valid);
        if (is_before_begin(facts.valid, now, rules_->skew)) return std::unexpected(not_yet_valid);
        if (is_at_or_behind_end(facts.valid, now, rules_->skew)) return std::unexpected(expired);
        if (known == nullptr && fingerprint)
            assertions_.remember(*fingerprint, found, facts.valid.not_on_or_after);
        return found.key;
    }

    /// What does not depend on the time, and costs most.
    checked<known_assertion> verify_assertion(const security_header& header, const assertion_facts& facts,
                                              wall_time now) {
        const std::array target{header.assertion_id};
        const auto form = read_signature(*header.assertion_signature, signature_place::assertion, target);
        if (!form) return std::unexpected(form.error());
        const auto issuer = find_issuer(*header.assertion_signature, now);
        if (!issuer) return std::unexpected(assertion_signature);
        auto key = key_of(facts);
        if (!key) return std::unexpected(key.error());
        return known_assertion{.issuer = *issuer, .key = std::move(*key)};
    }

    /// Who has signed it: by trying, since what the signature says of its key is not believed. Those valid
    /// now come first, as a renewed certificate may have the same key.
    std::optional<std::size_t> find_issuer(xmlNode& signature, wall_time now) const {
        for (const bool valid : {true, false})
            for (std::size_t i = 0; i < issuers_.size(); ++i)
                if (issuers_[i] != nullptr && issuer_is_valid(i, now) == valid &&
                    verify_signature(signature, *issuers_[i], 1))
                    return i;
        return std::nullopt;
    }

    [[nodiscard]] bool issuer_is_valid(std::size_t index, wall_time now) const {
        return is_valid_at(rules_->issuers[index].get(), std::chrono::floor<std::chrono::seconds>(now));
    }

    /// The one key of all confirmations.
    checked<key_handle> key_of(const assertion_facts& facts) {
        key_handle out;
        for (const auto* key_info : facts.key_infos) {
            auto one = one_key_of(*key_info);
            if (!one) return one;
            if (out != nullptr && out->text() != (*one)->text()) return std::unexpected(bad_key);
            out = std::move(*one);
        }
        return out;
    }

    /// Which key an element holds, and whether it is strong, depends on nothing but the element. Only for
    /// assertions whose signature holds: nobody else fills the memory.
    checked<key_handle> one_key_of(const xmlNode& key_info) {
        const auto fingerprint = fingerprint_of(key_info);
        if (fingerprint)
            if (auto known = keys_.find(*fingerprint)) return known;
        auto key = key_in(key_info);
        if (!key) return std::unexpected(key.error());
        auto out = std::make_shared<const verification_key>(std::move(*key));
        if (fingerprint) keys_.remember(*fingerprint, out);
        return out;
    }

    /// Read from the very Body whose signature held, as the cache reads the message's text.
    [[nodiscard]] bool speaks_of_provider(const assertion_facts& facts, const xmlNode& body) const {
        const auto consult = soap::read_request_in(body);
        return consult && std::ranges::any_of(facts.attributes, [&](const asserted_attribute& one) {
                   return std::ranges::find(rules_->provider_attributes, one.name) !=
                              rules_->provider_attributes.end() &&
                          same_provider(one.value, consult->provider_nihii);
               });
    }

    /// A message is known again by its signer and by what is signed, not by the signature's value: of ECDSA
    /// anybody can make a second value from a first.
    static digest256 fingerprint_of_message(const verification_key& key, std::string_view signed_info) {
        std::string who_and_what = std::to_string(key.text().size()) + ":" + key.text();
        who_and_what += signed_info;
        return sha256(who_and_what);
    }

    checked<void> remember(const examined& message, wall_time now) {
        switch (messages_.remember(message.fingerprint, message.created + rules_->skew, now)) {
            case replay_memory::answer::fresh: return {};
            case replay_memory::answer::seen: return std::unexpected(replayed);
            case replay_memory::answer::past: return std::unexpected(stale);
            case replay_memory::answer::full: return std::unexpected(replay_memory_full);
        }
        std::unreachable();
    }

    std::shared_ptr<const assertion_rules> rules_;
    std::vector<key_handle> issuers_;  ///< in the order of the rules; null where the key is weak
    replay_memory messages_;
    assertion_memory assertions_;
    key_memory keys_;
};

assertion_checker::assertion_checker(std::shared_ptr<const assertion_rules> rules, assertion_bounds bounds)
    : parts_(std::make_unique<parts>(std::move(rules), bounds)) {}
assertion_checker::assertion_checker(assertion_checker&&) noexcept = default;
assertion_checker& assertion_checker::operator=(assertion_checker&&) noexcept = default;
assertion_checker::~assertion_checker() = default;

void assertion_checker::use(std::shared_ptr<const assertion_rules> rules) {
    parts_->use(std::move(rules));
}

std::expected<identity, refused_message> assertion_checker::check(std::string_view message, wall_time now) {
    return parts_->check(message, now);
}

}  // namespace garde::caller
