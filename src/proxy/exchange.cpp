// See exchange.hpp. The request, and the attempts at backends; answers.cpp holds what the caller gets.
#include "garde/proxy/exchange.hpp"

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

/// The classifier's replay rule speaks of backends that share what they have seen; a service says whether its
/// own do.
continuity::replay_detection replays_of(const config::service_settings& service) {
    return service.switchover.replay_detection ? continuity::replay_detection::on
                                               : continuity::replay_detection::off;
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

    continuity::attempt_plan plan(posture_->attempts, rules(), arrived_);
    auto action = plan.start();
    while (const auto* order = std::get_if<continuity::try_backend>(&action)) {
        candidate tried = co_await attempt(*order);
        if (tried.result.kind == outcome_kind::answered) {
            count(continuity::to_number(tried.from) == 0 ? answer_kind::primary : answer_kind::backup);
            co_return co_await deliver(std::move(tried));
        }
        last_failure_ = tried.result.why;
        if (plan.tried().size() == 1) limit_life(plan);
        action = plan.resume(now(), tried.result);
        keep_own_error(std::move(tried));
    }
    co_return co_await last_resort();
}

/// Finds where the request belongs, admits it and reads its body. What will be refused anyway is refused
/// before the caller is told to go on sending. Nothing when it is complete and goes on.
net::task<std::optional<after>> exchange::receive() {
    session_.take_what_has_come();
    const auto found = epoch_->served->find(head_.path);
    if (!found) co_return co_await refuse(404, "no service is configured for this path");
    where_ = *found;
    service_ = &epoch_->served->service(where_.service);
    held_ = epoch_->posture;
    posture_ = &held_->services[where_.service];
    auto admitted =
        worker_.admits().admit_request(*epoch_->in_flight[where_.service], session_.counted_for());
    if (!admitted) co_return co_await turn_away(admitted.error());
    pass_ = std::move(*admitted);
    if (where_.route->kind == continuity::route_kind::soap && head_.method != "POST") {
        count(answer_kind::refused);
        co_return co_await refuse(405, "this path takes SOAP messages by POST only");
    }
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

std::string_view exchange::wire_for(continuity::backend_index backend) {
    const auto& pool = epoch_->pool(where_.service, backend);
    const http::forwarding how{.node = epoch_->served->settings().node_name,
                               .host = pool.to().server_name,
                               .caller_address = session_.caller_address(),
                               .scheme = "https"};
    std::string& out = session_.memory().wire;
    out.clear();
    out.reserve(head_.bytes.size() + body_.size() + 512);
    const http::traceparent trace = http::make_traceparent(worker_.randomness().take(24));
    http::append_upstream_head(out, head_, how, {trace.data(), trace.size()}, body_.size());
    return out += body_;
}

net::task<exchange::candidate> exchange::attempt(const continuity::try_backend& order) {
    response_room room(claim_);
    const upstream::wire_request request{
        .bytes = wire_for(order.backend),
        .method = head_only() ? http::request_was::head : http::request_was::other,
        .commit_bytes = limits().commit_bytes,
        .head_bytes = limits().head_bytes,
        .room = &room};
    const auto again = where_.route->replay_safe ? upstream::resend::safe : upstream::resend::forbidden;
    const milliseconds connect_time = service_->settings->switchover.connect_timeout;
    const steady_time begun = now();
    upstream::sent sent = co_await epoch_->pool(where_.service, order.backend)
                              .attempt(request, again, connect_time, order.give_up_at);
    candidate out;
    out.result = classify(sent, order.before);
    note(sent, order.backend, begun);
    out.response = std::move(sent.answer);
    out.from = order.backend;
    worker_.count(*epoch_, where_.service, order.backend, out.result,
                  posture_->transparent() ? evidence::ignored : evidence::counts);
    co_return out;
}

void exchange::note(const upstream::sent& sent, continuity::backend_index backend, steady_time begun) {
    auto& bytes = epoch_->counters->node().bytes;
    auto& pool = epoch_->counters->backend(where_.service, backend).pool;
    pool[pool_event::closed_idle].add(epoch_->pool(where_.service, backend).take_closed());
    if (sent.opened) pool[pool_event::opened].add();
    if (sent.reused) pool[pool_event::reused].add();
    if (sent.sent_twice) pool[pool_event::resent].add();
    if (sent.opened || sent.reused) bytes[flow::to_backends].add(session_.memory().wire.size());
    if (!sent.answer) return;
    bytes[flow::from_backends].add(sent.answer->parser.head().bytes.size() +
                                   sent.answer->parser.body().size());
    epoch_->counters->first_answer_took(where_.service, sent.head_at - begun);
}

continuity::outcome exchange::classify(upstream::sent& sent, continuity::history before) const {
    if (sent.why != reason::none) return continuity::classify_transport(sent.why);
    if (posture_->transparent()) return {outcome_kind::answered, reason::unclassified};
    http::response_parser& parser = sent.answer->parser;
    const auto kind = where_.route->kind;
    if (!parser.complete()) return continuity::classify_large_response(kind, parser.head().status);
    const bool look = kind == continuity::route_kind::soap;
    return continuity::classify_response(
        {.route = kind,
         .status = parser.head().status,
         .body = look ? soap::scan(parser.body()) : soap::envelope_scan{},
         .before = sent.sent_twice ? continuity::history::maybe_processed : before,
         .replays = replays_of(*service_->settings)});
}

/// If nothing better comes, the caller gets what a backend itself said: the primary, or else the first that
/// spoke.
void exchange::keep_own_error(candidate&& failed) {
    if (!failed.response || !failed.response->parser.complete()) return;
    const bool primary = continuity::to_number(failed.from) == 0;
    if (primary || !own_error_) own_error_ = std::move(failed);
}

}  // namespace garde::proxy
