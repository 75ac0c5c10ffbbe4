// See successor.hpp.
#include "successor.hpp"

#include <fmt/format.h>

#include <utility>

namespace garde::app {

result<std::unique_ptr<inheritance>> inheritance::receive(const std::filesystem::path& data_dir) {
    auto connected = hand_over_channel::connect(data_dir);
    if (!connected) return std::unexpected(connected.error());
    if (!*connected) return nullptr;
    std::unique_ptr<inheritance> out(new inheritance(std::move(**connected)));
    if (auto read = out->read_offer(); !read)
        return fail(fmt::format("cannot take over from process {}: {}", out->from(), read.error().message));
    return out;
}

result<void> inheritance::read_offer() {
    if (auto sent = channel_.send(hello{}, -1, answer_limit); !sent) return sent;
    for (;;) {
        auto one = channel_.receive(answer_limit);
        if (!one) return std::unexpected(one.error());
        if (const auto* no = std::get_if<refused>(&one->what)) return fail(no->why);
        if (const auto* end = std::get_if<offered>(&one->what)) {
            if (end->sockets != socket_count_ || end->services != services_.size())
                return fail("not everything arrived");
            return {};
        }
        if (auto kept = keep(*one); !kept) return kept;
    }
}

result<void> inheritance::keep(hand_over_channel::received& one) {
    if (auto* service = std::get_if<handed_service>(&one.what)) {
        services_.push_back(std::move(service->what));
        return {};
    }
    if (!std::holds_alternative<handed_socket>(one.what) || !one.descriptor.is_open())
        return fail("a message came that does not belong here");
    auto socket = net::listening_socket(one.descriptor.release());
    if (!socket) return std::unexpected(socket.error());
    // By its address: what it was for there may be configured otherwise here.
    sockets_.add({}, std::move(*socket));
    ++socket_count_;
    return {};
}

result<void> inheritance::confirm() {
    if (auto sent = channel_.send(serving{}, -1, answer_limit); !sent) return sent;
    const auto said = channel_.receive(answer_limit);
    if (!said) return std::unexpected(said.error());
    if (!std::holds_alternative<released>(said->what)) return fail("it says something else");
    return {};
}

int owner_of(const std::filesystem::path& data_dir) {
    const auto connected = hand_over_channel::connect(data_dir);
    return connected && *connected ? (*connected)->peer() : 0;
}

}  // namespace garde::app
