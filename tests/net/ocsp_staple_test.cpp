// What is stapled, to whom, and until when.
#include "../support/log_capture.hpp"
#include "server_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::net {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

struct staple : testing::TestWithParam<int> {
    void use(const std::string& der) { here.settings.ocsp_response = here.write("server.ocsp", der); }

    std::string stapled_for(ssl_ptr client) {
        SSL_set_tlsext_status_type(client.get(), TLSEXT_STATUSTYPE_ocsp);
        memory_pair pair(std::move(client), server.accept_side());
        EXPECT_TRUE(pair.shake_hands());
        return pair.staple();
    }

    server_setup here;
    std::string answer = here.servers.ocsp_answer(here.server.certificate.get());
    foreign_client client{GetParam()};
    tls_context server = [this] {
        use(answer);
        return here.make();
    }();
};

INSTANTIATE_TEST_SUITE_P(versions, staple, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& info) { return info.param == TLS1_2_VERSION ? "tls1_2" : "tls1_3"; });

TEST_P(staple, is_given_to_a_client_that_asks) {
    EXPECT_EQ(stapled_for(client.side("garde.test")), answer);
}

TEST_P(staple, is_not_given_to_one_that_does_not) {
    memory_pair pair(client.side("garde.test"), server.accept_side());
    EXPECT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.staple(), "");
}

TEST_P(staple, is_not_given_once_it_is_stale) {
    here.clock.advance(24h - 1min);
    EXPECT_EQ(stapled_for(client.side("garde.test")), answer);
    // The answer was made in whole seconds, after the clock was set.
    here.clock.advance(2min);
    const test::log_capture log;
    EXPECT_EQ(stapled_for(client.side("garde.test")), "");
    EXPECT_THAT(log.text(), AllOf(HasSubstr("OCSP response has expired"), HasSubstr("reload")));
}

TEST_P(staple, is_not_given_when_it_was_stale_already_when_it_was_read) {
    here.write("server.ocsp",
               here.servers.ocsp_answer(here.server.certificate.get(), V_OCSP_CERTSTATUS_GOOD, {-2h, -1h}));
    server = here.make();
    const test::log_capture log;
    EXPECT_EQ(stapled_for(client.side("garde.test")), "");
    EXPECT_THAT(log.text(), HasSubstr("OCSP response has expired"));
}

TEST_P(staple, is_each_certificates_own) {
    const auto other = here.servers.issue("other", "DNS:other.test");
    const auto bare = here.servers.issue("bare", "DNS:bare.test");
    const auto others = here.servers.ocsp_answer(other.certificate.get());
    here.settings.sni = {{here.save("other", other), here.write("other.ocsp", others)},
                         {here.save("bare", bare), {}}};
    server = here.make();
    EXPECT_EQ(stapled_for(client.side("other.test")), others);
    EXPECT_EQ(stapled_for(client.side("bare.test")), "");
    EXPECT_EQ(stapled_for(client.side("garde.test")), answer);
}

TEST(ocsp_staple, one_that_cannot_be_used_is_named_with_its_fault) {
    server_setup here;
    here.settings.ocsp_response = here.write("server.ocsp", "odd");
    EXPECT_THAT(here.refusal(), HasSubstr("server.ocsp is no OCSP answer"));
    here.settings.ocsp_response = here.folder.path() / "none.ocsp";
    EXPECT_THAT(here.refusal(), HasSubstr("none.ocsp"));
}

}  // namespace
}  // namespace garde::net
