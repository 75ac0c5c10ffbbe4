// See sections.hpp: how a service's backends are watched and when traffic moves.
#include "garde/soap/envelope_scan.hpp"

#include "files.hpp"
#include "sections.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::array<choice<probe_type>, 3> probe_types{
    {{"tcp", probe_type::tcp}, {"http", probe_type::http}, {"soap", probe_type::soap}}};

std::string_view to_word(probe_type type) {
    return probe_types[static_cast<std::size_t>(type)].text;
}

void check_soap_expectation(table_reader& in, const probe_settings& probe) {
    if (in.has("expect_element") && in.has("expect_fault"))
        in.error("expect_fault", "is there together with expect_element",
                 "keep the one that a living backend answers with");
    else if (probe.expect_element.empty() && probe.expect_fault.empty())
        in.error("type", "= \"soap\" expects nothing, and a status 200 alone is no success",
                 "add expect_element = \"GetInsurabilityForPharmacistResponse\", or expect_fault with a "
                 "fault code");
}

void check_probe_body(const named_file& file, const std::string& body, report& problems) {
    if (soap::scan(body).result == soap::scan_result::envelope) return;
    problems.error(
        file.line,
        fmt::format("{}: {} is not a complete SOAP 1.1 envelope", file.setting, file.path.string()),
        "put a whole message there, from Envelope to Envelope");
}

/// A key that the chosen type does not read would make its author believe in a check that never happens.
void refuse_unused(table_reader& in, probe_type type, std::initializer_list<std::string_view> keys) {
    for (const auto key : keys)
        if (in.has(key))
            in.error(key, fmt::format("has no use in a {} probe", to_word(type)),
                     "remove it, or choose another type");
}

}  // namespace

void read_probe(table_reader in, probe_settings& into, report& problems) {
    in.read_choice("type", into.type, probe_types);
    const bool soap = into.type == probe_type::soap;
    in.read_text("path", into.path, need::optional, "\"/Insurability/v2\"");
    const auto body =
        in.read_path("body_file", soap ? need::required : need::optional, "\"probes/assurability.xml\"");
    in.read_text("soap_action", into.soap_action, need::optional, "\"urn:example:action\"");
    in.read_text("expect_element", into.expect_element, need::optional,
                 "\"GetInsurabilityForPharmacistResponse\"");
    in.read_text("expect_fault", into.expect_fault, need::optional, "\"SOA-03001\"");
    in.read_duration("interval", into.interval, {50ms, 1h});
    in.read_duration("timeout", into.timeout, {10ms, 5min});
    in.read_duration("jitter", into.jitter, {0ms, 1h});
    in.read_number("rise", into.rise, {1, 100});
    in.read_number("fall", into.fall, {1, 100});
    in.finish();

    if (!soap) refuse_unused(in, into.type, {"body_file", "soap_action", "expect_element", "expect_fault"});
    if (into.type == probe_type::tcp) refuse_unused(in, into.type, {"path"});
    if (!into.path.starts_with('/'))
        in.error("path", "does not begin with '/'", "write e.g. \"/Insurability/v2\"");
    if (soap) check_soap_expectation(in, into);
    if (soap && body) {
        into.body_file = body->path;
        if (auto content = read_named_file(*body, problems)) {
            check_probe_body(*body, *content, problems);
            into.body = std::move(*content);
        }
    }
    if (into.timeout > into.interval)
        problems.error(in.line_of({"timeout", "interval"}),
                       fmt::format("{} is longer than interval", in.setting("timeout")),
                       "shorten timeout or lengthen interval: a probe must end before the next begins");
    if (into.jitter > into.interval)
        problems.error(in.line_of({"jitter", "interval"}),
                       fmt::format("{} is longer than interval", in.setting("jitter")),
                       "write a tenth of the interval");
}

void read_switchover(table_reader in, switchover_settings& into) {
    in.read_duration("attempt_timeout", into.attempt_timeout, {10ms, 5min});
    in.read_duration("exchange_timeout", into.exchange_timeout, {10ms, 10min});
    in.read_duration("connect_timeout", into.connect_timeout, {10ms, 1min});
    in.read_duration("hold_down", into.hold_down, {0ms, 24h});
    in.read_duration("degraded_hold_down", into.degraded_hold_down, {0ms, 24h});
    in.read_duration("min_dwell", into.min_dwell, {0ms, 1h});
    in.read_duration("ejection_time", into.ejection_time, {100ms, 1h});
    in.read_number("traffic_fall", into.traffic_fall, {1, 1000});
    in.read_flag("replay_detection", into.replay_detection);
    in.finish();

    if (into.attempt_timeout > into.exchange_timeout)
        in.error(in.has("attempt_timeout") ? "attempt_timeout" : "exchange_timeout",
                 "makes attempt_timeout longer than exchange_timeout",
                 "leave the exchange time for at least one attempt, better for two");
    if (into.connect_timeout > into.attempt_timeout)
        in.error(in.has("connect_timeout") ? "connect_timeout" : "attempt_timeout",
                 "makes connect_timeout longer than attempt_timeout",
                 "shorten connect_timeout: it is a part of the attempt");
    if (into.degraded_hold_down > into.hold_down)
        in.error(in.has("degraded_hold_down") ? "degraded_hold_down" : "hold_down",
                 "makes degraded_hold_down longer than hold_down",
                 "shorten degraded_hold_down: without a backend, a return may wait less than with one");
}

}  // namespace garde::config
