// Sessions with a backend: what is kept, what is shown again, and who is still checked.
#include "server_setup.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace garde::net {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

struct slot : testing::TestWithParam<int> {
    slot() {
        backend_settings.tls = here.settings.tls;
        backend_settings.clients = config::client_certificates::off;
    }

    tls_context backend() {
        auto made = tls_context::server(backend_settings, here.keys);
        EXPECT_TRUE(made);
        return std::move(*made);
    }
    tls_context garde() { return *tls_context::client(here.write("ca.pem", here.servers.pem()), {}); }

    static ssl_ptr server_side(const tls_context& of) {
        ssl_ptr out = of.accept_side();
        SSL_set_max_proto_version(out.get(), GetParam());
        return out;
    }

    /// One connection: did it succeed, and did it resume?
    fared connect(const tls_context& from, const tls_context& to, const std::string& name = "garde.test") {
        memory_pair pair(from.connect_side(name, sessions), server_side(to));
        if (!pair.shake_hands()) return fared::refused;
        EXPECT_EQ(SSL_get_verify_result(pair.client()), X509_V_OK);
        return pair.resumed() ? fared::resumed : fared::full;
    }

    server_setup here;
    config::listener_settings backend_settings;
    session_slot sessions;
};

INSTANTIATE_TEST_SUITE_P(versions, slot, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& info) { return info.param == TLS1_2_VERSION ? "tls1_2" : "tls1_3"; });

TEST_P(slot, the_next_connections_go_on) {
    const auto from = garde();
    const auto to = backend();
    EXPECT_EQ(connect(from, to), fared::full);
    for (int time = 0; time < 5; ++time) EXPECT_EQ(connect(from, to), fared::resumed) << time;
}

TEST_P(slot, each_slot_is_its_own) {
    const auto from = garde();
    const auto to = backend();
    EXPECT_EQ(connect(from, to), fared::full);
    sessions = session_slot();
    EXPECT_EQ(connect(from, to), fared::full);
}

TEST_P(slot, a_backend_that_forgot_is_checked_as_always) {
    const auto from = garde();
    EXPECT_EQ(connect(from, backend()), fared::full);
    here.keys = std::make_shared<ticket_keys>(wall_now());
    EXPECT_EQ(connect(from, backend()), fared::full);
    EXPECT_EQ(connect(from, backend()), fared::resumed);
    // Another server behind the same address, which does not know the session, is refused.
    here.keys = std::make_shared<ticket_keys>(wall_now());
    const test::authority nobody("Nobody's CA");
    backend_settings.tls = here.save("stranger", nobody.issue("stranger", "DNS:garde.test"));
    EXPECT_EQ(connect(from, backend()), fared::refused);
}

TEST_P(slot, a_session_is_for_the_name_that_was_checked) {
    const auto from = garde();
    const auto to = backend();
    EXPECT_EQ(connect(from, to), fared::full);
    EXPECT_EQ(connect(from, to, "other.test"), fared::refused);
    EXPECT_EQ(connect(from, to, "exact.wild.test"), fared::full);
}

TEST_P(slot, a_session_is_not_for_a_context_that_trusts_others) {
    const auto to = backend();
    EXPECT_EQ(connect(garde(), to), fared::full);
    EXPECT_EQ(connect(garde(), to), fared::resumed);
    const auto strict = *tls_context::client(here.write("other-ca.pem", here.clients.pem()), {});
    EXPECT_EQ(connect(strict, to), fared::refused);
}

TEST_P(slot, a_few_are_kept) {
    const auto from = garde();
    const auto to = backend();
    std::vector<memory_pair> open;
    for (std::size_t i = 0; i < 2 * session_slot::kept; ++i)
        open.emplace_back(from.connect_side("garde.test", sessions), server_side(to));
    for (auto& each : open) EXPECT_TRUE(each.shake_hands());
    EXPECT_EQ(sessions.size(), session_slot::kept);
}

TEST_P(slot, may_go_before_its_connections) {
    const auto from = garde();
    const auto to = backend();
    std::optional<session_slot> brief(std::in_place);
    memory_pair pair(from.connect_side("garde.test", *brief), server_side(to));
    brief.reset();
    EXPECT_TRUE(pair.shake_hands());
}

TEST_P(slot, may_be_moved_while_connections_use_it) {
    const auto from = garde();
    const auto to = backend();
    memory_pair pair(from.connect_side("garde.test", sessions), server_side(to));
    session_slot moved = std::move(sessions);
    EXPECT_TRUE(pair.shake_hands());
    EXPECT_EQ(moved.size(), 1u);
    sessions = std::move(moved);
    EXPECT_EQ(connect(from, to), fared::resumed);
}

TEST(session_slot, a_ticket_of_tls_1_3_is_shown_once) {
    server_setup here;
    const auto from = *tls_context::client(here.write("ca.pem", here.servers.pem()), {});
    const auto to = here.make();
    session_slot sessions;
    memory_pair pair(from.connect_side("garde.test", sessions), to.accept_side());
    ASSERT_TRUE(pair.shake_hands());
    ASSERT_EQ(sessions.size(), 1u);
    (void)from.connect_side("garde.test", sessions);
    EXPECT_EQ(sessions.size(), 0u);
}

}  // namespace
}  // namespace garde::net
