// See refusals.hpp.
#include "refusals.hpp"

#include "garde/base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace garde::admin {

std::string_view to_text(refusal_reason value) {
    switch (value) {
        case refusal_reason::no_token: return "no-token";
        case refusal_reason::wrong_token: return "wrong-token";
    }
    std::unreachable();
}

std::optional<refusal_note> refusal_log::count(steady_time now, std::string_view source,
                                               std::string_view path, std::string_view why) {
    auto found = sources_.find(source);
    // One place is kept for "others".
    if (found == sources_.end() && sources_.size() + 1 >= source_bound) {
        source = "others";
        found = sources_.find(source);
    }
    refusal_note note{.source = std::string(source),
                      .path = clean_utf8(path, path_limit),
                      .why = clean_utf8(why, why_limit),
                      .count = 1};
    if (found == sources_.end()) {
        sources_.emplace(source, watched{.until = now + window, .notes = 1, .since_noted = {}});
        return note;
    }
    watched& one = found->second;
    note.count += one.since_noted.count;
    if (now >= one.until) {
        one = {.until = now + window, .notes = 1, .since_noted = {}};
        return note;
    }
    if (one.notes < at_once_) {
        ++one.notes;
        return note;
    }
    one.since_noted = std::move(note);
    return std::nullopt;
}

std::vector<refusal_note> refusal_log::take_due(steady_time now) {
    std::vector<refusal_note> out;
    for (auto& [source, one] : sources_) {
        if (now < one.until || one.since_noted.count == 0) continue;
        out.push_back(std::exchange(one.since_noted, {}));
        one.until = now + window;
        one.notes = at_once_;
    }
    std::erase_if(sources_, [now](const auto& entry) { return now >= entry.second.until; });
    return out;
}

std::vector<refusal_note> refusal_log::take_all() {
    std::vector<refusal_note> out;
    for (auto& [source, one] : sources_)
        if (one.since_noted.count > 0) out.push_back(std::move(one.since_noted));
    sources_.clear();
    return out;
}

std::optional<steady_time> refusal_log::next_due() const {
    const auto first =
        std::ranges::min_element(sources_, {}, [](const auto& entry) { return entry.second.until; });
    return first == sources_.end() ? std::nullopt : std::optional(first->second.until);
}

}  // namespace garde::admin
