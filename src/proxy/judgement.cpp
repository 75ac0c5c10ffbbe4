// See judgement.hpp.
#include "garde/proxy/judgement.hpp"

#include "garde/soap/envelope_scan.hpp"

namespace garde::proxy {
namespace {

/// The classifier's replay rule speaks of backends that share what they have seen; a service says whether its
/// own do.
continuity::replay_detection replays_of(const config::service_settings& service) {
    return service.switchover.replay_detection ? continuity::replay_detection::on
                                               : continuity::replay_detection::off;
}

}  // namespace

continuity::outcome judge(upstream::sent& sent, continuity::history before, const asked_of& what) {
    if (sent.why != continuity::reason::none) return continuity::classify_transport(sent.why);
    http::response_parser& parser = sent.answer->parser;
    if (!parser.complete()) return continuity::classify_large_response(what.kind, parser.head().status);
    const bool look = what.kind == continuity::route_kind::soap;
    return continuity::classify_response(
        {.route = what.kind,
         .status = parser.head().status,
         .body = look ? soap::scan(parser.body()) : soap::envelope_scan{},
         .before = sent.sent_twice ? continuity::history::maybe_processed : before,
         .replays = replays_of(what.service)});
}

}  // namespace garde::proxy
