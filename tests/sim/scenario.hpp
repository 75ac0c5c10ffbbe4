// What a seed makes of the world: who is there, what goes wrong and when, what operators order. Times count
// from the beginning of the run. Everything that goes wrong is over at `trouble_ends`; what must be true then
// and meanwhile is in ledger.hpp and world.cpp.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/continuity/types.hpp"

#include "kernel.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::sim {

/// What may be wrong with a backend, or with the way to it.
enum class malady : std::uint8_t {
    refuses,      ///< connections are refused
    swallows,     ///< nothing arrives, in either direction
    resets,       ///< what is open breaks at the beginning; what is opened, at a random byte of the answer
    silent,       ///< reads and says nothing
    slow,         ///< answers too late
    unavailable,  ///< 503
    faulty,       ///< a SOAP fault that says that it is not available
    garbage,      ///< no HTTP
    not_xml,      ///< 200 and nothing that SOAP allows
    truncated,    ///< ends in the middle of the body
    hangs_up,     ///< ends without an answer
    lies,         ///< echoes another request's reference: no backend does; shows that the ledger would notice
};
inline constexpr std::size_t real_maladies = 11;

struct trouble {
    moment from{};
    moment until{};
    malady what = malady::refuses;
    bool in_traffic = true;
    bool in_probes = true;
    int percent = 100;  ///< of the requests that it meets; not of what concerns the way
};

struct backend_plan {
    std::string name{};
    std::uint16_t port = 0;
    bool tls = false;
    int requests_per_connection = 1000;  ///< then it says `Connection: close`
    moment patience{};                   ///< with a connection that is idle; it then closes without a word
    milliseconds longest_work{30};       ///< on one answer, when all is well
    std::vector<trouble> troubles{};

    /// Nothing is wrong from then until then.
    [[nodiscard]] bool works(moment from, moment until) const;
};

struct service_plan {
    std::vector<backend_plan> backends;
};

struct caller_plan {
    int requests_per_connection = 10;
    milliseconds longest_pause{2'000};  ///< between its requests
    std::size_t most_segment = std::size_t{64} * 1024;
    int leaves_percent = 0;  ///< of its requests it does not wait for
};

struct order_plan {
    moment at{};
    std::size_t service = 0;
    continuity::override_mode pinned = continuity::override_mode::primary;
    bool strict = false;
    moment lasts{};
    bool expires = false;  ///< by itself, else it is taken back

    /// Requests may still go to every backend that works.
    [[nodiscard]] bool lets_fall_back() const {
        return !strict &&
               (pinned == continuity::override_mode::primary || pinned == continuity::override_mode::backup);
    }
};

struct nap {
    moment at{};
    std::size_t loop = 0;  ///< the workers, then the controller
    moment lasts{};
};

struct scenario {
    std::uint64_t seed = 0;
    std::shared_ptr<config::settings> settings;        ///< garde's
    std::shared_ptr<const config::settings> promised;  ///< what the ledger holds it to: the same
    std::size_t workers = 1;
    std::vector<service_plan> services{};
    std::vector<caller_plan> callers{};
    std::vector<order_plan> orders{};
    std::vector<nap> naps{};
    std::vector<std::pair<moment, moment>> wall_jumps{};  ///< when, and by how much
    std::vector<moment> reloads{};
    int lost_reports_percent = 0;
    moment longest_disk_delay{};  ///< of journal and store
    int failing_store_percent = 0;
    moment trouble_ends{};
};

scenario make_scenario(std::uint64_t seed);

/// How long after a backend has become well it may take until requests go there.
moment time_to_settle(const config::service_settings& service);

/// How long after all has become well the mode may take to be `primary`.
moment time_to_recover(const config::service_settings& service);

}  // namespace garde::sim
