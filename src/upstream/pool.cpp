// See pool.hpp.
#include "garde/upstream/pool.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace garde::upstream {

void pool::retarget(target_ptr to) {
    if (to->addresses != target_->addresses) {
        idle_.clear();
        ++generation_;
    }
    target_ = std::move(to);
}

connection_ptr pool::take(resend again) {
    if (silence_.lasts(loop_.now())) return nullptr;
    const steady_time oldest = loop_.now() - max_idle_time;
    while (!idle_.empty()) {
        kept newest = std::move(idle_.back());
        idle_.pop_back();
        if (newest.since < oldest) {
            closed_ += idle_.size() + 1;  // the others are older still
            idle_.clear();
            break;
        }
        // What may be sent again need not be asked of the kernel.
        net::stream& stream = newest.connection->stream();
        const bool look = again == resend::forbidden || stream.announced();
        if (!look || !stream.readable_or_closed()) return std::move(newest.connection);
        ++closed_;
    }
    return nullptr;
}

void pool::put_back(connection_ptr idle) {
    if (idle->generation() != generation_) return;
    if (idle_.size() >= max_idle) {
        idle_.erase(idle_.begin());
        ++closed_;
    }
    idle->stream().never_expires();
    idle->buffer().release();
    idle_.push_back({std::move(idle), loop_.now()});
}

/// Sends, and notes whether the backend is heard. Whoever waits may be ended at any time.
net::task<sent> pool::ask(connection& on, const wire_request& request, steady_time give_up_at) {
    struct wait {
        explicit wait(pool& in) : pool_(in), begun_(in.loop_.now()) { pool_.silence_.begin(begun_); }
        wait(const wait&) = delete;
        wait& operator=(const wait&) = delete;
        ~wait() {
            const steady_time now = pool_.loop_.now();
            answered_ ? pool_.silence_.answered(now, now - begun_) : pool_.silence_.end();
        }
        pool& pool_;
        steady_time begun_;
        bool answered_ = false;
    };
    wait waiting(*this);
    sent result = co_await send(on, request, give_up_at);
    waiting.answered_ = result.answer != nullptr;
    co_return result;
}

net::task<sent> pool::attempt(const wire_request& request, resend again, milliseconds connect_time,
                              steady_time give_up_at) {
    std::optional<sent> died;  // what became of a copy on a kept connection that was dead
    if (connection_ptr kept = take(again)) {
        sent result = co_await ask(*kept, request, give_up_at);
        result.reused = true;
        const bool was_dead = result.why == continuity::reason::reset && result.nothing_received;
        if (!was_dead || again == resend::forbidden) {
            settle(result, std::move(kept));
            co_return result;
        }
        died = std::move(result);
    }
    const target_ptr to = target_;
    const std::uint32_t generation = generation_;
    const steady_time connect_by = std::chrono::steady_clock::now() + connect_time;
    auto fresh = co_await connect(loop_, *to, std::min(connect_by, give_up_at), sessions_);
    // A failure to connect would say that nothing was sent.
    if (!fresh && died) co_return std::move(*died);
    if (!fresh) co_return sent{.why = fresh.error(), .answer = nullptr, .nothing_received = true};
    (*fresh)->set_generation(generation);
    sent result = co_await ask(**fresh, request, give_up_at);
    result.opened = true;
    result.sent_twice = died.has_value();
    settle(result, std::move(*fresh));
    co_return result;
}

/// Keeps the connection for the next request, leaves it with a response that still needs it, or closes it.
void pool::settle(sent& result, connection_ptr connection) {
    if (!result.answer) return;
    if (!result.answer->parser.complete()) {
        result.answer->rest_from = std::move(connection);
        return;
    }
    const bool clean = connection->buffer().available().empty() && !result.cut_short;
    if (result.answer->parser.head().keep_alive && clean) put_back(std::move(connection));
}

}  // namespace garde::upstream
