// What callers and backends of a simulation say. Every message follows from the reference of its request, so
// that whoever gets one can tell whose it is, and that not a byte of it is another's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace garde::sim {

/// What a backend's message is; in its field `Sim-Kind`.
enum class reply_kind : std::uint8_t { good, fault, unavailable, nonsense, empty };
std::string_view to_text(reply_kind value);

struct reply {
    reply_kind kind = reply_kind::good;
    std::uint64_t reference = 0;
    std::string backend;
    std::size_t padding = 0;
    bool soap = true;
};

int status_of(reply_kind kind);
std::string body_of(const reply& what);

/// A body of a question.
std::string question_body(std::uint64_t reference, std::size_t padding);

/// A body without Content-Length, in chunks of so many bytes.
std::string in_chunks(std::string_view body, std::size_t each);

}  // namespace garde::sim
