// Does something that may hang for good, such as asking a disk, without hanging with it.
#pragma once

#include "garde/base/clock.hpp"

#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace garde::app {

/// What `ask` returns, or nothing when that takes longer than `limit`; it then ends by itself, and its result
/// is dropped.
template <class Ask>
auto within(milliseconds limit, Ask ask) -> std::optional<decltype(ask())> {
    const auto answer = std::make_shared<std::promise<decltype(ask())>>();
    auto waiting = answer->get_future();
    std::thread([answer, ask = std::move(ask)]() mutable { answer->set_value(ask()); }).detach();
    if (waiting.wait_for(limit) != std::future_status::ready) return std::nullopt;
    return waiting.get();
}

}  // namespace garde::app
