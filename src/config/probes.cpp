// See sections.hpp: how a service's backends are watched.
#include "garde/soap/envelope_scan.hpp"
#include "garde/soap/message_template.hpp"
#include "garde/soap/xpath.hpp"

#include "files.hpp"
#include "sections.hpp"
#include "units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds least_interval = 50ms;

constexpr std::array<choice<probe_type>, 4> probe_types{{{"tcp", probe_type::tcp},
                                                         {"tls", probe_type::tls},
                                                         {"http", probe_type::http},
                                                         {"soap", probe_type::soap}}};

constexpr std::array<std::string_view, 3> expectations{"expect_element", "expect_xpath", "expect_fault"};

/// A key that the chosen type does not read would make its author believe in a check that never happens.
void refuse_unused(table_reader& in, const std::optional<probe_type>& type,
                   std::initializer_list<std::string_view> keys) {
    const auto word = type ? probe_types[static_cast<std::size_t>(*type)].text : "tcp or tls";
    for (const auto key : keys)
        if (in.has(key))
            in.error(key, fmt::format("has no use in a {} probe", word), "remove it, or choose another type");
}

void check_expectation(table_reader& in, const probe_settings& probe) {
    std::string_view first;
    for (const auto key : expectations) {
        if (!in.has(key)) continue;
        if (!first.empty())
            in.error(key, fmt::format("is there together with {}", first),
                     "keep the one that a living backend answers with");
        first = key;
    }
    if (first.empty())
        in.error(
            "type", "= \"soap\" expects nothing, and a status 200 alone is no success",
            "add expect_element = \"GetInsurabilityForPharmacistResponse\", or expect_xpath, or expect_fault "
            "with a fault code");
    if (probe.expect_xpath.empty()) return;
    if (auto mistake = soap::check_xpath(probe.expect_xpath))
        in.error("expect_xpath", mistake->what, std::move(mistake->instead));
}

void check_body(const named_file& file, const std::string& body, report& problems) {
    if (soap::scan(body).result != soap::scan_result::envelope)
        problems.error(
            file.line,
            fmt::format("{}: {} is not a complete SOAP 1.1 envelope", file.setting, file.path.string()),
            "put a whole message there, from Envelope to Envelope");
    if (const auto unknown = soap::unknown_placeholder(body); !unknown.empty())
        problems.warning(file.line,
                         fmt::format("{}: {} has {}, which is sent as it stands", file.setting,
                                     file.path.string(), unknown),
                         fmt::format("the placeholders are {}", fmt::join(soap::placeholders, ", ")));
}

void read_soap(table_reader& in, probe_settings& into, bool is_soap, report& problems) {
    const auto body =
        in.read_path("body_file", is_soap ? need::required : need::optional, "\"probes/assurability.xml\"");
    in.read_text("soap_action", into.soap_action, need::optional, "\"urn:example:action\"");
    in.read_text("expect_element", into.expect_element, need::optional,
                 "\"GetInsurabilityForPharmacistResponse\"");
    in.read_text("expect_xpath", into.expect_xpath, need::optional, "\"//Status/Code[.='200']\"");
    in.read_text("expect_fault", into.expect_fault, need::optional, "\"SOA-03001\"");
    if (!is_soap) return;
    check_expectation(in, into);
    if (!body) return;
    into.body_file = body->path;
    if (auto content = read_named_file(*body, problems)) {
        check_body(*body, *content, problems);
        into.body = std::move(*content);
    }
}

void read_rhythm(table_reader& in, probe_settings& into) {
    in.read_duration("interval", into.interval, {least_interval, 1h});
    into.fast_interval = std::max(into.interval / 4, least_interval);
    into.slow_interval = into.interval * 2;
    in.read_duration("fast_interval", into.fast_interval, {least_interval, 1h});
    in.read_duration("slow_interval", into.slow_interval, {least_interval, 24h});
    in.read_duration("timeout", into.timeout, {10ms, 5min});
    in.read_duration("jitter", into.jitter, {0ms, 1h});
    in.read_number("rise", into.rise, {1, 100});
    in.read_number("fall", into.fall, {1, 100});
}

void check_rhythm(table_reader& in, const probe_settings& is, report& problems) {
    if (is.fast_interval > is.interval)
        in.error("fast_interval", fmt::format("is longer than interval = \"{}\"", duration_text(is.interval)),
                 "shorten it, or remove it: it is then a quarter of the interval");
    if (is.slow_interval < is.interval)
        in.error("slow_interval",
                 fmt::format("is shorter than interval = \"{}\"", duration_text(is.interval)),
                 "lengthen it, or remove it: it is then twice the interval");
    if (is.timeout > is.interval)
        problems.error(in.line_of({"timeout", "interval"}),
                       fmt::format("{} is longer than interval", in.setting("timeout")),
                       "shorten timeout or lengthen interval: a probe must end before the next begins");
    if (is.jitter > is.interval)
        problems.error(in.line_of({"jitter", "interval"}),
                       fmt::format("{} is longer than interval", in.setting("jitter")),
                       "write a tenth of the interval");
}

}  // namespace

written_probe read_probe(table_reader in, report& problems) {
    written_probe out{.settings = {}, .type = {}, .name = in.name(), .type_line = in.line_of({"type"})};
    auto& probe = out.settings;
    in.read_choice("type", probe.type, probe_types);
    if (in.has("type")) out.type = probe.type;
    in.read_text("path", probe.path, need::optional, "\"/Insurability/v2\"");
    const bool is_soap = probe.type == probe_type::soap;
    read_soap(in, probe, is_soap, problems);
    read_rhythm(in, probe);
    in.finish();

    if (!is_soap)
        refuse_unused(in, out.type,
                      {"body_file", "soap_action", "expect_element", "expect_xpath", "expect_fault"});
    if (!is_soap && probe.type != probe_type::http) refuse_unused(in, out.type, {"path"});
    if (!probe.path.starts_with('/'))
        in.error("path", "does not begin with '/'", "write e.g. \"/Insurability/v2\"");
    check_rhythm(in, probe, problems);
    return out;
}

probe_settings probe_of(const written_probe& probe, const backend_settings& backend, report& problems) {
    probe_settings out = probe.settings;
    if (!probe.type) out.type = backend.tls ? probe_type::tls : probe_type::tcp;
    if (out.type == probe_type::tls && !backend.tls)
        problems.error(probe.type_line,
                       fmt::format("{} type = \"tls\" cannot be for backend \"{}\", which has tls = false",
                                   probe.name, backend.name),
                       "write type = \"tcp\"; or remove it, and each backend is probed as it is reached");
    return out;
}

}  // namespace garde::config
