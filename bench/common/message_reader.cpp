// See message_reader.hpp.
#include "bench/common/message_reader.hpp"

#include <algorithm>
#include <charconv>
#include <strings.h>
#include <utility>

namespace bench {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// The second word of the first line.
std::string_view second_word(std::string_view head) {
    const auto line = head.substr(0, head.find('\r'));
    const auto from = std::min(line.find(' '), line.size() - 1) + 1;
    return line.substr(from, line.find(' ', from) - from);
}

}  // namespace

void message_reader::start() {
    head_.clear();
    body_.clear();
    line_.clear();
    next_line_ = chunk_line::size;
    chunked_ = false;
    in_body_ = false;
    length_known_ = false;
    keeps_connection_ = true;
    body_bytes_ = 0;
    body_left_ = 0;
}

message_reader::progress message_reader::take(std::string_view bytes) {
    if (in_body_) return take_body(bytes);
    const std::size_t before = head_.size();
    const std::size_t look = before < 3 ? 0 : before - 3;
    // Nearly always the whole head comes in one piece; bytes of the body after it are cut off again.
    head_.append(bytes.substr(0, head_limit));
    const auto end = head_.find("\r\n\r\n", look);
    if (end == head_.npos) return head_.size() >= head_limit ? progress::bad : progress::more;
    const std::size_t head_bytes = end + 4;
    head_.resize(head_bytes);
    if (!read_head()) return progress::bad;
    in_body_ = true;
    return take_body(bytes.substr(head_bytes - before));
}

message_reader::progress message_reader::take_body(std::string_view bytes) {
    if (chunked_) return take_chunks(bytes);
    if (bytes.size() > body_left_) return progress::bad;
    body_left_ -= bytes.size();
    if (bodies_ == bodies::kept) body_.append(bytes);
    return body_left_ == 0 ? progress::complete : progress::more;
}

message_reader::progress message_reader::take_chunks(std::string_view bytes) {
    while (!bytes.empty()) {
        if (next_line_ == chunk_line::none_left) return progress::bad;
        if (body_left_ > 0) {
            const auto data = bytes.substr(0, body_left_);
            body_.append(data);
            body_bytes_ += data.size();
            body_left_ -= data.size();
            bytes.remove_prefix(data.size());
            continue;
        }
        const auto end = bytes.find('\n');
        const auto part = bytes.substr(0, end == bytes.npos ? end : end + 1);
        line_.append(part);
        if (line_.size() > head_limit) return progress::bad;
        bytes.remove_prefix(part.size());
        if (end == part.npos) break;
        if (!take_chunk_line()) return progress::bad;
    }
    return next_line_ == chunk_line::none_left ? progress::complete : progress::more;
}

bool message_reader::take_chunk_line() {
    const std::string line = std::exchange(line_, {});
    if (!line.ends_with("\r\n")) return false;
    const bool empty = line.size() == 2;
    if (next_line_ == chunk_line::end_of_data) {
        next_line_ = chunk_line::size;
        return empty;
    }
    if (next_line_ == chunk_line::trailer) {
        if (empty) next_line_ = chunk_line::none_left;
        return true;
    }
    const auto* const last = line.data() + line.size() - 2;
    const auto read = std::from_chars(line.data(), last, body_left_, 16);
    if (read.ec != std::errc() || (read.ptr != last && *read.ptr != ';')) return false;
    next_line_ = body_left_ > 0 ? chunk_line::end_of_data : chunk_line::trailer;
    return true;
}

bool message_reader::read_head() {
    const std::string_view head = head_;
    auto from = head.find("\r\n") + 2;
    keeps_connection_ = head.substr(0, from).find("HTTP/1.1") != head.npos;
    while (from + 2 < head.size()) {
        const auto to = head.find("\r\n", from);
        if (!read_field(head.substr(from, to - from))) return false;
        from = to + 2;
    }
    if (chunked_) return !length_known_;
    return length_known_ || without_ == absent_length::means_no_body;
}

bool message_reader::read_field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == line.npos) return false;
    const auto name = line.substr(0, colon);
    if (same_name(name, "Transfer-Encoding")) {
        chunked_ = same_name(trimmed(line.substr(colon + 1)), "chunked");
        return chunked_ && bodies_ == bodies::kept;
    }
    if (same_name(name, "Connection")) {
        keeps_connection_ = keeps_connection_ && !same_name(trimmed(line.substr(colon + 1)), "close");
    } else if (same_name(name, "Content-Length")) {
        const auto value = trimmed(line.substr(colon + 1));
        const auto read = std::from_chars(value.data(), value.data() + value.size(), body_bytes_);
        if (read.ec != std::errc() || read.ptr != value.data() + value.size()) return false;
        body_left_ = body_bytes_;
        length_known_ = true;
    }
    return true;
}

int message_reader::status() const {
    const auto word = second_word(head_);
    int value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
}

std::string_view message_reader::target() const {
    return second_word(head_);
}

std::string_view message_reader::field(std::string_view name) const {
    std::string_view rest = head_;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(rest.size(), line.size() + 2));
        const auto colon = line.find(':');
        if (colon != line.npos && same_name(line.substr(0, colon), name))
            return trimmed(line.substr(colon + 1));
    }
    return {};
}

}  // namespace bench
