// What people read: the overview and the procedures.
#include "fixture.hpp"

namespace garde::status {
namespace {

using continuity::mode;
using testing::HasSubstr;
using testing::Not;

class pages_test : public status_test {};

TEST_F(pages_test, EachModeIsToldInWordsBesideItsColour) {
    const auto body = [&](mode current) {
        const auto view = view_of(current);
        return get("/?lang=en", &view).body;
    };
    EXPECT_THAT(body(mode::primary),
                HasSubstr("</span> Normal</span></div>\n<p>The service works normally.</p>"));
    EXPECT_THAT(body(mode::backup),
                HasSubstr("</span> Reserve</span></div>\n<p>The service works through its reserve"));
    EXPECT_THAT(body(mode::degraded),
                HasSubstr("</span> Limited</span></div>\n<p>Only answers that were given earlier"));
    EXPECT_THAT(body(mode::emergency),
                HasSubstr("</span> Not available</span></div>\n<p>The service is not available."));
}

TEST_F(pages_test, TheWorstStateLeads) {
    const auto overall = [&](mode consult, mode archive) {
        const auto view = view_of(consult, archive);
        return get("/?lang=en", &view).body;
    };
    EXPECT_THAT(overall(mode::primary, mode::primary),
                HasSubstr("<p class=\"overall\">All services work normally.</p>"));
    EXPECT_THAT(overall(mode::primary, mode::backup),
                HasSubstr("<p class=\"overall\">All services answer; at least one"));
    EXPECT_THAT(overall(mode::degraded, mode::backup),
                HasSubstr("<p class=\"overall\">At least one service is limited"));
    EXPECT_THAT(overall(mode::degraded, mode::emergency),
                HasSubstr("<p class=\"overall\">At least one service is not available"));
}

TEST_F(pages_test, WithoutAViewNothingIsClaimed) {
    const auto body = get("/?lang=en", nullptr).body;
    EXPECT_THAT(body, HasSubstr("The state of at least one service is unknown"));
    EXPECT_THAT(body, HasSubstr("The state of this service is not known"));
    EXPECT_THAT(body, Not(HasSubstr("works normally")));
    EXPECT_THAT(body, Not(HasSubstr("Since")));
}

TEST_F(pages_test, AServiceThatTheViewLacksIsUnknown) {
    auto view = view_of(mode::primary);
    view.services.pop_back();
    const auto body = get("/?lang=en", &view).body;
    EXPECT_THAT(body, HasSubstr("The service works normally."));
    EXPECT_THAT(body, HasSubstr("The state of this service is not known"));
}

TEST_F(pages_test, ANodeThatIsCutOffSaysSoInsteadOfWhatItCannotKnow) {
    auto view = view_of(mode::emergency);
    view.cut_off = true;
    const auto body = get("/?lang=en", &view).body;
    EXPECT_THAT(body, HasSubstr("<p class=\"overall\">This server is itself cut off from the network"));
    EXPECT_THAT(body, HasSubstr("The state of this service is not known"));
    EXPECT_THAT(body, Not(HasSubstr("not available")));
    view.cut_off = false;
    EXPECT_THAT(get("/?lang=en", &view).body, Not(HasSubstr("cut off")));
}

TEST_F(pages_test, TimesAreInUtcAndSaySo) {
    const auto view = view_of(mode::backup);
    const auto body = get("/?lang=en", &view).body;
    EXPECT_THAT(
        body, HasSubstr("Since <time datetime=\"2030-05-06T07:08:09.000Z\">2030-05-06 07:08:09 UTC</time>"));
    EXPECT_THAT(
        body,
        HasSubstr("Page made at <time datetime=\"2030-05-06T10:11:12.000Z\">2030-05-06 10:11:12 UTC</time>"));
}

TEST_F(pages_test, TheProcedureIsLinkedWhileItApplies) {
    const auto body = [&](mode current) {
        const auto view = view_of(current);
        return get("/?lang=de", &view).body;
    };
    constexpr auto link = "href=\"procedure/consult?lang=de\"";
    EXPECT_THAT(body(mode::emergency), HasSubstr(link));
    EXPECT_THAT(body(mode::degraded), HasSubstr(link));
    EXPECT_THAT(body(mode::primary), Not(HasSubstr(link)));
    EXPECT_THAT(body(mode::backup), Not(HasSubstr(link)));
}

TEST_F(pages_test, AServiceWithoutProcedureHasNoLink) {
    const auto view = view_of(mode::primary, mode::emergency);
    EXPECT_THAT(get("/", &view).body, Not(HasSubstr("procedure/archive")));
}

TEST_F(pages_test, AChangeThatIsNotYetDurableIsMarked) {
    auto view = view_of(mode::backup);
    EXPECT_THAT(get("/?lang=en", &view).body, Not(HasSubstr("still being written")));
    view.services[0].recorded = control::durability::not_yet_durable;
    EXPECT_THAT(get("/?lang=en", &view).body, HasSubstr("This change is still being written to the log."));
}

TEST_F(pages_test, NothingInternalIsShown) {
    for (const auto current : {mode::primary, mode::backup, mode::degraded, mode::emergency}) {
        const auto view = view_of(current);
        for (const auto* target : {"/", "/procedure/consult", "/v1/health"}) {
            const auto body = get(target, &view).body;
            EXPECT_THAT(body, Not(HasSubstr("secret-"))) << target;
            EXPECT_THAT(body, Not(HasSubstr("10.9.8.7"))) << target;
        }
    }
}

TEST_F(pages_test, TextsFromTheConfigurationAreEscaped) {
    const auto view = view_of(mode::primary);
    EXPECT_THAT(get("/?lang=fr", &view).body, HasSubstr("<h2>Droits &lt;du&gt; &quot;patient&quot;</h2>"));
    const auto procedure = get("/procedure/consult?lang=fr", &view).body;
    EXPECT_THAT(procedure, HasSubstr("Summary fr &amp; more"));
    EXPECT_THAT(procedure, HasSubstr("<li>One &lt;fr&gt;</li>\n<li>Two fr</li>"));
}

TEST_F(pages_test, ATitleThatIsMissingInALanguageIsTheName) {
    const auto view = view_of(mode::primary);
    EXPECT_THAT(get("/?lang=en", &view).body, HasSubstr("<h2>consult</h2>"));
}

TEST_F(pages_test, EveryPageSaysItsLanguageAndOffersTheOthers) {
    const auto view = view_of(mode::primary);
    for (const std::string language : {"fr", "nl", "de", "en"}) {
        for (const std::string path : {"/", "/procedure/consult", "/nothing"}) {
            const auto reply = get(path + "?lang=" + language, &view);
            EXPECT_THAT(reply.body, HasSubstr("<html lang=\"" + language + "\">"));
            EXPECT_EQ(field(reply, "Content-Language"), language);
            for (const std::string other : {"fr", "nl", "de", "en"})
                EXPECT_THAT(reply.body, HasSubstr("href=\"?lang=" + other + "\" hreflang=\"" + other + "\""));
        }
    }
}

TEST_F(pages_test, TheProcedureSaysWhetherItApplies) {
    const auto body = [&](const control::view* now) { return get("/procedure/consult?lang=en", now).body; };
    const auto works = view_of(mode::primary);
    const auto fails = view_of(mode::emergency);
    EXPECT_THAT(body(&works), HasSubstr("This procedure does not apply at the moment"));
    EXPECT_THAT(body(&fails), HasSubstr("This procedure applies now."));
    EXPECT_THAT(body(nullptr), HasSubstr("it is not certain that this procedure applies"));
}

TEST_F(pages_test, APageLoadsAndRunsNothing) {
    const auto view = view_of(mode::emergency);
    for (const auto* target : {"/", "/procedure/consult", "/nothing"}) {
        const auto reply = get(target, &view);
        const auto policy = field(reply, "Content-Security-Policy");
        EXPECT_THAT(policy, HasSubstr("default-src 'none'; style-src 'sha256-"));
        EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
        EXPECT_EQ(field(reply, "Referrer-Policy"), "no-referrer");
        EXPECT_EQ(field(reply, "Cache-Control"), "no-cache");
        for (const auto* never : {"<script", "<link", "<img", "src=", "style=", "@import", "url("})
            EXPECT_THAT(reply.body, Not(HasSubstr(never))) << target;
    }
}

TEST_F(pages_test, TheStyleIsTheOneThatThePolicyAllows) {
    const auto reply = get("/", nullptr);
    const auto begin = reply.body.find("<style>") + 7;
    const auto digest =
        sha256(std::string_view(reply.body).substr(begin, reply.body.find("</style>") - begin));
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    EXPECT_THAT(field(reply, "Content-Security-Policy"), HasSubstr("'sha256-" + to_base64url(bytes) + "='"));
}

}  // namespace
}  // namespace garde::status
