// See watchdog.hpp.
#include "garde/app/watchdog.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace garde::app {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

void close_if_open(int& descriptor) {
    if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

}  // namespace

watchdog::watched::watched(watched_thread what, const watch_rules& rules, steady_time begun)
    : thread(std::move(what)), watch(rules, begun) {
    if (thread.listening < 0) return;
    listening = ::fcntl(thread.listening, F_DUPFD_CLOEXEC, 0);
    // Whoever accepts first has it: the other must not wait for the next one.
    ::fcntl(listening, F_SETFL, ::fcntl(listening, F_GETFL) | O_NONBLOCK);
}

watchdog::watchdog(setting with)
    : with_(std::move(with)),
      control_(std::move(with_.control), with_.rules, now()),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    for (auto& worker : with_.workers)
        workers_.push_back(std::make_unique<watched>(std::move(worker), with_.rules, now()));
}

watchdog::~watchdog() {
    stop();
    close_if_open(wake_);
}

void watchdog::start() {
    thread_ = std::jthread([this] { run(); });
}

void watchdog::stop() {
    ending_ = true;
    const std::uint64_t one = 1;
    // Without it, it ends with the next look.
    [[maybe_unused]] const auto told = ::write(wake_, &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    for (auto& worker : workers_) close_if_open(worker->listening);
}

std::vector<progress> watchdog::workers() const {
    std::vector<progress> out;
    out.reserve(workers_.size());
    for (const auto& worker : workers_) out.push_back(worker->state.load(std::memory_order_relaxed));
    return out;
}

void watchdog::run() {
    while (!ending_) {
        const steady_time at = now();
        look(control_, at);
        for (auto& worker : workers_) look(*worker, at);
        feed(at);
        relieve_until(at + look_every);
    }
}

void watchdog::look(watched& one, steady_time at) {
    const auto step = one.watch.look(at, one.answers->load(std::memory_order_relaxed));
    if (step.ask)
        one.thread.post([answers = one.answers] { answers->fetch_add(1, std::memory_order_relaxed); });
    if (!step.became) return;
    one.state.store(*step.became, std::memory_order_relaxed);
    with_.tell({.name = one.thread.name, .now = *step.became, .for_time = step.for_time});
}

void watchdog::feed(steady_time at) {
    if (with_.manager == nullptr) return;
    const auto interval = with_.manager->alive_interval();
    if (!interval || at - fed_ < *interval) return;
    const auto makes_progress = [](const auto& one) { return one->watch.state() == progress::alive; };
    if (control_.watch.state() != progress::alive || std::ranges::none_of(workers_, makes_progress)) return;
    with_.manager->alive();
    fed_ = at;
}

void watchdog::relieve_until(steady_time next_look) {
    bool able = true;
    while (!ending_) {
        const auto left = std::chrono::ceil<milliseconds>(next_look - now());
        if (left <= milliseconds{0}) return;
        std::vector<pollfd> waiting{{.fd = wake_, .events = POLLIN, .revents = 0}};
        std::vector<const watched*> stalled;
        for (const auto& worker : workers_) {
            if (!able || worker->watch.state() == progress::alive || worker->listening < 0) continue;
            waiting.push_back({.fd = worker->listening, .events = POLLIN, .revents = 0});
            stalled.push_back(worker.get());
        }
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) continue;
        for (std::size_t i = 0; i < stalled.size() && able; ++i)
            if (waiting[i + 1].revents != 0) able = accept_for(*stalled[i]);
    }
}

bool watchdog::accept_for(const watched& stalled) {
    watched* const other = next_alive();
    if (other == nullptr) return false;
    const int connected = ::accept4(stalled.listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connected >= 0) {
        other->thread.adopt(connected);
        return true;
    }
    // Gone meanwhile, or somebody else took it: there may be more. No descriptors: not before the next look.
    return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;
}

watchdog::watched* watchdog::next_alive() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        turn_ = (turn_ + 1) % workers_.size();
        if (workers_[turn_]->watch.state() == progress::alive) return workers_[turn_].get();
    }
    return nullptr;
}

}  // namespace garde::app
