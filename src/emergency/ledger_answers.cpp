// What the ledger's thread does with answers that were given from the cache: writes them down, waits for the
// service's word on them, also over a restart, and settles them. See ledger_keeper.hpp.
#include "garde/cache/key.hpp"
#include "garde/soap/consult.hpp"

#include "ledger_keeper.hpp"

#include <utility>

namespace garde::emergency {
namespace {

constexpr std::size_t answers_at_once = 1'000;

/// What was asked and answered, as it is to be followed; nothing where one of them cannot be read.
std::optional<followed_answer> followed(const answer_note& what) {
    if (what.recipe) {
        const auto asked = what.recipe->reads.read(what.request_body);
        if (!asked) return std::nullopt;
        const auto facts = cache::facts_of(std::string_view(*what.reply_body));
        const auto key = cache::make_key(what.service, what.target, what.who, *what.recipe, *asked);
        return followed_answer{key, facts, facts.period_begin, facts.period_begin};
    }
    const auto asked = soap::read_request(what.request_body);
    const auto said = soap::read_reply(*what.reply_body);
    const auto facts = said ? cache::facts_of(*said) : std::nullopt;
    if (!asked || !facts) return std::nullopt;
    return followed_answer{cache::make_key(what.service, what.who, *asked), *facts, asked->date,
                           asked->last_date};
}

std::optional<deferral_request> request_of(answer_note& from) {
    auto what = followed(from);
    if (!what) return std::nullopt;
    deferral_request out{.id = {},
                         .service = std::move(from.service),
                         .kind = deferral_kind::answer,
                         .who = std::move(from.who),
                         .outage = {},
                         .kept_at = from.given_at,
                         .valid_until = from.given_at + ledger::follow_time,
                         .request_sha256 = sha256(from.request_body),
                         .reference = std::move(from.reference),
                         .head = {},
                         .body = {},
                         .again = repetition::harmless,
                         .followed = what};
    random_fill(out.id);
    return out;
}

}  // namespace

/// Answers that were given before a restart.
void ledger_keeper::follow_earlier() {
    for (std::int64_t after = 0; after >= 0;) {
        const auto found = vault_->answers_waiting(after, answers_at_once);
        if (!found) return failed(found.error());
        for (const auto& [id, what] : *found)
            with_.watch->add(
                {.id = id, .key = what.key, .facts = what.facts, .from = what.from, .until = what.until});
    }
}

/// So many will not be followed.
void ledger_keeper::leave(std::size_t answers) {
    const std::lock_guard lock(with_.mutex);
    with_.totals.not_followed += answers;
}

/// In one transaction.
void ledger_keeper::follow(std::vector<answer_note> given) {
    if (given.empty()) return;
    if (!vault_->has_room_for_answers()) return leave(given.size());
    std::vector<deferral_request> requests;
    for (auto& one : given) {
        auto request = request_of(one);
        if (!request) continue;
        request->outage = outage_of(services_[request->service], request->kept_at);
        requests.push_back(std::move(*request));
    }
    leave(given.size() - requests.size());
    if (requests.empty()) return;
    if (auto done = vault_->keep(requests); !done) {
        failed(done.error());
        return leave(requests.size());
    }
    worked();
    for (const auto& one : requests) {
        const auto& what = *one.followed;
        with_.watch->add(
            {.id = one.id, .key = what.key, .facts = what.facts, .from = what.from, .until = what.until});
    }
    changed_ = uncounted_ = true;
}

/// Where the disk does not take it, the answer is followed again after a restart.
void ledger_keeper::hear(const std::vector<deferral_change>& told) {
    if (told.empty()) return;
    if (auto done = vault_->change(told, wall_now()); !done) return failed(done.error());
    changed_ = uncounted_ = true;
}

}  // namespace garde::emergency
