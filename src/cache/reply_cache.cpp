// See reply_cache.hpp. Every entry is in four structures, always together: the list (most recently used
// first), the map by key, the index by the patient's identifiers, and the order in which entries expire.
#include "garde/cache/reply_cache.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace garde::cache {
namespace {

using std::chrono::seconds;

/// A wall clock may be this much behind the consult before it stops being a proof of age: it is set a little
/// now and then.
constexpr seconds clock_tolerance{5};

/// What an entry takes beside its texts: the nodes of the structures, by estimate.
constexpr std::size_t entry_overhead_bytes = 512;
constexpr std::size_t removal_key_overhead_bytes = 96;

struct entry {
    cache_key key{};
    std::vector<cache_key> removal_keys;
    std::shared_ptr<const std::string> body;
    std::string content_type;
    wall_time consulted_at{};
    steady_time consulted_at_steady{};
    steady_time expires_at{};
    std::chrono::sys_days communicated{};
    std::chrono::sys_days period_begin{};
    std::chrono::sys_days period_end{};
    std::size_t bytes = 0;
};

/// What may be done with an answer.
enum class use : std::uint8_t { keep, only_remove };

using entry_list = std::list<entry>;
using entry_handle = entry_list::iterator;

/// The body holds personal data: its memory is wiped before it is given back.
std::shared_ptr<const std::string> wiped_on_release(const std::string& body) {
    return {new std::string(body), [](std::string* text) {
                wipe(*text);
                delete text;
            }};
}

/// The larger of both clocks' ages; negative when the wall clock contradicts.
seconds age_of(const entry& kept, wall_time now, steady_time now_steady) {
    const auto by_wall = std::chrono::floor<seconds>(now - kept.consulted_at);
    const auto by_steady = std::chrono::floor<seconds>(now_steady - kept.consulted_at_steady);
    if (now - kept.consulted_at < -clock_tolerance) return seconds{-1};
    return std::max({by_wall, by_steady, seconds{0}});
}

/// How much longer an entry could be served: until it is too old, and at most until its period is over. In
/// seconds, since a period may end in the year 9999.
seconds time_left(const entry& kept, seconds age, seconds max_age, wall_time now) {
    const std::chrono::sys_seconds period_over{kept.period_end + std::chrono::days{1}};
    return std::max(seconds{0}, std::min(max_age - age, period_over - std::chrono::floor<seconds>(now)));
}

bool contains_all(const std::vector<cache_key>& keys, const std::vector<cache_key>& wanted) {
    return std::ranges::all_of(wanted,
                               [&](const auto& key) { return std::ranges::find(keys, key) != keys.end(); });
}

}  // namespace

struct reply_cache::state {
    explicit state(std::size_t bound) : bound_bytes(bound), secret(random_bytes(32)) {}

    std::size_t bound_bytes;
    const secret_string secret;
    entry_list entries;  // most recently used first
    std::unordered_map<cache_key, entry_handle, cache_key_hash> by_key;
    std::unordered_multimap<cache_key, entry_handle, cache_key_hash> by_removal_key;
    std::map<std::pair<steady_time, cache_key>, entry_handle> by_expiry;
    reply_cache_stats stats;

    [[nodiscard]] std::vector<cache_key> removal_keys(std::string_view service, const caller::identity& who,
                                                      const soap::consult_reply& reply,
                                                      const soap::consult_request* request) const {
        std::vector<cache_key> out;
        if (request != nullptr) out = make_removal_keys(secret, service, who, request->care_receiver);
        if (!reply.care_receiver) return out;
        for (const auto& key : make_removal_keys(secret, service, who, *reply.care_receiver))
            if (std::ranges::find(out, key) == out.end()) out.push_back(key);
        return out;
    }

    void insert(entry made) {
        stats.bytes += made.bytes;
        ++stats.entries;
        ++stats.admitted;
        entries.push_front(std::move(made));
        const auto handle = entries.begin();
        by_key.emplace(handle->key, handle);
        for (const auto& key : handle->removal_keys) by_removal_key.emplace(key, handle);
        by_expiry.emplace(std::pair(handle->expires_at, handle->key), handle);
        make_room();
    }

    /// The entries that were not used for the longest time go, until the others fit.
    void make_room() {
        while (stats.bytes > bound_bytes) {
            erase(std::prev(entries.end()));
            ++stats.evicted;
        }
    }

    void erase(entry_handle handle) {
        stats.bytes -= handle->bytes;
        --stats.entries;
        by_key.erase(handle->key);
        by_expiry.erase({handle->expires_at, handle->key});
        for (const auto& key : handle->removal_keys) {
            const auto [first, last] = by_removal_key.equal_range(key);
            by_removal_key.erase(
                std::find_if(first, last, [&](const auto& pair) { return pair.second == handle; }));
        }
        entries.erase(handle);
    }

    /// What is over by the steady clock goes, asked for or not.
    void drop_expired(steady_time now) {
        while (!by_expiry.empty() && by_expiry.begin()->first.first <= now) {
            erase(by_expiry.begin()->second);
            ++stats.expired;
        }
    }

    /// Removes the entries under these identifiers, and those under the identifiers that the removed ones
    /// add.
    void remove(std::vector<cache_key> keys) {
        while (!keys.empty()) {
            const auto found = by_removal_key.find(keys.back());
            if (found == by_removal_key.end()) {
                keys.pop_back();
                continue;
            }
            const auto handle = found->second;
            keys.insert(keys.end(), handle->removal_keys.begin(), handle->removal_keys.end());
            erase(handle);
            ++stats.removed;
        }
    }

