// See stamped_sink.hpp.
#include "garde/journal/stamped_sink.hpp"

#include <algorithm>

namespace garde::journal {

void stamped_sink::append(record what, on_durable then) {
    constexpr std::string_view name = "configuration";
    if (std::ranges::none_of(what.attributes, [&](const auto& one) { return one.first == name; })) {
        const std::lock_guard lock(mutex_);
        what.attributes.emplace_back(name, configuration_);
    }
    to_.append(std::move(what), std::move(then));
}

void stamped_sink::use(std::string configuration) {
    const std::lock_guard lock(mutex_);
    configuration_ = std::move(configuration);
}

}  // namespace garde::journal
