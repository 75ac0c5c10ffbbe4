// See record_line.hpp.
#include "record_line.hpp"

#include "garde/base/utf8.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace garde::journal {
namespace {

namespace json = boost::json;

constexpr std::size_t max_name_bytes = 128;
constexpr std::size_t max_value_bytes = 4 * 1024;
/// Attributes and commitments together; leaves room for all other members, however escaped.
constexpr std::size_t max_attributes_bytes = 60 * 1024;

/// Where somebody acted, the mode changed, or the journal lacks something: what an intruder would rather not
/// have known.
constexpr std::array<std::string_view, 24> urgent_events{"switchover",
                                                         "exercise-begun",
                                                         "exercise-ended",
                                                         "backend-change",
                                                         "override",
                                                         "override-cleared",
                                                         "override-expired",
                                                         "override-resumed",
                                                         "procedure-opened",
                                                         "procedure-closed",
                                                         "procedure-resumed",
                                                         "order-refused",
                                                         "reload",
                                                         "reload-refused",
                                                         "operators-changed",
                                                         "take-over-refused",
                                                         "cache-purged",
                                                         "names-erased",
                                                         "segments-removed",
                                                         "truncated-found",
                                                         "head-missing",
                                                         "lost",
                                                         "start",
                                                         "stop"};

std::string quoted(std::string_view text) {
    return json::serialize(json::string(text.data(), text.size()));
}

std::string member(std::string_view name, std::string_view value) {
    return fmt::format("{}:{}", quoted(name), quoted(value));
}

void add_member(std::string& to, std::string_view text) {
    if (!to.empty()) to.push_back(',');
    to.append(text);
}

/// The two objects that hold a record's attributes, without their braces.
struct attribute_texts {
    std::string open;
    std::string hidden;
    std::vector<hidden_value> values;
};

attribute_texts texts_of(const record& what, const salt_supply& salts) {
    attribute_texts out;
    std::size_t written = 0;
    for (const auto& [given_name, given_value] : what.attributes) {
        const auto name = clean_utf8(given_name, max_name_bytes);
        auto value = clean_utf8(given_value, max_value_bytes);
        const bool personal = is_personal(name, value);
        const auto salt = personal ? salts() : std::string();
        const auto text = member(name, personal ? commitment(salt, name, value) : value);
        if (out.open.size() + out.hidden.size() + text.size() > max_attributes_bytes) break;
        add_member(personal ? out.hidden : out.open, text);
        if (personal) out.values.push_back({name, salt, std::move(value)});
        ++written;
    }
    if (const auto left_out = what.attributes.size() - written; left_out > 0)
        add_member(out.open, member("left-out", std::to_string(left_out)));
    return out;
}

const json::string* text_member(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains({name.data(), name.size()});
    return value == nullptr ? nullptr : value->if_string();
}

std::string to_std(const json::string& text) {
    return {text.data(), text.size()};
}

std::string text_or_empty(const json::object& in, std::string_view name) {
    const auto* text = text_member(in, name);
    return text == nullptr ? std::string() : to_std(*text);
}

std::vector<std::pair<std::string, std::string>> pairs_of(const json::value* object) {
    std::vector<std::pair<std::string, std::string>> out;
    if (object == nullptr || !object->is_object()) return out;
    for (const auto& each : object->get_object())
        if (const auto* text = each.value().if_string())
            out.emplace_back(std::string(each.key().data(), each.key().size()), to_std(*text));
    return out;
}

}  // namespace

urgency urgency_of(std::string_view event) {
    return std::ranges::find(urgent_events, event) == urgent_events.end() ? urgency::usual : urgency::at_once;
}

made_line make_line(std::uint64_t seq, const record& what, const salt_supply& salts) {
    auto attributes = texts_of(what, salts);
    auto text = fmt::format(R"({{"seq":{},"at":"{}",{})", seq, to_rfc3339_ns(what.at),
                            member("event", clean_utf8(what.event, max_name_bytes)));
    if (!what.configuration.empty())
        add_member(text, member("configuration", clean_utf8(what.configuration, max_name_bytes)));
    if (!what.incident.empty())
        add_member(text, member("incident", clean_utf8(what.incident, max_name_bytes)));
    if (what.drill) add_member(text, R"("drill":true)");
    text += fmt::format(R"(,"attributes":{{{}}})", attributes.open);
    if (!attributes.hidden.empty()) text += fmt::format(R"(,"hidden":{{{}}})", attributes.hidden);
    text.push_back('}');
    return {std::move(text), std::move(attributes.values)};
}

std::string_view read_record::attribute(std::string_view name) const {
    for (const auto& [key, value] : attributes)
        if (key == name) return value;
    return {};
}

std::uint64_t read_record::number(std::string_view name) const {
    const auto text = attribute(name);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

result<read_record> read_line(std::string_view text) {
    json::error_code failed;
    const auto value = json::parse({text.data(), text.size()}, failed);
    if (failed || !value.is_object()) return fail("it is not a JSON object");
    const auto& object = value.get_object();
    const auto* seq = object.if_contains("seq");
    const auto* at = text_member(object, "at");
    const auto* event = text_member(object, "event");
    const auto* attributes = object.if_contains("attributes");
    if (seq == nullptr || at == nullptr || event == nullptr || attributes == nullptr ||
        !attributes->is_object())
        return fail("a member of a record is missing");
    const auto number = seq->is_double() ? 0 : seq->to_number<std::uint64_t>(failed);
    if (failed || number == 0) return fail("its seq is no number from 1");

    read_record out;
    out.seq = number;
    out.at = to_std(*at);
    out.event = to_std(*event);
    out.configuration = text_or_empty(object, "configuration");
    out.incident = text_or_empty(object, "incident");
    const auto* drill = object.if_contains("drill");
    out.drill = drill != nullptr && drill->is_bool() && drill->get_bool();
    out.attributes = pairs_of(attributes);
    out.hidden = pairs_of(object.if_contains("hidden"));
    return out;
}

}  // namespace garde::journal
