// See reply_cache.hpp. Every entry is in four structures, always together: one of two lists (most recently
// used first), the map by key, the index by the patient's identifiers, and the order in which entries expire.
// The lists are a segmented LRU: what came once is in `seen_once`, what was used again in `regulars`; a crowd
// of patients who come once puts out only others of their kind.
#include "garde/cache/reply_cache.hpp"

#include "garde/soap/any_reply.hpp"

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

/// No configuration serves older answers.
constexpr std::chrono::days longest_age{30};

/// What is no consult says of no period that it holds for: only its age counts.
constexpr std::chrono::sys_days no_day{};
constexpr std::chrono::sys_days end_of_days{std::chrono::year{9999} / 12 / 31};

/// What an entry takes beside its texts: the nodes of the structures, by estimate.
constexpr std::size_t entry_overhead_bytes = 512;
/// Regulars have so much of the memory at most.
constexpr std::size_t regulars_percent = 80;
constexpr std::size_t removal_key_overhead_bytes = 96;

struct entry {
    kept_reply what;
    steady_time expires_at{};
    std::size_t bytes = 0;
    bool regular = false;  ///< in which list it is
};

/// What may be done with an answer.
enum class use : std::uint8_t { keep, only_remove };

using entry_list = std::list<entry>;
using entry_handle = entry_list::iterator;

/// How much longer an entry could be served: until it is too old, and at most until its period is over. In
/// seconds, since a period may end in the year 9999.
seconds time_left(const entry& kept, seconds age, seconds max_age, wall_time now) {
    const std::chrono::sys_seconds period_over{kept.what.period_end + std::chrono::days{1}};
    return std::max(seconds{0}, std::min(max_age - age, period_over - std::chrono::floor<seconds>(now)));
}

bool contains_all(const std::vector<cache_key>& keys, const std::vector<cache_key>& wanted) {
    return std::ranges::all_of(wanted,
                               [&](const auto& key) { return std::ranges::find(keys, key) != keys.end(); });
}

}  // namespace

struct reply_cache::state {
    explicit state(std::size_t bound) : bound_bytes(bound) {}

    std::size_t bound_bytes;
    reply_keeper* keeper = nullptr;
    word_listener* listener = nullptr;
    age_clock clock;
    caller_book callers;
    entry_list seen_once;
    entry_list regulars;
    std::size_t regular_bytes = 0;
    std::unordered_map<cache_key, entry_handle, cache_key_hash> by_key;
    std::unordered_multimap<cache_key, entry_handle, cache_key_hash> by_removal_key;
    std::map<std::pair<steady_time, cache_key>, entry_handle> by_expiry;
    reply_cache_stats stats;

    /// False when there is no place for it.
    bool restore(kept_reply what, steady_time now, restored_as how) {
        clock.know(what.consulted);
        what.who = callers.know(what.who);
        // By then it is over at the latest; whether it may be served is decided when somebody asks.
        const auto over = what.consulted.steady.value_or(now) + longest_age;
        auto made = make_entry(std::move(what), over);
        const bool fits = made.bytes + (how == restored_as::oldest ? stats.bytes : 0) <= bound_bytes;
        if (!fits) return false;
        if (const auto found = by_key.find(made.what.key); found != by_key.end()) {
            if (!newer(made.what, found->second->what)) return true;
            erase(found->second);
        }
        insert(std::move(made), how == restored_as::oldest ? seen_once.end() : seen_once.begin());
        return true;
    }

    [[nodiscard]] std::vector<cache_key> removal_keys(std::string_view service, const caller::identity& who,
                                                      const soap::consult_reply& reply,
                                                      const soap::consult_request* request) const {
        std::vector<cache_key> out;
        if (request != nullptr) out = make_removal_keys(service, who, request->care_receiver);
        if (!reply.care_receiver) return out;
        for (const auto& key : make_removal_keys(service, who, *reply.care_receiver))
            if (std::ranges::find(out, key) == out.end()) out.push_back(key);
        return out;
    }

    entry_handle insert(entry made, entry_list::const_iterator before) {
        stats.bytes += made.bytes;
        ++stats.entries;
        const auto handle = seen_once.insert(before, std::move(made));
        by_key.emplace(handle->what.key, handle);
        for (const auto& key : handle->what.removal_keys) by_removal_key.emplace(key, handle);
        by_expiry.emplace(std::pair(handle->expires_at, handle->what.key), handle);
        make_room();
        return handle;
    }

    /// The entries that were not used for the longest time go, until the others fit: first those that came
    /// once.
    void make_room() {
        while (stats.bytes > bound_bytes) {
            // Not the one that has just come.
            erase(std::prev(seen_once.size() > 1 || regulars.empty() ? seen_once.end() : regulars.end()));
            ++stats.evicted;
        }
    }

