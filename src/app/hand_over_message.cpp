// See hand_over_message.hpp. Each message is one JSON object; `say` names its kind.
#include "hand_over_message.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace garde::app {
namespace {

namespace json = boost::json;
using continuity::to_text;

json::string_view text(std::string_view from) {
    return {from.data(), from.size()};
}

json::value time_or_null(const std::optional<wall_time>& at) {
    return at ? json::value(at->time_since_epoch().count()) : json::value(nullptr);
}

json::value to_json(const std::optional<control::override_view>& order) {
    if (!order) return nullptr;
    return json::object{{"mode", text(to_text(order->pinned))},
                        {"strict", order->strict},
                        {"by", order->by},
                        {"reason", order->reason},
                        {"since", order->since.time_since_epoch().count()},
                        {"until", time_or_null(order->until)}};
}

json::value to_json(const std::optional<control::procedure_memory>& open) {
    if (!open) return nullptr;
    return json::object{{"since", open->since.time_since_epoch().count()}, {"ordered", open->ordered}};
}

json::object to_json(const control::service_memory& what) {
    json::array backends;
    for (const auto& one : what.backends)
        backends.push_back(json::object{{"name", one.name},
                                        {"address", one.address},
                                        {"verdict", text(to_text(one.state))},
                                        {"since", one.since.time_since_epoch().count()},
                                        {"reason", text(to_text(one.last_reason))}});
    return {{"say", "service"},
            {"name", what.name},
            {"active", what.active_backend},
            {"since", what.since.time_since_epoch().count()},
            {"order", to_json(what.order)},
            {"procedure", to_json(what.procedure)},
            {"backends", std::move(backends)}};
}

struct to_object {
    json::object operator()(const hello& what) const { return {{"say", "hello"}, {"version", what.version}}; }
    json::object operator()(const handed_socket& what) const {
        return {{"say", "socket"}, {"name", what.name}};
    }
    json::object operator()(const handed_service& what) const { return to_json(what.what); }
    json::object operator()(const offered& what) const {
        return {{"say", "offered"}, {"sockets", what.sockets}, {"services", what.services}};
    }
    json::object operator()(const refused& what) const { return {{"say", "refused"}, {"why", what.why}}; }
    json::object operator()(const serving& /*what*/) const { return {{"say", "serving"}}; }
    json::object operator()(const released& /*what*/) const { return {{"say", "released"}}; }
};

/// Reads members; the first that is missing or of another type makes it bad for good.
class members {
  public:
    explicit members(const json::object& from) : from_(from) {}

    std::string text_of(const char* name) {
        const auto* value = find(name);
        if (value == nullptr || !value->is_string()) return bad<std::string>();
        return std::string(value->get_string());
    }
    std::int64_t number_of(const char* name) {
        const auto* value = find(name);
        json::error_code failed;
        const auto out = value == nullptr ? 0 : value->to_number<std::int64_t>(failed);
        return value == nullptr || failed ? bad<std::int64_t>() : out;
    }
    bool truth_of(const char* name) {
        const auto* value = find(name);
        return value != nullptr && value->is_bool() ? value->get_bool() : bad<bool>();
    }
    wall_time time_of(const char* name) { return wall_time(std::chrono::nanoseconds(number_of(name))); }
    std::optional<wall_time> optional_time_of(const char* name) {
        const auto* value = find(name);
        if (value != nullptr && value->is_null()) return std::nullopt;
        return time_of(name);
    }
    template <class Enum>
    Enum word_of(const char* name, std::optional<Enum> (*read)(std::string_view)) {
        const auto out = read(text_of(name));
        return out ? *out : bad<Enum>();
    }
    const json::value& value_of(const char* name) {
        static const json::value nothing;
        const auto* value = find(name);
        if (value == nullptr) good_ = false;
        return value == nullptr ? nothing : *value;
    }
    [[nodiscard]] bool good() const { return good_; }
    void spoil() { good_ = false; }

  private:
    [[nodiscard]] const json::value* find(const char* name) const { return from_.if_contains(name); }
    template <class T>
    T bad() {
        good_ = false;
        return {};
    }
    const json::object& from_;
    bool good_ = true;
};

std::optional<control::override_view> read_order(members& from) {
    const auto& value = from.value_of("order");
    if (!value.is_object()) {
        if (!value.is_null()) from.spoil();
        return std::nullopt;
    }
    members in(value.get_object());
    control::override_view out{.pinned = in.word_of("mode", continuity::override_mode_from),
                               .strict = in.truth_of("strict"),
                               .by = in.text_of("by"),
                               .reason = in.text_of("reason"),
                               .since = in.time_of("since"),
                               .until = in.optional_time_of("until")};
    if (!in.good()) from.spoil();
    return out;
}

std::optional<control::procedure_memory> read_procedure(members& from) {
    const auto& value = from.value_of("procedure");
    if (!value.is_object()) {
        if (!value.is_null()) from.spoil();
        return std::nullopt;
    }
    members in(value.get_object());
    const control::procedure_memory out{.since = in.time_of("since"), .ordered = in.truth_of("ordered")};
    if (!in.good()) from.spoil();
    return out;
}

control::service_memory read_service(members& from) {
    control::service_memory out{.name = from.text_of("name"),
                                .active_backend = from.text_of("active"),
                                .since = from.time_of("since"),
                                .order = read_order(from),
                                .procedure = read_procedure(from),
                                .backends = {}};
    const auto& backends = from.value_of("backends");
    if (!backends.is_array()) from.spoil();
    if (!from.good()) return out;
    for (const auto& one : backends.get_array()) {
        if (!one.is_object()) {
            from.spoil();
            break;
        }
        members in(one.get_object());
        out.backends.push_back({.name = in.text_of("name"),
                                .address = in.text_of("address"),
                                .state = in.word_of("verdict", continuity::verdict_from),
                                .since = in.time_of("since"),
                                .last_reason = in.word_of("reason", continuity::reason_from)});
        if (!in.good()) from.spoil();
    }
    return out;
}

std::optional<hand_over_message> read(const std::string& kind, members& from) {
    if (kind == "hello") return hello{static_cast<int>(from.number_of("version"))};
    if (kind == "socket") return handed_socket{from.text_of("name")};
    if (kind == "service") return handed_service{read_service(from)};
    if (kind == "offered")
        return offered{static_cast<std::size_t>(from.number_of("sockets")),
                       static_cast<std::size_t>(from.number_of("services"))};
    if (kind == "refused") return refused{from.text_of("why")};
    if (kind == "serving") return serving{};
    if (kind == "released") return released{};
    return std::nullopt;
}

}  // namespace

std::string encode(const hand_over_message& what) {
    return json::serialize(std::visit(to_object{}, what));
}

result<hand_over_message> decode(std::string_view from) {
    json::error_code failed;
    const json::value read_value = json::parse(text(from), failed);
    if (failed || !read_value.is_object()) return fail("the other process says something that is no message");
    members in(read_value.get_object());
    const std::string kind = in.text_of("say");
    auto out = read(kind, in);
    if (!out || !in.good())
        return fail(fmt::format("the other process says '{}' in a way that is not known", kind));
    return std::move(*out);
}

}  // namespace garde::app
