// What both parsers share: the head is found and judged by the framing guard on its raw bytes, copied once,
// and read by Beast from that copy, so that all views point into it; the body is decoded by the same Beast
// parser. Internal to the module.
#pragma once

#include "garde/http/framing_guard.hpp"
#include "garde/http/head.hpp"
#include "garde/http/parser.hpp"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace garde::http {

/// More fields than any message needs; bounds the work that a head can cause.
inline constexpr std::size_t max_fields = 256;
/// Chunk extensions of one message, all together.
inline constexpr std::size_t max_chunk_extension_bytes = 1024;
/// A 64-bit size; more digits are leading zeros, which only serve to hide something.
inline constexpr std::size_t max_chunk_size_digits = 16;
/// The trailer section, without its final empty line.
inline constexpr std::size_t max_trailer_bytes = 8 * 1024;
/// Each is looked up among the announced names: bounds that work.
inline constexpr std::size_t max_trailer_fields = 32;
/// What a body's buffer may keep between two messages, and is given before the first byte has come.
inline constexpr std::size_t kept_body_bytes = 64 * 1024;

/// Decodes a body as Beast announces its pieces. Beast itself limits neither chunk lines nor trailers: this
/// does.
class body_decoder {
  public:
    void reset(std::uint64_t limit);
    void expect(std::uint64_t content_length);

    void take(std::string_view data) {
        if (data.size() > body_.capacity() - body_.size()) grow();
        body_.append(data);
    }
    void take_chunk_data(std::string_view data);
    std::optional<refusal> take_chunk_header(std::uint64_t size, std::string_view extension);

    /// Beast is about to see these bytes; the views of take_chunk_header point into them.
    void begin_put(std::string_view available) { available_ = available; }
    /// Beast has consumed all but `rest` of a chunked body, and the message is complete.
    [[nodiscard]] std::optional<refusal> judge_trailers(std::string_view rest) const;
    /// Beast awaits more than `rest`: refused when that can only become too long.
    [[nodiscard]] std::optional<refusal> judge_pending(std::string_view rest) const;

    [[nodiscard]] bool inside_chunk() const { return chunk_left_ > 0; }
    [[nodiscard]] bool has_chunks() const { return has_chunks_; }
    std::string& bytes() { return body_; }

  private:
    void grow();

    std::string body_;
    std::uint64_t announced_ = 0;   ///< Content-Length; 0 where there is none
    std::uint64_t allowed_ = 0;     ///< decoded bytes that may still come
    std::uint64_t chunk_left_ = 0;  ///< of the chunk that has begun
    bool has_chunks_ = false;
    std::size_t extension_bytes_ = 0;
    std::string_view available_;
    const char* trailers_begin_ = nullptr;  ///< in available_, behind the last chunk's line
};

/// Beast's error in words.
refusal explain(const boost::beast::error_code& problem);

template <class Head>
class beast_adapter final : public boost::beast::http::basic_parser<std::same_as<Head, request_head>> {
    using beast_view = boost::beast::string_view;
    using beast_error = boost::beast::error_code;

  public:
    beast_adapter(Head& head, body_decoder& body) : head_(head), body_(body) {
        this->eager(true);
        // Ours are checked before Beast sees a byte.
        this->header_limit(std::numeric_limits<std::uint32_t>::max());
        this->body_limit(boost::none);
    }

