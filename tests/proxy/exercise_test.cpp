// The main path whole: requests that take part in an exercise, and those that do not.
#include "exchanging.hpp"

namespace garde::proxy {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct exercising : exchanging {
    std::shared_ptr<continuity::exercise> exercise = std::make_shared<continuity::exercise>();

    exercising() {
        exercise->id = "spring";
        exercise->route = "/counter";
        exercise->until = std::chrono::steady_clock::now() + 1h;
        exercises = {{exercise}, {}};
    }
    std::uint64_t counted_as(answer_kind kind, served_mode in) {
        return counted(*this).services[0].requests[static_cast<std::size_t>(kind)][in];
    }
};

TEST_F(exercising, who_takes_part_gets_the_procedure_as_an_exercise_and_no_backend_is_asked) {
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(said, HasSubstr("Garde-Mode: emergency\r\n"));
    EXPECT_THAT(said, HasSubstr("Garde-Exercise: spring\r\n"));
    EXPECT_THAT(said, HasSubstr("SOA-02002"));
    EXPECT_THAT(said, HasSubstr("EXERCI"));
    EXPECT_EQ(one->connections() + two->connections(), 0);
    EXPECT_EQ(exercise->requests, 1U);
    EXPECT_EQ(counted_as(answer_kind::exercise, served_mode::emergency), 1U);
    EXPECT_EQ(counted_as(answer_kind::procedure, served_mode::emergency), 0U);
}

TEST_F(exercising, on_another_route_nothing_changes) {
    counter().routes.push_back(test::route("/other"));
    const auto said = ask(post("/other"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(said, Not(HasSubstr("Garde-Exercise")));
    EXPECT_EQ(exercise->requests, 0U);
}

TEST_F(exercising, when_its_time_is_over_nothing_is_rehearsed_whoever_has_not_heard) {
    exercise->until = std::chrono::steady_clock::now();
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(exercising, without_a_backend_it_is_in_earnest) {
    posture = test::asking({}, mode::degraded);
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("SOA-02002"));
    EXPECT_THAT(said, Not(HasSubstr("Garde-Exercise")));
    EXPECT_THAT(said, Not(HasSubstr("EXERCI")));
    EXPECT_EQ(counted_as(answer_kind::procedure, served_mode::degraded), 1U);
}

TEST_F(exercising, a_plain_pipe_stays_one) {
    posture.pinned = continuity::override_mode::transparent;
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace garde::proxy
