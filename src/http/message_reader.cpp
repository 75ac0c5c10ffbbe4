// Drives Beast's parser over heads and bodies, inside the bounds that Beast does not set.
#include "message_reader.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cassert>

namespace garde::http {

namespace {

constexpr std::string_view bad_version = "malformed HTTP version";

/// A last chunk of fewer bytes than the shortest that is complete: Beast asserts that it does not see this
/// twice.
bool is_unfinished_empty_body(std::string_view bytes) {
    return bytes.size() < std::string_view("0\r\n\r\n").size() && bytes.starts_with('0');
}

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// "HTTP/1.1 200" without the space behind the code, which RFC 9112 demands and old servers leave out.
bool ends_with_status_code(std::string_view start_line) {
    return start_line.size() == 12 && start_line[8] == ' ';
}

/// Which of two things Beast means by "bad version": HTTP of a version that is not spoken here, or no HTTP at
/// all.
refusal explain_bad_version(std::string_view start_line) {
    const auto at = start_line.rfind("HTTP/");
    const auto version = at == std::string_view::npos ? std::string_view() : start_line.substr(at + 5, 4);
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto well_formed = version.size() >= 3 && digit(version[0]) && version[1] == '.' &&
                             digit(version[2]) && (version.size() == 3 || version[3] == ' ');
    const auto spoken = version.starts_with("1.0") || version.starts_with("1.1");
    if (well_formed && !spoken) return {505, "HTTP version not supported", 1};
    return {400, bad_version, 1};
}

}  // namespace

refusal explain(const boost::beast::error_code& problem) {
    using boost::beast::http::error;
    if (problem == error::bad_method) return {400, "malformed method", 1};
    if (problem == error::bad_target) return {400, "malformed request target", 1};
    if (problem == error::bad_version) return {400, bad_version, 1};
    if (problem == error::bad_status) return {400, "malformed status code", 1};
    if (problem == error::bad_reason) return {400, "malformed reason phrase", 1};
    if (problem == error::bad_field) return {400, "malformed field name"};
    if (problem == error::bad_value) return {400, "malformed field value"};
    if (problem == error::bad_line_ending) return {400, "bare CR"};
    if (problem == error::bad_content_length) return {400, "malformed or misplaced Content-Length"};
    if (problem == error::multiple_content_length) return {400, "more than one Content-Length"};
    if (problem == error::bad_transfer_encoding) return {400, "malformed or misplaced Transfer-Encoding"};
    if (problem == error::bad_chunk) return {400, "malformed chunk"};
    if (problem == error::bad_chunk_extension) return {400, "malformed chunk extension"};
    return {400, "malformed message"};
}

void body_decoder::reset(std::uint64_t limit) {
    if (body_.capacity() > kept_body_bytes) {
        std::string().swap(body_);  // assignment would keep the buffer
    } else {
        body_.clear();
    }
    announced_ = 0;
    allowed_ = limit;
    chunk_left_ = 0;
    extension_bytes_ = 0;
    trailers_begin_ = nullptr;
    has_chunks_ = false;
}

void body_decoder::expect(std::uint64_t content_length) {
    announced_ = content_length;
    // An announcement costs the sender nothing, so it may not cost us everything.
    body_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(content_length, kept_body_bytes)));
}

/// What has come has cost the sender something: some times as much may be believed of what it announced.
void body_decoder::grow() {
    constexpr std::uint64_t believed = 8;
    const std::uint64_t wanted = std::min<std::uint64_t>(announced_, believed * body_.size());
    if (wanted > body_.capacity()) body_.reserve(static_cast<std::size_t>(wanted));
}

void body_decoder::take_chunk_data(std::string_view data) {
    assert(data.size() <= chunk_left_);
    chunk_left_ -= data.size();
    body_.append(data);
}

std::optional<refusal> body_decoder::take_chunk_header(std::uint64_t size, std::string_view extension) {
    std::size_t digits = 0;
    for (const auto* at = extension.data(); at != available_.data() && is_hex_digit(at[-1]); --at) ++digits;
    if (digits > max_chunk_size_digits) return refusal{400, "chunk size too long"};
    extension_bytes_ += extension.size();
    if (extension_bytes_ > max_chunk_extension_bytes) return refusal{400, "too many chunk extensions"};
    if (const auto refused = guard_chunk_extension(extension)) return refused;
    if (size > allowed_) return refusal{413, "body too large"};
    allowed_ -= size;
    chunk_left_ = size;
    has_chunks_ = true;
    if (size == 0) trailers_begin_ = extension.data() + extension.size() + 2;
    return std::nullopt;
}

std::optional<refusal> body_decoder::judge_trailers(std::string_view rest) const {
    assert(trailers_begin_ != nullptr);
    const auto size = static_cast<std::size_t>(rest.data() - trailers_begin_) - 2;
    if (size > max_trailer_bytes) return refusal{400, "trailers too long"};
    return guard_trailers({trailers_begin_, size});
}

std::optional<refusal> body_decoder::judge_pending(std::string_view rest) const {
    if (inside_chunk() || rest.empty()) return std::nullopt;
    const std::size_t begin = rest.starts_with("\r\n") ? 2 : 0;  // the end of the chunk before
    const auto lf = rest.find('\n', begin);
    if (lf == std::string_view::npos) {
        const auto longest = max_chunk_size_digits + max_chunk_extension_bytes - extension_bytes_ + 1;
        if (rest.size() - begin > longest) return refusal{400, "chunk line too long"};
        return std::nullopt;
    }
    if (const auto refused = guard_chunk_line(rest.substr(begin, lf + 1 - begin))) return refused;
    // A complete line that Beast has not consumed is the last chunk's: it awaits the trailers' end, one byte
    // at least.
    if (rest.size() - (lf + 1) > max_trailer_bytes + 1) return refusal{400, "trailers too long"};
    return std::nullopt;
}

template <class Head>
std::expected<std::size_t, refusal> message_reader<Head>::read_head(std::string_view available) {
    const auto end = scan_.feed(available);
    if (!end) return std::unexpected(end.error());
    if (!*end) return 0;
    auto& bytes = head_.bytes;
    bytes.assign(available.substr(0, **end));
    const auto start_line = [&bytes] { return std::string_view(bytes).substr(0, bytes.find('\r')); };
    if constexpr (std::same_as<Head, response_head>) {
        if (ends_with_status_code(start_line())) bytes.insert(start_line().size(), 1, ' ');
    }
    const auto consumed = parser_->feed(bytes);
    if (!consumed) {
        if (consumed.error().what == bad_version) return std::unexpected(explain_bad_version(start_line()));
        return std::unexpected(consumed.error());
    }
    if (!parser_->is_header_done()) return std::unexpected(refusal{400, "malformed start line", 1});
    assert(*consumed == bytes.size());
    head_read_ = true;
    return **end;
}

template <class Head>
std::expected<std::size_t, refusal> message_reader<Head>::read_body(std::string_view available) {
    const bool chunked = head_.framing == body_framing::chunked;
    if (available.empty() || (chunked && !body_.has_chunks() && is_unfinished_empty_body(available)))
        return 0;
    body_.begin_put(available);
    const auto consumed = parser_->feed(available);
    if (!consumed || !chunked) return consumed;
    const auto rest = available.substr(*consumed);
    const auto refused = parser_->is_done() ? body_.judge_trailers(rest) : body_.judge_pending(rest);
    if (refused) return std::unexpected(*refused);
    return consumed;
}

template class message_reader<request_head>;
template class message_reader<response_head>;

}  // namespace garde::http
