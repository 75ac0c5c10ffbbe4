// See ctl.hpp.
#include "ctl.hpp"

#include "garde/config/load.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/listener.hpp"
#include "garde/upstream/connection.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>

namespace garde::app {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds patience{10};
constexpr std::size_t largest_answer = std::size_t{1024} * 1024;

net::task<result<ctl_reply>> ask(net::event_loop& loop, const upstream::target& to,
                                 const std::string& bytes) {
    const steady_time give_up_at = std::chrono::steady_clock::now() + patience;
    auto made = co_await upstream::connect(loop, to, give_up_at);
    if (!made)
        co_return fail(fmt::format("cannot connect to the admin API: {}", continuity::to_text(made.error())));
    const upstream::wire_request request{.bytes = bytes,
                                         .method = http::request_was::other,
                                         .commit_bytes = largest_answer,
                                         .head_bytes = std::size_t{16} * 1024};
    upstream::sent got = co_await upstream::send(**made, request, give_up_at);
    if (!got.answer)
        co_return fail(fmt::format("no answer from the admin API: {}", continuity::to_text(got.why)));
    (*made)->stream().close();
    co_return ctl_reply{.status = got.answer->parser.head().status, .body = got.answer->parser.body()};
}

std::string text_of(const json::object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t number_of(const json::object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    json::error_code failed;
    const auto out = value != nullptr ? value->to_number<std::uint64_t>(failed) : 0;
    return failed ? 0 : out;
}

std::string describe_exercise(const json::object& one) {
    std::string whose;
    for (const auto* key : {"route", "caller"})
        if (const auto value = text_of(one, key); !value.empty()) whose += fmt::format(" {} {}", key, value);
    return fmt::format("exercise {}:{}, until {}, by {}: {} ({} requests so far)\n", text_of(one, "id"),
                       whose, text_of(one, "until"), text_of(one, "by"), text_of(one, "reason"),
                       number_of(one, "requests"));
}

void describe_service(const json::object& service, std::string& out) {
    out += fmt::format("{}: {} since {}", text_of(service, "name"), text_of(service, "mode"),
                       text_of(service, "since"));
    if (const auto* order = service.if_contains("override"); order != nullptr && order->is_object()) {
        const auto& set = order->get_object();
        out += fmt::format(" (pinned to {} by {}: {}", text_of(set, "mode"), text_of(set, "by"),
                           text_of(set, "reason"));
        const std::string until = text_of(set, "until");
        out += until.empty() ? ")" : fmt::format("; until {})", until);
    }
    if (const auto* open = service.if_contains("procedure_active");
        open != nullptr && open->is_bool() && open->get_bool())
        out += fmt::format("; emergency procedure open since {}", text_of(service, "procedure_since"));
    out += '\n';
    if (const auto* exercises = service.if_contains("exercises");
        exercises != nullptr && exercises->is_array())
        for (const auto& one : exercises->get_array())
            if (one.is_object()) out += "  " + describe_exercise(one.get_object());
    const auto* backends = service.if_contains("backends");
    if (backends == nullptr || !backends->is_array()) return;
    for (const auto& one : backends->get_array())
        if (one.is_object())
            out += fmt::format("  {}: {} since {}\n", text_of(one.get_object(), "name"),
                               text_of(one.get_object(), "verdict"), text_of(one.get_object(), "since"));
}

}  // namespace

result<config::endpoint> parse_url(const std::string& url) {
    constexpr std::string_view scheme = "https://";
    const auto refuse = [&] {
        return fail("'" + url + "' is no address of an admin API; write https://HOST:PORT");
    };
    if (!url.starts_with(scheme)) return refuse();
    std::string_view rest = std::string_view(url).substr(scheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos) return refuse();
    config::endpoint out{.host = std::string(rest.substr(0, colon))};
    if (out.host.starts_with('[') && out.host.ends_with(']'))
        out.host = out.host.substr(1, out.host.size() - 2);
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (failed != std::errc() || end != port.data() + port.size() || out.host.empty()) return refuse();
    return out;
}

result<ctl_reply> ask_admin(const ctl_access& access, const std::string& path, const std::string& body) {
    auto tls = net::tls_context::client(access.ca, std::nullopt);
    if (!tls) return std::unexpected(tls.error());
    auto addresses = net::resolve(access.address);
    if (!addresses) return std::unexpected(addresses.error());
    const upstream::target to{.name = "admin",
                              .server_name = access.address.host,
                              .addresses = std::move(*addresses),
                              .tls = std::move(*tls)};
    std::string bytes =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n",
                    body.empty() ? "GET" : "POST", path, access.address.host, access.token);
    if (!body.empty())
        bytes += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    bytes += "\r\n" + body;

    net::event_loop loop;
    result<ctl_reply> out = fail("interrupted");
    const auto once = [](net::event_loop& in, const upstream::target& at, const std::string& sent,
                         result<ctl_reply>& into) -> net::task<> {
        into = co_await ask(in, at, sent);
        in.stop();
    };
    loop.spawn(once(loop, to, bytes, out));
    loop.run();
    return out;
}

