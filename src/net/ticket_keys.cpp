// See ticket_keys.hpp.
#include "garde/net/ticket_keys.hpp"

#include "garde/base/hash.hpp"
#include "garde/base/secret.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace garde::net {

ticket_key::~ticket_key() {
    wipe({reinterpret_cast<char*>(content.data()), content.size()});
}

void ticket_keys::cipher_deleter::operator()(EVP_CIPHER* cipher) const {
    EVP_CIPHER_free(cipher);
}

ticket_keys::ticket_keys(wall_time now) : cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)) {
    make(0, now);
}

ticket_keys::~ticket_keys() {
    for (slot& each : ring_) wipe({reinterpret_cast<char*>(each.content.data()), sizeof each.content});
}

ticket_keys::dated_key ticket_keys::read(const slot& from) {
    for (;;) {
        dated_key out;
        const std::uint32_t before = from.version.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < words; ++i) {
            const std::uint64_t word = from.content[i].load(std::memory_order_acquire);
            std::memcpy(out.key.content.data() + i * sizeof word, &word, sizeof word);
        }
        out.made = wall_time(std::chrono::nanoseconds(from.made_ns.load(std::memory_order_acquire)));
        // A word of a newer key was stored after its odd version, so that one is seen here.
        if (before % 2 == 0 && from.version.load(std::memory_order_relaxed) == before) return out;
    }
}

void ticket_keys::make(std::size_t place, wall_time now) {
    std::string fresh = random_bytes(ticket_key::bytes);
    slot& into = ring_[place];
    const std::uint32_t version = into.version.load(std::memory_order_relaxed);
    into.version.store(version + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, fresh.data() + i * sizeof word, sizeof word);
        into.content[i].store(word, std::memory_order_release);
    }
    into.made_ns.store(now.time_since_epoch().count(), std::memory_order_release);
    into.version.store(version + 2, std::memory_order_release);
    newest_.store(place, std::memory_order_release);
    made_.fetch_add(1, std::memory_order_relaxed);
    wipe(fresh);
}

void ticket_keys::rotate_when_due(wall_time now) {
    const std::size_t newest = newest_.load(std::memory_order_acquire);
    if (!is_due(wall_time(std::chrono::nanoseconds(ring_[newest].made_ns.load(std::memory_order_acquire))),
                now))
        return;
    // Whoever comes second goes on with the old key.
    const std::unique_lock one(rotating_, std::try_to_lock);
    if (!one || newest_.load(std::memory_order_acquire) != newest) return;
    make((newest + 1) % slots, now);
}

ticket_key ticket_keys::current(wall_time now) {
    rotate_when_due(now);
    ticket_key out = read(ring_[newest_.load(std::memory_order_acquire)]).key;
    out.newest = true;
    return out;
}

std::optional<ticket_key> ticket_keys::find(std::span<const unsigned char> name, wall_time now) {
    rotate_when_due(now);
    const std::size_t newest = newest_.load(std::memory_order_acquire);
    for (std::size_t age = 0; age < slots; ++age) {
        const std::size_t place = (newest + slots - age) % slots;
        dated_key found = read(ring_[place]);
        // A slot that was never filled has a name of zeros and no date.
        if (found.made == wall_time{} || !std::ranges::equal(found.key.name(), name)) continue;
        if (now >= found.made + rotation + ticket_life) return std::nullopt;
        found.key.newest = age == 0;
        return found.key;
    }
    return std::nullopt;
}

}  // namespace garde::net
