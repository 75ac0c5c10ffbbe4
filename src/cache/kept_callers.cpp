// See kept_callers.hpp.
#include "garde/cache/kept_callers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace garde::cache {
namespace {

key_tag tag_of(const caller::identity& who, const epoch_keys& keys) {
    return keys.tag(sha256("garde caller " + who.canonical()));
}

/// A sealed name under another tag, or in another epoch, is none.
std::string context_of(std::int64_t epoch, const key_tag& tag) {
    return fmt::format("garde caller {} {}", epoch, to_hex(tag));
}

}  // namespace

result<void> kept_callers::read(store::reply_store& from, const epoch_ring& ring) {
    const auto rows = from.callers();
    if (!rows) return std::unexpected(rows.error());
    by_number_.clear();
    numbers_.clear();
    for (const auto& row : *rows) {
        const auto keys = std::ranges::find(ring, row.epoch, &epoch_keys::epoch);
        if (keys == ring.end()) continue;
        const auto name = keys->open(context_of(row.epoch, row.tag), row.sealed);
        if (!name) continue;
        const auto who = caller::identity::from_bytes(name->reveal());
        if (!who.verified() || tag_of(who, *keys) != row.tag) continue;
        by_number_[row.id] = book_.know(who);
        numbers_[{row.epoch, row.tag}] = row.id;
    }
    return {};
}

result<std::int64_t> kept_callers::number_of(const caller::identity& who, const epoch_keys& keys,
                                             store::reply_store& in) {
    const auto tag = tag_of(who, keys);
    if (const auto found = numbers_.find({keys.epoch(), tag}); found != numbers_.end()) return found->second;
    auto made = in.put_caller({.id = 0,
                               .epoch = keys.epoch(),
                               .tag = tag,
                               .sealed = keys.seal(context_of(keys.epoch(), tag), who.to_bytes())});
    if (!made) return made;
    by_number_[*made] = book_.know(who);
    numbers_[{keys.epoch(), tag}] = *made;
    return made;
}

caller_ptr kept_callers::find(std::int64_t number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : found->second;
}

std::vector<std::int64_t> kept_callers::numbers_of(
    const std::function<bool(const caller::identity&)>& these) const {
    std::vector<std::int64_t> out;
    for (const auto& [number, who] : by_number_)
        if (these(*who)) out.push_back(number);
    return out;
}

}  // namespace garde::cache
