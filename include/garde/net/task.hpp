// The coroutine and socket types of every thread: concrete executors, so that nothing is dispatched at run
// time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace garde::net {

namespace asio = boost::asio;

using executor = asio::io_context::executor_type;

/// A coroutine on one thread's io_context.
template <class T = void>
using task = asio::awaitable<T, executor>;

inline constexpr asio::use_awaitable_t<executor> use_task{};

using tcp = asio::ip::tcp;
using socket = asio::basic_stream_socket<tcp, executor>;

}  // namespace garde::net
