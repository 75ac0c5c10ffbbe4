// What garde itself says when no backend gave an answer: headers and bodies of cached answers, of the
// emergency procedure and of its own errors. Text in, text out.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/cache/reply_cache.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/emergency/ledger.hpp"
#include "garde/emergency/receipt_book.hpp"
#include "garde/http/rewrite.hpp"
#include "garde/proxy/site.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace garde::proxy {

/// A complete answer of garde's own.
struct stand_in {
    int status = 200;
    std::string content_type;
    std::vector<http::owned_field> fields;
    std::string body;
    std::optional<emergency::issued_receipt> receipt{};  ///< among the fields; for the journal
    // Stand around the body: of a text that is there for as long as the site's epoch.
    std::string_view before_body{};
    std::string_view behind_body{};

    [[nodiscard]] std::size_t body_bytes() const {
        return before_body.size() + body.size() + behind_body.size();
    }
    void append_body(std::string& out) const { out.append(before_body).append(body).append(behind_body); }
};

/// A backend that was asked and gave no answer.
struct failed_attempt {
    continuity::backend_index backend{};
    steady_time begun;
    steady_time ended;
    continuity::reason why = continuity::reason::none;
};

/// What an answer is made for.
struct stand_in_context {
    const site& served;
    std::size_t service = 0;
    continuity::route_kind kind = continuity::route_kind::soap;
    continuity::mode current = continuity::mode::degraded;
    std::span<const failed_attempt> failed;  ///< all attempts, in the order in which they ended
    std::string_view accept_language;
    std::string_view request_body;
    const caller::identity& who;
    std::string_view cache_detail;  ///< why the cache gave nothing; empty when it was not asked
    std::string_view rule = {};     ///< the stand-in rule that decided
    std::optional<emergency::kept_request> kept = {};  ///< the request was kept to be asked again
    std::string_view exercise = {};  ///< in which it takes part, by id; empty: it is in earnest
};

/// The kept answer, byte for byte, marked in the headers only.
stand_in cached_answer(const stand_in_context& context, const cache::hit& kept);

/// The emergency procedure: a SOAP fault (500) or a problem document (503). The service must have one.
stand_in procedure_answer(const stand_in_context& context);

/// Where callers find their deferrals, on the listener.
inline constexpr std::string_view deferrals_path = "/.well-known/garde/deferrals";

/// A caller's deferrals, or with `only` one of them, as JSON: 200, 304 where their version is `known`, 404
/// where he has none of that id.
stand_in deferrals_answer(const emergency::deferral_list& list, std::string_view known,
                          std::optional<emergency::deferral_id> only);

/// Where callers find the proof of a receipt, on the listener: PATH/ID/proof.
inline constexpr std::string_view receipts_path = "/.well-known/garde/receipts/";
inline constexpr std::string_view proof_suffix = "/proof";

/// The proof as JSON, or why there is none: 404, 410, or 503 with when to ask again.
stand_in proof_answer(const std::expected<std::string, emergency::proof_failure>& found);

/// 502, or 504 where the last attempt ran out of time.
stand_in gateway_error(const stand_in_context& context);

/// 503: more is asked of garde than it may take on; `after` is when to ask again (see retry_after). Says
/// nothing of which limit it was: that is for operators, in the metrics.
stand_in overload_answer(std::chrono::seconds after);

/// `Garde-Mode` of an answer that a backend gave.
std::string_view relayed_mode(continuity::backend_index backend, const continuity::service_posture& posture);

/// The `error` of RFC 9209 for a failed attempt.
std::string_view proxy_error(continuity::reason why);

/// A whole response for a request that is refused, connection closing.
std::string own_problem(std::string_view node, int status, std::string_view what);

}  // namespace garde::proxy
