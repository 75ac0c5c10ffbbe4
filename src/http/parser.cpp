// The two parsers: a request's limits, a response's interim answers and endings.
#include "garde/http/parser.hpp"

#include "message_reader.hpp"
#include "target.hpp"

namespace garde::http {

namespace {

/// Interim responses before one answer; more can only be meant to hold the connection.
constexpr int max_interim_responses = 16;

parse_error to_parse_error(const refusal& why) {
    std::string what(why.what);
    if (why.line != 0) what.append(" (line ").append(std::to_string(why.line)).append(" of the head)");
    return {why.status, std::move(what)};
}

}  // namespace

struct request_parser::state {
    explicit state(const parser_limits& limits) : reader(limits) {}

    std::expected<std::size_t, refusal> put_head(std::string_view available) {
        std::size_t skipped = 0;
        // RFC 9112, 2.2: old clients send an empty line behind a body; one is forgiven.
        if (!empty_line_skipped && available.starts_with("\r\n")) {
            skipped = 2;
            empty_line_skipped = true;
            available.remove_prefix(skipped);
        }
        const auto consumed = reader.read_head(available);
        if (!consumed) return consumed;
        if (reader.head_read()) {
            auto& head = reader.head();
            const auto framing = guard_request(head);
            if (!framing) return std::unexpected(framing.error());
            if (framing->content_length > reader.limits().body_bytes) {
                return std::unexpected(refusal{413, "body too large"});
            }
            reader.apply(*framing);
            head.path = split_target(head.target).path;
        }
        return skipped + *consumed;
    }

    message_reader<request_head> reader;
    bool empty_line_skipped = false;
    std::optional<parse_error> failure;
};

request_parser::request_parser(const parser_limits& limits) : state_(std::make_unique<state>(limits)) {
    reset();
}
request_parser::~request_parser() = default;

void request_parser::reset() {
    state_->reader.reset(state_->reader.limits().body_bytes);
    state_->empty_line_skipped = false;
    state_->failure.reset();
}

std::expected<std::size_t, parse_error> request_parser::put(std::string_view available) {
    auto& s = *state_;
    if (s.failure) return std::unexpected(*s.failure);
    if (complete()) return 0;
    const auto consumed = s.reader.head_read() ? s.reader.read_body(available) : s.put_head(available);
    if (consumed) return *consumed;
    s.failure = to_parse_error(consumed.error());
    return std::unexpected(*s.failure);
}

bool request_parser::head_complete() const {
    return state_->reader.head_read() && !state_->failure;
}
bool request_parser::complete() const {
    return head_complete() && state_->reader.complete();
}
const request_head& request_parser::head() const {
    return state_->reader.head();
}
std::string& request_parser::body() {
    return state_->reader.body().bytes();
}

struct response_parser::state {
    explicit state(const parser_limits& limits) : reader(limits) {}

    void begin_message() {
        reader.reset(std::numeric_limits<std::uint64_t>::max());
        if (method == request_was::head) reader.expect_no_body();
    }

    /// Past all interim responses that are there, up to the end of the final one's head.
    std::expected<std::size_t, refusal> put_head(std::string_view available) {
        std::size_t total = 0;
        while (true) {
            const auto consumed = reader.read_head(available.substr(total));
            if (!consumed) return consumed;
            total += *consumed;
            if (!reader.head_read()) return total;
            const auto framing = guard_response(reader.head(), method);
            if (!framing) return std::unexpected(framing.error());
            const auto status = reader.head().status;
            if (status == 101) return std::unexpected(refusal{400, "101 without an upgrade asked for", 1});
            if (status >= 200) {
                reader.apply(*framing);
                return total;
            }
            if (++interim_responses > max_interim_responses) {
                return std::unexpected(refusal{400, "too many interim responses"});
            }
            begin_message();
        }
    }

    message_reader<response_head> reader;
    request_was method = request_was::other;
    int interim_responses = 0;
    std::optional<parse_error> failure;
};

response_parser::response_parser(const parser_limits& limits, request_was method)
    : state_(std::make_unique<state>(limits)) {
    reset(method);
}
response_parser::~response_parser() = default;

void response_parser::reset(request_was method) {
    state_->method = method;
    state_->interim_responses = 0;
    state_->failure.reset();
    state_->begin_message();
}

std::expected<std::size_t, parse_error> response_parser::put(std::string_view available) {
    auto& s = *state_;
    if (s.failure) return std::unexpected(*s.failure);
    if (complete()) return 0;
    const auto consumed = s.reader.head_read() ? s.reader.read_body(available) : s.put_head(available);
    if (consumed) return *consumed;
    s.failure = to_parse_error(consumed.error());
    return std::unexpected(*s.failure);
}

bool response_parser::finish() {
    if (complete()) return true;
    return head_complete() && state_->reader.finish();
}

bool response_parser::head_complete() const {
    return state_->reader.head_read() && !state_->failure;
}
bool response_parser::complete() const {
    return head_complete() && state_->reader.complete();
}
const response_head& response_parser::head() const {
    return state_->reader.head();
}
std::string& response_parser::body() {
    return state_->reader.body().bytes();
}

}  // namespace garde::http
