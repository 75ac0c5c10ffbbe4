// The emergency procedure apart from the mode: by order, over a restart and a take-over, and written down.
#include "controlling.hpp"

namespace garde::control {
namespace {

using continuity::mode;
using continuity::override_mode;
using continuity::verdict;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::controlling;
using testing_support::fake_store;
using namespace std::chrono_literals;

class procedures : public controlling {
  protected:
    procedure_result order_procedure(bool open, const std::string& service = "counter") {
        std::promise<procedure_result> out;
        control->order({.service = service, .open = open, .by = "anna", .reason = "drill"},
                       [&](procedure_result said) { out.set_value(std::move(said)); });
        auto answered = out.get_future();
        if (answered.wait_for(test::patience) != std::future_status::ready) {
            ADD_FAILURE() << "the order was not answered";
            return {};
        }
        return answered.get();
    }
    std::optional<service_explanation> explained(const std::string& service) {
        std::promise<std::optional<service_explanation>> out;
        control->explain(service, [&](auto said) { out.set_value(std::move(said)); });
        return out.get_future().get();
    }
    view_ptr wait_for_procedure(bool active) {
        return seen.wait_for([=](const view& now) { return now.services[0].procedure_active == active; });
    }
};

TEST_F(procedures, an_order_opens_it_though_the_service_answers_and_another_closes_it) {
    start();
    wait_for_verdict(verdict::up, 0);
    const auto opened = order_procedure(true);
    EXPECT_TRUE(opened.known_service);
    EXPECT_TRUE(opened.changed);
    EXPECT_TRUE(opened.stored);
    const auto shown = wait_for_procedure(true);
    EXPECT_EQ(shown->services[0].current, mode::primary);
    EXPECT_TRUE(shown->services[0].procedure_ordered);
    EXPECT_FALSE(shown->services[1].procedure_active);
    EXPECT_TRUE(order_procedure(false).changed);
    wait_for_procedure(false);
    EXPECT_THAT(overrides.procedure_calls(), ElementsAre("open counter by order", "close counter"));
    const auto all = written("procedure-opened");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "service"), "counter");
    EXPECT_EQ(text(all[0], "by"), "anna");
    EXPECT_EQ(text(all[0], "reason"), "drill");
    EXPECT_EQ(text(all[0], "already"), "");
    EXPECT_THAT(written("procedure-closed"), SizeIs(1));
}

TEST_F(procedures, it_opens_and_closes_with_the_mode) {
    start();
    order(pin(override_mode::degraded));
    wait_for_procedure(true);
    mode_request back = pin(override_mode::degraded);
    back.pinned.reset();
    order(back);
    wait_for_procedure(false);
    EXPECT_THAT(overrides.procedure_calls(), ElementsAre("open counter", "close counter"));
    const auto all = written("procedure-opened");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "by"), "garde");
}

TEST_F(procedures, who_opens_what_is_open_keeps_it_open_and_is_written_down) {
    start();
    order(pin(override_mode::degraded));
    wait_for_procedure(true);
    EXPECT_FALSE(order_procedure(true).changed);
    mode_request back = pin(override_mode::degraded);
    back.pinned.reset();
    order(back);
    EXPECT_TRUE(wait_for_mode(mode::primary)->services[0].procedure_active);
    EXPECT_THAT(overrides.procedure_calls(), ElementsAre("open counter", "open counter by order"));
    const auto all = written("procedure-opened");
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(text(all[1], "by"), "anna");
    EXPECT_EQ(text(all[1], "already"), "yes");
    EXPECT_THAT(written("procedure-closed"), IsEmpty());
}

TEST_F(procedures, a_service_without_one_opens_none) {
    start();
    wait_for_mode(mode::primary, 1);
    three.turn_off();
    EXPECT_FALSE(wait_for_mode(mode::emergency, 1)->services[1].procedure_active);
    EXPECT_THAT(written("procedure-opened"), IsEmpty());
}

TEST_F(procedures, an_unknown_service_has_none) {
    start();
    EXPECT_FALSE(order_procedure(true, "unknown").known_service);
    EXPECT_THAT(overrides.procedure_calls(), IsEmpty());
}

