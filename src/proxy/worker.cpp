// See worker.hpp.
#include "garde/proxy/worker.hpp"

#include "garde/proxy/session.hpp"

#include <utility>

namespace garde::proxy {

worker::worker(environment with, continuity::posture_ptr first)
    : with_(std::move(with)),
      posture_(std::move(first)),
      batch_(loop_.wheel(), [this] { flush_answered(); }) {
    for (const auto& service : with_.served.services()) {
        auto& pools = pools_.emplace_back();
        for (const auto& target : service.targets) pools.emplace_back(loop_, target);
        answered_.emplace_back(service.targets.size(), 0);
    }
}

worker::~worker() {
    stop();
}

result<void> worker::listen() {
    auto opened =
        net::listener::open(loop_, with_.served.settings().listener.address, net::address_sharing::shared);
    if (!opened) return std::unexpected(opened.error());
    listener_ = std::move(*opened);
    return {};
}

void worker::start() {
    listener_->start([this](net::socket accepted) { accept(std::move(accepted)); });
    thread_ = std::jthread([this] { loop_.run(); });
}

void worker::stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    drained_ = nullptr;
}

void worker::accept(net::socket accepted) {
    if (with_.open_connections.load(std::memory_order_relaxed) >= with_.served.settings().limits.connections)
        return;
    net::ssl_ptr ssl = with_.served.listener_tls().accept_side();
    if (!ssl) return;  // no memory for one more
    const auto live = [](worker& at, net::socket connected, net::ssl_ptr tls) -> net::task<> {
        session one(at, std::move(connected), std::move(tls));
        co_await one.run();
    };
    loop_.spawn(live(*this, std::move(accepted), std::move(ssl)));
}

void worker::enter(session& one) {
    one.place = sessions_.size();
    sessions_.push_back(&one);
    with_.open_connections.fetch_add(1, std::memory_order_relaxed);
}

void worker::leave(session& one) {
    sessions_[one.place] = sessions_.back();
    sessions_[one.place]->place = one.place;
    sessions_.pop_back();
    with_.open_connections.fetch_sub(1, std::memory_order_relaxed);
    if (sessions_.empty() && drained_) std::exchange(drained_, nullptr)();
}

void worker::publish(continuity::posture_ptr next, std::function<void()> in_effect) {
    loop_.post([this, next = std::move(next), in_effect = std::move(in_effect)]() mutable {
        posture_ = std::move(next);
        in_effect();
    });
}

void worker::retarget(std::size_t service, continuity::backend_index backend, upstream::target_ptr to) {
    loop_.post([this, service, backend, to = std::move(to)]() mutable {
        pool(service, backend).retarget(std::move(to));
    });
}

void worker::drain(std::function<void()> then) {
    loop_.post([this, then = std::move(then)]() mutable {
        draining_ = true;
        listener_->stop();
        if (sessions_.empty()) return then();
        drained_ = std::move(then);
        // Cancelling only makes their coroutines ready: the list does not change under this loop.
        for (session* one : sessions_) one->end_when_idle();
    });
}

void worker::count(std::size_t service, continuity::backend_index backend,
                   const continuity::outcome& result) {
    if (result.kind == continuity::outcome_kind::failed) {
        with_.outcomes({.service = service, .backend = backend, .answered = 0, .failed = result.why});
    } else if (result.kind == continuity::outcome_kind::answered && result.why == continuity::reason::none) {
        ++answered_[service][continuity::to_number(backend)];
        if (!batch_.pending()) batch_.set(std::chrono::steady_clock::now() + batch_time);
    }
}

void worker::flush_answered() {
    for (std::size_t service = 0; service < answered_.size(); ++service)
        for (std::size_t backend = 0; backend < answered_[service].size(); ++backend)
            if (const std::uint64_t count = std::exchange(answered_[service][backend], 0); count > 0)
                with_.outcomes({.service = service,
                                .backend = static_cast<continuity::backend_index>(backend),
                                .answered = count,
                                .failed = continuity::reason::none});
}

}  // namespace garde::proxy
