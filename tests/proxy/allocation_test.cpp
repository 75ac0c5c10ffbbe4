// The main path allocates nothing for a request on a warm keep-alive connection; OpenSSL's own allocations
// are counted apart. Both sides of garde live on the test's own thread, which does not count.
#include "garde/proxy/worker.hpp"

#include "../support/messages.hpp"
#include "../support/postures.hpp"
#include "../support/site_settings.hpp"
#include "../upstream/tiny_server.hpp"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

namespace {

/// Only the worker's thread counts, and only while it is told to.
thread_local bool counts_here = false;
std::atomic<bool> counting = false;
std::atomic<std::size_t> ours = 0;
std::atomic<std::size_t> openssls = 0;

void count(std::atomic<std::size_t>& which) {
    if (counts_here && counting.load(std::memory_order_relaxed)) ++which;
}

void* ssl_allocate(std::size_t bytes, const char* /*file*/, int /*line*/) {
    count(openssls);
    return std::malloc(bytes);
}
void* ssl_reallocate(void* old, std::size_t bytes, const char* /*file*/, int /*line*/) {
    count(openssls);
    return std::realloc(old, bytes);
}
void ssl_release(void* old, const char* /*file*/, int /*line*/) {
    std::free(old);
}
/// Before anything of OpenSSL's has allocated.
const bool counts_openssl = CRYPTO_set_mem_functions(ssl_allocate, ssl_reallocate, ssl_release) == 1;

}  // namespace

void* operator new(std::size_t bytes) {
    count(ours);
    void* out = std::malloc(bytes);
    if (out == nullptr) throw std::bad_alloc();
    return out;
}
void operator delete(void* old) noexcept {
    std::free(old);
}
void operator delete(void* old, std::size_t) noexcept {
    std::free(old);
}

namespace garde::proxy {
namespace {

using continuity::backend_index;
using upstream::testing_support::tiny_server;
using upstream::testing_support::visitor;

/// Under a sanitizer coroutine frames are not pooled, so that misuse shows.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool frames_are_pooled = false;
#else
constexpr bool frames_are_pooled = true;
#endif

const std::string envelope =
    R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a/></s:Body></s:Envelope>)";

std::string message(std::string_view start, std::size_t body_bytes) {
    const std::string body = envelope + std::string(body_bytes, ' ');
    return std::string(start) + "\r\nHost: garde.test\r\nContent-Type: text/xml\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct allocating : testing::Test {
    net::event_loop loop;
    const std::string question = message("POST /counter HTTP/1.1", 8'000);
    const std::string answer = message("HTTP/1.1 200 OK", 4'000);
    std::optional<tiny_server> backend;
    std::shared_ptr<config::settings> settings = test::site_settings();
    std::optional<admission> admits;
    byte_budget buffers{std::size_t{1} << 30};
    std::unique_ptr<worker> at;

    void start(config::backend_settings& of, bool tls) {
        backend.emplace(
            loop,
            [this](visitor& with, int) -> net::task<> {
                while (!(co_await with.request()).empty()) co_await with.say(answer);
            },
            tls ? std::optional(upstream::testing_support::server_tls()) : std::nullopt);
        of.address.port = backend->address().port();
        settings->services[0].cache.reset();
        auto made = site::make(settings);
        ASSERT_TRUE(made) << made.error().message;
        auto first = std::make_shared<continuity::posture>();
        first->services = {test::asking({backend_index{0}}), test::asking({backend_index{0}})};
        admits.emplace(derive_limits({}, {}), siphash_key{});
        at = std::make_unique<worker>(worker::environment{*made, nullptr, [](const outcome_report&) {},
                                                          *admits, buffers, siphash_key{}},
                                      first);
        net::socket listening = test::listening_socket();
        settings->listener.address.port = net::local_endpoint(listening)->port();
        at->listen(std::move(listening));
        at->loop().post([] { counts_here = true; });
        at->start();
    }
    void TearDown() override {
        counting = false;
        at.reset();
        backend.reset();
    }

    net::task<bool> ask(net::stream& over, int times) {
        std::string piece(65'536, '\0');
        for (int i = 0; i < times; ++i) {
            const net::io_status written = co_await over.write_all(question);
            if (written != net::io_status::ok) co_return false;
            for (std::string said; !said.ends_with(std::string(100, ' '));) {
                const net::io_result got = co_await over.read_some(piece);
                if (got.status != net::io_status::ok) co_return false;
                said.append(piece, 0, got.bytes);
            }
        }
        co_return true;
    }

    net::task<bool> warm_up_then_count() {
        const upstream::target to =
            upstream::testing_support::to_tls({test::loopback(settings->listener.address.port)});
        const auto connected = co_await upstream::connect(loop, to, test::in(test::patience));
        if (!connected) co_return false;
        net::stream& over = (*connected)->stream();
        over.expires_at(test::in(test::patience));
        const bool warm = co_await ask(over, 50);
        counting = true;
        const bool asked = co_await ask(over, 50);
        counting = false;
        co_return warm&& asked;
    }
};

TEST_F(allocating, nothing_is_allocated_for_a_request_on_a_warm_connection) {
    ASSERT_TRUE(counts_openssl);
    start(settings->services[0].backends[0], false);
    ours = openssls = 0;
    ASSERT_TRUE(test::run(loop, warm_up_then_count()));
    EXPECT_GT(openssls, 0U) << "what counts does not count";
    if (frames_are_pooled) {
        EXPECT_EQ(ours, 0U);
    }
}

TEST_F(allocating, nor_with_tls_to_the_backend) {
    auto& primary = settings->services[0].backends[0];
    primary.tls = true;
    primary.server_name = test::server_name;
    primary.ca = test::pki::shared().ca();
    start(primary, true);
    ours = openssls = 0;
    ASSERT_TRUE(test::run(loop, warm_up_then_count()));
    if (frames_are_pooled) {
        EXPECT_EQ(ours, 0U);
    }
}

}  // namespace
}  // namespace garde::proxy
