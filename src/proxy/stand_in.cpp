// See stand_in.hpp.
#include "garde/proxy/stand_in.hpp"

#include "garde/base/hash.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace garde::proxy {
namespace {

using continuity::mode;
using continuity::reason;

/// A procedure's answer has no more.
constexpr std::size_t most_fields = 12;

/// An answer without a backend is given in degraded mode, or in emergency mode by order or without a cache.
std::string_view stand_in_mode(mode current) {
    return to_text(current == mode::emergency ? mode::emergency : mode::degraded);
}

/// Of the last attempt; none when there was none.
reason last_failure(const stand_in_context& context) {
    return context.failed.empty() ? reason::none : context.failed.back().why;
}

std::string proxy_status(const stand_in_context& context) {
    return fmt::format("{}; error={}", context.served.settings().node_name,
                       proxy_error(last_failure(context)));
}

void add_cache_miss(stand_in& out, const stand_in_context& context) {
    if (context.cache_detail.empty()) return;
    out.fields.push_back(
        {"Cache-Status", fmt::format("{}; fwd=miss; detail={}", context.served.settings().node_name,
                                     http::structured_string(context.cache_detail))});
}

std::vector<emergency::attempt_claim> attempts_of(const stand_in_context& context, wall_time at) {
    const steady_time now = std::chrono::steady_clock::now();
    const auto& backends = context.served.service(context.service).settings->backends;
    std::vector<emergency::attempt_claim> out;
    for (const auto& one : context.failed)
        out.push_back({.backend = backends[continuity::to_number(one.backend)].name,
                       .at = at - std::chrono::duration_cast<wall_time::duration>(now - one.begun),
                       .took = std::chrono::round<milliseconds>(one.ended - one.begun),
                       .result = to_text(one.why)});
    return out;
}

/// The signed proof that the caller asked; for whoever has seen that the configuration has a key for it.
void add_receipt(stand_in& out, const stand_in_context& context, emergency::stand_in_decision what,
                 const std::string& id, std::chrono::seconds age) {
    const auto& signer = context.served.receipts();
    const auto& service = context.served.service(context.service);
    const std::string asker = context.who.verified() ? context.who.issuer() + " / " + context.who.subject()
                                                     : std::string("unverified");
    const wall_time at = wall_now();
    auto receipt =
        signer->sign({.at = at,
                      .id = id,
                      .service = service.settings->name,
                      .request_sha256 = sha256(context.request_body),
                      .caller = asker,
                      .mode = stand_in_mode(context.current),
                      .decision = emergency::to_text(what),
                      .rule = context.rule,
                      .policy = service.stand_in.version(),
                      .exercise = context.exercise,
                      .deferral = context.kept ? std::string_view(context.kept->id) : std::string_view(),
                      .procedure = what == emergency::stand_in_decision::cache
                                       ? std::string_view()
                                       : std::string_view(service.procedure->version()),
                      .attempts = attempts_of(context, at),
                      .age = age});
    if (receipt.jws.empty()) return;
    out.receipt = {.id = id,
                   .commitment = receipt.commitment,
                   .who = context.who,
                   .exercise = !context.exercise.empty()};
    out.fields.push_back({"Garde-Receipt", std::move(receipt.jws)});
}

void add_deferral(stand_in& out, const emergency::kept_request& kept) {
    out.fields.push_back({"Garde-Deferral", fmt::format("{}; kind={}; valid-until=\"{}\"", kept.id,
                                                        to_text(kept.kind), to_rfc3339(kept.valid_until))});
    out.fields.push_back({"Link", fmt::format("<{}/{}>; rel=\"status\"", deferrals_path, kept.id)});
}

boost::json::object to_json(const emergency::deferral_entry& one) {
    boost::json::object out{{"id", emergency::to_text(one.id)},
                            {"service", one.service},
                            {"kind", to_text(one.kind)},
                            {"state", to_text(one.state)},
                            {"kept_at", to_rfc3339(one.kept_at)},
                            {"changed_at", to_rfc3339(one.changed_at)},
                            {"valid_until", to_rfc3339(one.valid_until)},
                            {"attempts", one.attempts},
                            {"request_sha256", one.request_sha256}};
    if (!one.reference.empty()) out["reference"] = one.reference;
    if (!one.result.empty()) out["result"] = one.result;
    return out;
}

}  // namespace

