// Mode and procedure are two things: the service may be back while the procedure is open, and the procedure
// closed while it is not.
#include "../../src/status/texts.hpp"
#include "fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace garde::status {
namespace {

using continuity::mode;
using testing::HasSubstr;
using testing::Not;

const wall_time opened = *parse_rfc3339("2030-05-06T07:00:00Z");

class procedure_test : public status_test {
  protected:
    static control::view with_procedure(mode current, bool active) {
        auto out = view_of(current);
        out.services[0].procedure_active = active;
        out.services[0].procedure_since = opened;
        return out;
    }
    [[nodiscard]] std::string page(mode current, bool active, const std::string& language = "en") const {
        const auto view = with_procedure(current, active);
        return get("/?lang=" + language, &view).body;
    }
    [[nodiscard]] std::string procedure_page(mode current, bool active,
                                             const std::string& language = "en") const {
        const auto view = with_procedure(current, active);
        return get("/procedure/consult?lang=" + language, &view).body;
    }
    [[nodiscard]] boost::json::object health(mode current, bool active) const {
        const auto view = with_procedure(current, active);
        return boost::json::parse(get("/v1/health", &view).body).as_object();
    }
};

constexpr auto link = "href=\"procedure/consult?lang=";

TEST_F(procedure_test, while_it_is_open_the_page_sends_people_there) {
    EXPECT_THAT(page(mode::degraded, true),
                HasSubstr("<p>Only answers that were given earlier can be provided. For any other request, "
                          "follow the emergency procedure.</p>"));
    EXPECT_THAT(page(mode::emergency, true),
                HasSubstr("<p>The service is not available. Follow the emergency procedure.</p>"));
    EXPECT_THAT(page(mode::emergency, true), HasSubstr(link));
    EXPECT_THAT(
        page(mode::emergency, true),
        HasSubstr("<p class=\"overall\">At least one service is not available. An emergency procedure "
                  "is open.</p>"));
    EXPECT_THAT(procedure_page(mode::emergency, true), HasSubstr("This procedure applies now."));
}

TEST_F(procedure_test, a_node_that_is_cut_off_does_not_say_that_the_service_answers) {
    auto view = with_procedure(mode::primary, true);
    view.cut_off = true;
    const auto body = get("/?lang=en", &view).body;
    EXPECT_THAT(
        body,
        HasSubstr("The state of this service is not known at the moment. An emergency procedure is open."));
    EXPECT_THAT(body, Not(HasSubstr("although the service answers")));
    EXPECT_THAT(body, HasSubstr(link));
}

TEST_F(procedure_test, the_service_is_back_and_the_procedure_still_open) {
    for (const auto current : {mode::primary, mode::backup}) {
        const auto body = page(current, true);
        EXPECT_THAT(body, HasSubstr("The emergency procedure is still open although the service answers; its "
                                    "closing will be announced here.</p>"));
        EXPECT_THAT(body, HasSubstr(link));
        EXPECT_THAT(body, HasSubstr("An emergency procedure is open.</p>"));
        EXPECT_THAT(body, HasSubstr("Emergency procedure open since <time "
                                    "datetime=\"2030-05-06T07:00:00.000Z\">2030-05-06 07:00:00 UTC</time>"));
        EXPECT_THAT(procedure_page(current, true), HasSubstr("This procedure is still open although"));
    }
    EXPECT_THAT(page(mode::primary, true), HasSubstr("The service works normally."));
}

TEST_F(procedure_test, closed_during_an_outage_nobody_is_sent_there) {
    for (const auto current : {mode::degraded, mode::emergency}) {
        const auto body = page(current, false);
        EXPECT_THAT(body, HasSubstr("The emergency procedure is not open at the moment.</p>"));
        EXPECT_THAT(body, Not(HasSubstr(link)));
        EXPECT_THAT(body, Not(HasSubstr("ollow the emergency procedure")));
        EXPECT_THAT(body, Not(HasSubstr("An emergency procedure is open")));
        EXPECT_THAT(procedure_page(current, false), HasSubstr("This procedure is not open at the moment."));
    }
}

TEST_F(procedure_test, closed_as_usual_nothing_is_said_of_it) {
    for (const auto current : {mode::primary, mode::backup}) {
        EXPECT_THAT(page(current, false), Not(HasSubstr("rocedure")));
        EXPECT_THAT(procedure_page(current, false),
                    HasSubstr("This procedure does not apply at the moment: the service answers."));
    }
}

TEST_F(procedure_test, each_case_reads_otherwise_in_every_language) {
    for (const std::string language : {"fr", "nl", "de", "en"}) {
        const texts& words = texts_in(language);
        EXPECT_THAT(page(mode::primary, true, language), HasSubstr(std::string(words.still_open)));
        EXPECT_THAT(page(mode::degraded, true, language), HasSubstr(std::string(words.follow_if_limited)));
        EXPECT_THAT(page(mode::emergency, true, language),
                    HasSubstr(std::string(words.follow_if_unavailable)));
        EXPECT_THAT(page(mode::degraded, false, language), HasSubstr(std::string(words.not_open)));
        EXPECT_THAT(procedure_page(mode::backup, true, language),
                    HasSubstr(std::string(words.applies_still)));
        EXPECT_THAT(procedure_page(mode::degraded, true, language),
                    HasSubstr(std::string(words.applies_now)));
        EXPECT_THAT(procedure_page(mode::degraded, false, language),
                    HasSubstr(std::string(words.applies_closed)));
        const std::array all{words.still_open,  words.follow_if_limited, words.follow_if_unavailable,
                             words.not_open,    words.applies_still,     words.applies_now,
                             words.applies_not, words.applies_closed,    words.applies_unknown,
                             words.open_since,  words.overall_procedure};
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_FALSE(all[i].empty()) << language << i;
            for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << language;
        }
    }
}

TEST_F(procedure_test, programs_are_told_apart_from_the_mode) {
    const auto procedure = [&](mode current, bool active) {
        return health(current, active)
            .at("services")
            .as_array()
            .at(0)
            .as_object()
            .at("procedure")
            .as_object();
    };
    EXPECT_EQ(procedure(mode::primary, true).at("active"), true);
    EXPECT_EQ(procedure(mode::primary, true).at("since"), "2030-05-06T07:00:00.000Z");
    EXPECT_EQ(procedure(mode::degraded, false).at("active"), false);
    EXPECT_TRUE(procedure(mode::degraded, false).at("since").is_null());
    EXPECT_EQ(health(mode::primary, false).at("status"), "pass");
    EXPECT_EQ(health(mode::primary, true).at("status"), "warn");
    EXPECT_EQ(health(mode::degraded, false).at("status"), "fail");
}

TEST_F(procedure_test, a_service_without_procedure_is_told_without) {
    auto view = view_of(mode::primary, mode::emergency);
    view.services[1].procedure_active = true;
    const auto body = get("/?lang=en", &view).body;
    EXPECT_THAT(body, HasSubstr("<p>The service is not available.</p>"));
    EXPECT_THAT(body, Not(HasSubstr("rocedure")));
}

TEST_F(procedure_test, the_procedures_page_says_which_version_it_is) {
    const std::string version = services_[0].procedure->version();
    EXPECT_THAT(procedure_page(mode::primary, false), HasSubstr("Version " + version));
    EXPECT_THAT(procedure_page(mode::primary, false, "nl"), HasSubstr("Versie " + version));
}

}  // namespace
}  // namespace garde::status
