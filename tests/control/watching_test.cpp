// How closely backends are watched: what the brain wants to know soon is asked soon.
#include "controlling.hpp"

namespace garde::control {
namespace {

using namespace testing_support;
using continuity::backend_index;
using continuity::reason;
using testing::IsEmpty;
using testing::SizeIs;

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

/// A backend that accepts and says nothing: only the shallow probe passes.
struct shallow_watching : controlling {
    shallow_watching() {
        auto& backend = settings->services[0].backends[0];
        backend.shallow_probe = backend.probe;
        backend.shallow_probe->fall = 2;
        backend.shallow_probe->rise = 1;
        backend.probe.type = config::probe_type::http;
        backend.probe.timeout = 10ms;
    }
    view_ptr wait_for_agreement(continuity::agreement wanted) {
        return seen.wait_for([=](const view& now) { return now.services[0].backends[0].probes == wanted; });
    }
};

TEST_F(shallow_watching, a_disagreement_and_its_end_are_seen_and_written_down) {
    start();
    const auto shown = wait_for_agreement(continuity::agreement::only_shallow_passes);
    EXPECT_FALSE(shown->services[0].backends[1].probes) << "it has no shallow probe";
    one.turn_off();
    wait_for_agreement(continuity::agreement::agree);
    const auto all = written("probes-disagree");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "service"), "counter");
    EXPECT_EQ(text(all[0], "backend"), "one");
    EXPECT_EQ(text(all[0], "passes"), "shallow");
    EXPECT_EQ(text(all[0], "failure"), "timed-out");
    EXPECT_THAT(written("probes-agree-again"), SizeIs(1));
}

TEST_F(shallow_watching, a_shallow_probe_decides_nothing) {
    settings->services[0].backends[0].shallow_probe->type = config::probe_type::http;
    settings->services[0].backends[0].shallow_probe->timeout = 10ms;
    settings->services[0].backends[0].probe = settings->services[0].backends[1].probe;
    start();
    const auto shown = wait_for_agreement(continuity::agreement::only_deep_passes);
    EXPECT_EQ(shown->services[0].backends[0].state, verdict::up);
    EXPECT_THAT(written("switchover"), IsEmpty());
}

TEST_F(shallow_watching, what_was_found_stays_when_the_configuration_is_read_anew) {
    start();
    wait_for_agreement(continuity::agreement::only_shallow_passes);
    auto next = copy_of_settings();
    std::swap(next->services[0], next->services[1]);
    adopt(next);
    EXPECT_EQ(wait_for_site()->services[1].backends[0].probes, continuity::agreement::only_shallow_passes);
    EXPECT_THAT(written("probes-disagree"), SizeIs(1));
}

/// References that can be turned off, and nothing else that answers unless a test says so.
struct self_checked : controlling {
    on_off_backend reference;
    self_checked() {
        settings->self_check = {.references = {{.host = "127.0.0.1", .port = reference.port()}},
                                .interval = 50ms,
                                .timeout = 10ms};
    }
    void cut_the_cable() {
        for (auto* one_of_all : {&one, &two, &three, &reference}) one_of_all->turn_off();
    }
    void let_checks_pass(int count) const {
        net::event_loop waiting;
        test::run(waiting, waiting.wait_until(test::in(count * settings->self_check.interval)));
    }
    view_ptr wait_for_cut_off(bool wanted) {
        return seen.wait_for([=](const view& now) { return now.cut_off == wanted; });
    }
};

TEST_F(self_checked, a_node_that_is_cut_off_says_so_instead_of_blaming_the_services) {
    start();
    wait_for_verdict(verdict::up, 0);
    cut_the_cable();
    const auto shown = wait_for_cut_off(true);
    EXPECT_EQ(shown->services[0].current, mode::primary);
    for (auto* one_of_all : {&one, &two, &three, &reference}) one_of_all->turn_on();
    wait_for_cut_off(false);
    wait_for_verdict(verdict::up, 0);
    const auto cut = written("cut-off");
    ASSERT_THAT(cut, SizeIs(1));
    EXPECT_EQ(text(cut[0], "node"), "node-1");
    EXPECT_THAT(written("connected-again"), SizeIs(1));
    EXPECT_THAT(written("switchover"), IsEmpty());
}

TEST_F(self_checked, a_reference_that_answers_shows_that_it_is_the_backends) {
    start();
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    two.turn_off();
    wait_for_mode(mode::degraded);
    EXPECT_THAT(written("cut-off"), IsEmpty());
}

TEST_F(self_checked, a_backend_that_answers_shows_that_it_is_the_references) {
    start();
    wait_for_verdict(verdict::up, 0);
    reference.turn_off();
    one.turn_off();
    two.turn_off();
    let_checks_pass(10);
    EXPECT_THAT(written("cut-off"), IsEmpty()) << "three still answers";
}

TEST_F(self_checked, backends_are_asked_before_the_node_says_that_it_is_cut_off) {
    probe_once(*settings);
    start();
    wait_for_verdict(verdict::up, 0);
    reference.turn_off();
    let_checks_pass(10);
    EXPECT_THAT(written("cut-off"), IsEmpty())
        << "all backends answer, though their probes are an hour apart";
}

TEST_F(self_checked, without_references_any_longer_it_counts_as_connected) {
    start();
    wait_for_verdict(verdict::up, 0);
    cut_the_cable();
    wait_for_cut_off(true);
    auto next = copy_of_settings();
    next->self_check.references.clear();
    adopt(next);
    EXPECT_FALSE(wait_for_site()->cut_off);
}

}  // namespace
}  // namespace garde::control
