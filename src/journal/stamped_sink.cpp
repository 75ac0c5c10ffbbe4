// See stamped_sink.hpp.
#include "garde/journal/stamped_sink.hpp"

namespace garde::journal {

void stamped_sink::append(record what, on_durable then) {
    if (what.configuration.empty()) {
        const std::lock_guard lock(mutex_);
        what.configuration = configuration_;
    }
    to_.append(std::move(what), std::move(then));
}

void stamped_sink::use(std::string configuration) {
    const std::lock_guard lock(mutex_);
    configuration_ = std::move(configuration);
}

}  // namespace garde::journal
