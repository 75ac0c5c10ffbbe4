// How the controller has backends watched: as closely as the brain wants it.
#include "garde/control/controller.hpp"

namespace garde::control {

/// A service that is not served yet has no probers.
void controller::set_paces(std::size_t index) {
    auto& service = services_[index];
    for (std::size_t b = 0; b < service.probers.size(); ++b)
        service.probers[b].set_pace(service.brain.detector(static_cast<continuity::backend_index>(b)).pace());
}

}  // namespace garde::control
