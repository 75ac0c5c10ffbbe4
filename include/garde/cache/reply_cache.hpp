// The kept answers, in memory: bounded in bytes, least recently used out first. One thread; cache_desk gives
// it one.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/secret.hpp"
#include "garde/cache/age_clock.hpp"
#include "garde/cache/kept_reply.hpp"
#include "garde/cache/key.hpp"
#include "garde/cache/policy.hpp"
#include "garde/cache/question.hpp"
#include "garde/cache/service_word.hpp"
#include "garde/caller/identity.hpp"
#include "garde/caller/pattern.hpp"
#include "garde/config/settings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::cache {

/// One exchange that an upstream answered, offered to the cache. Owns copies: the exchange is over.
struct offer {
    std::string service;
    std::shared_ptr<const config::cache_settings> rules;  ///< never null
    caller::identity who;                                 ///< verified, or it is refused
    caller_patterns allowed = nullptr;                    ///< who may have cached answers here
    std::string request_body;
    std::string reply_body;
    std::string reply_content_type;
    std::uint16_t reply_status = 0;
    wall_time consulted_at{};
    steady_time consulted_at_steady{};
    std::shared_ptr<const config::cache_recipe> recipe = nullptr;  ///< null: a consult's own
    std::string target{};  ///< of the request, query included; with a recipe only
};

/// A kept answer, byte for byte as the upstream sent it.
struct hit {
    std::shared_ptr<const std::string> body;  ///< wiped when its last owner is gone
    std::string content_type;
    wall_time consulted_at{};
    std::chrono::seconds age{0};
    std::chrono::seconds ttl{0};  ///< how much longer it could be served
    caller::identity who{};       ///< whose it is
};

struct miss {
    /// For Cache-Status: no-entry, caller-unverified, caller-not-allowed, assertion-… (assertion_refusal),
    /// request-… (consult_error), or the serve_verdict.
    std::string detail;
    caller::identity who{};  ///< who asked, where that was found out; by a message seen before nobody does
    std::optional<cache_key> key{};  ///< with no-entry: under which it might be kept elsewhere
};

struct reply_cache_stats {
    std::size_t entries = 0;
    std::size_t bytes = 0;
    std::uint64_t admitted = 0;
    std::uint64_t removed = 0;  ///< by a newer answer that may not be kept
    std::uint64_t evicted = 0;  ///< to make room
    std::uint64_t expired = 0;  ///< older than max_age
    std::uint64_t purged = 0;   ///< by an operator's order
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    /// Offers whose question gave no key, by soap::consult_error.
    std::array<std::uint64_t, soap::consult_errors> unreadable_questions{};
};

/// Hears what is kept and what is removed, to do the same elsewhere. On the cache's thread; must not call it.
class reply_keeper {
  public:
    virtual ~reply_keeper() = default;
    virtual void keep(const kept_reply& what) = 0;
    /// What was kept under these removal keys so far may not be served any more.
    virtual void remove(const std::vector<cache_key>& removal_keys) = 0;
};

/// Where a reply goes that comes back from elsewhere.
enum class restored_as : std::uint8_t {
    newest,  ///< somebody asks for it: it may put others out
    oldest,  ///< on stock: it takes room that is free
};

class reply_cache {
  public:
    explicit reply_cache(std::size_t bound_bytes);
    ~reply_cache();
    reply_cache(const reply_cache&) = delete;
    reply_cache& operator=(const reply_cache&) = delete;

    /// Keeps the answer, or says why not; a refusal that removes_older() has then removed that patient's
    /// entries of that caller, under all identifiers that question, answer and entries give him.
    refusal admit(const offer& what);

    /// The answer to a question that was asked before, by whoever has its bytes: it is never kept. When it is
    /// news that makes older entries wrong, they go all the same.
    refusal take_back(const offer& what);

    /// Its age is by age_clock.
    std::expected<hit, miss> find(const question& what);

    /// Null: nobody. It outlives the cache.
    void tell(reply_keeper* keeper);

    /// Null: nobody. It outlives the cache.
    void let_hear(word_listener* listener);

    /// Takes in a reply that was kept elsewhere, unless a newer one is here. False when there is no place for
    /// it.
    bool restore(kept_reply what, steady_time now, restored_as how);

    /// Removes these entries, of which the keeper is not told; how many there were.
    std::uint64_t purge(const purge_selection& which);

    /// Another bound from now on; what no longer fits goes.
    void resize(std::size_t bound_bytes);

    /// What the wall clock is worth, as far as offers and questions have shown.
    [[nodiscard]] clock_trust trust() const;

    [[nodiscard]] const reply_cache_stats& stats() const;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace garde::cache
