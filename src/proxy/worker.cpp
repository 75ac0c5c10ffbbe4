// See worker.hpp.
#include "garde/proxy/worker.hpp"

#include "garde/proxy/resend.hpp"
#include "garde/proxy/session.hpp"

#include <limits>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace garde::proxy {
namespace {

constexpr std::size_t most_spare_memory = 64;
constexpr std::size_t kept_bytes = std::size_t{64} * 1024;  ///< of each buffer

caller_key key_of(const admission& admits, const net::socket& peer) {
    const auto at = net::remote_endpoint(peer).value_or(net::endpoint());
    return admits.key_of_address(at.address_bytes());
}

}  // namespace

worker::worker(environment with, continuity::posture_ptr first)
    : with_(std::move(with)),
      counted_(std::make_shared<const counted_site>(counted_site::begin(with_.served->shared_settings()))),
      current_(make_epoch(with_.served, 0, std::move(first))),
      batch_(loop_.wheel(), [this] { flush_answered(); }),
      // Cancelling only makes their coroutines ready: the list does not change under this loop.
      last_wait_over_(loop_.wheel(), [this] {
          for (session* one : sessions_) one->end_when_idle();
      }) {
    with_.served.reset();
}

epoch_ptr worker::make_epoch(site_ptr served, std::uint64_t number, continuity::posture_ptr first) {
    epoch_ptr out(new epoch);
    out->number = number;
    out->posture = std::move(first);
    out->counters = counted_.load()->counters;
    for (const auto& service : served->services()) {
        out->in_flight.push_back(&with_.admits.service(service.settings->name));
        auto& pools = out->pools.emplace_back();
        for (const auto& target : service.targets) pools.emplace_back(loop_, target);
        out->answered.emplace_back(service.targets.size());
    }
    out->routing.resize(served->services().size());
    out->recent.resize(served->services().size());
    out->without_backend.resize(served->services().size());
    note_outages(*out);
    out->served = std::move(served);
    return out;
}

/// For stand-in rules, which may ask how long an outage has lasted.
void worker::note_outages(epoch& of) {
    for (std::size_t i = 0; i < of.posture->services.size(); ++i) {
        const auto now = of.posture->services[i].current;
        const bool none = now == continuity::mode::degraded || now == continuity::mode::emergency;
        if (!none)
            of.without_backend[i].reset();
        else if (!of.without_backend[i])
            of.without_backend[i] = std::chrono::steady_clock::now();
    }
}

/// Services are the same by name.
void worker::keep_outages(const epoch& from, epoch& to) {
    const auto& former = from.served->services();
    for (std::size_t i = 0; i < to.without_backend.size(); ++i)
        for (std::size_t j = 0; j < former.size(); ++j)
            if (to.without_backend[i] && from.without_backend[j] &&
                former[j].settings->name == to.served->service(i).settings->name)
                to.without_backend[i] = from.without_backend[j];
}

worker::~worker() {
    stop();
    loop_.abandon();  // sessions that still are open leave what this worker still has
}

void worker::listen(net::socket socket) {
    listeners_.push_back(net::listener::over(loop_, std::move(socket)));
}

void worker::begin() {
    for (auto& one : listeners_) one->start([this](net::socket accepted) { accept(std::move(accepted)); });
}

void worker::start() {
    begin();
    thread_ = std::jthread([this] {
        ::pthread_setname_np(::pthread_self(), "worker");  // for top, debuggers and tests
        loop_.run();
    });
}

void worker::stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    drained_ = nullptr;
}

void worker::accept(net::socket accepted) {
    auto& counted = counters().node();
    counted.accepted.add();
    auto pass = with_.admits.admit_connection(key_of(with_.admits, accepted));
    if (!pass) {
        counted.sheds[pass.error()].add();
        return counted.ended[connection_end::shed].add();
    }
    net::ssl_ptr ssl = served().listener_tls().accept_side();
    if (!ssl) return counted.ended[connection_end::shed].add();  // no memory for one more
    const auto live = [](worker& at, net::socket connected, net::ssl_ptr tls,
                         connection_pass admitted) -> net::task<> {
        session one(at, std::move(connected), std::move(tls), std::move(admitted));
        co_await one.run();
    };
    ++arriving_;
    loop_.spawn(live(*this, std::move(accepted), std::move(ssl), std::move(*pass)));
}

void worker::adopt(int connected) {
    loop_.post([this, held = net::socket(connected)]() mutable {
        if (!draining_) accept(std::move(held));
    });
}