    [[nodiscard]] entry make_entry(const offer& what, const soap::consult_request& request,
                                   const soap::consult_reply& reply) const {
        entry out{.key = make_key(secret, what.service, what.who, request),
                  .removal_keys = removal_keys(what.service, what.who, reply, &request),
                  .body = wiped_on_release(what.reply_body),
                  .content_type = what.reply_content_type,
                  .consulted_at = what.consulted_at,
                  .consulted_at_steady = what.consulted_at_steady,
                  .expires_at = what.consulted_at_steady + what.rules->max_age,
                  .communicated = *reply.communicated,
                  .period_begin = *reply.period_begin,
                  .period_end = *reply.period_end};
        out.bytes = sizeof(cache_key) + out.body->size() + out.content_type.size() + entry_overhead_bytes +
                    out.removal_keys.size() * removal_key_overhead_bytes;
        return out;
    }

    refusal settle(const offer& what, use allowed);

    /// An answer that judge() found good: the checks that need what is kept already.
    refusal keep(const offer& what, const soap::consult_request& request, const soap::consult_reply& reply) {
        if (what.reply_body.size() > what.rules->entry_bytes) return refusal::too_large;
        entry made = make_entry(what, request, reply);
        if (made.bytes > bound_bytes) return refusal::too_large;
        if (const auto found = by_key.find(made.key); found != by_key.end()) {
            const entry& kept = *found->second;
            if (std::pair(made.communicated, made.consulted_at_steady) <
                std::pair(kept.communicated, kept.consulted_at_steady))
                return refusal::older_communicated;
            erase(found->second);
        }
        insert(std::move(made));
        return refusal::none;
    }

    /// The entry that answers the question, or the end of the list. A question may name the patient in two
    /// ways while the key goes by one: then the entry must be known under both.
    entry_handle look_up(const question& what, const soap::consult_request& request) {
        const auto found = by_key.find(make_key(secret, what.service, what.who, request));
        if (found == by_key.end()) return entries.end();
        const auto named = make_removal_keys(secret, what.service, what.who, request.care_receiver);
        return contains_all(found->second->removal_keys, named) ? found->second : entries.end();
    }

    std::expected<hit, miss> find(const question& what) {
        if (!what.who.verified())
            return std::unexpected(miss{std::string(to_text(refusal::caller_unverified))});
        const auto request = soap::read_request(what.request_body);
        if (!request) return std::unexpected(miss{"request-" + std::string(to_text(request.error()))});
        const auto handle = look_up(what, *request);
        if (handle == entries.end()) return std::unexpected(miss{"no-entry"});

        const auto age = age_of(*handle, what.now, what.now_steady);
        const auto verdict = may_serve({.asked_for = request->date,
                                        .asked_until = request->last_date,
                                        .period_begin = handle->period_begin,
                                        .period_end = handle->period_end,
                                        .age = age,
                                        .max_age = what.rules->max_age});
        if (verdict == serve_verdict::too_old) {
            erase(handle);
            ++stats.expired;
        }
        if (verdict != serve_verdict::serve) return std::unexpected(miss{std::string(to_text(verdict))});
        entries.splice(entries.begin(), entries, handle);
        return hit{.body = handle->body,
                   .content_type = handle->content_type,
                   .consulted_at = handle->consulted_at,
                   .age = age,
                   .ttl = time_left(*handle, age, what.rules->max_age, what.now)};
    }
};

reply_cache::reply_cache(std::size_t bound_bytes) : state_(std::make_unique<state>(bound_bytes)) {}

reply_cache::~reply_cache() = default;

refusal reply_cache::admit(const offer& what) {
    return state_->settle(what, use::keep);
}

refusal reply_cache::take_back(const offer& what) {
    return state_->settle(what, use::only_remove);
}

refusal reply_cache::state::settle(const offer& what, use allowed) {
    drop_expired(what.consulted_at_steady);
    if (!what.who.verified()) return refusal::caller_unverified;
    if (what.reply_status != 200) return refusal::http_status;
    const auto reply = soap::read_reply(what.reply_body);
    if (!reply) return refusal::unreadable;
    const auto request = soap::read_request(what.request_body);
    if (!request) {
        // No key, but the answer may still be news about a patient that it names.
        if (removes_older(judge_reply(*reply, *what.rules)))
            remove(removal_keys(what.service, what.who, *reply, nullptr));
        return refusal::request_unreadable;
    }
    auto why = judge(*request, *reply, *what.rules);
    if (why == refusal::none) why = allowed == use::keep ? keep(what, *request, *reply) : refusal::repeated;
    if (removes_older(why)) remove(removal_keys(what.service, what.who, *reply, &*request));
    return why;
}

std::expected<hit, miss> reply_cache::find(const question& what) {
    auto out = state_->find(what);
    ++(out ? state_->stats.hits : state_->stats.misses);
    state_->drop_expired(what.now_steady);
    return out;
}

void reply_cache::resize(std::size_t bound_bytes) {
    state_->bound_bytes = bound_bytes;
    state_->make_room();
}

const reply_cache_stats& reply_cache::stats() const {
    return state_->stats;
}

}  // namespace garde::cache
