// Which page a request gets, and in which language.
#include "fixture.hpp"

namespace garde::status {
namespace {

using continuity::mode;
using testing::HasSubstr;

class routes_test : public status_test {
  protected:
    [[nodiscard]] std::string language_of(const std::string& target,
                                          const std::string& accept_language) const {
        return field(get(target, nullptr, accept_language), "Content-Language");
    }
};

TEST_F(routes_test, TheAddressChoosesTheLanguageBeforeTheBrowser) {
    EXPECT_EQ(language_of("/?lang=de", "nl"), "de");
    EXPECT_EQ(language_of("/?x=1&lang=de&lang=en", "nl"), "de");
    EXPECT_EQ(language_of("/", "nl-BE,nl;q=0.9,en;q=0.5"), "nl");
}

TEST_F(routes_test, ALanguageThatIsNotOursIsPassedOver) {
    EXPECT_EQ(language_of("/?lang=it", "nl"), "nl");
    EXPECT_EQ(language_of("/?lang=", "nl"), "nl");
    EXPECT_EQ(language_of("/?language=de", "nl"), "nl");
    EXPECT_EQ(language_of("/?lang=%3Cb%3E", ""), "fr");
}

TEST_F(routes_test, WithoutAWishItIsFrenchOrTheProceduresOwn) {
    EXPECT_EQ(language_of("/", ""), "fr");
    EXPECT_EQ(language_of("/procedure/consult", ""), "nl");
}

TEST_F(routes_test, AnUnknownAddressIsNotFound) {
    for (const auto* target : {"/procedure/", "/procedure/nobody", "/procedure/archive",
                               "/procedure/consult/", "/index.html", "/status", "//", "*"}) {
        const auto reply = get(target, nullptr);
        EXPECT_EQ(reply.status, 404) << target;
        EXPECT_EQ(reply.content_type, "text/html; charset=utf-8") << target;
    }
}

TEST_F(routes_test, AProgramIsToldNotFoundInItsOwnWay) {
    const auto reply = get("/v1/services", nullptr);
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.content_type, "application/problem+json");
}

TEST_F(routes_test, NothingCanBeChangedHere) {
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
        const auto reply = get("/", nullptr, "", method);
        EXPECT_EQ(reply.status, 405) << method;
        EXPECT_EQ(field(reply, "Allow"), "GET, HEAD");
    }
}

TEST_F(routes_test, HeadIsAnsweredLikeGet) {
    const auto view = view_of(mode::primary);
    for (const auto* target : {"/", "/procedure/consult", "/v1/health"}) {
        EXPECT_EQ(get(target, &view, "", "HEAD").status, 200) << target;
        EXPECT_EQ(get(target, &view, "", "HEAD").body, get(target, &view).body) << target;
    }
}

TEST_F(routes_test, shows_the_keys_of_receipts_whether_or_not_the_controller_has_spoken) {
    const auto reply = get("/.well-known/jwks.json", nullptr);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.content_type, "application/jwk-set+json");
    EXPECT_EQ(reply.body, R"({"keys":["of the site"]})");
}

TEST_F(routes_test, shows_the_newest_checkpoint_of_the_journal_where_there_is_one) {
    const std::string path = "/.well-known/garde/checkpoint";
    const question asked{.method = "GET", .path = path, .target = path, .accept_language = ""};
    const auto there = respond(asked, {services_, "", "garde/journal\n1\n"}, nullptr, asked_at);
    EXPECT_EQ(there.status, 200);
    EXPECT_EQ(there.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(there.body, "garde/journal\n1\n");
    const auto none = get(path, nullptr);
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(none.content_type, "application/problem+json");
}

}  // namespace
}  // namespace garde::status
