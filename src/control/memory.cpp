// See memory.hpp.
#include "garde/control/memory.hpp"

#include "garde/control/resolver.hpp"

namespace garde::control {

std::vector<service_memory> memory_of(const view& now) {
    std::vector<service_memory> out;
    for (std::size_t i = 0; i < now.services.size(); ++i) {
        const auto& from = now.services[i];
        const auto& configured = now.served->service(i).settings->backends;
        auto& to = out.emplace_back();
        to.name = from.name;
        to.active_backend = from.active_backend;
        to.since = from.since;
        to.order = from.order;
        if (from.procedure_active)
            to.procedure = procedure_memory{.since = from.procedure_since, .ordered = from.procedure_ordered};
        for (std::size_t b = 0; b < from.backends.size(); ++b)
            to.backends.push_back({.name = from.backends[b].name,
                                   .address = book_key(configured[b].address),
                                   .state = from.backends[b].state,
                                   .since = from.backends[b].since,
                                   .last_reason = from.backends[b].last_reason});
    }
    return out;
}

}  // namespace garde::control
