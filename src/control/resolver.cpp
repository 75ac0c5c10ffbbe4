// See resolver.hpp.
#include "garde/control/resolver.hpp"

#include "garde/net/listener.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace garde::control {
namespace {

constexpr std::chrono::seconds resolve_interval{30};

struct entry {
    std::size_t number = 0;
    config::endpoint name;
    std::vector<net::endpoint> known;
};

}  // namespace

std::string book_key(const config::endpoint& name) {
    return name.host + ":" + std::to_string(name.port);
}

address_book look_up(const config::settings_ptr& of, milliseconds limit) {
    struct looking {
        std::mutex mutex;
        std::condition_variable done;
        bool all = false;
        address_book found;
    };
    const auto shared = std::make_shared<looking>();
    // Detached, as below: a look-up that hangs ends on its own.
    std::thread([shared, of] {
        const auto find = [&](const config::endpoint& name) {
            auto addresses = net::resolve(name);
            const std::lock_guard lock(shared->mutex);
            if (addresses) shared->found[book_key(name)] = std::move(*addresses);
        };
        for (const auto& service : of->services)
            for (const auto& backend : service.backends) find(backend.address);
        for (const auto& reference : of->self_check.references) find(reference);
        const std::lock_guard lock(shared->mutex);
        shared->all = true;
        shared->done.notify_all();
    }).detach();
    std::unique_lock lock(shared->mutex);
    shared->done.wait_for(lock, limit, [&] { return shared->all; });
    return shared->found;
}

struct resolver::state {
    std::mutex mutex;
    std::condition_variable woken;
    bool stopped = false;
    on_change then;

    /// False once stopped.
    bool report(std::size_t number, const std::vector<net::endpoint>& found) {
        const std::lock_guard lock(mutex);
        if (!stopped) then(number, found);
        return !stopped;
    }

    bool pause() {
        std::unique_lock lock(mutex);
        return !woken.wait_for(lock, resolve_interval, [this] { return stopped; });
    }
};

resolver::~resolver() {
    stop();
}

void resolver::start(std::vector<std::pair<std::size_t, config::endpoint>> names, on_change then) {
    if (names.empty()) return;
    state_ = std::make_shared<state>();
    state_->then = std::move(then);
    std::vector<entry> entries;
    entries.reserve(names.size());
    for (auto& [number, name] : names) entries.push_back({number, std::move(name), {}});
    // Detached on purpose: nobody may have to wait for a resolver that hangs.
    std::thread([shared = state_, entries = std::move(entries)]() mutable {
        do {
            for (auto& one : entries) {
                auto found = net::resolve(one.name);
                if (!found || *found == one.known) continue;
                one.known = *found;
                if (!shared->report(one.number, *found)) return;
            }
        } while (shared->pause());
    }).detach();
}

void resolver::stop() {
    if (!state_) return;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopped = true;
    }
    state_->woken.notify_all();
    state_.reset();
}

}  // namespace garde::control
