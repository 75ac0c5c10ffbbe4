// The framing guard's rules, one function per rule.
#include "garde/http/framing_guard.hpp"

#include "control_bytes.hpp"
#include "target.hpp"
#include "tokens.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace garde::http {

namespace {

constexpr auto npos = std::string_view::npos;

/// A line without its LF: a CR is good at the end only.
std::optional<refusal> check_line_bytes(std::string_view text, std::size_t line) {
    const auto body = text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
    if (!has_control(body)) return std::nullopt;
    const auto* first = std::ranges::find_if(body, is_control);
    return refusal{400, *first == '\r' ? "bare CR" : "control byte", line};
}

/// A line as a whole, with its LF.
std::optional<refusal> check_line(std::string_view text, std::size_t line) {
    if (!text.ends_with("\r\n")) return refusal{400, "bare LF", line};
    if (text.front() == ' ' || text.front() == '\t') {
        return refusal{400, line == 1 ? "start line begins with white space" : "folded line", line};
    }
    return std::nullopt;
}

/// RFC 3986 knows no others; what a byte over 0x7F means depends on who reads it.
bool is_visible_ascii(char c) {
    return c > 0x20 && c < 0x7F;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct host_and_port {
    std::string_view host;
    std::string_view port;  ///< empty: the default
};

/// uri-host [ ":" port ] of RFC 9110, 7.2, without percent encoding and sub-delims, which no host name on the
/// Internet has and which servers decode differently.
std::optional<host_and_port> split_host(std::string_view text) {
    std::size_t host_size = 0;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == npos) return std::nullopt;
        const auto inside = text.substr(1, close - 1);
        if (inside.empty() ||
            !std::ranges::all_of(inside, [](char c) { return is_hex(c) || c == ':' || c == '.'; })) {
            return std::nullopt;
        }
        host_size = close + 1;
    } else {
        host_size = std::min(text.find(':'), text.size());
        const auto in_name = [](char c) {
            return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
                   c == '_' || c == '~';
        };
        if (host_size == 0 || !std::ranges::all_of(text.substr(0, host_size), in_name)) return std::nullopt;
    }
    const auto rest = text.substr(host_size);
    if (rest.empty()) return host_and_port{text, {}};
    const auto port = rest.substr(1);
    if (rest.front() != ':' || port.size() > 5 || !std::ranges::all_of(port, is_digit)) return std::nullopt;
    unsigned number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    if (number > 65535) return std::nullopt;
    return host_and_port{text.substr(0, host_size), port};
}

bool same_authority(const host_and_port& a, const host_and_port& b, std::string_view scheme) {
    const std::string_view standard = equal_ignoring_case(scheme, "https") ? "443" : "80";
    const auto port = [standard](const host_and_port& x) { return x.port.empty() ? standard : x.port; };
    return equal_ignoring_case(a.host, b.host) && port(a) == port(b);
}

/// The fields that decide about framing and connection.
struct framing_fields {
    const field* content_length = nullptr;
    const field* transfer_encoding = nullptr;
    const field* host = nullptr;
    bool says_close = false;
    bool says_keep_alive = false;
    bool says_continue = false;
};

std::optional<refusal> take_once(const field*& slot, const field& f, std::string_view complaint) {
    if (slot != nullptr) return refusal{400, complaint};
    slot = &f;
    return std::nullopt;
}

/// By length first: most fields are none of these.
std::optional<refusal> collect(const field& f, framing_fields& out) {
    const auto is = [&f](std::string_view name) { return equal_ignoring_case(f.name, name); };
    switch (f.name.size()) {
        case 4:
            if (is("Host")) return take_once(out.host, f, "more than one Host field");
            break;
        case 6:
            if (is("Expect")) out.says_continue |= list_has_token(f.value, "100-continue");
            break;
        case 10:
            if (is("Connection")) {
                out.says_close |= list_has_token(f.value, "close");
                out.says_keep_alive |= list_has_token(f.value, "keep-alive");
            }
            break;
        case 14:
            if (is("Content-Length"))
                return take_once(out.content_length, f, "more than one Content-Length field");
            // Gateways that turn names into CGI variables take the underscore for a hyphen.
            if (is("Content_Length")) return refusal{400, "Content-Length spelt with an underscore"};
            break;
        case 17:
            if (is("Transfer-Encoding"))
                return take_once(out.transfer_encoding, f, "more than one Transfer-Encoding field");
            if (is("Transfer_Encoding")) return refusal{400, "Transfer-Encoding spelt with an underscore"};
            break;
        default: break;
    }
    return std::nullopt;
}

/// 1*DIGIT and nothing else: no list, no sign, no white space, no overflow.
std::optional<std::uint64_t> parse_content_length(std::string_view text) {
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc{} || stop != end) return std::nullopt;
    return value;
}

/// What requests and responses have in common; `body` is none where no field says anything.
std::expected<message_framing, refusal> judge(const head& head, framing_fields& found) {
    for (const auto& f : head.fields) {
        if (const auto refused = collect(f, found)) return std::unexpected(*refused);
    }
    message_framing framing;
    framing.keep_alive = !found.says_close && (head.version >= 11 || found.says_keep_alive);
    if (found.transfer_encoding != nullptr) {
        if (found.content_length != nullptr) {
            return std::unexpected(refusal{400, "Content-Length together with Transfer-Encoding"});
        }
        if (head.version < 11) return std::unexpected(refusal{400, "Transfer-Encoding in HTTP/1.0"});
        if (!equal_ignoring_case(found.transfer_encoding->value, "chunked")) {
            return std::unexpected(refusal{400, "Transfer-Encoding other than exactly chunked"});
        }
        framing.body = body_framing::chunked;
    } else if (found.content_length != nullptr) {
        const auto length = parse_content_length(found.content_length->value);
        if (!length) return std::unexpected(refusal{400, "malformed Content-Length"});
        framing.body = body_framing::content_length;
        framing.content_length = *length;
    }
    return framing;
}

