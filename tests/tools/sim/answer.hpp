// From a request to the bytes that go back: genuine answers, and what a fault makes of them. Pure.
#pragma once

#include "consult.hpp"
#include "faults.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

/// A fully received request.
struct request {
    std::string_view method;
    std::string_view target;
    std::string_view body{};
    std::string_view raw{};  ///< head and body as they were on the wire
    bool keep_alive = true;
};

/// What becomes of the connection once the bytes are written.
enum class ending : std::uint8_t { keep, close, reset, hang };

struct answer {
    std::string bytes;
    ending then = ending::keep;
};

/// Reply before it is framed.
struct reply {
    int status = 200;
    std::string_view content_type = "text/xml; charset=utf-8";
    std::string body{};
    bool chunked = false;
};

/// What a request asks for, read once.
struct reading {
    bool soap = false;  ///< a POST that is none of the others
    /// POST /orders, something that must not be done twice: the value of its Idempotency-Key, else its body.
    std::optional<std::string> order{};
    bool has_key = false;  ///< the order has an Idempotency-Key
    std::expected<question, fault_code> asked{std::unexpect, "SOA-03001"};  ///< only with soap
};

reading read(const request& from);

/// The answer of a site without faults. GET and HEAD on any path give a small text; `?bytes=N` gives N bytes,
/// byte i being i mod 251; `chunked=1` sends it in chunks of growing size. POST /echo gives the request as it
/// was on the wire; POST /orders takes an order (201), or refuses one whose body is "refuse" (409).
reply genuine_reply(const request& to, const reading& what);

/// `site` goes into X-Sim-Site, and nowhere else.
answer frame(const reply& content, const request& to, std::string_view site);

/// What the fault makes of the answer. Only for kinds that apply to requests.
answer spoil(const fault& by, const reply& content, const request& to, std::string_view site);

}  // namespace sim
