// What the caller gets: a backend's answer, a kept one, the procedure, or garde's own refusal. See
// exchange.hpp.
#include "garde/proxy/exchange.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace garde::proxy {
namespace {

using continuity::reason;

/// A body up to here is written together with its head.
constexpr std::size_t copied_bytes = std::size_t{64} * 1024;
/// What a TLS record holds.
constexpr std::size_t first_record = std::size_t{16} * 1024;
/// Of a large answer, what is relayed in one piece where so much has come, and been claimed.
constexpr std::size_t relayed_bytes = std::size_t{64} * 1024;

steady_time now() {
    return std::chrono::steady_clock::now();
}

/// Whom a receipt names: who has signed the message, where the cache's desk had to find that out.
const caller::identity& asker(const std::optional<cache::found>& answered, const session& shown_to) {
    if (!answered) return shown_to.who();
    const auto& signer = *answered ? (**answered).who : answered->error().who;
    return signer.verified() ? signer : shown_to.who();
}

}  // namespace

net::task<net::io_status> exchange::write(std::string_view bytes) {
    epoch_->counters->node().bytes[flow::to_callers].add(bytes.size());
    session_.stream().expires_at(worker_.loop().now() + limits().write_time);
    return session_.stream().write_all(bytes);
}

http::response_shape exchange::shape_of(http::response_parser& parser) const {
    const http::response_head& head = parser.head();
    http::response_shape out{.framing = http::outgoing_framing::content_length,
                             .content_length = parser.body().size(),
                             .keep_alive = keep_alive()};
    if (head_only() || head.status == 204 || head.status == 304) {
        out.framing = http::outgoing_framing::no_body;
        out.content_length.reset();
        if (head.find("Content-Length")) out.content_length = head.content_length;
    } else if (!parser.complete() && head.framing == http::body_framing::content_length) {
        out.content_length = head.content_length;
    } else if (!parser.complete()) {
        out.framing =
            head_.version == 11 ? http::outgoing_framing::chunked : http::outgoing_framing::until_close;
        out.keep_alive = out.keep_alive && head_.version == 11;
    }
    return out;
}

/// Head and body leave in one piece; of a large body only what fills the first record is copied for that.
net::task<after> exchange::deliver(candidate answer) {
    http::response_parser& parser = answer.response->parser;
    const http::response_shape shape = shape_of(parser);
    const std::array<http::field, 1> extra{{{"Garde-Mode", relayed_mode(answer.from, *posture_)}}};
    std::string& bytes = session_.memory().answer;
    bytes.clear();
    bytes.reserve(parser.head().bytes.size() + std::min(parser.body().size(), copied_bytes) + 256);
    http::append_response_head(bytes, parser.head(), epoch_->served->settings().node_name, shape, extra);
    std::string_view behind;
    if (shape.framing == http::outgoing_framing::chunked) {
        http::append_chunk(bytes, parser.body());
    } else if (shape.framing != http::outgoing_framing::no_body) {
        behind = parser.body();
        const std::size_t room = first_record - std::min(first_record, bytes.size());
        const std::size_t copied = behind.size() <= copied_bytes ? behind.size() : room;
        bytes += behind.substr(0, copied);
        behind.remove_prefix(copied);
    }
    net::io_status written = co_await write(bytes);
    if (written == net::io_status::ok && !behind.empty()) written = co_await write(behind);
    if (written != net::io_status::ok) co_return after::broken;
    const after then = shape.keep_alive ? after::keep_alive : after::close;
    if (!parser.complete()) {
        const after rest = co_await stream_rest(answer, shape.framing);
        co_return rest == after::keep_alive ? then : rest;
    }
    offer_to_cache(answer);
    co_return then;
}

