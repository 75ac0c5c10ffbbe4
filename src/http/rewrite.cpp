// Heads as garde writes them. Only appends to one string: this runs for every exchange, twice.
#include "garde/http/rewrite.hpp"

#include "control_bytes.hpp"
#include "target.hpp"
#include "tokens.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace garde::http {

namespace {

void append_number(std::string& out, std::uint64_t number, int base = 10) {
    char digits[20];
    const auto [end, _] = std::to_chars(std::begin(digits), std::end(digits), number, base);
    out.append(digits, end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

/// For values that garde makes: whatever went into them, they may not end their line.
void append_own_field(std::string& out, const field& f) {
    out.append(f.name).append(": ");
    const std::size_t begin = out.size();
    out.append(f.value);
    if (has_control(f.value)) std::ranges::replace_if(std::span(out).subspan(begin), is_control, ' ');
    out.append("\r\n");
}

/// Hop by hop (RFC 9110, 7.6.1) or about framing, which is always written anew. By length first: most fields
/// are none of these.
bool is_never_forwarded(std::string_view name) {
    const auto is = [name](std::string_view other) { return equal_ignoring_case(name, other); };
    switch (name.size()) {
        case 2: return is("TE");
        case 6: return is("Expect");
        case 7: return is("Trailer") || is("Upgrade");
        case 10: return is("Connection") || is("Keep-Alive");
        case 14: return is("Content-Length");
        case 16: return is("Proxy-Connection");
        case 17: return is("Transfer-Encoding");
        case 18: return is("Proxy-Authenticate");
        case 19: return is("Proxy-Authorization");
        default: return false;
    }
}

bool is_gardes_own(std::string_view name) {
    return equal_ignoring_case(name.substr(0, 6), "Garde-");
}

/// Tells the end-to-end fields of a head from the rest.
class forwarding_filter {
  public:
    explicit forwarding_filter(const head& from) : head_(from) {
        nominates_ = std::ranges::any_of(from.fields, [](const field& f) {
            return equal_ignoring_case(f.name, "Connection") &&
                   any_token(f.value, [](std::string_view token) {
                       return !equal_ignoring_case(token, "close") && !is_never_forwarded(token);
                   });
        });
    }

    [[nodiscard]] bool passes(std::string_view name) const {
        return !is_never_forwarded(name) && !is_gardes_own(name) &&
               !(nominates_ && head_.has_token("Connection", name));
    }

  private:
    const head& head_;
    bool nominates_ = false;  ///< Connection names fields that would otherwise pass
};

/// `name: a, b, ` with the values that the head has already; ours follows.
void begin_list_field(std::string& out, const head& from, const forwarding_filter& filter,
                      std::string_view name) {
    out.append(name).append(": ");
    if (!filter.passes(name)) return;
    for (const auto& f : from.fields) {
        if (!f.value.empty() && equal_ignoring_case(f.name, name)) out.append(f.value).append(", ");
    }
}

void append_via_element(std::string& out, int version, std::string_view node) {
    out.append(version == 10 ? "1.0 " : "1.1 ").append(node).append("\r\n");
}

/// RFC 7239, 6: an IPv6 address stands in brackets and quotes.
void append_forwarded_element(std::string& out, const forwarding& how) {
    const bool v6 = how.caller_address.find(':') != std::string_view::npos;
    out.append("for=").append(v6 ? "\"[" : "").append(how.caller_address).append(v6 ? "]\"" : "");
    out.append(";proto=").append(how.scheme).append("\r\n");
}

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

/// W3C Trace Context, 3.2: version 00 exactly; of later ones the part that is known.
bool is_valid_traceparent(std::string_view value) {
    if (value.size() < 55 || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
    const auto version = value.substr(0, 2);
    const auto trace = value.substr(3, 32);
    const auto parent = value.substr(36, 16);
    if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) ||
        !is_lower_hex(value.substr(53, 2))) {
        return false;
    }
    if (version == "ff" || is_zero(trace) || is_zero(parent)) return false;
    return value.size() == 55 || (version != "00" && value[55] == '-');
}

bool has_valid_traceparent(const request_head& request, const forwarding_filter& filter) {
    const auto value = request.find("traceparent");
    return value && is_valid_traceparent(*value) && request.count("traceparent") == 1 &&
           filter.passes("traceparent");
}

/// What garde writes itself behind the fields that pass.
bool is_rewritten_in_requests(std::string_view name) {
    const auto is = [name](std::string_view other) { return equal_ignoring_case(name, other); };
    switch (name.size()) {
        case 3: return is("Via");
        case 4: return is("Host");
        case 9: return is("Forwarded");
        case 15: return is("X-Forwarded-For");
        default: return false;
    }
}

bool is_trace_field(std::string_view name) {
    return equal_ignoring_case(name, "traceparent") || equal_ignoring_case(name, "tracestate");
}

void append_request_line(std::string& out, const request_head& request) {
    const auto target = split_target(request.target);
    out.append(request.method).push_back(' ');
    if (target.form != target_form::absolute) {
        out.append(request.target);
    } else if (target.path_and_query.empty() && request.method == "OPTIONS") {
        out.push_back('*');  // RFC 9112, 3.2.4
    } else {
        out.append(target.path_and_query.starts_with('/') ? "" : "/").append(target.path_and_query);
    }
    out.append(" HTTP/1.1\r\n");
}

bool may_have_length(int status) {
    return status >= 200 && status != 204;
}

/// Framing and connection; the final empty line.
void append_shape(std::string& out, int status, const response_shape& shape) {
    if (may_have_length(status)) {
        if (shape.framing == outgoing_framing::content_length ||
            (shape.framing == outgoing_framing::no_body && shape.content_length)) {
            out.append("Content-Length: ");
            append_number(out, shape.content_length.value_or(0));
            out.append("\r\n");
        } else if (shape.framing == outgoing_framing::chunked) {
            out.append("Transfer-Encoding: chunked\r\n");
        }
    }
    if (status >= 200) {
        const bool close = !shape.keep_alive || shape.framing == outgoing_framing::until_close;
        // An HTTP/1.0 caller that asked for keep-alive must be told; the others do not mind.
        out.append(close ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
    }
    out.append("\r\n");
}

/// Fields that every node on the way adds to, so that an upstream's own lines stay.
bool is_shared_list(std::string_view name) {
    return equal_ignoring_case(name, "Cache-Status") || equal_ignoring_case(name, "Proxy-Status");
}

bool is_replaced(std::string_view name, std::span<const field> extra) {
    return !is_shared_list(name) &&
           std::ranges::any_of(extra, [name](const field& f) { return equal_ignoring_case(f.name, name); });
}

void append_status(std::string& out, int status, std::string_view phrase) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(phrase).append("\r\n");
}

}  // namespace

void append_upstream_head(std::string& out, const request_head& request, const forwarding& how,
                          std::string_view new_traceparent, std::uint64_t body_bytes) {
    const forwarding_filter filter(request);
    const bool keeps_trace = has_valid_traceparent(request, filter);
    append_request_line(out, request);
    append_field(out, "Host", how.host);
    for (const auto& f : request.fields) {
        if (is_rewritten_in_requests(f.name) || !filter.passes(f.name)) continue;
        if (!keeps_trace && is_trace_field(f.name)) continue;
        append_field(out, f.name, f.value);
    }
    begin_list_field(out, request, filter, "Via");
    append_via_element(out, request.version, how.node);
    begin_list_field(out, request, filter, "X-Forwarded-For");
    out.append(how.caller_address).append("\r\n");
    begin_list_field(out, request, filter, "Forwarded");
    append_forwarded_element(out, how);
    if (!keeps_trace) append_field(out, "traceparent", new_traceparent);
    if (request.framing != body_framing::none) {
        out.append("Content-Length: ");
        append_number(out, body_bytes);
        out.append("\r\n");
    }
    out.append("\r\n");
}

void append_response_head(std::string& out, const response_head& response, std::string_view node,
                          const response_shape& shape, std::span<const field> extra) {
    const forwarding_filter filter(response);
    append_status(out, response.status, response.reason_phrase);
    for (const auto& f : response.fields) {
        if (filter.passes(f.name) && !is_replaced(f.name, extra)) append_field(out, f.name, f.value);
    }
    out.append("Via: ");
    append_via_element(out, response.version, node);
    for (const auto& f : extra) append_own_field(out, f);
    append_shape(out, response.status, shape);
}

void append_own_head(std::string& out, int status, std::string_view date, const response_shape& shape,
                     std::span<const owned_field> extra) {
    append_status(out, status, phrase_of(status));
    append_field(out, "Date", date);
    for (const auto& f : extra) append_own_field(out, {f.name, f.value});
    append_shape(out, status, shape);
}

void append_chunk(std::string& out, std::string_view data) {
    append_number(out, data.size(), 16);
    out.append("\r\n").append(data).append("\r\n");
}

}  // namespace garde::http