void worker::ask_again(emergency::deferred_message what,
                       std::function<void(emergency::attempt_result)> then) {
    const auto ask = [](worker& at, emergency::deferred_message message,
                        std::function<void(emergency::attempt_result)> tell) -> net::task<> {
        auto asking = resend(at, std::move(message));
        emergency::attempt_result came = co_await std::move(asking);
        tell(std::move(came));
        --at.asked_again_;
        at.check_drained();
    };
    loop_.post([this, ask, what = std::move(what), then = std::move(then)]() mutable {
        ++asked_again_;
        loop_.spawn(ask(*this, std::move(what), std::move(then)));
    });
}

std::unique_ptr<exchange_memory> worker::lend(const http::parser_limits& limits) {
    while (!spare_memory_.empty()) {
        auto out = std::move(spare_memory_.back());
        spare_memory_.pop_back();
        if (out->limits == limits) return out;  // else: of another configuration
    }
    return std::make_unique<exchange_memory>(limits);
}

void worker::give_back(std::unique_ptr<exchange_memory> memory) {
    if (!memory || spare_memory_.size() == most_spare_memory) return;
    for (std::string* one : {&memory->wire, &memory->answer})
        if (one->capacity() > kept_bytes) std::string().swap(*one);
    spare_memory_.push_back(std::move(memory));
}

void worker::enter(session& one) {
    --arriving_;
    one.place = sessions_.size();
    sessions_.push_back(&one);
}

void worker::leave(session& one) {
    sessions_[one.place] = sessions_.back();
    sessions_[one.place]->place = one.place;
    sessions_.pop_back();
    check_drained();
}

void worker::check_drained() {
    if (sessions_.empty() && arriving_ == 0 && asked_again_ == 0 && drained_)
        std::exchange(drained_, nullptr)();
}

void worker::publish(continuity::posture_ptr next, std::function<void()> in_effect) {
    loop_.post([this, next = std::move(next), in_effect = std::move(in_effect)]() mutable {
        current_->posture = std::move(next);
        note_outages(*current_);
        in_effect();
    });
}

void worker::adopt(site_ptr next, std::uint64_t number, continuity::posture_ptr first,
                   std::function<void()> in_effect) {
    loop_.post([this, next = std::move(next), number, first = std::move(first),
                in_effect = std::move(in_effect)]() mutable {
        flush_answered();
        counted_.store(
            std::make_shared<const counted_site>(counted_.load()->follow(next->shared_settings())));
        auto follower = make_epoch(std::move(next), number, std::move(first));
        keep_outages(*current_, *follower);
        current_ = std::move(follower);
        in_effect();
    });
}

void worker::retarget(std::size_t service, continuity::backend_index backend, upstream::target_ptr to) {
    loop_.post([this, service, backend, to = std::move(to)]() mutable {
        current_->pool(service, backend).retarget(std::move(to));
    });
}

void worker::drain(std::function<void()> then) {
    loop_.post([this, then = std::move(then)]() mutable {
        draining_ = true;
        for (auto& one : listeners_) one->stop();
        drained_ = std::move(then);
        check_drained();
        last_wait_over_.set(std::chrono::steady_clock::now() + last_wait);
    });
}

void worker::answered(const epoch& in, std::size_t service, continuity::backend_index backend,
                      steady_time::duration took) {
    if (&in != current_.get()) return;
    auto& into = current_->answered[service][continuity::to_number(backend)];
    ++into.count;
    ++into.latencies[continuity::latency_step(took)];
    if (!batch_.pending()) batch_.set(std::chrono::steady_clock::now() + batch_time);
}

/// Without these the usual latency would be learned from quick answers only, and what is late would be
/// earlier each time.
void worker::outrun(const epoch& in, std::size_t service, continuity::backend_index backend,
                    steady_time::duration took) {
    if (&in != current_.get()) return;
    auto& latencies = current_->answered[service][continuity::to_number(backend)].latencies;
    auto& seen = latencies[continuity::latency_step(took)];
    if (seen != std::numeric_limits<std::uint16_t>::max()) ++seen;
}

void worker::showed(const epoch& in, std::size_t service, continuity::backend_index backend,
                    const continuity::sighting& what) {
    if (&in != current_.get()) return;
    flush_answered();
    with_.outcomes({.epoch = in.number, .service = service, .backend = backend, .seen = what});
}

void worker::flush_answered() {
    auto& answered = current_->answered;
    for (std::size_t service = 0; service < answered.size(); ++service)
        for (std::size_t backend = 0; backend < answered[service].size(); ++backend) {
            if (answered[service][backend].count == 0) continue;
            with_.outcomes({.epoch = current_->number,
                            .service = service,
                            .backend = static_cast<continuity::backend_index>(backend),
                            .seen = std::exchange(answered[service][backend], {})});
        }
}

}  // namespace garde::proxy
