// What programs read.
#include "fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace garde::status {
namespace {

namespace json = boost::json;
using continuity::mode;

class health_test : public status_test {
  protected:
    [[nodiscard]] json::object health(const control::view* now) const {
        const auto reply = get("/v1/health", now);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.content_type, "application/json");
        return json::parse(reply.body).as_object();
    }
    [[nodiscard]] json::object consult(const control::view* now) const {
        return health(now).at("services").as_array().at(0).as_object();
    }
};

TEST_F(health_test, StatusIsTheWorstOfAllServices) {
    const auto status = [&](mode consult, mode archive) {
        const auto view = view_of(consult, archive);
        return health(&view).at("status");
    };
    EXPECT_EQ(status(mode::primary, mode::primary), "pass");
    EXPECT_EQ(status(mode::primary, mode::backup), "warn");
    EXPECT_EQ(status(mode::degraded, mode::primary), "fail");
    EXPECT_EQ(status(mode::backup, mode::emergency), "fail");
}

TEST_F(health_test, WithoutAViewTheModeIsUnknown) {
    EXPECT_EQ(health(nullptr).at("status"), "warn");
    const auto service = consult(nullptr);
    EXPECT_EQ(service.at("mode"), "unknown");
    EXPECT_TRUE(service.at("since").is_null());
    EXPECT_EQ(service.at("procedure").as_object().at("active"), false);
}

TEST_F(health_test, ANodeThatIsCutOffSaysSoAndJudgesNobody) {
    for (const mode current : {mode::primary, mode::emergency}) {
        auto view = view_of(current);
        EXPECT_EQ(health(&view).at("cut_off"), false);
        view.cut_off = true;
        EXPECT_EQ(health(&view).at("cut_off"), true);
        EXPECT_EQ(health(&view).at("status"), "warn");
        EXPECT_EQ(consult(&view).at("mode"), "unknown");
        EXPECT_TRUE(consult(&view).at("since").is_null());
    }
}

TEST_F(health_test, AServiceIsToldWithItsTitlesAndTimes) {
    const auto view = view_of(mode::backup);
    EXPECT_EQ(health(&view).at("at"), "2030-05-06T10:11:12.000Z");
    const auto service = consult(&view);
    EXPECT_EQ(service.at("name"), "consult");
    EXPECT_EQ(service.at("mode"), "backup");
    EXPECT_EQ(service.at("since"), "2030-05-06T07:08:09.000Z");
    EXPECT_EQ(service.at("recorded"), "durable");
    const auto& titles = service.at("title").as_object();
    EXPECT_EQ(titles.at("nl"), "Rechten van de patiënt");
    EXPECT_EQ(titles.at("en"), "consult");
}

// "The service is back" and "the procedure is closed" are two events.
TEST_F(health_test, TheProcedureIsActiveAsItIsSaidToBeWhateverTheMode) {
    for (const mode current : {mode::primary, mode::backup, mode::degraded, mode::emergency})
        for (const bool active : {false, true}) {
            auto view = view_of(current);
            view.services[0].procedure_active = active;
            EXPECT_EQ(consult(&view).at("procedure").as_object().at("active"), active);
        }
}

TEST_F(health_test, TheProcedureHasOneAddressPerLanguage) {
    const auto urls = consult(nullptr).at("procedure").as_object().at("url").as_object();
    EXPECT_EQ(urls.size(), 4U);
    EXPECT_EQ(urls.at("de"), "https://status.example/procedure/consult?lang=de");
}

TEST_F(health_test, AServiceWithoutProcedureSaysSo) {
    EXPECT_TRUE(health(nullptr).at("services").as_array().at(1).as_object().at("procedure").is_null());
}

TEST_F(health_test, AChangeThatIsNotYetDurableIsMarked) {
    auto view = view_of(mode::backup);
    view.services[0].recorded = control::durability::not_yet_durable;
    EXPECT_EQ(consult(&view).at("recorded"), "not-yet-durable");
}

}  // namespace
}  // namespace garde::status
