// How closely backends are watched: what the brain wants to know soon is asked soon.
#include "controlling.hpp"

namespace garde::control {
namespace {

using namespace testing_support;
using continuity::backend_index;
using continuity::reason;

/// What a worker reports when the primary could not be reached.
proxy::outcome_report unreached() {
    return {
        .epoch = 0,
        .service = 0,
        .backend = backend_index{0},
        .seen = continuity::sighting{
            .what = continuity::showed::failed, .why = reason::connect_failed, .caller = 1, .request = 1}};
}

struct watching : controlling {
    /// The primary is probed at this pace only, and not again at the others.
    void probe_only(milliseconds fast, milliseconds slow) const {
        probe_once(*settings);
        auto& probe = settings->services[0].backends[0].probe;
        probe.fast_interval = fast;
        probe.slow_interval = slow;
        probe.fall = 3;
    }
};

TEST_F(watching, a_suspect_backend_is_probed_fast) {
    probe_only(5ms, 1h);
    start();
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    control->report(unreached());
    wait_for_verdict(verdict::down, 0);
}

TEST_F(watching, a_backend_that_is_down_is_probed_slowly) {
    probe_only(5ms, 6ms);
    start();
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    control->report(unreached());
    wait_for_verdict(verdict::down, 0);
    one.turn_on();
    wait_for_verdict(verdict::up, 0);
}

TEST_F(watching, each_backend_has_its_own_rise_and_fall) {
    settings->services[0].backends[0].probe.fall = 1;
    settings->services[0].backends[1].probe.fall = 1'000'000;
    start();
    wait_for_verdict(verdict::up, 0);
    wait_for_verdict(verdict::up, 1);
    two.turn_off();
    wait_for_verdict(verdict::suspect, 1);
    one.turn_off();
    const auto seen_then = wait_for_verdict(verdict::down, 0);
    EXPECT_EQ(seen_then->services[0].backends[1].state, verdict::suspect);
}

}  // namespace
}  // namespace garde::control
