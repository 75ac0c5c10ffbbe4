// See ctl_deferrals.hpp.
#include "ctl_deferrals.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::app {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 7> states{"queued",  "sent",        "confirmed", "contradicted",
                                                 "expired", "handed-back", "ambiguous"};
constexpr std::array<std::string_view, 10> columns{"id",        "caller",        "kind",     "state",
                                                   "kept_at",   "valid_until",   "attempts", "result",
                                                   "reference", "request_sha256"};

/// A string as it is, a number in digits, nothing when there is none.
std::string text_of(const json::object& of, std::string_view name) {
    const auto* value = of.if_contains(json::string_view(name.data(), name.size()));
    if (value == nullptr) return {};
    if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
    return value->is_number() ? json::serialize(*value) : std::string();
}

std::vector<json::object> objects_of(const json::object& of, std::string_view name) {
    std::vector<json::object> out;
    const auto* value = of.if_contains(json::string_view(name.data(), name.size()));
    const auto* all = value == nullptr ? nullptr : value->if_array();
    if (all == nullptr) return out;
    for (const auto& one : *all)
        if (const auto* object = one.if_object()) out.push_back(*object);
    return out;
}

json::object read(const std::string& text) {
    json::error_code failed;
    auto value = json::parse(text, failed);
    return failed || !value.is_object() ? json::object() : std::move(value.as_object());
}

/// "8 kept: 3 queued, 5 confirmed"; states without any are left out.
std::string counted(const json::object& of) {
    std::vector<std::string> parts;
    for (const auto state : states)
        if (const auto count = text_of(of, state); !count.empty() && count != "0")
            parts.push_back(fmt::format("{} {}", count, state));
    return fmt::format("{} kept: {}", text_of(of, "issued"), fmt::join(parts, ", "));
}

/// As a field of RFC 4180; what a spreadsheet would take for a formula is taken for text.
std::string csv_field(std::string text) {
    if (!text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos)
        text.insert(0, 1, '\'');
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c; break;
        }
    }
    return out;
}

template <class Names>
std::vector<std::string> fields_of(const json::object& of, const Names& names) {
    std::vector<std::string> out;
    out.reserve(std::size(names));
    for (const auto name : names) out.push_back(text_of(of, name));
    return out;
}

template <class Fields>
std::string html_row(std::string_view cell, const Fields& fields) {
    std::string out = "<tr>";
    for (const auto& one : fields) out += fmt::format("<{0}>{1}</{0}>", cell, html_text(one));
    return out + "</tr>\n";
}

}  // namespace

std::string describe_deferrals(const std::string& text) {
    const auto told = read(text);
    const auto outages = objects_of(told, "outages");
    std::string out;
    for (const auto& one : outages)
        out += fmt::format("{} since {}, {}s: {}\n", text_of(one, "service"), text_of(one, "outage"),
                           text_of(one, "kind"), counted(one));
    if (outages.empty()) out = "no request was kept within thirty days\n";
    if (const auto* failing = told.if_contains("failing");
        failing != nullptr && failing->is_bool() && failing->get_bool())
        out += "NO REQUEST CAN BE KEPT at the moment: the log says what is wrong with the disk\n";
    return out;
}

std::string describe_reconciliation(const std::string& text) {
    const auto told = read(text);
    const auto* all = told.if_contains("all");
    std::string out = fmt::format("{}, outage of {}\n", text_of(told, "service"), text_of(told, "outage"));
    if (all != nullptr && all->is_object())
        out += fmt::format("all callers: {}\n", counted(all->get_object()));
    for (const auto& one : objects_of(told, "callers"))
        out += fmt::format("  {}: {}\n", text_of(one, "caller"), counted(one));
    return out;
}

std::string reconciliation_as_csv(const std::string& text) {
    std::string out = fmt::format("{}\r\n", fmt::join(columns, ","));
    for (const auto& one : objects_of(read(text), "deferrals")) {
        auto fields = fields_of(one, columns);
        for (auto& field : fields) field = csv_field(std::move(field));
        out += fmt::format("{}\r\n", fmt::join(fields, ","));
    }
    return out;
}

std::string reconciliation_as_html(const std::string& text) {
    const auto told = read(text);
    const std::string title =
        fmt::format("Reconciliation: {}, outage of {}", text_of(told, "service"), text_of(told, "outage"));
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n"
        "<style>body{{font-family:sans-serif}}table{{border-collapse:collapse;margin:1em 0}}"
        "td,th{{border:1px solid;padding:.2em .5em;text-align:left}}</style></head>\n<body><h1>{0}</h1>\n",
        html_text(title));
    std::vector<std::string_view> heads{"caller", "issued"};
    heads.insert(heads.end(), states.begin(), states.end());
    out += "<table>\n" + html_row("th", heads);
    auto callers = objects_of(told, "callers");
    if (const auto* all = told.if_contains("all"); all != nullptr && all->is_object()) {
        callers.push_back(all->get_object());
        callers.back()["caller"] = "all";
    }
    for (const auto& one : callers) {
        out += html_row("td", fields_of(one, heads));
    }
    out += "</table>\n<table>\n" + html_row("th", columns);
    for (const auto& one : objects_of(told, "deferrals")) {
        out += html_row("td", fields_of(one, columns));
    }
    return out + "</table></body></html>\n";
}

std::string describe_stand_in(const std::string& text) {
    const auto told = read(text);
    std::string out;
    for (const auto& one : objects_of(told, "rules")) {
        const auto because = text_of(one, "because");
        out += fmt::format("{} ({}): {}\n", text_of(one, "rule"), text_of(one, "decide"),
                           because.empty() ? "fits" : "does not fit: " + because);
    }
    return out + fmt::format("decides: {}, by {}; policy {}\n", text_of(told, "decision"),
                             text_of(told, "rule"), text_of(told, "policy"));
}

}  // namespace garde::app
