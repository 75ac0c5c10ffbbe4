// Hedging: while the first backend takes longer than is usual for it, the next one is asked beside it, and
// the first answer counts; the other attempt is ended. See exchange.hpp.
#include "garde/net/companion.hpp"
#include "garde/proxy/exchange.hpp"

#include <algorithm>
#include <utility>

namespace garde::proxy {
namespace {

using continuity::outcome_kind;

steady_time now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

/// One of two copies of the request. It is sent when this is made, and ended with it.
struct exchange::copy {
    /// `wire`, `room_in` and `news` must outlive it; it rings `news` when it is over.
    copy(exchange& of, const continuity::try_backend& order, std::string& wire, byte_claim& room_in,
         net::alarm& news)
        : claim(room_in),
          room(room_in),
          request(of.write_out(order.backend, wire, room)),
          give_up_at(order.give_up_at),
          begun(now()),
          under_way(of.send(order, request), news) {
        out.from = order.backend;
    }
    [[nodiscard]] bool over() const { return under_way.over(); }
    [[nodiscard]] bool answered() const { return sent && out.result.kind == outcome_kind::answered; }

    byte_claim& claim;
    response_room room;
    const upstream::wire_request request;
    const steady_time give_up_at;
    const steady_time begun;
    steady_time ended{};
    net::companion<upstream::sent> under_way;
    std::optional<upstream::sent> sent;  ///< once seen to be over
    candidate out;                       ///< its response last of all
    bool told = false;
};

/// For an order with `hedge_at`. Nothing when nobody answered: then `action` is what comes next.
net::task<std::optional<exchange::candidate>> exchange::attempt_hedged(continuity::attempt_plan& plan,
                                                                       continuity::attempt_action& action) {
    const auto order = std::get<continuity::try_backend>(action);
    net::alarm news(worker_.loop());
    copy first(*this, order, session_.memory().wire, claim_, news);
    std::string wire;
    byte_claim room;
    std::optional<copy> beside;
    if (!first.over()) co_await news.wait_until(*order.hedge_at);
    if (!first.over())
        if (const auto another = plan_second(plan, room)) beside.emplace(*this, *another, wire, room, news);
    copy* const second = beside ? &*beside : nullptr;
    for (;;) {
        judge(first, second);
        if (first.answered() || (second != nullptr && second->answered())) co_return choose(first, second);
        if (first.over() && (second == nullptr || second->over())) break;
        // Each ends by its own time; this one is for who would not.
        const steady_time last =
            second == nullptr ? first.give_up_at : std::max(first.give_up_at, second->give_up_at);
        co_await news.wait_until(last);
    }
    action = give_up(plan, first, second);
    co_return std::nullopt;
}

/// Nothing when the plan does not allow a second copy, or there is no room for it.
std::optional<continuity::try_backend> exchange::plan_second(continuity::attempt_plan& plan,
                                                             byte_claim& room) {
    auto claim = worker_.buffers().admit(wire_bytes());
    if (!claim) return std::nullopt;
    room = std::move(*claim);
    limit_life(plan);
    look_again(plan);
    return plan.hedge(now(), epoch_->routing[where_.service].retries);
}

/// Takes what has become of it, once.
void exchange::see(copy& one) {
    if (!one.over() || one.sent) return;
    one.ended = now();
    one.sent = one.under_way.take();
    note(*one.sent, one.out.from, one.request.bytes.size(), one.begun);
}

/// What each of them has come to; again when the other one has ended, for that may be the copy that a backend
/// saw first. A failure stays one, and is told at once.
void exchange::judge(copy& first, copy* second) {
    see(first);
    if (second != nullptr) see(*second);
    std::optional<continuity::outcome> beside;
    if (second != nullptr && second->sent) {
        const auto how = first.sent ? std::optional(first.sent->why) : std::nullopt;
        second->out.result = classify(*second->sent, continuity::behind_first(how));
        if (!second->sent->sent_twice) beside = second->out.result;
    }
    if (first.sent)
        first.out.result = classify(
            *first.sent, second == nullptr ? continuity::history::fresh : continuity::beside_second(beside));
    for (copy* one : {&first, second})
        if (one != nullptr && one->sent && one->out.result.kind == outcome_kind::failed) tell(*one);
}

void exchange::tell(copy& one) {
    if (one.sent && !std::exchange(one.told, true))
        tell(one.out, continuity::errand::regular, one.ended - one.begun);
}

/// One of them was answered: the first, where both were.
exchange::candidate exchange::choose(copy& first, copy* second) {
    copy& winner = first.answered() ? first : *second;
    tell(first);
    if (second != nullptr) {
        tell(*second);
        const bool won = &winner == second;
        epoch_->counters->hedged(where_.service, won ? hedge_result::won : hedge_result::lost);
        if (won) winner.out.room = std::move(second->claim);
        if (!first.sent) tell_outrun(first.out, now() - first.begun);
    }
    winner.out.response = std::move(winner.sent->answer);
    return std::move(winner.out);
}

/// Nobody answered: the plan goes on as if one had been asked after the other.
continuity::attempt_action exchange::give_up(continuity::attempt_plan& plan, copy& first, copy* second) {
    auto& retries = epoch_->routing[where_.service].retries;
    limit_life(plan);
    look_again(plan);
    for (copy* one : {&first, second}) {
        if (one == nullptr) continue;
        tell(*one);
        note_failure(one->out, one->begun, one->ended);
        one->out.response = std::move(one->sent->answer);
    }
    const auto result = first.out.result;
    keep_own_error(std::move(first.out));
    if (second == nullptr) return plan.resume(now(), result, retries);
    epoch_->counters->hedged(where_.service, hedge_result::lost);
    const auto beside = second->out.result;
    second->out.room = std::move(second->claim);
    keep_own_error(std::move(second->out));
    return plan.resume(now(), result, beside, retries);
}

}  // namespace garde::proxy
