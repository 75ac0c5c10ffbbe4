// How the journal hears of refused attempts without being filled by them: the first ones of a source at once,
// then one summary a minute with their number. Pure: the time is an argument.
#pragma once

#include "garde/base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::admin {

/// Why an attempt was refused.
enum class refusal_reason : std::uint8_t {
    no_token,     ///< no Authorization field
    wrong_token,  ///< one that holds nobody's token
};
std::string_view to_text(refusal_reason value);

/// What the journal is to be told: `count` attempts, of which `path` and `why` describe the latest.
struct refusal_note {
    std::string source;  ///< an address, or an operator; "others" for sources beyond the bound
    std::string path;    ///< cut to path_limit bytes
    std::string why;     ///< cut to why_limit bytes
    std::uint64_t count = 0;
};

class refusal_log {
  public:
    static constexpr std::chrono::minutes window{1};
    static constexpr std::size_t source_bound = 1024;  ///< sources counted apart at the same time
    static constexpr std::size_t path_limit = 200;
    static constexpr std::size_t why_limit = 500;

    /// Of one source `at_once` attempts in a window are noted each by itself.
    explicit refusal_log(std::size_t at_once = 1) : at_once_(at_once) {}

    /// Counts one attempt; a note when its source has notes left within the window.
    [[nodiscard]] std::optional<refusal_note> count(steady_time now, std::string_view source,
                                                    std::string_view path, std::string_view why);

    /// Summaries of the windows that are over. A source that did nothing more is forgotten.
    [[nodiscard]] std::vector<refusal_note> take_due(steady_time now);

    /// Summaries of all that is counted and not noted, at the end.
    [[nodiscard]] std::vector<refusal_note> take_all();

    /// When take_due should be called next; nothing while no source is watched.
    [[nodiscard]] std::optional<steady_time> next_due() const;

  private:
    struct watched {
        steady_time until{};
        std::size_t notes = 0;     ///< within the window
        refusal_note since_noted;  ///< count 0: nothing since
    };
    const std::size_t at_once_;
    std::map<std::string, watched, std::less<>> sources_;
};

}  // namespace garde::admin
