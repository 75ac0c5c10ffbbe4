// See webhook_message.hpp.
#include "webhook_message.hpp"

#include "garde/base/hash.hpp"

#include "ascii_json.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <chrono>
#include <span>

namespace garde::journal {
namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

webhook_message make_webhook(const signed_checkpoint& what, const secret_string& secret, wall_time now) {
    constexpr std::size_t id_bytes = 16;
    const auto& head = what.what.head;
    webhook_message out{.fields = {},
                        .body = ascii_json(boost::json::object{
                            {"type", "checkpoint"},
                            {"timestamp", to_rfc3339(what.at)},
                            {"data", boost::json::object{{"origin", what.what.origin},
                                                         {"size", head.size},
                                                         {"root", to_base64(text_of(head.root))},
                                                         {"checkpoint", what.note}}}})};
    const auto hash = sha256(out.body);
    const auto id = "msg_" + to_hex(std::span(hash).first(id_bytes));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const auto mac = hmac_sha256(secret.reveal(), fmt::format("{}.{}.{}", id, seconds, out.body));
    out.fields = {"Content-Type: application/json", "webhook-id: " + id,
                  fmt::format("webhook-timestamp: {}", seconds),
                  "webhook-signature: v1," + to_base64(text_of(mac))};
    return out;
}

}  // namespace garde::journal
