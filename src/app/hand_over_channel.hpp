// The Unix socket between two garde processes of the same user: whole messages, descriptors beside them, a
// time limit on everything. Blocks: for threads that serve nobody.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"

#include "hand_over_message.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace garde::app {

/// In the data folder; 0600.
inline constexpr std::string_view hand_over_socket_name = "garde.sock";

/// A descriptor and its owner.
class owned_descriptor {
  public:
    owned_descriptor() = default;
    explicit owned_descriptor(int value) : value_(value) {}
    owned_descriptor(owned_descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    owned_descriptor& operator=(owned_descriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    ~owned_descriptor();
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] int release() { return std::exchange(value_, -1); }
    [[nodiscard]] bool is_open() const { return value_ >= 0; }

  private:
    int value_ = -1;
};

/// One end of a conversation. One thread.
class hand_over_channel {
  public:
    struct received {
        hand_over_message what;
        owned_descriptor descriptor;  ///< not open when none came along
    };

    /// Of a connected socket. Fails when the other side belongs to another user.
    static result<hand_over_channel> over(owned_descriptor connected);

    /// Connects to the garde that owns the folder. Nothing when there is none.
    static result<std::optional<hand_over_channel>> connect(const std::filesystem::path& data_dir);

    /// `descriptor` goes along; -1: none. It stays the caller's.
    result<void> send(const hand_over_message& what, int descriptor, milliseconds limit);
    result<received> receive(milliseconds limit);

    /// Whether there is something to receive within `limit`, if only the end.
    [[nodiscard]] bool readable(milliseconds limit) const;

    /// The process on the other side.
    [[nodiscard]] int peer() const { return peer_; }

  private:
    hand_over_channel(owned_descriptor socket, int peer) : socket_(std::move(socket)), peer_(peer) {}
    owned_descriptor socket_;
    int peer_ = 0;
};

/// The socket that a successor connects to. A former one of that name gives way in one step; nothing is left
/// unreachable in between.
result<owned_descriptor> listen_for_successor(const std::filesystem::path& data_dir);

}  // namespace garde::app
