// See predecessor.hpp.
#include "predecessor.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace garde::app {
namespace {

constexpr milliseconds retry_interval{1'000};
constexpr milliseconds stop_check{100};

/// To one who may be gone already: nothing depends on its being heard.
void last_word(hand_over_channel& to, const hand_over_message& what) {
    if (auto said = to.send(what, -1, predecessor::answer_limit); !said)
        spdlog::info("take-over: process {} was not told: {}", to.peer(), said.error().message);
}

}  // namespace

predecessor::predecessor(std::filesystem::path data_dir, callbacks with)
    : data_dir_(std::move(data_dir)),
      with_(std::move(with)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

predecessor::~predecessor() {
    thread_.request_stop();
    ::eventfd_write(wake_.get(), 1);
}

void predecessor::run(const std::stop_token& stop) {
    const owned_descriptor listening = listen(stop);
    while (!stop.stop_requested()) {
        std::array<pollfd, 2> both{pollfd{listening.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
        if (::poll(both.data(), both.size(), -1) <= 0 || (both[0].revents & POLLIN) == 0) continue;
        owned_descriptor accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (accepted.is_open() && converse(stop, std::move(accepted)) == outcome::succeeded) return;
    }
}

owned_descriptor predecessor::listen(const std::stop_token& stop) const {
    bool told = false;
    while (!stop.stop_requested()) {
        auto made = listen_for_successor(data_dir_);
        if (made) return std::move(*made);
        if (!std::exchange(told, true))
            spdlog::warn("nobody can take over from this process: {}; it is tried again every {} ms",
                         made.error().message, retry_interval.count());
        pollfd wake{wake_.get(), POLLIN, 0};
        ::poll(&wake, 1, static_cast<int>(retry_interval.count()));
    }
    return {};
}

predecessor::outcome predecessor::converse(const std::stop_token& stop, owned_descriptor accepted) {
    auto to = hand_over_channel::over(std::move(accepted));
    if (!to) {
        spdlog::warn("take-over: {}; it gets nothing", to.error().message);
        return outcome::go_on;
    }
    const auto first = to->receive(answer_limit);
    if (!first) return outcome::go_on;  // somebody who only looked whether we are there
    const auto* greeting = std::get_if<hello>(&first->what);
    if (greeting == nullptr || greeting->version != hand_over_version) {
        const refused why{"it speaks another version; restart garde instead of taking over"};
        with_.refused(to->peer(), why.why);
        last_word(*to, why);
        return outcome::go_on;
    }
    auto offered_now = with_.begin();
    if (!offered_now) {
        with_.refused(to->peer(), offered_now.error().message);
        last_word(*to, refused{offered_now.error().message});
        return outcome::go_on;
    }
    spdlog::info("take-over: process {} is being handed everything", to->peer());
    auto done = hand_over(*to, std::move(*offered_now));
    if (done) done = await_serving(stop, *to);
    if (!done) {
        spdlog::error("take-over: process {} does not serve: {}; this process goes on", to->peer(),
                      done.error().message);
        with_.refused(to->peer(), "it does not serve: " + done.error().message);
        with_.failed();
        return outcome::go_on;
    }
    with_.succeeded(to->peer());
    last_word(*to, released{});
    return outcome::succeeded;
}

result<void> predecessor::hand_over(hand_over_channel& to, offer what) {
    for (const auto& one : what.sockets)
        if (auto sent = to.send(handed_socket{one.name}, one.socket.native_handle(), answer_limit); !sent)
            return sent;
    for (auto& one : what.services)
        if (auto sent = to.send(handed_service{std::move(one)}, -1, answer_limit); !sent) return sent;
    return to.send(offered{what.sockets.size(), what.services.size()}, -1, answer_limit);
}

result<void> predecessor::await_serving(const std::stop_token& stop, hand_over_channel& from) {
    const auto give_up_at = std::chrono::steady_clock::now() + start_limit;
    while (!from.readable(stop_check)) {
        if (stop.stop_requested()) return fail("this process ends");
        if (std::chrono::steady_clock::now() >= give_up_at) return fail("it took too long");
    }
    const auto said = from.receive(answer_limit);
    if (!said) return std::unexpected(said.error());
    if (!std::holds_alternative<serving>(said->what)) return fail("it says something else");
    return {};
}

}  // namespace garde::app
