// A simulated TCP socket. Two that are connected hold a queue of segments each, which arrive one after the
// other as their path lets them. What a program sees of it (readiness, errors, ends) is what Linux shows.
#pragma once

#include "kernel.hpp"

#include <deque>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>

namespace garde::sim {

class tcp_socket final : public pollable, public std::enable_shared_from_this<tcp_socket> {
  public:
    explicit tcp_socket(kernel& in) : kernel_(in) {}

    std::uint32_t ready() override;
    void on_close() override;

    // As the system calls; the error, or 0.
    int bind(const sockaddr_in& to);
    int listen();
    int connect(const sockaddr_in& to);
    int shutdown(int how);
    ssize_t send(std::string_view data);
    ssize_t receive(char* into, std::size_t size, int flags);

    /// The next in a listener's queue; null when there is none.
    std::shared_ptr<tcp_socket> accept();
    [[nodiscard]] bool listens_at(std::uint16_t port) const {
        return state_ == state::listening && ntohs(local_.sin_port) == port;
    }
    [[nodiscard]] bool is_connected() const { return state_ == state::connected; }
    [[nodiscard]] bool uses(const link& path) const { return path_ == &path; }
    [[nodiscard]] const sockaddr_in& local() const { return local_; }
    [[nodiscard]] const sockaddr_in& remote() const { return remote_; }
    int take_error() { return std::exchange(error_, 0); }

    /// The connection breaks at this end.
    void break_with(int error);
    /// … at both.
    void break_both();

  private:
    enum class state : std::uint8_t { fresh, listening, connecting, connected, over };
    enum class kind : std::uint8_t { established, data, end, broken };
    struct segment {
        kind what = kind::data;
        std::string bytes;
        moment due{};
    };

    void knock(int tries);
    void put(kind what, std::string bytes = {});
    void pump();
    void arrive(segment what);
    void deliver(segment& what, tcp_socket& to);
    void make_room(std::size_t bytes);
    [[nodiscard]] std::size_t room() const {
        return path_->window - std::min(path_->window, unread_by_peer_);
    }
    [[nodiscard]] moment delay();

    kernel& kernel_;
    state state_ = state::fresh;
    sockaddr_in local_{};
    sockaddr_in remote_{};
    link* path_ = nullptr;
    std::weak_ptr<tcp_socket> peer_;
    std::deque<std::shared_ptr<tcp_socket>> backlog_;  ///< of a listener
    std::deque<segment> out_;                          ///< on its way to the peer
    bool pumping_ = false;
    std::string in_;  ///< arrived, not read
    std::optional<std::size_t> cut_after_;
    std::size_t unread_by_peer_ = 0;
    int error_ = 0;
    bool ended_by_peer_ = false;
    bool write_shut_ = false;
    bool read_shut_ = false;
    bool wants_room_ = false;
    bool orphaned_ = false;  ///< its descriptor is closed
};

}  // namespace garde::sim
