// RFC 9112's chunked coding, read by its grammar and nothing else: what the parser is compared with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace garde::http::fuzz {

struct chunked_message {
    std::string body;
    std::size_t size = 0;  ///< of the coded body, with its final empty line
};

struct chunk_rules {
    std::size_t body_bytes = 0;
    std::string_view announced;  ///< the one trailer that may come; empty: any may
};

/// Nothing when the bytes do not begin with a complete, well-formed chunked body within the limits.
std::optional<chunked_message> read_chunks(std::string_view bytes, const chunk_rules& rules);

}  // namespace garde::http::fuzz