std::optional<refusal> check_target_and_host(const request_head& head, const field* host_field) {
    const auto target = split_target(head.target);
    if (target.form == target_form::other ||
        (target.form == target_form::asterisk && head.method != "OPTIONS")) {
        return refusal{400, "malformed request target", 1};
    }
    if (head.target.find('#') != npos) return refusal{400, "fragment in the request target", 1};
    if (!std::ranges::all_of(head.target, is_visible_ascii)) {
        return refusal{400, "non-ASCII byte in the request target", 1};
    }
    std::optional<host_and_port> host;
    if (host_field != nullptr) {
        host = split_host(host_field->value);
        if (!host) return refusal{400, "malformed Host"};
    } else if (head.version >= 11) {
        return refusal{400, "no Host field"};
    }
    if (target.form == target_form::absolute) {
        const auto authority = split_host(target.authority);
        if (!authority) return refusal{400, "malformed authority in the request target", 1};
        if (host && !same_authority(*host, *authority, target.scheme)) {
            return refusal{400, "the request target's authority is not the Host"};
        }
    }
    return std::nullopt;
}

}  // namespace

std::expected<std::optional<std::size_t>, refusal> head_scan::feed(std::string_view available) {
    const auto bytes = available.substr(0, limit_);
    while (true) {
        const auto lf = bytes.find('\n', checked_);
        const auto end = std::min(lf, bytes.size());
        if (end > checked_) {
            if (const auto refused = check_line_bytes(bytes.substr(checked_, end - checked_), line_)) {
                return std::unexpected(*refused);
            }
        }
        if (lf == npos) {
            // A CR at the end is judged again, with what follows it.
            checked_ = bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size();
            break;
        }
        const auto line = bytes.substr(line_begin_, lf + 1 - line_begin_);
        if (const auto refused = check_line(line, line_)) return std::unexpected(*refused);
        checked_ = lf + 1;
        if (line.size() == 2) {
            if (line_ == 1) return std::unexpected(refusal{400, "empty start line", 1});
            return lf + 1;
        }
        line_begin_ = lf + 1;
        ++line_;
    }
    if (bytes.size() < limit_) return std::nullopt;
    if (line_ == 1) return std::unexpected(refusal{414, "start line too long", 1});
    return std::unexpected(refusal{431, "head too long"});
}

std::expected<message_framing, refusal> guard_request(const request_head& head) {
    // A tunnel is no exchange: nothing behind a CONNECT could be classified, cached or framed.
    if (head.method == "CONNECT") return std::unexpected(refusal{501, "CONNECT is not supported", 1});
    // What comes back would show the caller what is added to his request on the way (RFC 9110, 9.3.8).
    if (head.method == "TRACE") return std::unexpected(refusal{501, "TRACE is not supported", 1});
    framing_fields found;
    auto framing = judge(head, found);
    if (!framing) return framing;
    if (const auto refused = check_target_and_host(head, found.host)) return std::unexpected(*refused);
    framing->expect_continue =
        found.says_continue && head.version >= 11 && framing->body != body_framing::none;
    return framing;
}

std::expected<message_framing, refusal> guard_response(const response_head& head, request_was method) {
    if (head.status < 100) return std::unexpected(refusal{400, "status below 100", 1});
    framing_fields found;
    auto framing = judge(head, found);
    if (!framing) return framing;
    if (head.status < 200 || head.status == 204) {
        // RFC 9110, 6.4.1 and 8.6: nothing may follow; a sender that announces a body may send it all the
        // same.
        if (framing->body == body_framing::chunked || framing->content_length > 0) {
            return std::unexpected(refusal{400, "a body announced with a status that has none"});
        }
    } else if (method != request_was::head && head.status != 304) {
        if (framing->body == body_framing::none) {
            framing->body = body_framing::until_close;
            framing->keep_alive = false;
        }
        return framing;
    }
    framing->body = body_framing::none;
    return framing;
}

std::optional<refusal> guard_trailers(std::string_view section) {
    for (std::size_t begin = 0; begin < section.size();) {
        const auto lf = section.find('\n', begin);
        if (lf == npos) return refusal{400, "bare CR in the trailers"};
        if (check_line_bytes(section.substr(begin, lf - begin), 0) ||
            check_line(section.substr(begin, lf + 1 - begin), 2)) {
            return refusal{400, "control byte or folded line in the trailers"};
        }
        begin = lf + 1;
    }
    return std::nullopt;
}

std::optional<refusal> guard_trailer_name(const head& head, std::string_view name) {
    if (head.has_token("Trailer", name)) return std::nullopt;
    return refusal{400, "a trailer that no Trailer field announced"};
}

std::optional<refusal> guard_chunk_line(std::string_view line) {
    if (!line.ends_with("\r\n")) return refusal{400, "bare LF in a chunk line"};
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') {
            quoted = !quoted;
        } else if (quoted && line[i] == '\\') {
            ++i;  // quoted-pair
        }
    }
    if (quoted) return refusal{400, "unfinished quotes in a chunk extension"};
    return std::nullopt;
}

std::optional<refusal> guard_chunk_extension(std::string_view extension) {
    if (has_control(extension)) return refusal{400, "control byte in a chunk extension"};
    return std::nullopt;
}

}  // namespace garde::http
