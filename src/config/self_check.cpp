// See sections.hpp: by which addresses this node judges whether it is connected.
#include "addresses.hpp"
#include "sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t reference_limit = 16;
constexpr auto sample = "[\"192.0.2.1:53\", \"198.51.100.1:443\"]";

bool same_place(const endpoint& a, const endpoint& b) {
    return a.host == b.host && a.port == b.port;
}

/// A reference that fails together with a backend, or never, tells nothing.
void check_reference(table_reader& in, const endpoint& reference, const std::string& text,
                     const std::vector<service_settings>& services) {
    if (is_loopback(reference.host))
        in.warning("references", fmt::format("has \"{}\", which is this machine itself", text),
                   "name what is only reached over the network");
    for (const auto& service : services)
        for (const auto& backend : service.backends)
            if (same_place(backend.address, reference))
                in.warning(
                    "references",
                    fmt::format(
                        "has \"{}\", which is backend \"{}\": when it fails, that says nothing of this node",
                        text, backend.name),
                    "name what does not fail together with a backend, such as a name server or a router");
}

}  // namespace

void read_self_check(table_reader in, const std::vector<service_settings>& services,
                     self_check_settings& into) {
    // Stays where there is no list that can be read: no text in a list is empty.
    const std::vector<std::string> unread{""};
    std::vector<std::string> texts = unread;
    in.read_texts("references", texts, sample);
    in.read_duration("interval", into.interval, {100ms, 1h});
    in.read_duration("timeout", into.timeout, {10ms, 1min});
    in.finish();
    if (!in) return;

    if (!in.has("references") || texts.empty())
        in.error("references", "is missing or empty, and without it the table has no use",
                 fmt::format("add references = {}, or remove [self_check]", sample));
    if (texts == unread) texts.clear();
    if (texts.size() > reference_limit)
        in.error("references", fmt::format("has {} addresses", texts.size()),
                 fmt::format("write at most {}", reference_limit));
    for (const auto& text : texts) {
        auto reference = parse_endpoint(text);
        if (!reference) {
            in.error("references", fmt::format("has \"{}\", which is not HOST:PORT", text),
                     fmt::format("write e.g. references = {}", sample));
            continue;
        }
        reference->line = in.line_of({"references"});
        check_reference(in, *reference, text, services);
        if (std::ranges::any_of(into.references,
                                [&](const auto& one) { return same_place(one, *reference); }))
            in.error("references", fmt::format("has \"{}\" twice", text), "remove one");
        into.references.push_back(std::move(*reference));
    }
    if (into.timeout > into.interval)
        in.error(in.has("timeout") ? "timeout" : "interval", "makes timeout longer than interval",
                 "shorten timeout or lengthen interval: a check must end before the next begins");
}

}  // namespace garde::config
