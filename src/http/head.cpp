// Look-ups in a message's fields.
#include "garde/http/head.hpp"

#include "tokens.hpp"

#include <algorithm>

namespace garde::http {

namespace {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string_view query_value(std::string_view target, std::string_view name) {
    const auto mark = target.find('?');
    if (mark == std::string_view::npos) return {};
    std::string_view query = target.substr(mark + 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
    return {};
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> head::find(std::string_view name) const {
    for (const auto& f : fields) {
        if (equal_ignoring_case(f.name, name)) return f.value;
    }
    return std::nullopt;
}

std::size_t head::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fields, [name](const field& f) { return equal_ignoring_case(f.name, name); }));
}

bool head::has_token(std::string_view name, std::string_view token) const {
    return std::ranges::any_of(fields, [&](const field& f) {
        return equal_ignoring_case(f.name, name) && list_has_token(f.value, token);
    });
}

}  // namespace garde::http