std::string_view proxy_error(reason why) {
    switch (why) {
        case reason::connect_failed: return "connection_refused";
        case reason::connect_timeout: return "connection_timeout";
        case reason::tls_failed: return "tls_protocol_error";
        case reason::reset: return "connection_terminated";
        case reason::timed_out: return "http_response_timeout";
        case reason::truncated: return "http_response_incomplete";
        case reason::bad_response:
        case reason::empty:
        case reason::not_xml: return "http_protocol_error";
        default: return "destination_unavailable";
    }
}

std::string_view relayed_mode(continuity::backend_index backend, const continuity::service_posture& posture) {
    if (posture.transparent()) return "transparent";
    return to_text(continuity::to_number(backend) == 0 ? mode::primary : mode::backup);
}

stand_in cached_answer(const stand_in_context& context, const cache::hit& kept) {
    stand_in out{.status = 200, .content_type = kept.content_type, .fields = {}, .body = *kept.body};
    out.fields.push_back({"Garde-Mode", std::string(stand_in_mode(context.current))});
    out.fields.push_back({"Garde-Consulted-At", to_rfc3339(kept.consulted_at)});
    out.fields.push_back({"Age", std::to_string(kept.age.count())});
    out.fields.push_back(
        {"Cache-Status", fmt::format("{}; hit; ttl={}; detail=stale-if-error",
                                     context.served.settings().node_name, kept.ttl.count())});
    out.fields.push_back({"Proxy-Status", proxy_status(context)});
    if (context.served.receipts())
        add_receipt(out, context, emergency::stand_in_decision::cache, emergency::new_receipt_id(wall_now()),
                    kept.age);
    return out;
}

stand_in procedure_answer(const stand_in_context& context) {
    const auto& service = context.served.service(context.service);
    const emergency::procedure& procedure = *service.procedure;
    const auto& rules = procedure.settings();
    const std::string_view language =
        emergency::choose_language(context.accept_language, rules.default_language);
    const std::string id = emergency::new_receipt_id(wall_now());
    const emergency::circumstances of{.kept = context.kept, .exercise = !context.exercise.empty()};
    stand_in out;
    out.fields.reserve(most_fields);
    if (context.kind == continuity::route_kind::soap) {
        out.status = 500;  // SOAP 1.1 over HTTP: a fault is a 500
        out.content_type = "text/xml; charset=utf-8";
        auto fault = procedure.soap_fault(language, id, of);
        out.before_body = fault.before;
        out.body = std::move(fault.word);
        out.behind_body = fault.behind;
    } else {
        out.status = 503;
        out.content_type = "application/problem+json";
        out.body = procedure.problem_document(language, id, of);
    }
    out.fields.push_back({"Garde-Mode", std::string(stand_in_mode(context.current))});
    out.fields.push_back({"Retry-After", std::to_string(rules.retry_after.count())});
    out.fields.push_back({"Link", procedure.help_link(language)});
    out.fields.push_back({"Content-Language", std::string(language)});
    out.fields.push_back({"Vary", "Accept-Language"});
    out.fields.push_back({"Proxy-Status", proxy_status(context)});
    add_cache_miss(out, context);
    if (context.kept) add_deferral(out, *context.kept);
    if (of.exercise) out.fields.push_back({"Garde-Exercise", std::string(context.exercise)});
    const auto decision =
        context.kept ? emergency::stand_in_decision::defer : emergency::stand_in_decision::procedure;
    if (context.served.receipts()) add_receipt(out, context, decision, id, std::chrono::seconds(-1));
    return out;
}

