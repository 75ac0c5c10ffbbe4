// Exercises: who begins and ends them, what comes to the workers and into the journal, and what ends them
// otherwise.
#include "garde/control/exercise_book.hpp"

#include "controlling.hpp"

namespace garde::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::controlling;
using namespace std::chrono_literals;

// --- the book

const wall_time wall{std::chrono::hours(400'000)};
const steady_time steady{std::chrono::hours(5)};

exercise_order ordered(const std::string& service, wall_time until = wall + 1h) {
    return {
        .service = service, .route = "/consult", .callers = {}, .until = until, .by = "anna", .reason = "r"};
}

std::vector<std::string> ids(const std::vector<exercise_run>& of) {
    std::vector<std::string> out;
    for (const auto& one : of) out.push_back(one.what->id);
    return out;
}

TEST(exercise_book, an_exercise_lasts_as_long_on_the_steady_clock_as_was_ordered_on_the_wall_clock) {
    exercise_book book;
    const auto begun = book.begin(ordered("one", wall + 90s), "a", wall, steady);
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->what->until, steady + 90s);
    EXPECT_EQ(begun->since, wall);
    EXPECT_EQ(book.next_due(), steady + 90s);
    EXPECT_THAT(book.end_due(steady + 90s - 1ns), IsEmpty());
    EXPECT_THAT(ids(book.end_due(steady + 90s)), ElementsAre("a"));
    EXPECT_TRUE(book.empty());
    EXPECT_EQ(book.next_due(), std::nullopt);
}

TEST(exercise_book, those_of_one_service_end_together_and_others_go_on) {
    exercise_book book;
    book.begin(ordered("one", wall + 2h), "a", wall, steady);
    book.begin(ordered("two", wall + 1h), "b", wall, steady);
    book.begin(ordered("one", wall + 3h), "c", wall, steady);
    EXPECT_EQ(book.next_due(), steady + 1h);
    EXPECT_THAT(ids(book.of("one")), ElementsAre("a", "c"));
    EXPECT_THAT(ids(book.end("one")), ElementsAre("a", "c"));
    EXPECT_THAT(ids(book.of("two")), ElementsAre("b"));
    EXPECT_THAT(book.end("one"), IsEmpty());
}

TEST(exercise_book, a_service_has_so_many_and_no_more) {
    exercise_book book;
    for (std::size_t i = 0; i < exercise_book::most_of_a_service; ++i)
        EXPECT_TRUE(book.begin(ordered("one"), std::to_string(i), wall, steady));
    EXPECT_FALSE(book.begin(ordered("one"), "more", wall, steady));
    EXPECT_TRUE(book.begin(ordered("two"), "other", wall, steady));
    EXPECT_THAT(book.of("one"), SizeIs(exercise_book::most_of_a_service));
}

// --- the controller

class exercises : public controlling {
  protected:
    exercise_result exercise(bool begin, const std::string& service = "counter", seconds lasts = 1h) {
        exercise_request what{.begin = begin, .ordered = {}};
        what.ordered = {.service = service,
                        .route = "/counter",
                        .callers = caller::pattern::parse("DNS:one.example"),
                        .until = wall_now() + lasts,
                        .by = "anna",
                        .reason = "spring"};
        std::promise<exercise_result> out;
        control->order(std::move(what), [&](exercise_result said) { out.set_value(std::move(said)); });
        auto answered = out.get_future();
        if (answered.wait_for(test::patience) != std::future_status::ready) {
            ADD_FAILURE() << "the order was not answered";
            return {};
        }
        return answered.get();
    }
    view_ptr wait_for_exercises(std::size_t count) {
        return seen.wait_for([=](const view& now) { return now.services[0].exercises.size() == count; });
    }
};

TEST_F(exercises, one_begins_and_ends_by_order_and_both_are_recorded_as_a_drill) {
    start();
    const auto begun = exercise(true);
    ASSERT_THAT(begun.changed, SizeIs(1));
    const auto shown = wait_for_exercises(1);
    EXPECT_EQ(shown->services[0].exercises[0].what, begun.changed[0].what);
    EXPECT_THAT(shown->services[1].exercises, IsEmpty());
    begun.changed[0].what->requests += 3;
    EXPECT_THAT(exercise(false).changed, SizeIs(1));
    wait_for_exercises(0);
    EXPECT_THAT(exercise(false).changed, IsEmpty());

    const auto beginning = drills("exercise-begun");
    ASSERT_THAT(beginning, SizeIs(1));
    EXPECT_EQ(text(beginning[0], "service"), "counter");
    EXPECT_EQ(text(beginning[0], "route"), "/counter");
    EXPECT_EQ(text(beginning[0], "caller"), "DNS:one.example");
    EXPECT_EQ(text(beginning[0], "by"), "anna");
    EXPECT_EQ(text(beginning[0], "reason"), "spring");
    EXPECT_EQ(text(beginning[0], "id"), begun.changed[0].what->id);
    const auto end = drills("exercise-ended");
    ASSERT_THAT(end, SizeIs(1));
    EXPECT_EQ(text(end[0], "cause"), "order");
    EXPECT_EQ(text(end[0], "requests"), "3");
    EXPECT_EQ(text(end[0], "id"), begun.changed[0].what->id);
}

TEST_F(exercises, the_workers_get_them_by_service) {
    start_with_worker(true);
    const auto posture_has = [this](std::size_t count) {
        std::promise<bool> out;
        worker->loop().post([&] {
            const auto& all = worker->current()->posture->exercises;
            out.set_value(count == 0 ? all.empty()
                                     : all.size() == 2 && all[0].size() == count && all[1].empty());
        });
        return out.get_future().get();
    };
    EXPECT_TRUE(posture_has(0));
    exercise(true);
    exercise(true);
    EXPECT_TRUE(posture_has(2));
    exercise(false);
    EXPECT_TRUE(posture_has(0));
}

TEST_F(exercises, one_ends_by_itself_when_its_time_is_over) {
    probe_once(*settings);  // nothing else wakes the controller
    start();
    exercise(true, "counter", 1s);
    wait_for_exercises(1);
    wait_for_exercises(0);
    const auto end = drills("exercise-ended");
    ASSERT_THAT(end, SizeIs(1));
    EXPECT_EQ(text(end[0], "cause"), "time");
    EXPECT_EQ(text(end[0], "by"), "garde");
}

TEST_F(exercises, a_configuration_without_its_route_ends_it_and_another_does_not) {
    start();
    exercise(true);
    auto next = copy_of_settings();
    next->services[1].name = "other";
    adopt(next);
    EXPECT_THAT(
        seen.wait_for([](const view& now) { return now.services[1].name == "other"; })->services[0].exercises,
        SizeIs(1));
    auto without = copy_of_settings();
    without->services[0].routes[0].path = "/elsewhere";
    adopt(without);
    wait_for_exercises(0);
    const auto end = drills("exercise-ended");
    ASSERT_THAT(end, SizeIs(1));
    EXPECT_EQ(text(end[0], "cause"), "configuration");
}

TEST_F(exercises, a_configuration_without_procedure_ends_it) {
    start();
    exercise(true);
    auto without = copy_of_settings();
    without->services[0].procedure.reset();
    adopt(without);
    wait_for_exercises(0);
}

TEST_F(exercises, those_under_way_end_with_the_process) {
    start();
    exercise(true);
    const auto end = drills("exercise-ended");
    ASSERT_THAT(end, SizeIs(1));
    EXPECT_EQ(text(end[0], "cause"), "stop");
}

TEST_F(exercises, of_a_service_that_is_not_there_there_are_none) {
    start();
    EXPECT_FALSE(exercise(true, "nobody").known_service);
    for (std::size_t i = 0; i < exercise_book::most_of_a_service; ++i) EXPECT_FALSE(exercise(true).too_many);
    EXPECT_TRUE(exercise(true).too_many);
    EXPECT_THAT(drills("exercise-begun"), SizeIs(exercise_book::most_of_a_service));
}

}  // namespace
}  // namespace garde::control
