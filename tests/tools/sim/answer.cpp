// See answer.hpp.
#include "answer.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace sim {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::size_t largest_document = 64 * 1024 * 1024;

std::string_view phrase_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Simulated";
    }
}

/// IMF-fixdate, made once a second.
const std::string& date_now() {
    thread_local std::time_t made_at = 0;
    thread_local std::string text;
    const auto now = std::time(nullptr);
    if (now != made_at) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        std::array<char, 40> buffer{};
        const auto size = std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        text.assign(buffer.data(), size);
        made_at = now;
    }
    return text;
}

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

std::string_view query_value(std::string_view target, std::string_view name) {
    const auto mark = target.find('?');
    auto query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
    while (!query.empty()) {
        const auto part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
            return part.substr(name.size() + 1);
    }
    return {};
}

std::string pattern(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i % 251);
    return out;
}

reply document(std::string_view target) {
    reply out;
    const auto wanted = query_value(target, "bytes");
    std::size_t size = 0;
    if (!wanted.empty()) {
        const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), size);
        if (read.ec != std::errc() || size > largest_document) {
            return {
                .status = 400, .content_type = plain_text, .body = "bytes must be a number up to 67108864\n"};
        }
        out.content_type = "application/octet-stream";
        out.body = pattern(size);
    } else {
        out.content_type = plain_text;
        out.body = "A simulated document.\n";
    }
    out.chunked = query_value(target, "chunked") == "1";
    return out;
}

/// Chunks of 1, 10, 100, … bytes, the largest 10,000, then the smallest again; without the end.
std::string in_chunks(std::string_view body) {
    std::string out;
    out.reserve(body.size() + body.size() / 64 + 64);
    for (std::size_t size = 1; !body.empty(); size = size == 10'000 ? 1 : size * 10) {
        const auto chunk = body.substr(0, size);
        std::array<char, 20> line{};
        out.append(line.data(), static_cast<std::size_t>(
                                    std::snprintf(line.data(), line.size(), "%zx\r\n", chunk.size())));
        out.append(chunk).append("\r\n");
        body.remove_prefix(chunk.size());
    }
    return out;
}

std::string head_of(const reply& content, const request& to, std::string_view site) {
    std::string out;
    out.reserve(content.body.size() + 320);
    out.append("HTTP/1.1 ")
        .append(std::to_string(content.status))
        .append(" ")
        .append(phrase_of(content.status));
    out.append("\r\nDate: ").append(date_now());
    out.append("\r\nServer: garde-sim\r\nX-Sim-Site: ").append(site);
    if (!content.body.empty()) out.append("\r\nContent-Type: ").append(content.content_type);
    if (content.chunked) {
        out.append("\r\nTransfer-Encoding: chunked");
    } else {
        out.append("\r\nContent-Length: ").append(std::to_string(content.body.size()));
    }
    if (!to.keep_alive) out.append("\r\nConnection: close");
    return out.append("\r\n\r\n");
}

answer cut_in_body(const reply& content, const request& to, std::string_view site, ending then) {
    auto whole = content;
    whole.chunked = false;
    auto out = head_of(whole, to, site);
    out.append(whole.body, 0, whole.body.size() / 2);
    return {std::move(out), then};
}

answer without_last_chunk(const reply& content, const request& to, std::string_view site) {
    auto whole = content;
    whole.chunked = true;
    return {head_of(whole, to, site) + in_chunks(whole.body), ending::close};
}

answer reset_at(moment when, const reply& content, const request& to, std::string_view site) {
    if (when == moment::request) return {{}, ending::reset};
    auto head = head_of(content, to, site);
    if (when == moment::head) head.resize(head.size() / 2);
    return {std::move(head), ending::reset};
}

answer cut_in_chunk(const reply& content, const request& to, std::string_view site) {
    auto whole = content;
    whole.chunked = true;
    auto out = head_of(whole, to, site);
    const auto chunks = in_chunks(whole.body);
    // The last chunk lacks its end, whatever its size is.
    out.append(chunks, 0, chunks.size() / 2);
    return {std::move(out), ending::reset};
}

/// The value of a header field, by its name in lower case.
std::optional<std::string_view> field_of(std::string_view raw, std::string_view name) {
    const auto head = raw.substr(0, raw.find("\r\n\r\n"));
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
        if (line.size() <= name.size() || line[name.size()] != ':' ||
            !std::ranges::equal(line.substr(0, name.size()), name, same))
            continue;
        const auto value = line.substr(name.size() + 1);
        const auto begin = value.find_first_not_of(' ');
        return begin == std::string_view::npos ? std::string_view{} : value.substr(begin);
    }
    return std::nullopt;
}

}  // namespace

reading read(const request& from) {
    reading out;
    const auto path = path_of(from.target);
    if (from.method == "POST" && path == "/orders") {
        const auto key = field_of(from.raw, "idempotency-key");
        out.has_key = key.has_value();
        out.order = std::string(key.value_or(from.body));
        return out;
    }
    out.soap = from.method == "POST" && path != "/echo";
    if (out.soap) out.asked = read_question(from.body);
    return out;
}

reply genuine_reply(const request& to, const reading& what) {
    if (what.soap) {
        if (what.asked) return {.body = make_reply(*what.asked)};
        return {.status = 500, .body = make_fault(what.asked.error())};
    }
    if (path_of(to.target) == "/echo" && to.method == "POST")
        return {.content_type = "application/octet-stream", .body = std::string(to.raw)};
    if (what.order && to.body == "refuse")
        return {.status = 409, .content_type = plain_text, .body = "This order is refused.\n"};
    if (what.order)
        return {.status = 201, .content_type = "application/json", .body = R"({"accepted":true})"};
    if (to.method == "GET" || to.method == "HEAD") return document(to.target);
    return {.status = 405, .content_type = plain_text, .body = "GET, HEAD and POST are known here.\n"};
}

answer frame(const reply& content, const request& to, std::string_view site) {
    auto out = head_of(content, to, site);
    if (to.method != "HEAD") {
        if (content.chunked) {
            out.append(in_chunks(content.body)).append("0\r\n\r\n");
        } else {
            out.append(content.body);
        }
    }
    return {std::move(out), to.keep_alive ? ending::keep : ending::close};
}

answer spoil(const fault& by, const reply& content, const request& to, std::string_view site) {
    switch (by.kind) {
        case fault_kind::hang: return {{}, ending::hang};
        case fault_kind::reset: return reset_at(by.when, content, to, site);
        case fault_kind::http_status:
            return frame({.status = by.status, .content_type = plain_text, .body = "Simulated failure.\n"},
                         to, site);
        case fault_kind::empty_200: return frame({}, to, site);
        case fault_kind::non_xml_200:
            return frame({.content_type = "text/html", .body = "<html><p>Maintenance<br></html>\n"}, to,
                         site);
        case fault_kind::soap_fault:
            return frame({.status = by.status, .body = make_fault(by.code)}, to, site);
        case fault_kind::die_mid_body: return cut_in_body(content, to, site, ending::reset);
        case fault_kind::die_mid_chunk: return cut_in_chunk(content, to, site);
        case fault_kind::short_body: return cut_in_body(content, to, site, ending::close);
        case fault_kind::short_chunked: return without_last_chunk(content, to, site);
        case fault_kind::garbage: return {"\x01\x02garbage, not HTTP\r\n\r\n\xff\xfe", ending::close};
        case fault_kind::refuse:
        case fault_kind::slow:
        case fault_kind::deceased:  // in the content already
        case fault_kind::replay_guard: break;
    }
    return frame(content, to, site);
}

}  // namespace sim
