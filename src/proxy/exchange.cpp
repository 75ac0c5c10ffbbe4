// See exchange.hpp.
#include "garde/proxy/exchange.hpp"

#include "garde/soap/envelope_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace garde::proxy {
namespace {

using continuity::outcome_kind;
using continuity::reason;

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
      head_(with.request().head()),
      body_(with.request().body()),
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

net::task<bool> exchange::run() {
    const auto found = epoch_->served->find(head_.path);
    if (!found) co_return co_await refuse(404, "no service is configured for this path");
    where_ = *found;
    service_ = &epoch_->served->service(where_.service);
    posture_ = epoch_->posture->services[where_.service];
    auto admitted = worker_.admits().admit_request(where_.service, session_.counted_for());
    if (!admitted) {
        epoch_->counters->node().sheds[admitted.error()].add();
        count(answer_kind::shed);
        co_return co_await turn_away();
    }
    pass_ = std::move(*admitted);
    if (where_.route->kind == continuity::route_kind::soap && head_.method != "POST") {
        count(answer_kind::refused);
        co_return co_await refuse(405, "this path takes SOAP messages by POST only");
    }
    may_use_cache_ = !posture_.transparent() && epoch_->served->may_use_cache(where_, session_.who());

    continuity::attempt_plan plan(posture_.attempts, rules(), arrived_);
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

std::string exchange::wire_for(continuity::backend_index backend) const {
    const auto& pool = epoch_->pool(where_.service, backend);
    const http::forwarding how{.node = epoch_->served->settings().node_name,
                               .host = pool.to().server_name,
                               .caller_address = session_.caller_address(),
                               .scheme = "https"};
    std::string out;
    out.reserve(head_.bytes.size() + body_.size() + 512);
    const http::traceparent trace = http::make_traceparent(worker_.randomness().take(24));
    http::append_upstream_head(out, head_, how, {trace.data(), trace.size()}, body_.size());
    return out += body_;
}

net::task<exchange::candidate> exchange::attempt(const continuity::try_backend& order) {
    const auto& limits = epoch_->served->settings().limits;
    const std::string bytes = wire_for(order.backend);
    const upstream::wire_request request{
        .bytes = bytes,
        .method = head_only() ? http::request_was::head : http::request_was::other,
        .commit_bytes = limits.commit_bytes,
        .head_bytes = limits.head_bytes};
    const auto again = where_.route->replay_safe ? upstream::resend::safe : upstream::resend::forbidden;
    const milliseconds connect_time = service_->settings->switchover.connect_timeout;
    upstream::sent sent = co_await epoch_->pool(where_.service, order.backend)
                              .attempt(request, again, connect_time, order.give_up_at);
    candidate out;
    out.result = classify(sent, order.before);
    out.response = std::move(sent.answer);
    out.from = order.backend;
    if (!posture_.transparent()) worker_.count(*epoch_, where_.service, order.backend, out.result);
    co_return out;
}

continuity::outcome exchange::classify(upstream::sent& sent, continuity::history before) const {
    if (sent.why != reason::none) return continuity::classify_transport(sent.why);
    if (posture_.transparent()) return {outcome_kind::answered, reason::unclassified};
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

net::task<bool> exchange::deliver(candidate answer) {
    http::response_parser& parser = answer.response->parser;
    const http::response_head& head = parser.head();
    const bool whole = parser.complete();
    http::response_shape shape{.framing = http::outgoing_framing::content_length,
                               .content_length = parser.body().size(),
                               .keep_alive = keep_alive()};
    if (head_only() || head.status == 204 || head.status == 304) {
        shape.framing = http::outgoing_framing::no_body;
        shape.content_length.reset();
        if (head.find("Content-Length")) shape.content_length = head.content_length;
    } else if (!whole && head.framing == http::body_framing::content_length) {
        shape.content_length = head.content_length;
    } else if (!whole) {
        shape.framing =
            head_.version == 11 ? http::outgoing_framing::chunked : http::outgoing_framing::until_close;
        shape.keep_alive = shape.keep_alive && head_.version == 11;
    }
    const std::array<http::field, 1> extra{{{"Garde-Mode", relayed_mode(answer.from, posture_)}}};
    std::string bytes;
    bytes.reserve(head.bytes.size() + parser.body().size() + 256);
    http::append_response_head(bytes, head, epoch_->served->settings().node_name, shape, extra);
    if (shape.framing == http::outgoing_framing::chunked)
        http::append_chunk(bytes, parser.body());
    else if (shape.framing != http::outgoing_framing::no_body)
        bytes += parser.body();

    session_.stream().expires_at(now() + epoch_->served->settings().limits.write_time);
    const net::io_status written = co_await session_.stream().write_all(bytes);
    if (written != net::io_status::ok) co_return false;
    if (!whole) co_return co_await stream_rest(answer, shape.framing) && shape.keep_alive;
    offer_to_cache(answer);
    co_return shape.keep_alive;
}

/// Relays what is left of a large answer piece by piece: the next piece is read when the last is written. An
/// answer that breaks off ends the caller's connection too, so that he cannot take the part for the whole.
net::task<bool> exchange::stream_rest(candidate& answer, http::outgoing_framing framing) {
    const auto& limits = epoch_->served->settings().limits;
    http::response_parser& parser = answer.response->parser;
    upstream::connection& from = *answer.response->rest_from;
    std::string piece;
    while (!parser.complete()) {
        parser.body().clear();
        from.stream().expires_at(now() + limits.body_time);
        const auto some = [](http::response_parser& p) { return p.complete() || !p.body().empty(); };
        const auto read = co_await net::read_until(from.stream(), from.buffer(), parser, some);
        if (!read.ok() && !(read.status == net::io_status::eof && parser.finish())) co_return false;
        piece.clear();
        if (framing == http::outgoing_framing::chunked) {
            if (!parser.body().empty()) http::append_chunk(piece, parser.body());
            if (parser.complete()) http::append_chunk(piece, {});
        } else {
            piece += parser.body();
        }
        session_.stream().expires_at(now() + limits.write_time);
        const net::io_status written = co_await session_.stream().write_all(piece);
        if (written != net::io_status::ok) co_return false;
    }
    if (parser.head().keep_alive && from.buffer().available().empty())
        epoch_->pool(where_.service, answer.from).put_back(std::move(answer.response->rest_from));
    co_return true;
}

void exchange::offer_to_cache(const candidate& answer) {
    http::response_parser& parser = answer.response->parser;
    if (!may_use_cache_ || parser.head().status != 200) return;
    worker_.cache()->offer(
        {.service = service_->settings->name,
         .rules = service_->cache_rules,
         .who = session_.who(),
         .request_body = body_,
         .reply_body = std::move(parser.body()),
         .reply_content_type = std::string(parser.head().find("Content-Type").value_or("")),
         .reply_status = 200,
         .consulted_at = wall_now(),
         .consulted_at_steady = now()});
}

net::task<std::optional<cache::found>> exchange::ask_cache() {
    if (!may_use_cache_ || posture_.current == continuity::mode::emergency) co_return std::nullopt;
    cache::question question{.service = service_->settings->name,
                             .rules = service_->cache_rules,
                             .who = session_.who(),
                             .request_body = body_,
                             .now = wall_now(),
                             .now_steady = now()};
    auto asking = worker_.cache()->ask(worker_.loop(), std::move(question));
    co_return co_await std::move(asking);
}

stand_in_context exchange::context() const {
    return {.served = *epoch_->served,
            .service = where_.service,
            .kind = where_.route->kind,
            .current = posture_.current,
            .last_failure = last_failure_,
            .accept_language = head_.find("Accept-Language").value_or(""),
            .request_body = body_,
            .who = session_.who(),
            .cache_detail = cache_detail_};
}

/// Nobody answered: the cache, then what choose_last_resort says.
net::task<bool> exchange::last_resort() {
    auto kept = co_await ask_cache();
    if (kept && !*kept) cache_detail_ = kept->error().detail;
    const stand_in_context situation = context();
    if (kept && *kept) {
        count(answer_kind::cached);
        const stand_in answer = cached_answer(situation, **kept);
        co_return co_await send_own(answer);
    }
    if (posture_.transparent()) {
        count(answer_kind::gateway_error);
        const stand_in answer = gateway_error(situation);
        co_return co_await send_own(answer);
    }
    const auto choice =
        continuity::choose_last_resort({.current = posture_.current,
                                        .has_procedure = service_->procedure.has_value(),
                                        .has_own_error = own_error_.has_value(),
                                        .own_reason = own_error_ ? own_error_->result.why : reason::none});
    if (choice == continuity::last_resort::own_error) {
        count(answer_kind::own_error);
        co_return co_await deliver(std::move(*own_error_));
    }
    const bool procedure = choice == continuity::last_resort::procedure;
    count(procedure ? answer_kind::procedure : answer_kind::gateway_error);
    const stand_in answer = procedure ? procedure_answer(situation) : gateway_error(situation);
    co_return co_await send_own(answer);
}

void exchange::count(answer_kind by) {
    epoch_->counters->request(where_.service, by, mode_served(posture_));
}

net::task<bool> exchange::turn_away() {
    std::uint32_t random = 0;
    std::memcpy(&random, worker_.randomness().take(sizeof random).data(), sizeof random);
    const stand_in answer = overload_answer(retry_after(random));
    co_return co_await send_own(answer);
}

net::task<bool> exchange::refuse(int status, std::string_view what) {
    epoch_->counters->node().refusals[refusal_of(status)].add();
    stand_in answer{.status = status,
                    .content_type = "application/problem+json",
                    .fields = {},
                    .body = http::problem_document(status, http::phrase_of(status), what)};
    if (status == 405) answer.fields.push_back({"Allow", "POST"});
    co_return co_await send_own(answer);
}

net::task<bool> exchange::send_own(const stand_in& answer) {
    std::vector<http::owned_field> fields = answer.fields;
    if (!answer.content_type.empty()) fields.push_back({"Content-Type", answer.content_type});
    const http::response_shape shape{
        .framing = head_only() ? http::outgoing_framing::no_body : http::outgoing_framing::content_length,
        .content_length = answer.body.size(),
        .keep_alive = keep_alive()};
    std::string bytes;
    http::append_own_head(bytes, answer.status, to_http_date(wall_now()), shape, fields);
    if (!head_only()) bytes += answer.body;
    session_.stream().expires_at(now() + epoch_->served->settings().limits.write_time);
    const net::io_status written = co_await session_.stream().write_all(bytes);
    co_return written == net::io_status::ok&& keep_alive();
}

}  // namespace garde::proxy
