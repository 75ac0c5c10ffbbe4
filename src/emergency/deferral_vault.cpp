// See deferral_vault.hpp. The sealed request: VERSION(1) AGAIN(1) HEAD BODY, each of the two with its length
// before it; of an answer: VERSION(1) KEY(32) SAYS(32) and four days: the answer's period and what was asked
// for. The sealed label: VERSION(1) SHA256(32) ASKER REFERENCE. Both are bound to what stands beside them in
// the open.
#include "garde/emergency/deferral_vault.hpp"

#include "garde/base/bytes.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

namespace garde::emergency {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::int64_t only_epoch = 1;
constexpr std::size_t at_once = 500;
constexpr std::size_t most_of_an_outage = 100'000;

constexpr std::uint8_t to_number(deferral_state value) {
    return static_cast<std::uint8_t>(value);
}
constexpr std::uint8_t to_number(deferral_kind value) {
    return static_cast<std::uint8_t>(value);
}

std::string context_of(std::string_view what, const store::stored_deferral& of) {
    return fmt::format("garde deferral {} {} {} {} {} {}", what, to_hex(of.id), to_hex(of.caller), of.kind,
                       of.kept_at.time_since_epoch().count(), of.service);
}

deferral_id tag_of(const cache::epoch_keys& keys, const caller::identity& who) {
    return keys.tag(sha256(who.canonical()));
}

}  // namespace

std::string to_text(const deferral_id& id) {
    return to_base64url({reinterpret_cast<const char*>(id.data()), id.size()});
}

std::optional<deferral_id> parse_deferral_id(std::string_view text) {
    const auto bytes = from_base64url(text);
    deferral_id out{};
    if (!bytes || bytes->size() != out.size()) return std::nullopt;
    std::ranges::copy(*bytes, out.begin());
    return out;
}

result<std::unique_ptr<deferral_vault>> deferral_vault::open(settings with) {
    auto opened = store::open_sqlite_deferral_store(with.file);
    if (!opened) return std::unexpected(opened.error());
    std::unique_ptr<deferral_vault> out(new deferral_vault(std::move(with), std::move(*opened)));
    if (auto done = out->open_key(); !done) return std::unexpected(done.error());
    const auto used = out->store_->bytes();
    if (!used) return std::unexpected(used.error());
    out->used_ = *used;
    return out;
}

/// One key for all, for what is settled is deleted. Wrapped by an older key it is wrapped anew.
result<void> deferral_vault::open_key() {
    const auto kept = store_->wrapped_key();
    if (!kept) return std::unexpected(kept.error());
    std::optional<secret_string> material;
    std::size_t by = 0;
    if (*kept)
        for (; by < with_.keys.size() && !material; ++by)
            material = with_.keys[by].unwrap(only_epoch, **kept);
    if (*kept && !material)
        return fail(fmt::format(
            "{} was sealed under another key than those in [ledger] key: add the former key to the "
            "file as a further line",
            with_.file.string()));
    const bool wrapped = material && by == 1;
    if (!material) material = cache::epoch_keys::make_material();
    if (!wrapped)
        if (auto done = store_->put_wrapped_key(with_.keys.front().wrap(only_epoch, *material)); !done)
            return done;
    keys_.emplace(only_epoch, *material);
    return {};
}

store::stored_deferral deferral_vault::seal(const deferral_request& from) const {
    store::stored_deferral out{.number = 0,
                               .id = from.id,
                               .service = from.service,
                               .caller = tag_of(*keys_, from.who),
                               .kind = to_number(from.kind),
                               .outage = from.outage,
                               .kept_at = from.kept_at,
                               .valid_until = from.valid_until,
                               .now = {.state = to_number(deferral_state::queued),
                                       .changed_at = from.kept_at,
                                       .attempts = 0,
                                       .result = {}},
                               .sealed = {},
                               .label = {}};
    if (from.kind == deferral_kind::message) {
        byte_writer content;
        content.number(version);
        content.number(static_cast<std::uint8_t>(from.again));
        content.counted(from.head);
        content.counted(from.body);
        out.sealed = keys_->seal(context_of("request", out), content.bytes());
        wipe(content.bytes());
    }
    if (from.followed) {
        byte_writer content;
        content.number(version);
        content.raw(from.followed->key);
        content.raw(from.followed->facts.says);
        for (const auto day : {from.followed->facts.period_begin, from.followed->facts.period_end,
                               from.followed->from, from.followed->until})
            content.number(static_cast<std::int64_t>(day.time_since_epoch().count()));
        out.sealed = keys_->seal(context_of("answer", out), content.bytes());
        wipe(content.bytes());
    }
    byte_writer label;
    label.number(version);
    label.raw(from.request_sha256);
    label.counted(fmt::format("{} / {}", from.who.issuer(), from.who.subject()));
    label.counted(from.reference);
    out.label = keys_->seal(context_of("label", out), label.bytes());
    wipe(label.bytes());
    return out;
}