stand_in deferrals_answer(const emergency::deferral_list& list, std::string_view known,
                          std::optional<emergency::deferral_id> only) {
    const std::string tag = fmt::format("\"{}\"", list.version);
    stand_in out{.status = 200, .content_type = "application/json", .fields = {}, .body = {}};
    out.fields.push_back({"ETag", tag});
    out.fields.push_back({"Cache-Control", "private, no-cache"});
    boost::json::array entries;
    for (const auto& one : list.entries) {
        if (only && one.id == *only) out.body = boost::json::serialize(to_json(one));
        if (!only) entries.push_back(to_json(one));
    }
    if (!only) out.body = boost::json::serialize(boost::json::object{{"deferrals", std::move(entries)}});
    if (out.body.empty())
        return {.status = 404,
                .content_type = "application/problem+json",
                .fields = {},
                .body = http::problem_document(404, http::phrase_of(404), "you have no deferral of this id")};
    if (list.version != known) return out;
    out.status = 304;
    out.content_type.clear();
    out.body.clear();
    return out;
}

stand_in proof_answer(const std::expected<std::string, emergency::proof_failure>& found) {
    const auto problem = [](int status, std::string_view what) {
        return stand_in{.status = status,
                        .content_type = "application/problem+json",
                        .fields = {},
                        .body = http::problem_document(status, http::phrase_of(status), what)};
    };
    const auto later = [&](std::string_view seconds, std::string_view what) {
        auto out = problem(503, what);
        out.fields.push_back({"Retry-After", std::string(seconds)});
        return out;
    };
    if (found)
        return {.status = 200,
                .content_type = "application/json",
                .fields = {{"Cache-Control", "private, no-cache"}},
                .body = *found};
    switch (found.error()) {
        case emergency::proof_failure::not_yet: return later("1", "the receipt is on its way to the journal");
        case emergency::proof_failure::busy: return later("5", "there is more to prove than can be done now");
        case emergency::proof_failure::unreadable:
            return later("60", "the journal cannot be read at the moment");
        case emergency::proof_failure::erased:
            return problem(410, "whose receipts of that time are is not known any more");
        case emergency::proof_failure::unknown: return problem(404, "you have no receipt of this id");
    }
    std::unreachable();
}

stand_in gateway_error(const stand_in_context& context) {
    const reason last = last_failure(context);
    const bool late = last == reason::timed_out || last == reason::connect_timeout;
    stand_in out{
        .status = late ? 504 : 502, .content_type = "application/problem+json", .fields = {}, .body = {}};
    out.body =
        http::problem_document(out.status, http::phrase_of(out.status),
                               late ? "the service did not answer in time" : "the service cannot be reached");
    out.fields.push_back({"Garde-Mode", std::string(to_text(context.current))});
    out.fields.push_back({"Proxy-Status", proxy_status(context)});
    add_cache_miss(out, context);
    return out;
}

stand_in overload_answer(std::chrono::seconds after) {
    return {
        .status = 503,
        .content_type = "application/problem+json",
        .fields = {{"Retry-After", std::to_string(after.count())}},
        .body = http::problem_document(503, http::phrase_of(503),
                                       "there is more to do than can be done now; nothing was passed on")};
}

std::string own_problem(std::string_view node, int status, std::string_view what) {
    const std::string body = http::problem_document(status, http::phrase_of(status), what);
    const std::vector<http::owned_field> fields{
        {"Content-Type", "application/problem+json"},
        {"Proxy-Status", fmt::format("{}; error=http_request_error", node)}};
    std::string out;
    http::append_own_head(out, status, to_http_date(wall_now()),
                          {.framing = http::outgoing_framing::content_length,
                           .content_length = body.size(),
                           .keep_alive = false},
                          fields);
    return out += body;
}

}  // namespace garde::proxy
