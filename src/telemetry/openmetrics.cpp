// See openmetrics.hpp.
#include "garde/telemetry/openmetrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace garde::telemetry {
namespace {

std::string_view to_text(metric_type type) {
    switch (type) {
        case metric_type::counter: return "counter";
        case metric_type::gauge: return "gauge";
        case metric_type::histogram: return "histogram";
        case metric_type::info: return "info";
        case metric_type::stateset: return "stateset";
    }
    std::unreachable();
}

double in_seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

/// With a decimal point, so that every reader gives a bucket the same name.
std::string bound_text(std::chrono::microseconds bound) {
    std::string out = fmt::format("{}", in_seconds(bound));
    if (out.find('.') == std::string::npos) out += ".0";
    return out;
}

}  // namespace

void openmetrics_writer::family(metric_type type, std::string_view name, std::string_view help,
                                std::string_view unit) {
    family_ = name;
    if (!unit.empty()) family_.append("_").append(unit);
    fmt::format_to(std::back_inserter(text_), "# TYPE {} {}\n", family_, to_text(type));
    if (!unit.empty()) fmt::format_to(std::back_inserter(text_), "# UNIT {} {}\n", family_, unit);
    fmt::format_to(std::back_inserter(text_), "# HELP {} ", family_);
    append_escaped(help);
    text_ += '\n';
}

void openmetrics_writer::counter(labels of, std::uint64_t value) {
    sample("_total", of, nullptr, fmt::format_int(value).c_str());
}

void openmetrics_writer::counter(labels of, double value) {
    sample("_total", of, nullptr, fmt::format("{}", value));
}

void openmetrics_writer::gauge(labels of, std::uint64_t value) {
    sample("", of, nullptr, fmt::format_int(value).c_str());
}

void openmetrics_writer::gauge(labels of, double value) {
    sample("", of, nullptr, fmt::format("{}", value));
}

void openmetrics_writer::histogram(labels of, const histogram_values& values) {
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < duration_buckets; ++i) {
        so_far += values.counts[i];
        const std::string bound = i < duration_bounds.size() ? bound_text(duration_bounds[i]) : "+Inf";
        const label le{"le", bound};
        sample("_bucket", of, &le, fmt::format_int(so_far).c_str());
    }
    sample("_count", of, nullptr, fmt::format_int(so_far).c_str());
    sample("_sum", of, nullptr, fmt::format("{}", in_seconds(values.sum)));
}

void openmetrics_writer::info(labels of) {
    sample("_info", of, nullptr, "1");
}

void openmetrics_writer::stateset(labels of, std::span<const std::string_view> states,
                                  std::string_view current) {
    for (const auto state : states) {
        const label which{family_, state};
        sample("", of, &which, state == current ? "1" : "0");
    }
}

std::string openmetrics_writer::finish() && {
    text_ += "# EOF\n";
    return std::move(text_);
}

void openmetrics_writer::sample(std::string_view suffix, labels of, const label* more,
                                std::string_view value) {
    text_.append(family_).append(suffix);
    bool first = true;
    for (const auto& each : of) append_label(each, first);
    if (more != nullptr) append_label(*more, first);
    if (!first) text_ += '}';
    text_.append(" ").append(value).append("\n");
}

void openmetrics_writer::append_label(const label& one, bool& first) {
    text_ += std::exchange(first, false) ? '{' : ',';
    text_.append(one.name).append("=\"");
    append_escaped(one.value);
    text_ += '"';
}

void openmetrics_writer::append_escaped(std::string_view text) {
    for (const char c : text) {
        if (c == '\n') {
            text_ += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') text_ += '\\';
        text_ += c;
    }
}

}  // namespace garde::telemetry
