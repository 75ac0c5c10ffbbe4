// See http_io.hpp.
#include "garde/net/http_io.hpp"

#include <cstring>
#include <utility>

namespace garde::net {
namespace {

std::string write_reply(const page_reply& reply, http::request_was method, bool keep_alive) {
    std::vector<http::owned_field> fields = reply.fields;
    if (!reply.body.empty()) fields.push_back({"Content-Type", reply.content_type});
    fields.push_back({"X-Content-Type-Options", "nosniff"});
    const http::response_shape shape{.framing = method == http::request_was::head
                                                    ? http::outgoing_framing::no_body
                                                    : http::outgoing_framing::content_length,
                                     .content_length = reply.body.size(),
                                     .keep_alive = keep_alive};
    std::string out;
    http::append_own_head(out, reply.status, to_http_date(wall_now()), shape, fields);
    if (method == http::request_was::other) out += reply.body;
    return out;
}

page_reply refusal_page(const http::parse_error& why) {
    return {.status = why.status,
            .content_type = "application/problem+json",
            .fields = {},
            .body = http::problem_document(why.status, http::phrase_of(why.status), why.what)};
}

std::string address_of(const socket& peer) {
    const auto at = remote_endpoint(peer);
    return at ? at->host() : std::string{};
}

/// What input buffers of this thread have given back.
class spare_buffers {
  public:
    std::unique_ptr<char[]> take() {
        if (kept_.empty()) return std::make_unique_for_overwrite<char[]>(input_buffer::default_capacity);
        auto out = std::move(kept_.back());
        kept_.pop_back();
        return out;
    }
    void keep(std::unique_ptr<char[]> one) {
        if (kept_.size() < most) kept_.push_back(std::move(one));
    }

  private:
    static constexpr std::size_t most = 64;
    std::vector<std::unique_ptr<char[]>> kept_;
};

thread_local spare_buffers spares;

}  // namespace

input_buffer::~input_buffer() {
    begin_ = end_ = 0;
    release();
}

void input_buffer::consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
}

std::span<char> input_buffer::room() {
    if (!bytes_ || end_ == capacity_) grow();
    return {bytes_.get() + end_, capacity_ - end_};
}

void input_buffer::grow() {
    if (begin_ > 0) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        return;
    }
    const std::size_t wanted = bytes_ ? capacity_ * 2 : first_capacity_;
    auto larger = wanted == default_capacity ? spares.take() : std::make_unique_for_overwrite<char[]>(wanted);
    if (bytes_) std::memcpy(larger.get(), bytes_.get(), end_);
    bytes_ = std::move(larger);
    capacity_ = wanted;
}

void input_buffer::release() {
    if (!bytes_ || begin_ != end_) return;
    if (capacity_ == default_capacity) spares.keep(std::move(bytes_));
    bytes_.reset();
    capacity_ = 0;
}

task<> serve_pages(event_loop& loop, socket accepted, ssl_ptr ssl, page_handler handler, page_limits limits) {
    const std::string peer = address_of(accepted);
    stream connection(loop, std::move(accepted), std::move(ssl));
    const auto now = [] { return std::chrono::steady_clock::now(); };
    connection.expires_at(now() + limits.handshake_time);
    const io_status shaken = co_await connection.handshake();
    if (shaken != io_status::ok) co_return;

    input_buffer buffer(4096);
    http::request_parser parser(limits.parser);
    for (bool keep_alive = true; keep_alive;) {
        parser.reset();
        connection.expires_at(now() + limits.idle_time);
        const auto read =
            co_await read_until(connection, buffer, parser, [](auto& p) { return p.complete(); });
        if (read.status != io_status::ok) break;
        connection.expires_at(now() + limits.request_time);
        if (read.refused) {
            const std::string bytes =
                write_reply(refusal_page(*read.refused), http::request_was::other, false);
            const io_status written = co_await connection.write_all(bytes);
            if (written == io_status::ok) co_await connection.close_after_refusal();
            break;
        }
        const auto& head = parser.head();
        keep_alive = head.keep_alive;
        const page_request request{head, parser.body(), connection.peer_certificate(), peer};
        const page_reply reply = co_await handler(request);
        const auto method = head.method == "HEAD" ? http::request_was::head : http::request_was::other;
        const std::string bytes = write_reply(reply, method, keep_alive);
        const io_status written = co_await connection.write_all(bytes);
        if (written != io_status::ok) break;
    }
    connection.close();
}

}  // namespace garde::net