    /// It was used again. Regulars beyond their share begin anew.
    void make_regular(entry_handle handle) {
        regulars.splice(regulars.begin(), handle->regular ? regulars : seen_once, handle);
        if (!std::exchange(handle->regular, true)) regular_bytes += handle->bytes;
        while (regular_bytes > bound_bytes / 100 * regulars_percent && regulars.size() > 1) {
            const auto last = std::prev(regulars.end());
            last->regular = false;
            regular_bytes -= last->bytes;
            seen_once.splice(seen_once.begin(), regulars, last);
        }
    }

    void erase(entry_handle handle) {
        stats.bytes -= handle->bytes;
        --stats.entries;
        by_key.erase(handle->what.key);
        by_expiry.erase({handle->expires_at, handle->what.key});
        for (const auto& key : handle->what.removal_keys) {
            const auto [first, last] = by_removal_key.equal_range(key);
            by_removal_key.erase(
                std::find_if(first, last, [&](const auto& pair) { return pair.second == handle; }));
        }
        if (handle->regular) regular_bytes -= handle->bytes;
        (handle->regular ? regulars : seen_once).erase(handle);
    }

    /// What is over by the steady clock goes, asked for or not; nothing while the clocks contradict each
    /// other: a mistake of theirs must not cost what cannot be had again.
    void drop_expired(steady_time now) {
        while (clock.trust() == clock_trust::good && !by_expiry.empty() &&
               by_expiry.begin()->first.first <= now) {
            erase(by_expiry.begin()->second);
            ++stats.expired;
        }
    }

    /// Removes the entries under these identifiers, and those under the identifiers that the removed ones
    /// add.
    void remove(std::vector<cache_key> keys) {
        for (std::size_t at = 0; at < keys.size();) {
            const auto found = by_removal_key.find(keys[at]);
            if (found == by_removal_key.end()) {
                ++at;
                continue;
            }
            const auto handle = found->second;
            for (const auto& more : handle->what.removal_keys)
                if (std::ranges::find(keys, more) == keys.end()) keys.push_back(more);
            erase(handle);
            ++stats.removed;
        }
        if (keeper != nullptr) keeper->remove(keys);
    }

    [[nodiscard]] kept_reply make_reply(const offer& what, const soap::consult_request& request,
                                        const soap::consult_reply& reply) {
        return {.who = callers.know(what.who),
                .key = make_key(what.service, what.who, request),
                .removal_keys = removal_keys(what.service, what.who, reply, &request),
                .body = keep_body(what.reply_body),
                .content_type = what.reply_content_type,
                .consulted = {what.consulted_at, what.consulted_at_steady},
                .communicated = *reply.communicated,
                .period_begin = *reply.period_begin,
                .period_end = *reply.period_end};
    }

    [[nodiscard]] kept_reply make_reply(const offer& what, const cache_key& key) {
        return {.who = callers.know(what.who),
                .key = key,
                .removal_keys = {make_removal_key(key)},
                .body = keep_body(what.reply_body),
                .content_type = what.reply_content_type,
                .consulted = {what.consulted_at, what.consulted_at_steady},
                .communicated = no_day,
                .period_begin = no_day,
                .period_end = end_of_days};
    }

    static entry make_entry(kept_reply what, steady_time expires_at) {
        entry out{.what = std::move(what), .expires_at = expires_at};
        out.bytes = sizeof(cache_key) + out.what.body->size() + out.what.content_type.size() +
                    entry_overhead_bytes + out.what.removal_keys.size() * removal_key_overhead_bytes;
        return out;
    }

    void let_hear(const cache_key& key, const service_word& word) const {
        if (listener->waits_for(key)) listener->hear(key, word);
    }

    refusal settle(const offer& what, use allowed);
    refusal settle_by_recipe(const offer& what, use allowed);

    /// An answer that was found good by itself.
    refusal keep(const offer& what, auto&&... asked) {
        if (what.reply_body.size() > what.rules->entry_bytes) return refusal::too_large;
        return keep_reply(what, make_reply(what, asked...));
    }

    /// The checks that need what is kept already.
    refusal keep_reply(const offer& what, kept_reply reply) {
        entry made = make_entry(std::move(reply), what.consulted_at_steady + what.rules->max_age);
        if (made.bytes > bound_bytes) return refusal::too_large;
        bool again = false;
        if (const auto found = by_key.find(made.what.key); found != by_key.end()) {
            if (newer(found->second->what, made.what)) return refusal::older_communicated;
            again = true;
            erase(found->second);
        }
        clock.know(made.what.consulted);
        if (keeper != nullptr) keeper->keep(made.what);
        ++stats.admitted;
        const auto kept = insert(std::move(made), seen_once.begin());
        if (again) make_regular(kept);
        return refusal::none;
    }

    /// The entry that answers the question.
    std::optional<entry_handle> look_up(const wanted_reply& wanted) {
        const auto found = by_key.find(wanted.key);
        if (found == by_key.end()) return std::nullopt;
        if (!contains_all(found->second->what.removal_keys, wanted.patient)) return std::nullopt;
        return found->second;
    }

