// See control.hpp.
#include "control.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json.hpp>

namespace sim {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::ip::tcp;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

control_answer problem(int status, std::string_view text) {
    return {status, json::serialize(json::object{{"problem", text}})};
}

}  // namespace

tcp::endpoint control::start(tcp::endpoint at) {
    acceptor_.open(at.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(at);
    acceptor_.listen();
    asio::co_spawn(acceptor_.get_executor(), accept_loop(), asio::detached);
    return acceptor_.local_endpoint();
}

asio::awaitable<void> control::accept_loop() {
    while (acceptor_.is_open()) {
        auto [error, accepted] = co_await acceptor_.async_accept(as_values);
        if (!error) asio::co_spawn(acceptor_.get_executor(), serve(std::move(accepted)), asio::detached);
    }
}

asio::awaitable<void> control::serve(tcp::socket connection) {
    boost::beast::flat_buffer buffer;
    for (;;) {
        http::request<http::string_body> message;
        auto [read_error, read_size] = co_await http::async_read(connection, buffer, message, as_values);
        if (read_error) co_return;
        auto made = answer_to(message.method_string(), message.target(), message.body());
        http::response<http::string_body> response(static_cast<http::status>(made.status), message.version(),
                                                   std::move(made.body));
        response.set(http::field::content_type, "application/json");
        response.keep_alive(message.keep_alive());
        response.prepare_payload();
        auto [write_error, write_size] = co_await http::async_write(connection, response, as_values);
        if (write_error || !response.keep_alive()) co_return;
    }
}

control_answer control::answer_to(std::string_view method, std::string_view target, std::string_view body) {
    constexpr std::string_view by_reference = "/counts?reference=";
    if (target == "/faults" && method == "PUT") return put_faults(body);
    if (target == "/faults" && method == "DELETE") return put_faults(R"({"faults":[]})");
    if (target == "/faults" && method == "GET") return {200, site_.fault_text()};
    if (target == "/counts" && method == "GET") return counts_of({});
    if (target.starts_with(by_reference) && method == "GET")
        return counts_of(target.substr(by_reference.size()));
    if (target == "/counts/reset" && method == "POST") {
        site_.reset_counts();
        return {200, "{}"};
    }
    return problem(404, "no such resource or method");
}

control_answer control::put_faults(std::string_view body) {
    const auto wrong = site_.put_faults(body, std::chrono::steady_clock::now());
    if (!wrong.empty()) return problem(400, wrong);
    server_.faults_changed();
    return {200, site_.fault_text()};
}

control_answer control::counts_of(std::string_view reference) const {
    const auto& all = site_.counted();
    if (reference.empty()) {
        return {200, json::serialize(json::object{{"connections", all.connections},
                                                  {"requests", all.requests},
                                                  {"traffic", all.traffic},
                                                  {"probes", all.probes},
                                                  {"answered", all.answered},
                                                  {"replays", all.replays},
                                                  {"references", all.by_reference.size()}})};
    }
    const auto found = all.by_reference.find(std::string(reference));
    const auto one = found == all.by_reference.end() ? reference_counts() : found->second;
    return {200, json::serialize(json::object{
                     {"reference", reference}, {"received", one.received}, {"answered", one.answered}})};
}

}  // namespace sim
