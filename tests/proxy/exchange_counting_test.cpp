// The main path whole: what is counted and what is turned away, and the end of a worker.
#include "exchanging.hpp"

namespace garde::proxy {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(exchanging, what_happens_is_counted) {
    start();
    ask(post("/counter"));
    const auto all = counted(*this);
    EXPECT_EQ(all.node.accepted, 1U);
    EXPECT_EQ(all.node.handshakes[handshake_result::full], 1U);
    const auto& requests = all.services[0].requests[static_cast<std::size_t>(answer_kind::primary)];
    EXPECT_EQ(requests[served_mode::primary], 1U);
    EXPECT_EQ(all.backends[0][0].attempts[reason::none], 1U);
    EXPECT_EQ(all.backends[0][1].attempts[reason::none], 0U);
}

TEST_F(exchanging, a_request_over_the_limit_is_turned_away_and_no_backend_is_asked) {
    limits.requests = 0;
    const std::string said = ask(post("/counter"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(said, HasSubstr("Retry-After: "));
    EXPECT_EQ(one->connections(), 0);
    EXPECT_EQ(counted(*this).node.sheds[shed::requests], 1U);
    EXPECT_EQ(admits->requests(), 0U);
}

TEST_F(exchanging, a_request_that_there_is_no_room_for_is_turned_away) {
    limits.buffer_bytes = 1000;
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(one->connections(), 0);
    EXPECT_EQ(counted(*this).node.sheds[shed::buffered_bytes], 1U);
}

TEST_F(exchanging, an_answer_that_there_is_no_room_for_streams_and_all_room_is_given_back) {
    limits.buffer_bytes = 100'000;
    const std::string large(200'000, 'x');
    first = say_and_close(ok_response(large));
    const auto said = ask(post("/counter"));
    EXPECT_EQ(std::ranges::count(body_of(said), 'x'), 200'000);
    EXPECT_EQ(buffers->used(), 0U);
}

TEST_F(exchanging, a_chunked_request_that_outgrows_the_room_is_turned_away) {
    limits.buffer_bytes = 100'000;
    std::string chunks;
    for (int i = 0; i < 20; ++i) chunks += "2000\r\n" + std::string(0x2000, 'x') + "\r\n";
    const auto said = ask("POST /counter HTTP/1.1\r\nHost: garde.test\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          chunks + "0\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(one->connections(), 0);
    EXPECT_EQ(buffers->used(), 0U);
}

TEST_F(exchanging, a_connection_over_the_limit_is_closed_before_its_handshake) {
    limits.connections = 0;
    EXPECT_EQ(ask(post("/counter")), "not connected");
    EXPECT_EQ(counted(*this).node.sheds[shed::connections], 1U);
    EXPECT_EQ(counted(*this).node.handshakes[handshake_result::full], 0U);
}

// --- draining ---

TEST_F(exchanging, draining_ends_when_the_last_connection_has_ended) {
    start();
    std::promise<void> drained;
    ask(post("/counter"));
    at->drain([&] { drained.set_value(); });
    EXPECT_EQ(drained.get_future().wait_for(test::patience), std::future_status::ready);
    EXPECT_EQ(admits->connections(), 0U);
    EXPECT_EQ(admits->requests(), 0U);
}

}  // namespace
}  // namespace garde::proxy
