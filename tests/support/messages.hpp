// Fixture messages and small changes to them. A change that does not apply throws, so that a test cannot pass
// by testing nothing.
#pragma once

#include "fixtures.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace garde::test {

inline std::string fixture(std::string_view name) {
    std::ifstream file(fixtures() / name, std::ios::binary);
    if (!file) throw std::runtime_error("no such fixture: " + std::string(name));
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The first `from` becomes `to`.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("nothing to replace: " + std::string(from));
    return text.replace(at, from.size(), to);
}

/// All from the first `begin` through the next `end` becomes `to`.
inline std::string with_section(std::string text, std::string_view begin, std::string_view end,
                                std::string_view to) {
    const auto first = text.find(begin);
    const auto last = first == std::string::npos ? first : text.find(end, first);
    if (last == std::string::npos) throw std::runtime_error("no such section: " + std::string(begin));
    return text.replace(first, last + end.size() - first, to);
}

/// Every `from` becomes `to`.
inline std::string with_all(std::string text, std::string_view from, std::string_view to) {
    text = with(std::move(text), from, to);
    for (auto at = text.find(to) + to.size(); (at = text.find(from, at)) != std::string::npos;
         at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

}  // namespace garde::test
