// See exchange.hpp. The request, and the attempts at backends; answers.cpp holds what the caller gets.
#include "garde/proxy/exchange.hpp"

#include "garde/proxy/judgement.hpp"
#include "garde/soap/envelope_scan.hpp"

#include <utility>

namespace garde::proxy {
namespace {

using continuity::outcome_kind;
using continuity::reason;

/// What a request is taken to need besides its body, which is kept twice: as received and as sent on.
constexpr std::size_t exchange_bytes = std::size_t{8} * 1024;

/// Claimed at a time for a response, so that not every piece asks the shared count.
constexpr std::size_t claim_step = std::size_t{16} * 1024;

steady_time now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

exchange::exchange(session& with)
    : session_(with),
      worker_(with.at()),
      epoch_(worker_.current()),
      request_(with.request()),
      head_(request_.head()),
      body_(request_.body()),
      arrived_(now()) {}

exchange::~exchange() {
    if (service_ != nullptr) epoch_->counters->exchange_took(where_.service, now() - arrived_);
}

bool exchange::head_only() const {
    return head_.method == "HEAD";
}

bool exchange::keep_alive() const {
    return head_.keep_alive && !worker_.draining();
}

bool exchange::response_room::reach(std::size_t bytes) {
    const std::size_t wanted = others_ + bytes;
    return wanted <= claim_.bytes() || claim_.reach(wanted + claim_step);
}

net::task<after> exchange::run() {
    const auto ended = co_await receive();
    if (ended) co_return *ended;
    may_use_cache_ = !posture_->transparent() && epoch_->served->may_use_cache(where_, session_.who());

    auto& routing = epoch_->routing[where_.service];
    routing.retries.request(service_->settings->switchover.retry_budget);
    const auto route = continuity::choose_route(*posture_, rules().replays, routing);
    auto limits = rules();
    limits.hedge_after = route.hedge_after;
    continuity::attempt_plan plan(route.whom, limits, arrived_);
    auto action = plan.start();
    if (const auto* order = std::get_if<continuity::try_backend>(&action);
        order != nullptr && order->hedge_at) {
        auto answered = co_await attempt_hedged(plan, action);
        if (answered) co_return co_await answer_with(std::move(*answered));
    }
    while (const auto* order = std::get_if<continuity::try_backend>(&action)) {
        const bool first = plan.tried().size() == 1;
        candidate tried = co_await attempt(*order, first ? route.first : continuity::errand::regular);
        if (tried.result.kind == outcome_kind::answered) co_return co_await answer_with(std::move(tried));
        if (first) limit_life(plan);
        look_again(plan);
        action = plan.resume(now(), tried.result, epoch_->routing[where_.service].retries);
        keep_own_error(std::move(tried));
    }
    co_return co_await last_resort();
}

net::task<after> exchange::answer_with(candidate answered) {
    count(continuity::to_number(answered.from) == 0 ? answer_kind::primary : answer_kind::backup);
    return deliver(std::move(answered));
}

/// Everybody is down, as far as is known: one is asked all the same.
net::task<exchange::candidate> exchange::try_anyway() {
    const continuity::try_backend order{.backend = *posture_->last_chance,
                                        .give_up_at = now() + rules().attempt_timeout,
                                        .before = continuity::history::fresh};
    co_return co_await attempt(order, continuity::errand::trial);
}

/// Finds where the request belongs, admits it and reads its body. What will be refused anyway is refused
/// before the caller is told to go on sending. Nothing when it is complete and goes on.
net::task<std::optional<after>> exchange::receive() {
    session_.take_what_has_come();
    if (asks_for_deferrals()) co_return co_await answer_deferrals();
    if (asks_for_proof()) co_return co_await answer_proof();
    const auto found = epoch_->served->find(head_.path);
    if (!found) co_return co_await refuse(404, "no service is configured for this path");
    where_ = *found;
    service_ = &epoch_->served->service(where_.service);
    held_ = epoch_->posture;
    posture_ = &held_->services[where_.service];
    if (!held_->exercises.empty()) join_exercise();
    auto admitted =
        worker_.admits().admit_request(*epoch_->in_flight[where_.service], session_.counted_for());
    if (!admitted) co_return co_await turn_away(admitted.error());
    pass_ = std::move(*admitted);
    if (where_.route->kind == continuity::route_kind::soap && head_.method != "POST") {
        count(answer_kind::refused);
        co_return co_await refuse(405, "this path takes SOAP messages by POST only");
    }
    co_return co_await take_body();
}

/// From here on it is as if the service were in mode emergency.
void exchange::join_exercise() {
    exercise_ = continuity::find_exercise(held_->exercises[where_.service], *posture_, where_.route->path,
                                          session_.who(), now());
    if (exercise_ != nullptr) posture_ = &continuity::rehearsed_posture();
}

net::task<std::optional<after>> exchange::take_body() {
    auto claim = worker_.buffers().admit(exchange_bytes + 2 * head_.content_length);
    if (!claim) co_return co_await turn_away(shed::buffered_bytes);
    claim_ = std::move(*claim);
    switch (co_await session_.read_body(claim_)) {
        case body_end::complete: break;
        case body_end::no_room: co_return co_await turn_away(shed::buffered_bytes);
        case body_end::over: co_return after::over;
    }
    arrived_ = now();
    epoch_->counters->node().bytes[flow::from_callers].add(head_.bytes.size() + body_.size());
    co_return std::nullopt;
}

continuity::attempt_rules exchange::rules() const {
    const auto& switchover = service_->settings->switchover;
    return {.attempt_timeout = switchover.attempt_timeout,
            .exchange_timeout = switchover.exchange_timeout,
            .replays = where_.route->replay_safe ? continuity::replay::safe : continuity::replay::forbidden};
}

/// Callers' clocks are off, so only the span between the message's two times counts, from its arrival on.
void exchange::limit_life(continuity::attempt_plan& plan) const {
    if (where_.route->kind != continuity::route_kind::soap) return;
    if (const auto span = soap::scan(body_).life_span) plan.limit_life(arrived_ + *span);
}

/// A time-out takes seconds, in which more may have come to light of the others than when the request came.
void exchange::look_again(continuity::attempt_plan& plan) const {
    plan.prefer(epoch_->posture->services[where_.service].attempts);
}

/// What it takes in memory, as it is sent on.
std::size_t exchange::wire_bytes() const {
    return head_.bytes.size() + body_.size() + 512;
}

/// The request as this backend gets it; `out` and `room` must outlive the attempt.
upstream::wire_request exchange::write_out(continuity::backend_index to, std::string& out,
                                           upstream::room& room) {
    const auto& pool = epoch_->pool(where_.service, to);
    const http::forwarding how{.node = epoch_->served->settings().node_name,
                               .host = pool.to().server_name,
                               .caller_address = session_.caller_address(),
                               .scheme = "https"};
    out.clear();
    out.reserve(wire_bytes());
    const http::traceparent trace = http::make_traceparent(worker_.randomness().take(24));
    http::append_upstream_head(out, head_, how, {trace.data(), trace.size()}, body_.size());
    add_idempotency_key(out);
    out += body_;
    return {.bytes = out,
            .method = head_only() ? http::request_was::head : http::request_was::other,
            .commit_bytes = limits().commit_bytes,
            .head_bytes = limits().head_bytes,
            .room = &room};
}

net::task<upstream::sent> exchange::send(const continuity::try_backend& order,
                                         const upstream::wire_request& request) {
    const auto again = where_.route->replay_safe ? upstream::resend::safe : upstream::resend::forbidden;
    const milliseconds connect_time = service_->settings->switchover.connect_timeout;
    return epoch_->pool(where_.service, order.backend)
        .attempt(request, again, connect_time, order.give_up_at);
}

net::task<exchange::candidate> exchange::attempt(const continuity::try_backend& order,
                                                 continuity::errand as) {
    response_room room(claim_);
    const upstream::wire_request request = write_out(order.backend, session_.memory().wire, room);
    const steady_time begun = now();
    upstream::sent sent = co_await send(order, request);
    candidate out;
    out.result = classify(sent, order.before);
    note(sent, order.backend, request.bytes.size(), begun);
    out.response = std::move(sent.answer);
    out.from = order.backend;
    const steady_time ended = now();
    note_failure(out, begun, ended);
    tell(out, as, ended - begun);
    co_return out;
}

continuity::outcome exchange::classify(upstream::sent& sent, continuity::history before) const {
    if (sent.why == reason::none && posture_->transparent())
        return {outcome_kind::answered, reason::unclassified};
    return proxy::judge(sent, before, {.service = *service_->settings, .kind = where_.route->kind});
}

void exchange::note_failure(const candidate& of, steady_time begun, steady_time ended) {
    if (of.result.kind == outcome_kind::answered) return;
    failed_.push_back({of.from, begun, ended, of.result.why});
}

/// If nothing better comes, the caller gets what a backend itself said: the primary, or else the first that
/// spoke.
void exchange::keep_own_error(candidate&& failed) {
    if (!failed.response || !failed.response->parser.complete()) return;
    const bool primary = continuity::to_number(failed.from) == 0;
    if (primary || !own_error_) own_error_ = std::move(failed);
}

}  // namespace garde::proxy