    /// Consumes what it can; nothing of an unfinished chunk line.
    std::expected<std::size_t, refusal> feed(std::string_view bytes) {
        beast_error problem;
        const auto consumed = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), problem);
        if (refused_) return std::unexpected(*refused_);
        if (problem && problem != boost::beast::http::error::need_more)
            return std::unexpected(explain(problem));
        return consumed;
    }

  private:
    static std::string_view view(beast_view text) { return {text.data(), text.size()}; }

    void refuse(const std::optional<refusal>& why, beast_error& problem) {
        if (!why) return;
        refused_ = why;
        problem = boost::beast::http::error::bad_value;
    }

    void on_request_impl(boost::beast::http::verb, beast_view method, beast_view target, int version,
                         beast_error&) override {
        if constexpr (std::same_as<Head, request_head>) {
            head_.method = view(method);
            head_.target = view(target);
            head_.version = version;
        }
    }

    void on_response_impl(int status, beast_view reason, int version, beast_error&) override {
        if constexpr (std::same_as<Head, response_head>) {
            head_.status = status;
            head_.reason_phrase = view(reason);
            head_.version = version;
        }
    }

    void on_field_impl(boost::beast::http::field, beast_view name, beast_view value,
                       beast_error& problem) override {
        if (head_done_) return refuse(judge_trailer(view(name)), problem);
        if (head_.fields.size() == max_fields) return refuse(refusal{431, "too many fields"}, problem);
        head_.fields.push_back({view(name), view(value)});
    }

    /// Trailers are dropped. Of a response, that is all: it was for its backend to announce them.
    std::optional<refusal> judge_trailer(std::string_view name) {
        if (++trailer_fields_ > max_trailer_fields) return refusal{400, "too many trailers"};
        if constexpr (std::same_as<Head, request_head>) return guard_trailer_name(head_, name);
        return std::nullopt;
    }

    void on_header_impl(beast_error&) override { head_done_ = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>& content_length, beast_error&) override {
        if (content_length) body_.expect(*content_length);
    }

    std::size_t on_body_impl(beast_view data, beast_error&) override {
        body_.take(view(data));
        return data.size();
    }

    void on_chunk_header_impl(std::uint64_t size, beast_view extension, beast_error& problem) override {
        refuse(body_.take_chunk_header(size, view(extension)), problem);
    }

    std::size_t on_chunk_body_impl(std::uint64_t, beast_view data, beast_error&) override {
        body_.take_chunk_data(view(data));
        return data.size();
    }

    void on_finish_impl(beast_error&) override {}

    Head& head_;
    body_decoder& body_;
    bool head_done_ = false;
    std::size_t trailer_fields_ = 0;
    std::optional<refusal> refused_;
};

/// One message after another. The parsers add what differs: limits of a request, interim responses.
template <class Head>
class message_reader {
  public:
    explicit message_reader(const parser_limits& limits) : limits_(limits), scan_(limits.head_bytes) {}

    void reset(std::uint64_t body_limit) {
        scan_ = head_scan(limits_.head_bytes);
        head_.bytes.clear();
        head_.fields.clear();
        body_.reset(body_limit);
        parser_.emplace(head_, body_);
        head_read_ = false;
    }

    /// Copies and reads the head once all of it is there: its length, or 0 for "not yet".
    std::expected<std::size_t, refusal> read_head(std::string_view available);

    /// Decodes body bytes behind the head.
    std::expected<std::size_t, refusal> read_body(std::string_view available);

    /// For a response that answers HEAD; before any byte.
    void expect_no_body() { parser_->skip(true); }

    void apply(const message_framing& framing) {
        head_.framing = framing.body;
        head_.content_length = framing.content_length;
        head_.keep_alive = framing.keep_alive;
        if constexpr (std::same_as<Head, request_head>) head_.expect_continue = framing.expect_continue;
    }

    [[nodiscard]] const parser_limits& limits() const { return limits_; }
    [[nodiscard]] bool head_read() const { return head_read_; }
    [[nodiscard]] bool complete() const { return parser_->is_done(); }
    [[nodiscard]] Head& head() { return head_; }
    [[nodiscard]] body_decoder& body() { return body_; }

    /// The connection ended behind the head.
    bool finish() {
        boost::beast::error_code problem;
        parser_->put_eof(problem);
        return !problem;
    }

  private:
    const parser_limits limits_;
    head_scan scan_;
    Head head_;
    body_decoder body_;
    std::optional<beast_adapter<Head>> parser_;
    bool head_read_ = false;
};

extern template class message_reader<request_head>;
extern template class message_reader<response_head>;

}  // namespace garde::http
