// The side of a take-over that was there first: a thread that waits for a successor, hands it the sockets and
// what is known, and tells when it serves. Until then nothing changes here, whatever becomes of the
// successor.
#pragma once

#include "garde/control/memory.hpp"
#include "garde/net/socket.hpp"

#include "hand_over_channel.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace garde::app {

/// What a successor is given: other descriptors of the same sockets, and what is known of the services.
struct offer {
    struct named_socket {
        std::string name;
        net::socket socket;
    };
    std::vector<named_socket> sockets;
    std::vector<control::service_memory> services;
};

class predecessor {
  public:
    static constexpr milliseconds answer_limit{2'000};  ///< for one message
    static constexpr milliseconds start_limit{30'000};  ///< for the successor to serve

    /// On the predecessor's thread.
    struct callbacks {
        std::function<result<offer>()>
            begin;                     ///< from now on nothing may change that was offered; or why not
        std::function<void()> failed;  ///< the successor does not serve: go on
        /// It gets nothing, or does not serve, and why; whatever else is called.
        std::function<void(int pid, const std::string& why)> refused;
        std::function<void(int pid)> succeeded;  ///< it serves: accept no more, finish, end
    };

    /// Where the folder does not let itself be used, it is tried again now and then; the log says why, once.
    predecessor(std::filesystem::path data_dir, callbacks with);
    /// Waits for a folder that hangs.
    ~predecessor();
    predecessor(const predecessor&) = delete;
    predecessor& operator=(const predecessor&) = delete;

  private:
    enum class outcome : std::uint8_t { go_on, succeeded };

    void run(const std::stop_token& stop);
    [[nodiscard]] owned_descriptor listen(const std::stop_token& stop) const;
    [[nodiscard]] outcome converse(const std::stop_token& stop, owned_descriptor accepted);
    [[nodiscard]] static result<void> hand_over(hand_over_channel& to, offer what);
    [[nodiscard]] static result<void> await_serving(const std::stop_token& stop, hand_over_channel& from);

    const std::filesystem::path data_dir_;
    const callbacks with_;
    owned_descriptor wake_;  ///< an eventfd that ends waiting
    std::jthread thread_;
};

}  // namespace garde::app
