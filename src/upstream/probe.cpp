// See probe.hpp.
#include "garde/upstream/probe.hpp"

#include "garde/base/hash.hpp"
#include "garde/continuity/classify.hpp"
#include "garde/soap/envelope_scan.hpp"
#include "garde/soap/message_template.hpp"
#include "garde/soap/xpath.hpp"

#include <fmt/format.h>

#include <array>

namespace garde::upstream {
namespace {

using continuity::reason;

constexpr std::size_t probe_answer_bytes = std::size_t{256} * 1024;

std::string wire_bytes(const target& to, const config::probe_settings& how) {
    if (how.type == config::probe_type::http)
        return fmt::format(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: garde-probe\r\nConnection: close\r\n\r\n", how.path,
            to.server_name);
    std::array<std::uint8_t, 16> random{};
    random_fill(random);
    const std::string body = soap::fill_template(how.body, wall_now(), random);
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: garde-probe\r\nContent-Type: text/xml; charset=utf-8\r\n"
        "SOAPAction: \"{}\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        how.path, to.server_name, how.soap_action, body.size(), body);
}

reason judge_soap(const config::probe_settings& how, int status, std::string_view body) {
    const soap::envelope_scan scanned = soap::scan(body);
    if (!how.expect_fault.empty()) {
        const bool expected = scanned.fault && scanned.fault_code == how.expect_fault;
        return expected ? reason::none : reason::probe_unexpected;
    }
    const auto outcome = continuity::classify_response({.route = continuity::route_kind::soap,
                                                        .status = status,
                                                        .body = scanned,
                                                        .before = continuity::history::fresh,
                                                        .replays = continuity::replay_detection::off});
    if (outcome.kind == continuity::outcome_kind::failed) return outcome.why;
    if (status != 200 || scanned.fault) return reason::probe_unexpected;
    const bool expected = how.expect_xpath.empty() ? soap::body_has_element(body, how.expect_element)
                                                   : soap::xpath_selects(how.expect_xpath, body);
    return expected ? reason::none : reason::probe_unexpected;
}

reason judge(const config::probe_settings& how, http::response_parser& answer) {
    const int status = answer.head().status;
    if (how.type == config::probe_type::http) return status < 400 ? reason::none : reason::http_error;
    return judge_soap(how, status, answer.body());
}

}  // namespace

net::task<reason> probe(net::event_loop& loop, const target& to, const config::probe_settings& how,
                        steady_time give_up_at) {
    target whom = to;
    if (how.type == config::probe_type::tcp) whom.tls.reset();
    auto made = co_await connect(loop, whom, give_up_at);
    if (!made) co_return made.error();
    if (how.type == config::probe_type::tcp || how.type == config::probe_type::tls) {
        (*made)->stream().close();
        co_return reason::none;
    }
    const std::string bytes = wire_bytes(to, how);
    const wire_request request{.bytes = bytes,
                               .method = http::request_was::other,
                               .commit_bytes = probe_answer_bytes,
                               .head_bytes = std::size_t{16} * 1024};
    sent result = co_await send(**made, request, give_up_at);
    if (result.why != reason::none) co_return result.why;
    // An HTTP probe goes by the status; a SOAP answer over the limit is not what a probe expects.
    const bool whole = result.answer->parser.complete();
    if (!whole && how.type == config::probe_type::soap) co_return reason::probe_unexpected;
    (*made)->stream().close();
    co_return judge(how, result.answer->parser);
}

}  // namespace garde::upstream
