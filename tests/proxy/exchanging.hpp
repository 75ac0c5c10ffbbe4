// The main path whole: a worker on its own thread between a TLS client and two backends that do as told.
#pragma once

#include "garde/proxy/worker.hpp"

#include "../support/messages.hpp"
#include "../support/postures.hpp"
#include "../support/site_settings.hpp"
#include "../upstream/tiny_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace garde::proxy::testing_support {

using continuity::backend_index;
using continuity::mode;
using continuity::reason;
using upstream::testing_support::ok_response;
using upstream::testing_support::say_and_close;
using upstream::testing_support::say_and_wait;
using upstream::testing_support::tiny_server;
using upstream::testing_support::visitor;
using namespace std::chrono_literals;

inline std::string envelope(std::string_view body) {
    return R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>)" + std::string(body) +
           "</s:Body></s:Envelope>";
}

inline std::string soap_fault(std::string_view code) {
    return envelope(
        R"(<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring><detail>)"
        R"(<e:SystemError xmlns:e="urn:be:fgov:ehealth:errors:soa:v1" Id="1"><Origin>Server</Origin><Code>)" +
        std::string(code) +
        R"(</Code><Message xml:lang="en">x</Message><e:Environment>Test</e:Environment></e:SystemError>)"
        "</detail></s:Fault>");
}

inline std::string response(int status, std::string_view body) {
    return "HTTP/1.1 " + std::to_string(status) +
           " Said\r\nContent-Type: text/xml\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

inline const std::string good = response(200, envelope("<answer/>"));

inline std::string post(std::string_view path, std::string_view fields = "Connection: close\r\n") {
    const std::string body = envelope("<question/>");
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: garde.test\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct exchanging : testing::Test {
    net::event_loop loop;
    tiny_server::script first = say_and_close(good);
    tiny_server::script second = say_and_close(good);
    std::shared_ptr<config::settings> settings = test::site_settings();
    continuity::service_posture posture = test::asking({backend_index{0}, backend_index{1}});
    std::optional<tiny_server> one;
    std::optional<tiny_server> two;
    std::vector<std::vector<continuity::exercise_ptr>> exercises;  ///< by service
    site_ptr served;
    std::mutex mutex;
    std::vector<outcome_report> outcomes;
    admission_limits limits = derive_limits({}, {});
    std::optional<admission> admits;
    std::optional<byte_budget> buffers;
    std::unique_ptr<worker> at;

    config::service_settings& counter() { return settings->services[0]; }

    void start() {
        one.emplace(loop, first);
        two.emplace(loop, second);
        counter().backends[0].address.port = one->address().port();
        counter().backends[1].address.port = two->address().port();
        counter().cache.reset();
        settings->services[1].backends[0].address.port = test::closed_port().port();
        settings->listener.address = {.host = "127.0.0.1", .port = test::free_port().port()};
        auto made = site::make(settings);
        ASSERT_TRUE(made) << made.error().message;
        served = std::move(*made);
        auto now = std::make_shared<continuity::posture>();
        now->services = {posture, test::asking({backend_index{0}})};
        now->exercises = exercises;
        const auto note = [this](const outcome_report& what) {
            const std::lock_guard lock(mutex);
            outcomes.push_back(what);
        };
        buffers.emplace(limits.buffer_bytes);
        admits.emplace(limits, siphash_key{});
        at = std::make_unique<worker>(
            worker::environment{served, nullptr, note, *admits, *buffers, siphash_key{}}, now);
        auto listening =
            net::listen_at(*net::endpoint::from_literal("127.0.0.1", settings->listener.address.port),
                           net::address_sharing::shared);
        ASSERT_TRUE(listening) << listening.error().message;
        at->listen(std::move(*listening));
        at->start();
    }
    void TearDown() override {
        at.reset();
        one.reset();
        two.reset();
    }

    /// Everything that comes back for these bytes until the connection ends.
    std::string ask(std::string_view bytes) {
        if (!at) start();
        return test::run(loop, converse(std::string(bytes)));
    }
    net::task<std::string> converse(std::string bytes) {
        const upstream::target to =
            upstream::testing_support::to_tls({test::loopback(settings->listener.address.port)});
        const auto connected = co_await upstream::connect(loop, to, test::in(test::patience));
        if (!connected) co_return "not connected";
        net::stream& over = (*connected)->stream();
        over.expires_at(test::in(test::patience));
        const net::io_status written = co_await over.write_all(bytes);
        if (written != net::io_status::ok) co_return "not written";
        std::string out;
        std::string piece(65'536, '\0');
        for (;;) {
            const net::io_result got = co_await over.read_some(piece);
            if (got.status != net::io_status::ok) co_return out;
            out.append(piece, 0, got.bytes);
        }
    }

    /// What attempts showed, in order; the backends' answers are counted apart.
    std::vector<continuity::sighting> sightings() {
        const std::lock_guard lock(mutex);
        std::vector<continuity::sighting> out;
        for (const auto& each : outcomes)
            if (const auto* one = std::get_if<continuity::sighting>(&each.seen)) out.push_back(*one);
        return out;
    }
    /// Why attempts failed, in order.
    std::vector<reason> failures() {
        std::vector<reason> out;
        for (const auto& each : sightings())
            if (each.what == continuity::showed::failed) out.push_back(each.why);
        return out;
    }
    void make_safe() { counter().routes[0].replay_safe = true; }
};

/// What was counted so far. After the connection's end, which is counted last.
inline counter_totals counted(const exchanging& what) {
    counter_totals out(backends_by_service(what.served->settings().services));
    what.at->counted()->counters->add_to(out);
    return out;
}

inline std::string body_of(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace garde::proxy::testing_support
