// Who decides when no backend answers, and requests that are kept to be asked again. See exchange.hpp.
#include "garde/proxy/exchange.hpp"
#include "garde/soap/envelope_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace garde::proxy {
namespace {

using emergency::deferral_kind;
using emergency::repetition;

/// What a sender calls his request is for his own software: so much of it is kept.
constexpr std::size_t reference_bytes = 128;
/// A list of deferrals waits for news no longer than this.
constexpr seconds longest_wait{25};

/// Asking again a question that changes nothing is its sender's business.
bool is_safe_method(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

/// What its sender calls the request: the first Reference in the Body, else the header that many set.
std::string reference_of(const http::request_head& head, std::string_view body, continuity::route_kind kind) {
    std::string_view out;
    if (kind == continuity::route_kind::soap) out = soap::first_text(body, "Reference");
    if (out.empty()) out = head.find("X-Request-ID").value_or("");
    out = out.substr(0, reference_bytes);
    const auto printable = [](unsigned char c) { return c >= ' ' && c < 127; };
    return std::ranges::all_of(out, printable) ? std::string(out) : std::string();
}

/// `wait` of a Prefer header (RFC 7240, 4.3), in seconds; zero where there is none.
seconds wished_wait(std::string_view prefer) {
    const auto at = prefer.find("wait=");
    if (at == std::string_view::npos) return seconds(0);
    int out = 0;
    std::from_chars(prefer.data() + at + 5, prefer.data() + prefer.size(), out);
    return std::clamp(seconds(out), seconds(0), longest_wait);
}

/// The entity tag of an If-None-Match (RFC 9110, 13.1.2) without its quotes; garde gives out one at a time.
std::string_view known_version(std::string_view if_none_match) {
    if (if_none_match.starts_with("W/")) if_none_match.remove_prefix(2);
    if (if_none_match.size() < 2 || !if_none_match.starts_with('"') || !if_none_match.ends_with('"'))
        return {};
    return if_none_match.substr(1, if_none_match.size() - 2);
}

}  // namespace

/// Who has signed the message, where that is not known yet and a deferral may depend on it.
net::task<caller::identity> exchange::find_signer(caller::identity known) {
    const bool looked_at = may_use_cache_ && posture_->current != continuity::mode::emergency;
    if (known.verified() || looked_at || posture_->transparent() || worker_.ledger() == nullptr ||
        where_.route->deferred == config::deferral::none)
        co_return known;
    co_return co_await ask_desk_who_signed();
}

net::task<caller::identity> exchange::ask_desk_who_signed() {
    auto asking = worker_.cache()->identify(worker_.loop(), {.service = {},
                                                             .rules = nullptr,
                                                             .who = {},
                                                             .allowed = nullptr,
                                                             .request_body = body_,
                                                             .now = wall_now(),
                                                             .now_steady = std::chrono::steady_clock::now()});
    co_return co_await std::move(asking);
}

emergency::stand_in_policy::choice exchange::decide(const std::optional<cache::found>& kept,
                                                    const caller::identity& who) const {
    const bool soap = where_.route->kind == continuity::route_kind::soap;
    const auto& since = epoch_->without_backend[where_.service];
    const bool hit = kept && *kept;
    return service_->stand_in.decide(
        {.current = posture_->current == continuity::mode::emergency ? continuity::mode::emergency
                                                                     : continuity::mode::degraded,
         .who = who,
         .request_type = soap && service_->stand_in.looks_at_request_types()
                             ? soap::first_text(body_, "RequestType")
                             : std::string_view{},
         .consult_age = hit ? std::optional((**kept).age) : std::nullopt,
         .outage =
             since ? std::chrono::floor<seconds>(std::chrono::steady_clock::now() - *since) : seconds(0),
         .deferrable = worker_.ledger() != nullptr && !is_safe_method(head_.method) &&
                       site::may_be_deferred(where_, who)});
}

/// Limits are applied last. Over one, it is as if the procedure had been decided.
bool exchange::within_limits(const emergency::stand_in_policy::choice& chosen, const caller::identity& who) {
    const auto& rule = service_->stand_in.rules()[chosen.place];
    const std::string name = fmt::format("{}/{}", service_->settings->name, rule.name);
    if (worker_.stand_in_limits().take(name, who.canonical(), rule.limits, std::chrono::steady_clock::now()))
        return true;
    rule_ += " (over its limit)";
    return false;
}

/// All attempts carry it, so that the service recognises whichever comes second. Only where the request may
/// come to be asked again, and its sender has set none.
void exchange::add_idempotency_key(std::string& head) {
    const auto& name = where_.route->idempotency_header;
    if (name.empty() || is_safe_method(head_.method) || head_.find(name)) return;
    if (!key_) random_fill(key_.emplace());
    head.insert(head.size() - 2, fmt::format("{}: {}\r\n", name, emergency::to_text(*key_)));
}

/// A message that expires, or that a backend may have processed already and would not recognise, is not sent
/// again by garde: it is kept as a reference.
emergency::deferral_request exchange::deferral(const caller::identity& who) {
    const auto& route = *where_.route;
    const wall_time now = wall_now();
    const bool harmless = !route.idempotency_header.empty() || route.replay_safe;
    const bool processed = std::ranges::any_of(
        failed_, [](const auto& one) { return continuity::may_have_been_processed(one.why); });
    const bool expires =
        route.kind == continuity::route_kind::soap && soap::scan(body_).life_span.has_value();
    const bool whole = route.deferred == config::deferral::message && !expires && (!processed || harmless);
    if (!key_) random_fill(key_.emplace());
    emergency::deferral_request out{.id = *key_,
                                    .service = service_->settings->name,
                                    .kind = whole ? deferral_kind::message : deferral_kind::reference,
                                    .who = who,
                                    .outage = now,
                                    .kept_at = now,
                                    .valid_until = now + route.stays_valid,
                                    .request_sha256 = sha256(body_),
                                    .reference = reference_of(head_, body_, route.kind),
                                    .head = {},
                                    .body = {},
                                    .again = harmless ? repetition::harmless : repetition::harmful};
    if (!whole) return out;
    out.head = head_.bytes;
    add_idempotency_key(out.head);
    out.body = body_;
    return out;
}

/// What the caller is told, once it is durable; nothing when it cannot be kept in time.
net::task<std::optional<emergency::kept_request>> exchange::defer(const caller::identity& who) {
    auto request = deferral(who);
    emergency::kept_request out{
        .id = emergency::to_text(request.id), .kind = request.kind, .valid_until = request.valid_until};
    auto keeping = worker_.ledger()->keep(worker_.loop(), std::move(request));
    const auto kept = co_await std::move(keeping);
    if (!kept) {
        rule_ += fmt::format(" (not kept: {})", to_text(kept.error()));
        co_return std::nullopt;
    }
    co_return out;
}

/// Whether the kept answer was right the service will say, when it is asked the same again. The exchange is
/// over: its body is given away.
void exchange::follow(const cache::hit& given) {
    if (worker_.ledger() == nullptr) return;
    const auto& route = *where_.route;
    std::string reference = reference_of(head_, body_, route.kind);
    worker_.ledger()->follow({.service = service_->settings->name,
                              .who = given.who,
                              .request_body = std::move(body_),
                              .reply_body = given.body,
                              .recipe = route.recipe,
                              .target = route.recipe ? std::string(head_.target) : std::string(),
                              .reference = std::move(reference),
                              .given_at = wall_now()});
}

bool exchange::asks_for_deferrals() const {
    return worker_.ledger() != nullptr && head_.path.starts_with(deferrals_path) &&
           (head_.path.size() == deferrals_path.size() || head_.path[deferrals_path.size()] == '/');
}

net::task<after> exchange::answer_deferrals() {
    caller::identity who;
    if (const auto ended = co_await learn_asker(who)) co_return *ended;
    if (!who.verified())
        co_return co_await refuse(403,
                                  "show a client certificate, or POST a message that you have signed: "
                                  "everybody finds his own only");
    std::optional<emergency::deferral_id> only;
    if (head_.path.size() > deferrals_path.size() + 1) {
        only = emergency::parse_deferral_id(std::string_view(head_.path).substr(deferrals_path.size() + 1));
        if (!only) co_return co_await refuse(404, "this is no id of a deferral");
    }
    const std::string known(known_version(head_.find("If-None-Match").value_or("")));
    const auto until = std::chrono::steady_clock::now() +
                       (known.empty() ? seconds(0) : wished_wait(head_.find("Prefer").value_or("")));
    auto asking = worker_.ledger()->list(worker_.loop(), who, known, until);
    const auto list = co_await std::move(asking);
    if (!list) co_return co_await refuse(503, "deferrals cannot be read at the moment");
    stand_in answer = deferrals_answer(*list, known, only);
    co_return co_await send_own(std::move(answer));
}

}  // namespace garde::proxy