std::string describe_services(const std::string& text) {
    boost::system::error_code failed;
    const json::value read = json::parse(text, failed);
    if (failed || !read.is_object()) return text + '\n';
    const auto* services = read.get_object().if_contains("services");
    if (services == nullptr || !services->is_array()) return text + '\n';
    std::string out;
    if (const auto* cut_off = read.get_object().if_contains("cut_off");
        cut_off != nullptr && cut_off->is_bool() && cut_off->get_bool())
        out +=
            "this node is itself cut off from the network: neither a reference nor a backend answers, and "
            "what "
            "it says of the services is not known\n";
    for (const auto& one : services->get_array())
        if (one.is_object()) describe_service(one.get_object(), out);
    return out;
}

namespace {

std::string describe_place(const json::object& place) {
    const std::string pushed_at = text_of(place, "pushed_at");
    const std::string failing = text_of(place, "failing_since");
    std::string out = fmt::format("  {}: ", text_of(place, "sink"));
    out += pushed_at.empty() ? "no checkpoint yet"
                             : fmt::format("{} records, at {}", number_of(place, "pushed_size"), pushed_at);
    if (!failing.empty()) out += fmt::format("; FAILING since {}: {}", failing, text_of(place, "why"));
    return out + '\n';
}

}  // namespace

std::string describe_exercises(const std::string& text) {
    boost::system::error_code failed;
    const json::value read = json::parse(text, failed);
    const auto* all = failed || !read.is_object() ? nullptr : read.get_object().if_contains("exercises");
    if (all == nullptr || !all->is_array()) return text + '\n';
    const auto* begin = read.get_object().if_contains("begin");
    const std::string_view state =
        begin != nullptr && begin->is_bool() && begin->get_bool() ? "begun: " : "ended: ";
    std::string out;
    for (const auto& one : all->get_array())
        if (one.is_object()) out += std::string(state) + describe_exercise(one.get_object());
    return out.empty() ? "there was no exercise\n" : out;
}

std::string describe_journal(const std::string& text) {
    boost::system::error_code failed;
    const json::value read = json::parse(text, failed);
    if (failed || !read.is_object()) return text + '\n';
    const auto& all = read.get_object();
    const auto* failing = all.if_contains("failing");
    const std::string root = text_of(all, "root");
    std::string out = root.empty()
                          ? "journal: this process has not written to it yet"
                          : fmt::format("journal: {} records, root {}", number_of(all, "size"), root);
    if (failing != nullptr && failing->is_bool() && failing->get_bool())
        out += "; FAILING: records wait because the disk refuses them";
    const std::string key = text_of(all, "verifier_key");
    out += key.empty() ? "\ncheckpoints: not signed, and pushed nowhere: see [journal.checkpoints]\n"
                       : fmt::format("\ncheckpoints: signed, to be verified with {}\n", key);
    const auto* places = all.if_contains("sinks");
    if (places != nullptr && places->is_array())
        for (const auto& one : places->get_array())
            if (one.is_object()) out += describe_place(one.get_object());
    const auto* overflow = all.if_contains("overflow");
    if (overflow == nullptr || !overflow->is_object()) return out;
    const auto sent = number_of(overflow->get_object(), "sent");
    const auto dropped = number_of(overflow->get_object(), "dropped");
    if (sent + dropped > 0)
        out += fmt::format("records that the disk refused: {} went to syslog, {} could not\n", sent, dropped);
    return out;
}

config::problem::severity level_of(std::string_view text) {
    using enum config::problem::severity;
    for (const auto one : {error, expired})
        if (text == config::name_of(one)) return one;
    return warning;
}

std::string describe_problems(const std::string& text) {
    boost::system::error_code failed;
    const json::value read = json::parse(text, failed);
    if (failed || !read.is_object()) return {};
    const auto* problems = read.get_object().if_contains("problems");
    if (problems == nullptr || !problems->is_array()) return {};
    std::string out;
    for (const auto& one : problems->get_array()) {
        if (!one.is_object()) continue;
        const auto& from = one.get_object();
        const auto* line = from.if_contains("line");
        out += config::to_text(
                   {.level = level_of(text_of(from, "level")),
                    .file = text_of(from, "file"),
                    .line = line != nullptr && line->is_int64() ? static_cast<int>(line->get_int64()) : 0,
                    .what = text_of(from, "what"),
                    .instead = text_of(from, "instead")}) +
               "\n";
    }
    return out;
}

std::string describe_problem(const ctl_reply& reply) {
    boost::system::error_code failed;
    const json::value read = json::parse(reply.body, failed);
    if (!failed && read.is_object())
        if (std::string detail = text_of(read.get_object(), "detail"); !detail.empty()) return detail;
    return reply.body;
}

}  // namespace garde::app