std::optional<deferred_message> deferral_vault::open_message(const store::stored_deferral& from) const {
    const auto plain = keys_->open(context_of("request", from), from.sealed);
    if (!plain) return std::nullopt;
    byte_reader content(plain->reveal());
    if (content.number<std::uint8_t>() != version) return std::nullopt;
    deferred_message out{.id = from.id,
                         .service = from.service,
                         .valid_until = from.valid_until,
                         .attempts = from.now.attempts,
                         .again = static_cast<repetition>(content.number<std::uint8_t>()),
                         .head = std::string(content.counted()),
                         .body = secret_string(content.counted())};
    return content.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<followed_answer> deferral_vault::open_followed(const store::stored_deferral& from) const {
    const auto plain = keys_->open(context_of("answer", from), from.sealed);
    if (!plain) return std::nullopt;
    byte_reader content(plain->reveal());
    if (content.number<std::uint8_t>() != version) return std::nullopt;
    followed_answer out;
    out.key = content.raw<32>();
    out.facts.says = content.raw<32>();
    for (auto* day : {&out.facts.period_begin, &out.facts.period_end, &out.from, &out.until})
        *day = std::chrono::sys_days(std::chrono::days(content.number<std::int64_t>()));
    return content.ok() ? std::optional(out) : std::nullopt;
}

result<std::vector<std::pair<deferral_id, followed_answer>>> deferral_vault::answers_waiting(
    std::int64_t& after, std::size_t most) {
    const auto found =
        store_->of_kind(to_number(deferral_kind::answer), to_number(deferral_state::queued), after, most);
    if (!found) return std::unexpected(found.error());
    std::vector<std::pair<deferral_id, followed_answer>> out;
    for (const auto& one : *found) {
        after = one.number;
        // One whose seal is broken waits until its time is over.
        if (auto followed = open_followed(one)) out.emplace_back(one.id, *followed);
    }
    if (found->empty()) after = -1;
    return out;
}

deferral_entry deferral_vault::read_entry(const store::stored_deferral& from) const {
    deferral_entry out{.id = from.id,
                       .service = from.service,
                       .kind = static_cast<deferral_kind>(from.kind),
                       .state = static_cast<deferral_state>(from.now.state),
                       .outage = from.outage,
                       .kept_at = from.kept_at,
                       .valid_until = from.valid_until,
                       .changed_at = from.now.changed_at,
                       .attempts = from.now.attempts,
                       .result = from.now.result,
                       .reference = {},
                       .asker = {},
                       .request_sha256 = {}};
    const auto plain = keys_->open(context_of("label", from), from.label);
    if (!plain) return out;
    byte_reader label(plain->reveal());
    if (label.number<std::uint8_t>() != version) return out;
    out.request_sha256 = to_hex(label.raw<32>());
    out.asker = std::string(label.counted());
    out.reference = std::string(label.counted());
    return out;
}

template <class Each>
result<void> deferral_vault::in_transaction(const Each& what) {
    if (auto done = store_->begin(); !done) return done;
    result<void> done = what();
    if (done) done = store_->commit();
    if (!done) store_->roll_back();
    return done;
}

result<void> deferral_vault::keep(std::span<const deferral_request> requests) {
    std::vector<store::stored_deferral> sealed;
    std::uint64_t more = 0;
    for (const auto& one : requests) {
        sealed.push_back(seal(one));
        more += sealed.back().sealed.size() + sealed.back().label.size();
    }
    if (used_ + more > with_.bytes)
        return fail(fmt::format("{} has reached [ledger] bytes = {}", with_.file.string(), with_.bytes));
    auto done = in_transaction([&]() -> result<void> {
        for (const auto& one : sealed)
            if (auto put = store_->put(one); !put) return put;
        return {};
    });
    if (done) used_ += more;
    return done;
}

result<void> deferral_vault::withdraw(std::span<const deferral_id> ids) {
    return in_transaction([&]() -> result<void> {
        for (const auto& id : ids)
            if (auto removed = store_->remove(id); !removed) return removed;
        return {};
    });
}

result<void> deferral_vault::change(std::span<const deferral_change> changes, wall_time now) {
    using content = store::deferral_store::content;
    return in_transaction([&]() -> result<void> {
        for (const auto& one : changes) {
            auto done = store_->change(one.id,
                                       {.state = to_number(one.to),
                                        .changed_at = now,
                                        .attempts = one.attempts,
                                        .result = one.result},
                                       is_settled(one.to) ? content::goes : content::stays);
            if (!done) return done;
        }
        return {};
    });
}

result<std::optional<deferred_message>> deferral_vault::next(const std::string& service, wall_time now) {
    for (;;) {
        const auto found =
            store_->first(service, to_number(deferral_kind::message), to_number(deferral_state::queued));
        if (!found) return std::unexpected(found.error());
        if (!*found) return std::nullopt;
        if (auto opened = open_message(**found)) return opened;
        const std::string id = to_text((*found)->id);
        spdlog::error("ledger: the seal of deferral {} is broken: it cannot be asked again", id);
        const std::array<deferral_change, 1> lost{{{.id = (*found)->id,
                                                    .to = deferral_state::ambiguous,
                                                    .attempts = (*found)->now.attempts,
                                                    .result = "seal-broken"}}};
        if (auto done = change(lost, now); !done) return std::unexpected(done.error());
    }
}

result<std::vector<deferred_message>> deferral_vault::left_sent() {
    const auto found = store_->in_state(to_number(deferral_state::sent), at_once);
    if (!found) return std::unexpected(found.error());
    std::vector<deferred_message> out;
    for (const auto& one : *found) {
        auto opened = open_message(one);
        // Whether it may be sent again is sealed with it.
        if (!opened)
            opened.emplace(deferred_message{.id = one.id,
                                            .service = one.service,
                                            .valid_until = one.valid_until,
                                            .attempts = one.now.attempts,
                                            .again = repetition::harmful,
                                            .head = {},
                                            .body = {}});
        out.push_back(std::move(*opened));
    }
    return out;
}

result<std::vector<deferral_entry>> deferral_vault::of_caller(const caller::identity& who, std::size_t most) {
    const auto found = store_->of_caller(tag_of(*keys_, who), most);
    if (!found) return std::unexpected(found.error());
    std::vector<deferral_entry> out;
    for (const auto& one : *found) out.push_back(read_entry(one));
    return out;
}

result<std::vector<deferral_entry>> deferral_vault::of_outage(const std::string& service, wall_time outage) {
    std::vector<deferral_entry> out;
    std::int64_t after = 0;
    while (out.size() < most_of_an_outage) {
        const auto part = store_->of_outage(service, outage, after, at_once);
        if (!part) return std::unexpected(part.error());
        if (part->empty()) break;
        for (const auto& one : *part) out.push_back(read_entry(one));
        after = part->back().number;
    }
    return out;
}

result<std::vector<deferral_id>> deferral_vault::tidy(wall_time now) {
    // What is being sent is not over yet.
    constexpr std::array waiting{to_number(deferral_state::queued)};
    constexpr std::array settled{to_number(deferral_state::confirmed),
                                 to_number(deferral_state::contradicted), to_number(deferral_state::expired),
                                 to_number(deferral_state::handed_back),
                                 to_number(deferral_state::ambiguous)};
    const auto over = store_->overdue(now, waiting, at_once);
    if (!over) return std::unexpected(over.error());
    std::vector<deferral_change> expired;
    for (const auto& one : *over)
        expired.push_back({.id = one.id,
                           .to = deferral_state::expired,
                           .attempts = one.now.attempts,
                           .result = one.now.result});
    if (!expired.empty())
        if (auto done = change(expired, now); !done) return std::unexpected(done.error());
    if (auto gone = store_->remove_unchanged_since(now - settled_time, settled, at_once); !gone)
        return std::unexpected(gone.error());
    const auto used = store_->bytes();
    if (!used) return std::unexpected(used.error());
    used_ = *used;
    std::vector<deferral_id> out;
    out.reserve(expired.size());
    for (const auto& one : expired) out.push_back(one.id);
    return out;
}

}  // namespace garde::emergency
