// See connect.hpp.
#include "garde/net/connect.hpp"

#include "garde/net/watched_socket.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace garde::net {
namespace {

int pending_error(const socket& of) {
    int code = 0;
    socklen_t size = sizeof code;
    return ::getsockopt(of.native_handle(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

}  // namespace

task<std::expected<socket, int>> connect(event_loop& loop, endpoint to, steady_time give_up_at) {
    socket made = open_tcp(to);
    if (!made.is_open()) co_return std::unexpected(errno);
    const int begun = begin_connect(made, to);
    if (begun == 0) co_return made;
    if (begun != EINPROGRESS) co_return std::unexpected(begun);

    watched_socket watched(loop, std::move(made), watched_socket::state::unknown);
    bool expired = false;
    deadline limit(loop.wheel(), [&] {
        expired = true;
        watched.interrupt();
    });
    limit.set(give_up_at);
    co_await watched.wait(direction::write);
    if (expired) co_return std::unexpected(ETIMEDOUT);
    const int failed = pending_error(watched.descriptor());
    if (failed != 0) co_return std::unexpected(failed);
    co_return watched.release();
}

}  // namespace garde::net
