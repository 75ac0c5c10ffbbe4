// Reads one HTTP/1.1 message after the other, request or answer alike, as far as a benchmark needs: the first
// line, Content-Length, Connection. Bodies are counted, or kept where somebody reads them. Pure: bytes go in.
//
// Both ends of a benchmark speak to proxies under test, not to the world: what a proxy may not send them (a
// message that does not say where it ends, pipelining) is `bad`. Chunks are understood only where bodies are
// kept: where they are counted, a proxy that changes the framing is none that the run compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class message_reader {
  public:
    enum class progress : std::uint8_t {
        more,      ///< the message is not complete yet
        complete,  ///< it is; start() before the next one
        bad,       ///< not a message that this reader understands; no more use
    };

    enum class absent_length : std::uint8_t {
        means_no_body,  ///< a request (RFC 9112, 6.3)
        is_bad,         ///< an answer, which would end with the connection
    };

    enum class bodies : std::uint8_t { counted, kept };

    explicit message_reader(absent_length without, bodies what = bodies::counted)
        : without_(without), bodies_(what) {}

    /// Before each message.
    void start();

    /// The next bytes of the message. More bytes than it has are bad.
    progress take(std::string_view bytes);

    /// The rest is valid once the head was read, until start().

    [[nodiscard]] int status() const;                                   ///< of an answer; 0 for a request
    [[nodiscard]] std::string_view target() const;                      ///< of a request
    [[nodiscard]] std::string_view field(std::string_view name) const;  ///< the first; empty when absent
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
    [[nodiscard]] std::string_view body() const { return body_; }  ///< so far; empty where only counted
    [[nodiscard]] bool keeps_connection() const { return keeps_connection_; }

  private:
    [[nodiscard]] bool read_head();
    [[nodiscard]] bool read_field(std::string_view line);
    progress take_body(std::string_view bytes);
    progress take_chunks(std::string_view bytes);
    [[nodiscard]] bool take_chunk_line();

    static constexpr std::size_t head_limit = std::size_t{16} * 1024;

    /// What a line between chunks is.
    enum class chunk_line : std::uint8_t { size, end_of_data, trailer, none_left };

    absent_length without_;
    bodies bodies_;
    std::string head_;
    std::string body_;
    std::string line_;  ///< of chunks, as far as it is there
    chunk_line next_line_ = chunk_line::size;
    bool chunked_ = false;
    bool in_body_ = false;
    bool length_known_ = false;
    bool keeps_connection_ = true;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t body_left_ = 0;
};

}  // namespace bench
