// See journal_texts.hpp.
#include "journal_texts.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace garde::app {
namespace {

namespace json = boost::json;

json::object attributes_of(const journal::shown_record& of) {
    json::object out;
    for (const auto& [name, value] : of.attributes) out[name] = value;
    return out;
}

json::array hashes_of(const std::vector<digest256>& path) {
    json::array out;
    for (const auto& one : path) out.emplace_back(to_hex(one));
    return out;
}

/// What has blanks or quotes in it is quoted as JSON quotes it: one line stays one line.
std::string plain_or_quoted(const std::string& value) {
    const bool plain = !value.empty() && value.find_first_of(" \"\\\t\r\n=") == std::string::npos;
    return plain ? value : json::serialize(json::string(value));
}

std::string csv_field(std::string value) {
    constexpr std::string_view formula_starts = "=+-@\t\r";
    if (!value.empty() && formula_starts.find(value.front()) != std::string_view::npos)
        value.insert(0, 1, '\'');
    if (value.find_first_of(",\"\r\n") == std::string::npos) return value;
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    return out + "\"";
}

}  // namespace

std::string record_text(const journal::shown_record& of) {
    auto out = fmt::format("{}  {}  {}", of.seq, of.at, of.event);
    if (of.drill) out += "  (drill)";
    if (!of.incident.empty()) out += "  incident=" + plain_or_quoted(of.incident);
    for (const auto& [name, value] : of.attributes)
        out += fmt::format("  {}={}", name, plain_or_quoted(value));
    return out;
}

std::string record_json(const journal::shown_record& of) {
    json::object out{{"seq", of.seq}, {"at", of.at}, {"event", of.event}};
    if (!of.configuration.empty()) out["configuration"] = of.configuration;
    if (!of.incident.empty()) out["incident"] = of.incident;
    if (of.drill) out["drill"] = true;
    out["attributes"] = attributes_of(of);
    return json::serialize(out);
}

std::string_view record_csv_head() {
    return "seq,at,event,configuration,incident,drill,attributes";
}

std::string record_csv(const journal::shown_record& of) {
    return fmt::format("{},{},{},{},{},{},{}", of.seq, csv_field(of.at), csv_field(of.event),
                       csv_field(of.configuration), csv_field(of.incident), of.drill ? "yes" : "no",
                       csv_field(json::serialize(attributes_of(of))));
}

std::string proof_json(const journal::inclusion_proof& of) {
    return json::serialize(json::object{{"leaf", of.leaf},
                                        {"seq", of.seq},
                                        {"index", of.seq - 1},
                                        {"size", of.in.size},
                                        {"root", to_hex(of.in.root)},
                                        {"path", hashes_of(of.path)}});
}

std::string proof_json(const journal::consistency_proof& of) {
    return json::serialize(json::object{{"first_size", of.first.size},
                                        {"first_root", to_hex(of.first.root)},
                                        {"second_size", of.second.size},
                                        {"second_root", to_hex(of.second.root)},
                                        {"path", hashes_of(of.path)}});
}

std::string verification_text(const journal::verification& of) {
    std::string out;
    for (const auto& one : of.problems) out += one + "\n";
    out += fmt::format("{} records", of.records);
    if (of.records_removed > 0) out += fmt::format(" ({} before them were removed)", of.records_removed);
    out += fmt::format(", root of {}: {}", of.head.size, to_hex(of.head.root));
    if (of.names_opened + of.names_sealed + of.names_erased > 0)
        out += fmt::format("; personal values: {} fit, {} sealed, {} erased", of.names_opened,
                           of.names_sealed, of.names_erased);
    return out + fmt::format(": {}\n", of.problems.empty() ? "intact" : "NOT intact");
}

std::string verification_json(const journal::verification& of) {
    json::array problems;
    for (const auto& one : of.problems) problems.emplace_back(one);
    return json::serialize(json::object{{"records", of.records},
                                        {"records_removed", of.records_removed},
                                        {"size", of.head.size},
                                        {"root", to_hex(of.head.root)},
                                        {"names_opened", of.names_opened},
                                        {"names_sealed", of.names_sealed},
                                        {"names_erased", of.names_erased},
                                        {"problems", std::move(problems)}});
}

}  // namespace garde::app
