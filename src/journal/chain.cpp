// See chain.hpp.
#include "chain.hpp"

#include "garde/base/hash.hpp"
#include "garde/base/utf8.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace garde::journal {
namespace {

namespace json = boost::json;

constexpr std::size_t max_name_bytes = 128;
constexpr std::size_t max_value_bytes = 4 * 1024;
constexpr std::size_t max_attributes_bytes =
    60 * 1024;  ///< leaves room for all other members, however escaped

constexpr std::size_t hash_digits = 64;
constexpr std::string_view hash_member = R"(,"hash":")";
constexpr std::string_view hash_end = R"("})";
constexpr std::size_t tail_bytes = hash_member.size() + hash_digits + hash_end.size();

bool is_hash(std::string_view text) {
    return text.size() == hash_digits &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string quoted(std::string_view text, std::size_t limit) {
    const auto clean = clean_utf8(text, limit);
    return json::serialize(json::string(clean.data(), clean.size()));
}

std::string attributes_text(const record& what) {
    std::string out;
    std::size_t written = 0;
    for (const auto& [name, value] : what.attributes) {
        const auto member =
            fmt::format("{}:{}", quoted(name, max_name_bytes), quoted(value, max_value_bytes));
        if (out.size() + member.size() > max_attributes_bytes) break;
        if (!out.empty()) out.push_back(',');
        out.append(member);
        ++written;
    }
    if (const auto left_out = what.attributes.size() - written; left_out > 0)
        out.append(fmt::format(R"({}"left-out":"{}")", out.empty() ? "" : ",", left_out));
    return out;
}

std::string hash_of(std::string_view prev, std::string_view body) {
    return to_hex(sha256(std::string(prev).append(body)));
}

const json::string* text_member(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains({name.data(), name.size()});
    return value == nullptr ? nullptr : value->if_string();
}

std::optional<std::uint64_t> number_member(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains({name.data(), name.size()});
    if (value == nullptr) return std::nullopt;
    json::error_code failed;
    const auto number = value->to_number<std::uint64_t>(failed);
    if (failed || value->is_double()) return std::nullopt;
    return number;
}

std::string to_std(const json::string& text) {
    return {text.data(), text.size()};
}

}  // namespace

made_line make_line(const link& last, const record& what) {
    const auto seq = last.seq + 1;
    auto body = fmt::format(R"({{"seq":{},"at":"{}","event":{},"attributes":{{{}}},"prev":"{}"}})", seq,
                            to_rfc3339(what.at), quoted(what.event, max_name_bytes), attributes_text(what),
                            last.hash);
    auto hash = hash_of(last.hash, body);
    body.pop_back();
    return {fmt::format("{}{}{}{}", body, hash_member, hash, hash_end), {seq, std::move(hash)}};
}

std::string_view chain_line::attribute(std::string_view name) const {
    for (const auto& [key, value] : attributes)
        if (key == name) return value;
    return {};
}

bool continues(const link& last, const chain_line& line) {
    return line.seq == last.seq + 1 && line.prev == last.hash && line.content == chain_line::content::matches;
}

result<chain_line> read_line(std::string_view text) {
    if (text.size() <= tail_bytes) return fail("it is too short");
    const auto tail = text.substr(text.size() - tail_bytes);
    const auto hash = tail.substr(hash_member.size(), hash_digits);
    if (!tail.starts_with(hash_member) || !tail.ends_with(hash_end) || !is_hash(hash))
        return fail("it does not end with its hash");
    const auto body = std::string(text.substr(0, text.size() - tail_bytes)).append("}");

    json::error_code failed;
    const auto value = json::parse(body, failed);
    if (failed || !value.is_object()) return fail("it is not a JSON object");
    const auto& object = value.get_object();
    const auto seq = number_member(object, "seq");
    const auto* at = text_member(object, "at");
    const auto* event = text_member(object, "event");
    const auto* prev = text_member(object, "prev");
    const auto* attributes = object.if_contains("attributes");
    if (!seq || at == nullptr || event == nullptr || prev == nullptr || attributes == nullptr ||
        !attributes->is_object())
        return fail("a member of a record is missing");

    chain_line out;
    out.seq = *seq;
    out.prev = to_std(*prev);
    out.hash = hash;
    out.at = to_std(*at);
    out.event = to_std(*event);
    if (hash_of(out.prev, body) != hash) out.content = chain_line::content::edited;
    for (const auto& member : attributes->get_object())
        if (const auto* attribute = member.value().if_string())
            out.attributes.emplace_back(std::string(member.key().data(), member.key().size()),
                                        to_std(*attribute));
    return out;
}

std::string make_head(const link& last) {
    return fmt::format("{{\"seq\":{},\"hash\":\"{}\"}}\n", last.seq, last.hash);
}

result<link> read_head(std::string_view text) {
    json::error_code failed;
    const auto value = json::parse({text.data(), text.size()}, failed);
    if (failed || !value.is_object()) return fail("it is not a JSON object");
    const auto seq = number_member(value.get_object(), "seq");
    const auto* hash = text_member(value.get_object(), "hash");
    if (!seq || hash == nullptr || !is_hash({hash->data(), hash->size()}))
        return fail("it does not name a record");
    return link{*seq, to_std(*hash)};
}

}  // namespace garde::journal
