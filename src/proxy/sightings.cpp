// What attempts show of their backends: counted for the metrics, and told to the controller. See
// exchange.hpp.
#include "garde/proxy/exchange.hpp"
#include "garde/soap/envelope_scan.hpp"

#include <span>
#include <utility>

namespace garde::proxy {
namespace {

using continuity::errand;
using continuity::outcome_kind;
using continuity::reason;
using continuity::showed;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
    // The hash reads bytes; a message is text.
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};  // NOLINT(*-reinterpret-cast)
}

steady_time now() {
    return std::chrono::steady_clock::now();
}

continuity::insurer insurer_in(std::string_view question) {
    return static_cast<continuity::insurer>(soap::insurer_number(question).value_or(0));
}

}  // namespace

void exchange::note(const upstream::sent& sent, continuity::backend_index backend, std::size_t written,
                    steady_time begun) {
    auto& bytes = epoch_->counters->node().bytes;
    auto& pool = epoch_->counters->backend(where_.service, backend).pool;
    pool[pool_event::closed_idle].add(epoch_->pool(where_.service, backend).take_closed());
    if (sent.opened) pool[pool_event::opened].add();
    if (sent.reused) pool[pool_event::reused].add();
    if (sent.sent_twice) pool[pool_event::resent].add();
    if (sent.opened || sent.reused) bytes[flow::to_backends].add(written);
    if (!sent.answer) return;
    bytes[flow::from_backends].add(sent.answer->parser.head().bytes.size() +
                                   sent.answer->parser.body().size());
    epoch_->counters->first_answer_took(where_.service, sent.head_at - begun);
}

/// Under `transparent` nothing is judged; what the rules do not know speaks for nobody.
void exchange::tell(const candidate& of, errand as, steady_time::duration took) {
    const reason why = of.result.why;
    epoch_->counters->backend(where_.service, of.from).attempts[why].add();
    if (posture_->transparent()) return;
    if (of.result.kind == outcome_kind::failed) return show(of, showed::failed, as);
    if (of.result.kind != outcome_kind::answered || why == reason::unclassified) return;

    auto& recent = epoch_->recent[where_.service];
    const auto caller = std::to_underlying(session_.counted_for().key);
    if (why == reason::refused && recent.knows(caller, now())) show(of, showed::refused, as);
    if (why == reason::none) recent.answered(caller, now());
    if (as == errand::trial && why == reason::none)
        show(of, showed::answered, as);
    else
        worker_.answered(*epoch_, where_.service, of.from, took);
    if (is_slow(of.from, took)) show(of, showed::slow, as);
}

bool exchange::is_slow(continuity::backend_index backend, steady_time::duration took) const {
    const auto& limits = posture_->slow_above;
    const std::size_t place = continuity::to_number(backend);
    return place < limits.size() && limits[place] > milliseconds(0) && took > limits[place];
}

/// Another backend answered first. Nobody knows what this one would have said, only that it was not quick.
void exchange::tell_outrun(const candidate& of, steady_time::duration took) {
    worker_.outrun(*epoch_, where_.service, of.from, took);
    if (is_slow(of.from, took)) show(of, showed::slow, errand::regular);
}

/// Reads the whole request again, which is why only what says something by itself comes here.
void exchange::show(const candidate& of, showed what, errand as) {
    const reason why = what == showed::slow ? reason::too_slow : of.result.why;
    worker_.showed(*epoch_, where_.service, of.from,
                   {.what = what,
                    .why = why,
                    .caller = std::to_underlying(session_.counted_for().key),
                    .request = siphash(worker_.digests(), as_bytes(body_)),
                    .asked = what == showed::failed ? insurer_in(body_) : continuity::insurer::unknown,
                    .as = as});
}

}  // namespace garde::proxy