/// Relays what is left of a large answer piece by piece: what has come while the last was written. An
/// answer that breaks off ends the caller's connection too, and without a goodbye, so that he cannot take the
/// part for the whole.
net::task<after> exchange::stream_rest(candidate& answer, http::outgoing_framing framing) {
    http::response_parser& parser = answer.response->parser;
    upstream::connection& from = *answer.response->rest_from;
    std::string& piece = session_.memory().answer;
    const std::size_t most = std::min(relayed_bytes, claim_.bytes());
    while (!parser.complete()) {
        parser.body().clear();
        from.stream().expires_at(worker_.loop().now() + limits().body_time);
        const auto some = [](http::response_parser& p) { return p.complete() || !p.body().empty(); };
        const auto much = [most](http::response_parser& p) {
            return p.complete() || p.body().size() >= most;
        };
        auto read = co_await net::read_until(from.stream(), from.buffer(), parser, some);
        if (read.ok()) read = net::read_announced(from.stream(), from.buffer(), parser, much);
        if (!read.ok() && !(read.status == net::io_status::eof && parser.finish())) co_return after::broken;
        epoch_->counters->node().bytes[flow::from_backends].add(parser.body().size());
        const bool chunked = framing == http::outgoing_framing::chunked;
        piece.clear();
        if (chunked && !parser.body().empty()) http::append_chunk(piece, parser.body());
        if (chunked && parser.complete()) http::append_chunk(piece, {});
        const net::io_status written = co_await write(chunked ? piece : parser.body());
        if (written != net::io_status::ok) co_return after::broken;
    }
    if (parser.head().keep_alive && from.buffer().available().empty())
        epoch_->pool(where_.service, answer.from).put_back(std::move(answer.response->rest_from));
    co_return after::keep_alive;
}

/// The exchange is over: its bodies are given away.
void exchange::offer_to_cache(const candidate& answer) {
    http::response_parser& parser = answer.response->parser;
    if (!may_use_cache_ || parser.head().status != 200) return;
    const bool taken = worker_.cache()->offer(
        {.service = service_->settings->name,
         .rules = service_->cache_rules,
         .who = session_.who(),
         .allowed = where_.route->cached_callers,
         .request_body = std::move(body_),
         .reply_body = std::move(parser.body()),
         .reply_content_type = std::string(parser.head().find("Content-Type").value_or("")),
         .reply_status = 200,
         .consulted_at = wall_now(),
         .consulted_at_steady = now(),
         .recipe = where_.route->recipe,
         .target = where_.route->recipe ? std::string(head_.target) : std::string()});
    if (!taken) epoch_->counters->node().cache_offers_dropped.add();
}

net::task<std::optional<cache::found>> exchange::ask_cache() {
    if (!may_use_cache_ || posture_->current == continuity::mode::emergency) co_return std::nullopt;
    cache::question question{.service = service_->settings->name,
                             .rules = service_->cache_rules,
                             .who = session_.who(),
                             .allowed = where_.route->cached_callers,
                             .request_body = body_,
                             .now = wall_now(),
                             .now_steady = now(),
                             .recipe = where_.route->recipe,
                             .target = where_.route->recipe ? std::string(head_.target) : std::string()};
    auto asking = worker_.cache()->ask(worker_.loop(), std::move(question));
    co_return co_await std::move(asking);
}

stand_in_context exchange::context(const caller::identity& who) const {
    return {.served = *epoch_->served,
            .service = where_.service,
            .kind = where_.route->kind,
            .current = posture_->current,
            .failed = failed_,
            .accept_language = head_.find("Accept-Language").value_or(""),
            .request_body = body_,
            .who = who,
            .cache_detail = cache_detail_,
            .rule = rule_,
            .kept = {},
            .exercise = exercise_ != nullptr ? std::string_view(exercise_->id) : std::string_view()};
}

