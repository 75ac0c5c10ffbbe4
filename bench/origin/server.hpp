// garde-origin's whole behaviour: the fastest honest backend. Each request gets the same answer, at once, but
// for the patient where that is wanted. One thread.
#pragma once

#include "bench/common/message_reader.hpp"
#include "bench/common/poller.hpp"
#include "bench/common/stream.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace origin {

/// What is sent, head and body in one piece, with a Date that is kept right.
class answer {
  public:
    answer(std::string_view content_type, std::string_view body);

    /// Valid until the next call.
    [[nodiscard]] std::string_view bytes();
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  private:
    std::string bytes_;
    std::size_t date_at_ = 0;
    std::int64_t second_ = 0;  ///< that the date shows
};

class connection;

class server {
  public:
    /// Whether a reply is about the patient of the question, at the cost of reading it.
    enum class patient : std::uint8_t { of_the_reply, of_the_question };

    /// `reply` answers everything but `…/large`, which gets a megabyte.
    server(std::string_view reply, patient whose);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Listens on 127.0.0.1 on a free port, which it returns. `tls` null means plain; else it must outlive
    /// the server.
    std::expected<std::uint16_t, std::string> listen(SSL_CTX* tls);

    /// Until the process ends.
    [[noreturn]] void run();

  private:
    friend class connection;
    friend class listening;
    void accepted(int descriptor, SSL_CTX* tls);
    void forget(int descriptor);
    [[nodiscard]] answer& answer_for(std::string_view target);

    bench::poller poller_;
    const patient whose_;
    answer reply_;
    answer large_;
    std::array<char, std::size_t{64} * 1024> buffer_{};
    std::vector<std::unique_ptr<bench::event_handler>> listeners_;
    std::unordered_map<int, std::unique_ptr<connection>> connections_;
};

}  // namespace origin
