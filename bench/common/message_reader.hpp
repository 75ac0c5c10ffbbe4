// Reads one HTTP/1.1 message after the other, request or answer alike, as far as a benchmark needs: the first
// line, Content-Length, Connection. Bodies are counted, not kept. Pure: bytes go in.
//
// Both ends of a benchmark speak to proxies under test, not to the world: what a proxy may not send them (a
// message without Content-Length, pipelining) is `bad` and fails the run.
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

    explicit message_reader(absent_length without) : without_(without) {}

    /// Before each message.
    void start();

    /// The next bytes of the message. More bytes than it has are bad.
    progress take(std::string_view bytes);

    /// The rest is valid once the head was read, until start().

    [[nodiscard]] int status() const;               ///< of an answer; 0 for a request
    [[nodiscard]] std::string_view target() const;  ///< of a request
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
    [[nodiscard]] bool keeps_connection() const { return keeps_connection_; }

  private:
    [[nodiscard]] bool read_head();
    [[nodiscard]] bool read_field(std::string_view line);
    progress take_body(std::size_t bytes);

    static constexpr std::size_t head_limit = std::size_t{16} * 1024;

    absent_length without_;
    std::string head_;
    bool in_body_ = false;
    bool length_known_ = false;
    bool keeps_connection_ = true;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t body_left_ = 0;
};

}  // namespace bench