/// Nobody answered: the stand-in rules decide, and where they leave nothing but the procedure,
/// choose_last_resort says whether that is better than what a backend itself said.
net::task<after> exchange::last_resort() {
    auto kept = co_await ask_cache();
    if (kept && !*kept) cache_detail_ = kept->error().detail;
    const caller::identity who = co_await find_signer(asker(kept, session_));
    const auto chosen = decide(kept, who);
    rule_ = chosen.rule;
    if (chosen.what == emergency::stand_in_decision::cache && within_limits(chosen, who)) {
        count(answer_kind::cached);
        stand_in answer = cached_answer(context(who), **kept);
        const after then = co_await send_own(std::move(answer));
        follow(**kept);
        co_return then;
    }
    if (kept && *kept) cache_detail_ = "stand-in-rule";
    if (posture_->last_chance && failed_.empty()) {
        candidate tried = co_await try_anyway();
        if (tried.result.kind == continuity::outcome_kind::answered)
            co_return co_await answer_with(std::move(tried));
    }
    const auto choice = posture_->transparent()
                            ? continuity::last_resort::gateway_error
                            : continuity::choose_last_resort(
                                  {.current = posture_->current,
                                   .has_procedure = service_->procedure.has_value(),
                                   .has_own_error = own_error_.has_value(),
                                   .own_reason = own_error_ ? own_error_->result.why : reason::none});
    if (choice == continuity::last_resort::own_error) {
        count(answer_kind::own_error);
        co_return co_await deliver(std::move(*own_error_));
    }
    if (choice == continuity::last_resort::gateway_error) {
        count(answer_kind::gateway_error);
        stand_in answer = gateway_error(context(who));
        co_return co_await send_own(std::move(answer));
    }
    stand_in answer = co_await hand_out_procedure(chosen, who);
    co_return co_await send_own(std::move(answer));
}

/// An exercise uses up no limit, and keeps nothing to be asked again: the service is well.
net::task<stand_in> exchange::hand_out_procedure(const emergency::stand_in_policy::choice& chosen,
                                                 const caller::identity& who) {
    stand_in_context with = context(who);
    if (exercise_ != nullptr) {
        exercise_->requests.fetch_add(1, std::memory_order_relaxed);
        count(answer_kind::exercise);
        co_return procedure_answer(with);
    }
    if (chosen.what == emergency::stand_in_decision::defer && within_limits(chosen, who))
        with.kept = co_await defer(who);
    count(with.kept ? answer_kind::deferred : answer_kind::procedure);
    co_return procedure_answer(with);
}

void exchange::count(answer_kind by) {
    epoch_->counters->request(where_.service, by, mode_served(*posture_));
}

net::task<after> exchange::turn_away(shed why) {
    epoch_->counters->node().sheds[why].add();
    if (posture_ != nullptr) count(answer_kind::shed);
    std::uint32_t random = 0;
    std::memcpy(&random, worker_.randomness().take(sizeof random).data(), sizeof random);
    stand_in answer = overload_answer(retry_after(random));
    co_return co_await send_own(std::move(answer));
}

net::task<after> exchange::refuse(int status, std::string_view what, std::string_view allowed) {
    epoch_->counters->node().refusals[refusal_of(status)].add();
    stand_in answer{.status = status,
                    .content_type = "application/problem+json",
                    .fields = {},
                    .body = http::problem_document(status, http::phrase_of(status), what)};
    if (status == 405) answer.fields.push_back({"Allow", std::string(allowed)});
    co_return co_await send_own(std::move(answer));
}

/// An answer before the request has come whole ends the connection: what is left of the request is not read
/// as the next one.
net::task<after> exchange::send_own(stand_in&& answer) {
    const bool whole = request_.complete();
    if (!answer.content_type.empty())
        answer.fields.push_back({"Content-Type", std::move(answer.content_type)});
    const http::response_shape shape{
        .framing = head_only() ? http::outgoing_framing::no_body : http::outgoing_framing::content_length,
        .content_length = answer.body_bytes(),
        .keep_alive = keep_alive() && whole};
    std::string& bytes = session_.memory().answer;
    bytes.clear();
    http::append_own_head(bytes, answer.status, to_http_date(wall_now()), shape, answer.fields);
    if (!head_only()) answer.append_body(bytes);
    const net::io_status written = co_await write(bytes);
    if (answer.receipt && worker_.receipts() != nullptr) worker_.receipts()->note(*std::move(answer.receipt));
    if (written != net::io_status::ok) co_return after::broken;
    if (!whole) co_return after::linger;
    co_return shape.keep_alive ? after::keep_alive : after::close;
}

}  // namespace garde::proxy
