// See resend.hpp.
#include "garde/proxy/resend.hpp"

#include "garde/continuity/attempt_plan.hpp"
#include "garde/http/rewrite.hpp"
#include "garde/proxy/judgement.hpp"
#include "garde/soap/envelope_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

namespace garde::proxy {
namespace {

using continuity::outcome_kind;
using continuity::reason;
using emergency::attempt_result;
using emergency::settlement;

/// What the request and an answer may take of the memory that all exchanges share.
constexpr std::size_t working_bytes = std::size_t{64} * 1024;
/// Deferrals count as one caller of their own: the ledger alone takes no backend down.
constexpr std::uint64_t ledger_as_caller = 0x6c65646765720000;

steady_time now() {
    return std::chrono::steady_clock::now();
}

attempt_result not_sent(std::string why) {
    return {.what = settlement::not_sent, .result = std::move(why)};
}

/// What a backend calls its fault goes into lists and reports: only what looks like a code does.
bool is_code(std::string_view text) {
    return !text.empty() && text.size() <= 32 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

class resending {
  public:
    resending(worker& at, emergency::deferred_message what)
        : worker_(at),
          epoch_(at.current()),
          what_(std::move(what)),
          request_({.head_bytes = what_.head.size() + 1, .body_bytes = what_.body.size() + 1}) {}

    net::task<attempt_result> run() {
        if (const auto why = prepare()) co_return not_sent(*why);
        const auto& posture = epoch_->posture->services[where_.service];
        if (posture.transparent()) co_return not_sent("transparent");
        auto& routing = epoch_->routing[where_.service];
        const auto route = continuity::choose_route(posture, rules().replays, routing);
        continuity::attempt_plan plan(route.whom, rules(), now());
        auto action = plan.start();
        while (const auto* order = std::get_if<continuity::try_backend>(&action)) {
            auto sending = send(*order);
            upstream::sent sent = co_await std::move(sending);
            const auto result =
                judge(sent, order->before, {.service = settings(), .kind = where_.route->kind});
            tell(result, order->backend, now() - begun_);
            if (result.kind == outcome_kind::answered) co_return settled(sent);
            maybe_processed_ = maybe_processed_ || continuity::may_have_been_processed(result.why);
            last_ = result.why;
            action = plan.resume(now(), result, routing.retries);
        }
        co_return attempt_result{.what = maybe_processed_ ? settlement::unanswered : settlement::not_sent,
                                 .result = std::string(to_text(last_))};
    }

  private:
    /// Why it cannot be sent; nothing when it can.
    std::optional<std::string> prepare() {
        const auto read = request_.put(what_.head);
        if (!read || !request_.head_complete()) return "unreadable";
        const auto found = epoch_->served->find(request_.head().path);
        if (!found || epoch_->served->service(found->service).settings->name != what_.service)
            return "no-route";
        where_ = *found;
        auto claim = worker_.buffers().admit(working_bytes + 2 * what_.body.size());
        if (!claim) return "no-room";
        claim_ = std::move(*claim);
        return std::nullopt;
    }

    [[nodiscard]] const config::service_settings& settings() const {
        return *epoch_->served->service(where_.service).settings;
    }

    [[nodiscard]] bool harmless() const { return what_.again == emergency::repetition::harmless; }

    [[nodiscard]] continuity::attempt_rules rules() const {
        const auto& switchover = settings().switchover;
        return {.attempt_timeout = switchover.attempt_timeout,
                .exchange_timeout = switchover.exchange_timeout,
                .replays = harmless() ? continuity::replay::safe : continuity::replay::forbidden};
    }

    /// The request as this backend gets it; what the attempt refers to outlives it.
    net::task<upstream::sent> send(const continuity::try_backend& order) {
        auto& pool = epoch_->pool(where_.service, order.backend);
        const http::forwarding how{.node = epoch_->served->settings().node_name,
                                   .host = pool.to().server_name,
                                   .caller_address = {},
                                   .scheme = "https"};
        const auto trace = http::make_traceparent(worker_.randomness().take(24));
        wire_.clear();
        http::append_upstream_head(wire_, request_.head(), how, {trace.data(), trace.size()},
                                   what_.body.size());
        wire_ += what_.body.reveal();
        sent_.bytes = wire_;
        sent_.commit_bytes = working_bytes;
        sent_.head_bytes = epoch_->served->settings().limits.head_bytes;
        begun_ = now();
        return pool.attempt(sent_, harmless() ? upstream::resend::safe : upstream::resend::forbidden,
                            settings().switchover.connect_timeout, order.give_up_at);
    }

    void tell(const continuity::outcome& result, continuity::backend_index from, steady_time::duration took) {
        epoch_->counters->backend(where_.service, from).attempts[result.why].add();
        if (result.kind == outcome_kind::answered && result.why == reason::none)
            return worker_.answered(*epoch_, where_.service, from, took);
        if (result.kind != outcome_kind::failed) return;
        const std::string id = emergency::to_text(what_.id);
        worker_.showed(*epoch_, where_.service, from,
                       {.what = continuity::showed::failed,
                        .why = result.why,
                        .caller = ledger_as_caller,
                        .request = siphash(worker_.digests(),
                                           {reinterpret_cast<const std::uint8_t*>(id.data()), id.size()})});
    }

    /// What the service's answer says of the request.
    [[nodiscard]] attempt_result settled(upstream::sent& sent) const {
        http::response_parser& parser = sent.answer->parser;
        const int status = parser.head().status;
        std::string result = std::to_string(status);
        bool taken = status < 400;
        if (where_.route->kind == continuity::route_kind::soap && parser.complete()) {
            const auto scan = soap::scan(parser.body());
            taken = taken && !scan.fault;
            if (scan.fault) result = is_code(scan.fault_code) ? std::string(scan.fault_code) : "fault";
        }
        return {.what = taken ? settlement::taken : settlement::refused, .result = std::move(result)};
    }

    worker& worker_;
    const epoch_ptr epoch_;
    const emergency::deferred_message what_;
    http::request_parser request_;
    route_match where_;
    byte_claim claim_;
    std::string wire_;
    upstream::wire_request sent_;
    steady_time begun_{};
    bool maybe_processed_ = false;
    reason last_ = reason::connect_failed;
};

}  // namespace

net::task<attempt_result> resend(worker& at, emergency::deferred_message what) {
    resending one(at, std::move(what));
    auto running = one.run();
    co_return co_await std::move(running);
}

}  // namespace garde::proxy