    std::expected<hit, miss> find(const question& what) {
        if (!what.who.verified())
            return std::unexpected(miss{.detail = std::string(to_text(refusal::caller_unverified))});
        if (what.wanted) return find(what, *what.wanted);
        return find(what, read_question(what));
    }

    std::expected<hit, miss> find(const question& what, const question_reading& wanted) {
        if (!wanted)
            return std::unexpected(miss{.detail = "request-" + std::string(to_text(wanted.error()))});
        const auto there = look_up(*wanted);
        if (!there) return std::unexpected(miss{.detail = "no-entry", .key = wanted->key});
        const auto handle = *there;
        const auto age = clock.age(handle->what.consulted, what.now, what.now_steady);
        const auto verdict = may_serve({.asked_for = wanted->from,
                                        .asked_until = wanted->until,
                                        .period_begin = handle->what.period_begin,
                                        .period_end = handle->what.period_end,
                                        .age = age,
                                        .max_age = what.rules->max_age});
        if (verdict == serve_verdict::too_old && clock.trust() == clock_trust::good) {
            erase(handle);
            ++stats.expired;
        }
        if (verdict != serve_verdict::serve)
            return std::unexpected(miss{.detail = std::string(to_text(verdict))});
        make_regular(handle);
        return hit{.body = handle->what.body,
                   .content_type = handle->what.content_type,
                   .consulted_at = handle->what.consulted.wall,
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
    clock.observe(what.consulted_at, what.consulted_at_steady);
    drop_expired(what.consulted_at_steady);
    if (!what.who.verified()) return refusal::caller_unverified;
    if (what.reply_status != 200) return refusal::http_status;
    if (what.recipe) return settle_by_recipe(what, allowed);
    const auto reply = soap::read_reply(what.reply_body);
    if (!reply) return refusal::unreadable;
    const auto request = soap::read_request(what.request_body);
    if (!request) {
        ++stats.unreadable_questions[static_cast<std::size_t>(request.error())];
        // No key, but the answer may still be news about a patient that it names.
        if (removes_older(judge_reply(*reply, *what.rules)))
            remove(removal_keys(what.service, what.who, *reply, nullptr));
        return refusal::request_unreadable;
    }
    auto why = judge(*request, *reply, *what.rules);
    if (listener != nullptr && listener->waits())
        let_hear(make_key(what.service, what.who, *request), {.why = why, .facts = facts_of(*reply)});
    if (why == refusal::none) why = allowed == use::keep ? keep(what, *request, *reply) : refusal::repeated;
    if (removes_older(why)) remove(removal_keys(what.service, what.who, *reply, &*request));
    return why;
}

/// Any answer without a Fault is one; it is about nobody whom another answer could be news of.
refusal reply_cache::state::settle_by_recipe(const offer& what, use allowed) {
    const auto reply = soap::read_any_reply(what.reply_body);
    if (!reply) return refusal::unreadable;
    const auto asked = what.recipe->reads.read(what.request_body);
    if (!asked) {
        ++stats.unreadable_questions[static_cast<std::size_t>(asked.error())];
        return refusal::request_unreadable;
    }
    if (reply->fault) return refusal::fault;
    const auto key = make_key(what.service, what.target, what.who, *what.recipe, *asked);
    auto why = reply->bound_to_request ? refusal::bound_to_request : refusal::none;
    if (listener != nullptr && listener->waits())
        let_hear(key, {.why = why, .facts = facts_of(std::string_view(what.reply_body))});
    if (why == refusal::none) why = allowed == use::keep ? keep(what, key) : refusal::repeated;
    if (removes_older(why)) remove({make_removal_key(key)});
    return why;
}

std::expected<hit, miss> reply_cache::find(const question& what) {
    state_->clock.observe(what.now, what.now_steady);
    auto out = state_->find(what);
    ++(out ? state_->stats.hits : state_->stats.misses);
    state_->drop_expired(what.now_steady);
    return out;
}

void reply_cache::tell(reply_keeper* keeper) {
    state_->keeper = keeper;
}

void reply_cache::let_hear(word_listener* listener) {
    state_->listener = listener;
}

bool reply_cache::restore(kept_reply what, steady_time now, restored_as how) {
    return state_->restore(std::move(what), now, how);
}

std::uint64_t reply_cache::purge(const purge_selection& which) {
    std::uint64_t out = 0;
    for (auto* list : {&state_->seen_once, &state_->regulars})
        for (auto at = list->begin(); at != list->end();) {
            const auto one = at++;
            if (!which.has(one->what)) continue;
            state_->erase(one);
            ++out;
        }
    state_->stats.purged += out;
    return out;
}

void reply_cache::resize(std::size_t bound_bytes) {
    state_->bound_bytes = bound_bytes;
    state_->make_room();
}

clock_trust reply_cache::trust() const {
    return state_->clock.trust();
}

const reply_cache_stats& reply_cache::stats() const {
    return state_->stats;
}

}  // namespace garde::cache