TEST_F(procedures, an_order_that_cannot_be_stored_is_in_force_all_the_same) {
    overrides.now = fake_store::manner::fails;
    start();
    const auto said = order_procedure(true);
    EXPECT_FALSE(said.stored);
    EXPECT_EQ(said.store_error, "disk full");
    wait_for_procedure(true);
}

TEST_F(procedures, what_was_open_before_a_restart_is_open_again) {
    start();
    wait_for_verdict(verdict::up, 0);
    const wall_time since = wall_now() - std::chrono::hours(3);
    control->resume(std::vector<store::stored_procedure>{
        {.service = "counter", .ordered = true, .by = "anna", .reason = "drill", .since = since},
        {.service = "gone", .ordered = true, .by = "anna", .reason = "drill", .since = since}});
    const auto shown = wait_for_procedure(true);
    const auto off = shown->services[0].procedure_since - since;
    EXPECT_LT(std::chrono::abs(off), 1s);
    EXPECT_TRUE(order_procedure(false).changed);
    const auto all = written("procedure-resumed");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "by"), "anna");
}

TEST_F(procedures, what_the_mode_had_opened_before_a_restart_closes_when_the_service_is_back) {
    start();
    wait_for_verdict(verdict::up, 0);
    control->resume(std::vector<store::stored_procedure>{
        {.service = "counter", .ordered = false, .by = "garde", .reason = "", .since = wall_now()}});
    ASSERT_THAT(explained("counter")->what.procedure_active, false);
    const auto all = written("procedure-closed");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "by"), "garde");
}

TEST_F(procedures, the_store_does_not_open_again_what_an_operator_has_closed_meanwhile) {
    start();
    order_procedure(false);
    control->resume(std::vector<store::stored_procedure>{
        {.service = "counter", .ordered = true, .by = "anna", .reason = "drill", .since = wall_now()}});
    EXPECT_FALSE(explained("counter")->what.procedure_active);
}

TEST_F(procedures, a_take_over_goes_on_with_it) {
    make();
    service_memory left{
        .name = "counter",
        .active_backend = "one",
        .since = wall_now() - std::chrono::hours(1),
        .order = std::nullopt,
        .procedure = procedure_memory{.since = wall_now() - std::chrono::hours(2), .ordered = true},
        .backends = {}};
    for (const auto* name : {"one", "two"}) {
        const auto port = std::string_view(name) == "one" ? one.port() : two.port();
        left.backends.push_back({.name = name, .address = "127.0.0.1:" + std::to_string(port)});
    }
    control->remember({left});
    (void)control->first_posture({});
    control->tell([this](view_ptr now) { seen.show(std::move(now)); });
    control->start();
    const auto shown = wait_for_procedure(true);
    EXPECT_EQ(shown->services[0].current, mode::primary);
    const auto handed_on = memory_of(*shown);
    ASSERT_TRUE(handed_on[0].procedure);
    EXPECT_TRUE(handed_on[0].procedure->ordered);
    EXPECT_FALSE(handed_on[1].procedure);
}

TEST_F(procedures, an_explanation_has_names_times_and_what_the_service_has) {
    start();
    wait_for_verdict(verdict::up, 1);
    one.turn_off();
    wait_for_mode(mode::backup);
    const auto of = explained("counter");
    ASSERT_TRUE(of);
    EXPECT_THAT(of->backends, ElementsAre("one", "two"));
    EXPECT_EQ(of->what.now.current, mode::backup);
    ASSERT_TRUE(of->what.last);
    EXPECT_EQ(of->what.last->from.current, mode::primary);
    ASSERT_TRUE(of->in_effect);
    EXPECT_GE(*of->in_effect, of->on_wall(of->what.last->decided) - 10ms);
    EXPECT_TRUE(of->has_cache);
    EXPECT_TRUE(of->has_procedure);
    EXPECT_FALSE(of->order);
    EXPECT_FALSE(explained("bare")->has_procedure);
    EXPECT_FALSE(explained("unknown"));
}

}  // namespace
}  // namespace garde::control
