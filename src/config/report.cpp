// See report.hpp and problem in load.hpp.
#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace garde::config {

void report::error(int line, std::string what, std::string instead) {
    add({problem::severity::error, file_, line, std::move(what), std::move(instead)});
}

void report::expired(int line, std::string what, std::string instead) {
    add({problem::severity::expired, file_, line, std::move(what), std::move(instead)});
}

void report::warning(int line, std::string what, std::string instead) {
    add({problem::severity::warning, file_, line, std::move(what), std::move(instead)});
}

void report::error_in(const std::filesystem::path& file, int line, std::string what, std::string instead) {
    add({problem::severity::error, file, line, std::move(what), std::move(instead)});
}

void report::add(problem found) {
    const auto place = [this](const problem& each) {
        return std::tuple(each.file != file_, each.file, each.line);
    };
    problems_.insert(std::ranges::upper_bound(problems_, place(found), {}, place), std::move(found));
}

bool report::has_errors() const {
    return std::ranges::any_of(problems_,
                               [](const problem& p) { return p.level == problem::severity::error; });
}

std::vector<problem> report::take() {
    return std::exchange(problems_, {});
}

std::string to_text(const problem& value) {
    const std::string line = value.line > 0 ? fmt::format(":{}", value.line) : "";
    return fmt::format("{}{}: {}: {}; {}", value.file.string(), line, name_of(value.level), value.what,
                       value.instead);
}

std::string_view name_of(problem::severity level) {
    switch (level) {
        case problem::severity::error: return "error";
        case problem::severity::expired: return "expired";
        case problem::severity::warning: break;
    }
    return "warning";
}

}  // namespace garde::config
