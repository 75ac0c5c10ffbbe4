// See ledger.hpp.
#include "ledger.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace garde::sim {
namespace {

std::uint64_t number_in(const http::response_head& head, std::string_view name) {
    const std::string_view text = head.find(name).value_or("");
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::optional<reply_kind> kind_in(const http::response_head& head) {
    const auto text = head.find("Sim-Kind").value_or("");
    for (const auto kind : {reply_kind::good, reply_kind::fault, reply_kind::unavailable,
                            reply_kind::nonsense, reply_kind::empty})
        if (to_text(kind) == text) return kind;
    return std::nullopt;
}

std::string_view name_of(ending how) {
    switch (how) {
        case ending::whole: return "whole";
        case ending::broken: return "broken";
        case ending::nothing: return "nothing";
        case ending::silence: return "silence";
    }
    std::unreachable();
}

/// How a malady looks to who sent a request, where that may be the request's own doing.
enum class look : std::uint8_t { none, broken_off, late, fault, not_xml };

look look_of(const trouble& one, moment from) {
    switch (one.what) {
        case malady::resets:
        case malady::truncated:
        case malady::hangs_up:
        case malady::garbage:
            return look::broken_off;  // garbage ends before it is known not to be a head
        // Whoever knocks while it lasts is told that nobody is there; what is under way as it begins may
        // break.
        case malady::refuses: return one.from >= from ? look::broken_off : look::none;
        case malady::swallows:
        case malady::silent:
        case malady::slow: return look::late;
        case malady::faulty: return look::fault;
        case malady::not_xml: return look::not_xml;
        case malady::unavailable:
        case malady::lies: return look::none;
    }
    std::unreachable();
}

}  // namespace

void ledger::violated(std::string what) {
    trace_.note("VIOLATED {}", what);
    violations_.push_back(std::move(what));
}

std::uint64_t ledger::ask(question what) {
    what.reference = 1000 + asked_.size();
    trace_.note("ask {} of service {}{}", what.reference, what.service, what.replay_safe ? "" : ", once");
    asked_.emplace(what.reference, entry{.what = what, .reached = {}});
    return what.reference;
}

void ledger::reached(std::uint64_t reference, const backend_plan& at) {
    trace_.note("  {} reaches {}", reference, at.name);
    const auto found = asked_.find(reference);
    if (found == asked_.end())
        return violated(fmt::format("{} was sent a request that nobody made", at.name));
    entry& one = found->second;
    one.reached.push_back(&at);
    if (!one.what.replay_safe && one.reached.size() > 1)
        violated(fmt::format("request {}, not to be repeated, reached {} and then {}", reference,
                             one.reached.front()->name, at.name));
    // Once at each, and once more where a kept connection turned out to be dead.
    const auto copies = static_cast<std::size_t>(std::ranges::count(one.reached, &at));
    if (copies > 2) violated(fmt::format("request {} reached {} {} times", reference, at.name, copies));
}

void ledger::ended(std::uint64_t reference, ending how, const http::response_head* head,
                   std::string_view body) {
    entry& one = asked_.at(reference);
    trace_.note("  {} ends: {} {} {}", reference, name_of(how), head != nullptr ? head->status : 0,
                body.size());
    if (std::exchange(one.over, true))
        return violated(fmt::format("request {} was answered twice", reference));
    switch (how) {
        case ending::whole: judge_whole(one, *head, body); break;
        case ending::broken:
            if (!may_break_off(one)) violated(fmt::format("the answer to {} broke off", reference));
            break;
        case ending::nothing: violated(fmt::format("request {} got no answer", reference)); break;
        case ending::silence: violated(fmt::format("request {} was never answered", reference)); break;
    }
}

void ledger::judge_whole(const entry& of, const http::response_head& head, std::string_view body) {
    judge_time(of);
    if (head.find("Sim-Reference"))
        judge_relayed(of, head, body);
    else
        judge_own(of, head, body);
}

/// A large answer streams: what breaks or stalls behind its first bytes is not garde's to mend.
bool ledger::may_break_off(const entry& of) const {
    const bool streams = plan_.settings->limits.commit_bytes < std::size_t{64} * 1024;
    return streams && std::ranges::any_of(of.reached, [&](const backend_plan* one) {
               return !one->works(of.what.sent - ledger::slack, now());
           });
}

void ledger::judge_time(const entry& of) {
    const moment took = now() - of.what.sent;
    if (took > service_of(of).switchover.exchange_timeout + slack && !may_break_off(of))
        violated(fmt::format("request {} took {} ms, exchange_timeout is {} ms", of.what.reference,
                             took.count() / 1'000'000, service_of(of).switchover.exchange_timeout.count()));
}

void ledger::judge_relayed(const entry& of, const http::response_head& head, std::string_view body) {
    const auto kind = kind_in(head);
    const std::uint64_t echoed = number_in(head, "Sim-Reference");
    const std::string backend(head.find("Sim-Backend").value_or(""));
    if (echoed != of.what.reference)
        return violated(fmt::format("request {} got the answer to {}", of.what.reference, echoed));
    const reply expected{.kind = kind.value_or(reply_kind::good),
                         .reference = of.what.reference,
                         .backend = backend,
                         .padding = number_in(head, "Sim-Padding"),
                         .soap = of.what.soap};
    if (!kind || head.status != status_of(*kind) || body != body_of(expected))
        return violated(
            fmt::format("the answer of {} to {} is not what it said", backend, of.what.reference));
    if (std::ranges::none_of(of.reached, [&](const backend_plan* one) { return one->name == backend; }))
        violated(fmt::format("{} answered {}, which never reached it", backend, of.what.reference));

    const auto& backends = service_of(of).backends;
    const bool primary = backend == backends.front().name;
    const auto mode = head.find("Garde-Mode").value_or("");
    if (mode != (primary ? "primary" : "backup") && mode != "transparent")
        violated(fmt::format("an answer of {} to {} is marked `{}`", backend, of.what.reference, mode));
    if (well_since_ && of.what.sent >= *well_since_ && !primary)
        violated(fmt::format("request {} went to {} though all is well", of.what.reference, backend));
    if (*kind != reply_kind::good) return judge_loss(of, fmt::format("{} of {}", to_text(*kind), backend));
    ++by_backends_;
    if (must_be_answered(of) && somebody_was_ill(of)) ++saved_;
}

void ledger::judge_own(const entry& of, const http::response_head& head, std::string_view body) {
    ++by_garde_;
    const bool marked = head.find("Garde-Mode").has_value() && head.find("Proxy-Status").has_value();
    const bool procedure = head.status == 500 && body.find("SOA-02002") != std::string_view::npos;
    const bool gateway_error = head.status == 502 || head.status == 504;
    // A plain pipe hands out no procedure.
    const bool expected =
        service_of(of).procedure && !ordered_otherwise(of) ? procedure : procedure || gateway_error;
    if (!marked || !expected)
        return violated(
            fmt::format("request {} was answered with {} by garde itself", of.what.reference, head.status));
    judge_loss(of, std::to_string(head.status));
}

bool ledger::must_be_answered(const entry& of) const {
    if (!of.what.replay_safe || ordered_otherwise(of)) return false;
    const moment from = of.what.sent - time_to_settle(service_of(of)) - slack;
    return std::ranges::any_of(plan_.services[of.what.service].backends,
                               [&](const backend_plan& one) { return one.works(from, now()); });
}

bool ledger::somebody_was_ill(const entry& of) const {
    return std::ranges::any_of(plan_.services[of.what.service].backends,
                               [&](const backend_plan& one) { return !one.works(of.what.sent, now()); });
}

bool ledger::may_have_failed_alike(const entry& of) const {
    std::map<look, int> ill;
    for (const backend_plan& one : plan_.services[of.what.service].backends) {
        std::set<look> looks;
        for (const trouble& trouble : one.troubles)
            if (trouble.in_traffic && trouble.from < now() && of.what.sent < trouble.until)
                looks.insert(look_of(trouble, of.what.sent));
        looks.erase(look::none);
        for (const look each : looks) ++ill[each];
    }
    return std::ranges::any_of(ill, [](const auto& each) { return each.second >= 2; });
}

bool ledger::ordered_otherwise(const entry& of) const {
    return std::ranges::any_of(orders_, [&](const order_plan& one) {
        return one.service == of.what.service && !one.lets_fall_back() && one.at < now() &&
               of.what.sent < one.at + one.lasts + slack;
    });
}

void ledger::judge_loss(const entry& of, std::string_view got) {
    if (must_be_answered(of) && !may_have_failed_alike(of))
        violated(fmt::format("request {} got {} while a backend worked", of.what.reference, got));
}

}  // namespace garde::sim
