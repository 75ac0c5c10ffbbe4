// The side of a take-over that comes: asks the garde that owns the data folder for its sockets and for what
// it knows.
#pragma once

#include "garde/control/memory.hpp"

#include "hand_over_channel.hpp"
#include "socket_supply.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace garde::app {

/// What was handed over. Dropped without confirm(), the predecessor goes on as before.
class inheritance {
  public:
    static constexpr milliseconds answer_limit{5'000};  ///< for one message

    /// Blocks for as long as the disk does. Nothing where no garde owns the folder; fails when it does not
    /// let itself be taken over.
    static result<std::unique_ptr<inheritance>> receive(const std::filesystem::path& data_dir);

    [[nodiscard]] socket_supply take_sockets() { return std::move(sockets_); }
    [[nodiscard]] const std::vector<control::service_memory>& services() const { return services_; }
    /// The predecessor's process.
    [[nodiscard]] int from() const { return channel_.peer(); }

    /// This process serves now: the predecessor may go. An error says that it did not answer.
    result<void> confirm();

  private:
    explicit inheritance(hand_over_channel channel) : channel_(std::move(channel)) {}
    result<void> read_offer();
    result<void> keep(hand_over_channel::received& one);

    hand_over_channel channel_;
    socket_supply sockets_;
    std::size_t socket_count_ = 0;
    std::vector<control::service_memory> services_;
};

/// The process that owns the data folder and can be taken over from; 0: none. Blocks for as long as the disk
/// does.
int owner_of(const std::filesystem::path& data_dir);

}  // namespace garde::app
