// The keys of session tickets (RFC 5077, 4): made from the system's generator, changed by time, in memory
// only. One ring for all workers; it outlives a reload, so that tickets do.
#pragma once

#include "garde/base/clock.hpp"

#include <openssl/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace garde::net {

/// One key, by copy. Wiped on destruction.
struct ticket_key {
    static constexpr std::size_t name_bytes = 16;
    static constexpr std::size_t bytes = 80;

    ticket_key() = default;
    ticket_key(const ticket_key&) = default;
    ticket_key& operator=(const ticket_key&) = default;
    ~ticket_key();

    [[nodiscard]] std::span<const unsigned char> name() const { return std::span(content).first(16); }
    [[nodiscard]] std::span<const unsigned char> cipher() const { return std::span(content).subspan(16, 32); }
    [[nodiscard]] std::span<const unsigned char> mac() const { return std::span(content).subspan(48, 32); }

    std::array<unsigned char, bytes> content{};
    bool newest = false;  ///< tickets under an older one are renewed
};

/// Any thread; no locks where tickets are made and read. The first that finds a key due makes the next one.
class ticket_keys {
  public:
    static constexpr std::chrono::seconds rotation{3600};  ///< a key makes tickets for so long
    static constexpr std::chrono::seconds ticket_life{2 * 3600};

    explicit ticket_keys(wall_time now);
    ~ticket_keys();
    ticket_keys(const ticket_keys&) = delete;
    ticket_keys& operator=(const ticket_keys&) = delete;

    /// The key for new tickets.
    [[nodiscard]] ticket_key current(wall_time now);

    /// The key of a ticket, for as long as a ticket made under it may live.
    [[nodiscard]] std::optional<ticket_key> find(std::span<const unsigned char> name, wall_time now);

    /// How many keys were made, the first included.
    [[nodiscard]] std::uint64_t made() const { return made_.load(std::memory_order_relaxed); }

    /// AES-256-CBC, looked up once.
    [[nodiscard]] const EVP_CIPHER* cipher() const { return cipher_.get(); }

  private:
    /// The newest, and those whose tickets may still live.
    static constexpr std::size_t slots = 1 + (ticket_life + rotation - std::chrono::seconds(1)) / rotation;
    static constexpr std::size_t words = ticket_key::bytes / sizeof(std::uint64_t);

    /// Read without a lock: a reader that meets an odd version, or another one after it, reads again.
    struct slot {
        std::atomic<std::uint32_t> version{0};
        std::atomic<std::int64_t> made_ns{0};
        std::array<std::atomic<std::uint64_t>, words> content{};
    };
    struct dated_key {
        ticket_key key;
        wall_time made;
    };
    struct cipher_deleter {
        void operator()(EVP_CIPHER* cipher) const;
    };

    static dated_key read(const slot& from);
    static bool is_due(wall_time made, wall_time now) { return now < made || now >= made + rotation; }
    void rotate_when_due(wall_time now);
    void make(std::size_t place, wall_time now);

    std::array<slot, slots> ring_;
    std::atomic<std::size_t> newest_{0};
    std::atomic<std::uint64_t> made_{0};
    std::mutex rotating_;
    std::unique_ptr<EVP_CIPHER, cipher_deleter> cipher_;
};
using ticket_keys_ptr = std::shared_ptr<ticket_keys>;

}  // namespace garde::net
