// Writes the OpenMetrics 1.0 text format (https://prometheus.io/docs/specs/om/open_metrics_spec/). Pure: text
// out, nothing asked of anybody.
#pragma once

#include "garde/base/counters.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace garde::telemetry {

inline constexpr std::string_view openmetrics_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

enum class metric_type : std::uint8_t { counter, gauge, histogram, info, stateset };

struct label {
    std::string_view name;   ///< [a-zA-Z_][a-zA-Z0-9_]*
    std::string_view value;  ///< any UTF-8
};
using labels = std::span<const label>;

/// Families one after the other, each with all its samples; the labels of one family's samples have the same
/// names.
class openmetrics_writer {
  public:
    /// Begins a family. With a unit its name ends in `_` and the unit, as the format demands.
    void family(metric_type type, std::string_view name, std::string_view help, std::string_view unit = {});

    // Of the family that began last, which is of that type:
    void counter(labels of, std::uint64_t value);
    void counter(labels of, double value);
    void gauge(labels of, std::uint64_t value);
    void gauge(labels of, double value);
    void histogram(labels of, const histogram_values& values);
    void info(labels of);
    /// One sample for each of `states`; the one that is `current` is on.
    void stateset(labels of, std::span<const std::string_view> states, std::string_view current);

    /// The whole text, ended.
    std::string finish() &&;

  private:
    void sample(std::string_view suffix, labels of, const label* more, std::string_view value);
    void append_label(const label& one, bool& first);
    void append_escaped(std::string_view text);

    std::string text_;
    std::string family_;
};

}  // namespace garde::telemetry
