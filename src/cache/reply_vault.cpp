// See reply_vault.hpp.
#include "garde/cache/reply_vault.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

namespace garde::cache {
namespace {

/// Beyond the bound so much is removed at once that it is not the next write's turn again.
constexpr std::uint64_t room_divisor = 20;
constexpr std::size_t removed_at_once = 500;

/// What stands beside a sealed reply in the open cannot be changed without breaking the seal.
std::string context_of(const store::sealed_reply& of) {
    return fmt::format("garde reply {} {} {} {}", of.epoch, to_hex(of.tag),
                       of.consulted_at.time_since_epoch().count(), of.caller);
}

/// A key's tags in all epochs.
std::vector<store::reply_tag> tags_of(const epoch_ring& ring, const cache_key& key) {
    std::vector<store::reply_tag> out;
    for (const auto& keys : ring) out.push_back(keys.tag(key));
    return out;
}

/// Without who had asked.
std::optional<kept_reply> open_seal(const epoch_ring& ring, reply_codec& codec,
                                    const store::sealed_reply& from) {
    const auto keys = std::ranges::find(ring, from.epoch, &epoch_keys::epoch);
    if (keys == ring.end()) return std::nullopt;
    const auto plain = keys->open(context_of(from), from.sealed);
    if (!plain) return std::nullopt;
    auto out = codec.decode(plain->reveal());
    if (out && keys->tag(out->key) != from.tag) return std::nullopt;
    return out;
}

store::sealed_reply seal_reply(const epoch_keys& keys, reply_codec& codec, const kept_reply& what,
                               std::int64_t caller) {
    store::sealed_reply out{.epoch = keys.epoch(),
                            .caller = caller,
                            .tag = keys.tag(what.key),
                            .removal_tags = {},
                            .consulted_at = what.consulted.wall,
                            .sealed = {}};
    out.sealed = keys.seal(context_of(out), codec.encode(what).reveal());
    for (const auto& key : what.removal_keys) out.removal_tags.push_back(keys.tag(key));
    return out;
}

/// What stands for a place of callers instead of its number, which is half a caller's name.
cache_key bar_key(std::size_t place) {
    return sha256(fmt::format("garde bar {}", place));
}

/// What ends a run of changes that are carried out together.
bool stands_alone(const change& what) {
    return std::holds_alternative<purge_change>(what);
}

}  // namespace

result<std::unique_ptr<reply_vault>> reply_vault::open(vault_settings with, const boot_id& boot,
                                                       wall_time now, store::reply_file state) {
    auto opened = store::open_sqlite_reply_store(with.file, state);
    if (!opened) return std::unexpected(opened.error());
    std::unique_ptr<reply_vault> out(new reply_vault(std::move(with), std::move(*opened), boot));
    if (auto done = out->open_epochs(now); !done) return std::unexpected(done.error());
    return out;
}

/// All epochs that one of the keys unwraps; those of an older key are wrapped anew under the first.
result<void> reply_vault::open_epochs(wall_time now) {
    auto known = store_->epochs();
    if (!known) return std::unexpected(known.error());
    epochs_ = std::move(*known);
    epoch_ring ring;
    std::size_t closed = 0;
    for (auto& epoch : epochs_) {
        std::optional<secret_string> material;
        std::size_t by = 0;
        for (; by < with_.keys.size() && !material; ++by)
            material = with_.keys[by].unwrap(epoch.id, epoch.wrapped_key);
        current_usable_ = material.has_value();
        if (!material) {
            ++closed;
            continue;
        }
        ring.emplace_back(epoch.id, *material);
        if (by == 1) continue;
        epoch.wrapped_key = with_.keys.front().wrap(epoch.id, *material);
        if (auto done = store_->put_epoch(epoch); !done) return done;
    }
    ring_ = std::make_shared<const epoch_ring>(std::move(ring));
    if (closed != 0)
        spdlog::error(
            "cache: {} of {} epochs in {} were sealed under another key than those in [cache_store] key: "
            "their "
            "answers cannot be read; add the former key to the file as a further line",
            closed, epochs_.size(), with_.file.string());
    if (auto done = callers_.read(*store_, *ring_); !done) return done;
    return begin_epoch(now);
}

/// A new one when the newest has lasted long enough, or cannot be used.
result<void> reply_vault::begin_epoch(wall_time now) {
    if (current_usable_ && now < epochs_.back().begun + epoch_length) return {};
    const auto material = epoch_keys::make_material();
    store::stored_epoch made{
        .id = epochs_.empty() ? 1 : epochs_.back().id + 1, .begun = now, .wrapped_key = {}};
    made.wrapped_key = with_.keys.front().wrap(made.id, material);
    if (auto done = store_->put_epoch(made); !done) return done;
    auto ring = *ring_;
    ring.emplace_back(made.id, material);
    ring_ = std::make_shared<const epoch_ring>(std::move(ring));
    epochs_.push_back(std::move(made));
    current_usable_ = true;
    return {};
}

/// An epoch whose last reply is over is destroyed with its key.
result<void> reply_vault::end_epochs(wall_time now) {
    while (epochs_.size() > 1 && epochs_[1].begun + longest_age < now) {
        const auto id = epochs_.front().id;
        if (auto done = store_->destroy_epoch(id); !done) return done;
        auto ring = *ring_;
        std::erase_if(ring, [id](const auto& keys) { return keys.epoch() == id; });
        ring_ = std::make_shared<const epoch_ring>(std::move(ring));
        epochs_.erase(epochs_.begin());
        if (auto done = callers_.read(*store_, *ring_); !done) return done;
    }
    return {};
}

result<void> reply_vault::clear(wall_time now) {
    while (!epochs_.empty()) {
        if (auto done = store_->destroy_epoch(epochs_.front().id); !done) return done;
        epochs_.erase(epochs_.begin());
    }
    ring_ = std::make_shared<const epoch_ring>();
    current_usable_ = false;
    if (auto done = callers_.read(*store_, *ring_); !done) return done;
    return begin_epoch(now);
}

result<applied_changes> reply_vault::apply(std::span<const change> changes, wall_time now) {
    applied_changes out;
    // What was to be done before all was cleared need not be done.
    for (std::size_t i = changes.size(); i-- > 0;) {
        const auto* clearing = std::get_if<clear_change>(&changes[i]);
        if (clearing == nullptr) continue;
        const auto before = store_->size();
        if (!before) return std::unexpected(before.error());
        if (auto done = clear(now); !done) return std::unexpected(done.error());
        if (clearing->order != 0) out.purged.emplace_back(clearing->order, before->replies);
        changes = changes.subspan(i + 1);
        break;
    }
    if (auto done = begin_epoch(now); !done) return std::unexpected(done.error());
    while (!changes.empty()) {
        const auto length =
            std::max<std::ptrdiff_t>(1, std::ranges::find_if(changes, stands_alone) - changes.begin());
        const auto together = changes.first(static_cast<std::size_t>(length));
        if (auto done = apply_together(together, out); !done) return std::unexpected(done.error());
        changes = changes.subspan(together.size());
    }
    return out;
}

/// All or nothing; a purge comes alone, and has transactions of its own.
result<void> reply_vault::apply_together(std::span<const change> changes, applied_changes& out) {
    if (const auto* one = std::get_if<purge_change>(&changes.front())) return purge(*one, out);
    if (auto done = store_->begin(); !done) return done;
    result<void> done;
    for (const auto& each : changes)
        if (done) done = apply_one(each, out);
    if (done) done = store_->commit();
    if (done) return done;
    store_->roll_back();
    // Callers that were added are not there.
    if (auto again = callers_.read(*store_, *ring_); !again) return again;
    return done;
}

result<void> reply_vault::apply_one(const change& what, applied_changes& out) {
    if (const auto* one = std::get_if<keep_change>(&what)) {
        auto newer_one = keep(one->what);
        if (!newer_one) return std::unexpected(newer_one.error());
        if (*newer_one) out.newer_ones.push_back(std::move(**newer_one));
        return {};
    }
    if (const auto* gone = std::get_if<remove_change>(&what)) return remove(gone->removal_keys);
    if (const auto* dropped = std::get_if<forget_change>(&what)) return forget(dropped->key);
    if (const auto* raised = std::get_if<bar_change>(&what)) {
        const auto& keys = ring_->back();
        return store_->put_bar({keys.epoch(), keys.tag(bar_key(raised->bar.place)), raised->bar.until});
    }
    return {};
}

result<std::vector<caller_bar>> reply_vault::bars() {
    const auto known = store_->bars();
    if (!known) return std::unexpected(known.error());
    std::vector<caller_bar> out;
    if (known->empty()) return out;
    std::map<store::reply_tag, std::size_t> places;
    for (const auto& keys : *ring_)
        for (std::size_t place = 0; place < caller_bars::places; ++place)
            places.emplace(keys.tag(bar_key(place)), place);
    for (const auto& each : *known)
        if (const auto found = places.find(each.tag); found != places.end())
            out.push_back({found->second, each.until});
    return out;
}

result<void> reply_vault::purge(const purge_change& what, applied_changes& out) {
    store::reply_selection which{.callers = {}, .before = what.which.before};
    if (what.which.of) which.callers = callers_.numbers_of(what.which.of);
    std::uint64_t gone = 0;
    if (!which.callers || !which.callers->empty()) {
        const auto done = store_->purge(which);
        if (!done) return std::unexpected(done.error());
        gone = *done;
    }
    out.purged.emplace_back(what.order, gone);
    return {};
}

/// Nothing when its seal does not hold, or nobody knows whose it is.
std::optional<kept_reply> reply_vault::open_reply(const store::sealed_reply& from) {
    auto out = open_seal(*ring_, codec_, from);
    if (!out) return out;
    out->who = callers_.find(from.caller);
    return out->who ? std::move(out) : std::nullopt;
}

/// What stays in its place, if that is newer.
result<std::optional<kept_reply>> reply_vault::keep(const kept_reply& what) {
    const auto there = store_->find(tags_of(*ring_, what.key));
    if (!there) return std::unexpected(there.error());
    if (*there) {
        auto known = open_reply((*there)->reply);
        if (known && newer(*known, what)) return known;
        if (auto done = store_->remove(**there); !done) return std::unexpected(done.error());
    }
    const auto caller = callers_.number_of(*what.who, ring_->back(), *store_);
    if (!caller) return std::unexpected(caller.error());
    if (auto done = store_->put(seal_reply(ring_->back(), codec_, what, *caller)); !done)
        return std::unexpected(done.error());
    return std::nullopt;
}

result<void> reply_vault::remove(std::vector<cache_key> removal_keys) {
    while (!removal_keys.empty()) {
        const auto tags = tags_of(*ring_, removal_keys.back());
        removal_keys.pop_back();
        const auto found = store_->find_removable(tags, store::no_reply);
        if (!found) return std::unexpected(found.error());
        for (const auto& each : *found) {
            // It may know the patient by further identifiers.
            if (const auto known = open_seal(*ring_, codec_, each.reply))
                removal_keys.insert(removal_keys.end(), known->removal_keys.begin(),
                                    known->removal_keys.end());
            if (auto done = store_->remove(each); !done) return done;
        }
    }
    return {};
}

result<void> reply_vault::forget(const cache_key& key) {
    const auto there = store_->find(tags_of(*ring_, key));
    if (!there) return std::unexpected(there.error());
    return *there ? store_->remove(**there) : result<void>();
}

result<void> reply_vault::tidy(wall_time now, bool deletes_by_age) {
    if (deletes_by_age) {
        for (std::size_t gone = removed_at_once; gone == removed_at_once;) {
            const auto done = store_->remove_older(now - longest_age, removed_at_once);
            if (!done) return std::unexpected(done.error());
            gone = *done;
        }
        if (auto done = end_epochs(now); !done) return done;
    }
    return make_room();
}

/// The oldest go first.
result<void> reply_vault::make_room() {
    auto now = store_->size();
    if (now && now->bytes <= with_.bytes) return {};
    while (now && now->bytes > with_.bytes - with_.bytes / room_divisor) {
        const auto gone = store_->remove_older(wall_time::max(), removed_at_once);
        if (!gone) return std::unexpected(gone.error());
        if (*gone == 0) return {};
        now = store_->size();
    }
    return now ? result<void>() : std::unexpected(now.error());
}

result<std::unique_ptr<vault_reader>> vault_reader::open(const std::filesystem::path& file,
                                                         const boot_id& boot) {
    auto opened = store::open_sqlite_reply_reader(file);
    if (!opened) return std::unexpected(opened.error());
    return std::unique_ptr<vault_reader>(new vault_reader(std::move(*opened), boot));
}

/// Nothing when its seal does not hold, or nobody knows whose it is.
result<std::optional<kept_reply>> vault_reader::open_reply(const epoch_ring& ring,
                                                           const store::sealed_reply& from) {
    auto out = open_seal(ring, codec_, from);
    if (!out) return out;
    out->who = callers_.find(from.caller);
    if (!out->who) {
        // He has come since they were read.
        if (auto done = callers_.read(*store_, ring); !done) return std::unexpected(done.error());
        out->who = callers_.find(from.caller);
    }
    if (!out->who) out.reset();
    return out;
}

/// As removal goes: by the removal keys of what is known under any of them. A patient has few.
result<std::vector<cache_key>> vault_reader::linked_to(const epoch_ring& ring, const kept_reply& what,
                                                       std::int64_t row) {
    std::vector<cache_key> out = what.removal_keys;
    for (std::size_t at = 0; at < out.size(); ++at) {
        const auto beside = store_->find_removable(tags_of(ring, out[at]), row);
        if (!beside) return std::unexpected(beside.error());
        for (const auto& each : *beside) {
            const auto known = open_seal(ring, codec_, each.reply);
            if (!known) continue;
            for (const auto& key : known->removal_keys)
                if (std::ranges::find(out, key) == out.end()) out.push_back(key);
        }
    }
    return out;
}

result<std::optional<found_reply>> vault_reader::unseal(const epoch_ring& ring,
                                                        const store::stored_reply& from) {
    auto opened = open_reply(ring, from.reply);
    if (!opened) return std::unexpected(opened.error());
    if (!*opened) {
        ++unreadable_;
        return std::nullopt;
    }
    auto linked = linked_to(ring, **opened, from.id);
    if (!linked) return std::unexpected(linked.error());
    return found_reply{std::move(**opened), std::move(*linked)};
}

result<std::optional<found_reply>> vault_reader::find(const epoch_ring& ring, const cache_key& key) {
    const auto there = store_->find(tags_of(ring, key));
    if (!there) return std::unexpected(there.error());
    if (!*there) return std::nullopt;
    return unseal(ring, **there);
}

result<vault_reader::part> vault_reader::page(const epoch_ring& ring, const store::reply_cursor& after,
                                              std::size_t most) {
    const auto rows = store_->page(after, most);
    if (!rows) return std::unexpected(rows.error());
    part out{.replies = {}, .next = after, .last = rows->size() < most};
    for (const auto& row : *rows) {
        out.next = {row.reply.consulted_at, row.id};
        auto one = unseal(ring, row);
        if (!one) return std::unexpected(one.error());
        if (*one) out.replies.push_back(std::move(**one));
    }
    return out;
}

}  // namespace garde::cache
