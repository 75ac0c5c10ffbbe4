// See receipt_proof.hpp.
#include "garde/emergency/receipt_proof.hpp"

#include "garde/base/random_supply.hpp"
#include "garde/emergency/receipt.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace garde::emergency {
namespace {

namespace json = boost::json;

constexpr std::string_view event = "receipts";
constexpr std::size_t time_bytes = 6;
constexpr std::size_t random_id_bytes = 12;
constexpr std::size_t locator_bytes = 9;
constexpr std::size_t tag_bytes = 12;
/// For a caller who had not shown who he is.
constexpr std::string_view nobody = "-";

std::string first_bytes(const digest256& of, std::size_t count) {
    return to_base64url({reinterpret_cast<const char*>(of.data()), count});
}

/// The same caller has another one with each receipt.
std::string tag_of(std::string_view id, const caller::identity& who) {
    if (!who.verified()) return std::string(nobody);
    std::string text = "garde receipt caller\n";
    text.append(id).append(1, '\n').append(who.canonical());
    return first_bytes(sha256(text), tag_bytes);
}

std::string commitment_text(const digest256& of) {
    return first_bytes(of, of.size());
}

std::string_view attribute(const journal::shown_record& in, std::string_view name) {
    const auto found = std::ranges::find(in.attributes, name, [](const auto& one) { return one.first; });
    return found == in.attributes.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::optional<digest256> hash_from(const json::value& text) {
    const auto* hex = text.if_string();
    const auto bytes = hex == nullptr ? std::nullopt : from_hex({hex->data(), hex->size()});
    digest256 out{};
    if (!bytes || bytes->size() != out.size()) return std::nullopt;
    std::ranges::copy(*bytes, out.begin());
    return out;
}

std::optional<std::uint64_t> number_from(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains({name.data(), name.size()});
    json::error_code failed;
    const auto out = value == nullptr ? 0 : value->to_number<std::uint64_t>(failed);
    return value == nullptr || failed ? std::nullopt : std::optional(out);
}

std::optional<std::string> text_from(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains({name.data(), name.size()});
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::nullopt : std::optional(std::string(text->data(), text->size()));
}

std::optional<checked_proof> read_proof(const json::object& from) {
    checked_proof out;
    auto leaf = text_from(from, "leaf");
    const auto seq = number_from(from, "seq");
    const auto size = number_from(from, "size");
    const auto* root = from.if_contains("root");
    const auto hash = root == nullptr ? std::nullopt : hash_from(*root);
    const auto* path = from.if_contains("path");
    if (!leaf || !seq || !size || !hash || path == nullptr || !path->is_array()) return std::nullopt;
    for (const auto& one : path->get_array()) {
        const auto node = hash_from(one);
        if (!node) return std::nullopt;
        out.proof.path.push_back(*node);
    }
    out.proof.leaf = std::move(*leaf);
    out.proof.seq = *seq;
    out.proof.in = {*size, *hash};
    out.checkpoint = text_from(from, "checkpoint").value_or("");
    return out;
}

/// Whether the leaf is a record that holds this commitment; sets when it is of.
bool leaf_holds(std::string_view leaf, std::string_view commitment, std::string& at) {
    json::error_code failed;
    const auto read = json::parse({leaf.data(), leaf.size()}, failed);
    if (failed || !read.is_object()) return false;
    const auto& record = read.get_object();
    const auto* attributes = record.if_contains("attributes");
    if (text_from(record, "event") != event || attributes == nullptr || !attributes->is_object())
        return false;
    at = text_from(record, "at").value_or("");
    const auto all = text_from(attributes->get_object(), event).value_or("");
    return std::ranges::any_of(words(all), [&](std::string_view one) {
        const auto colon = one.find(':');
        return colon != std::string_view::npos && one.substr(colon + 1) == commitment;
    });
}

}  // namespace

std::string new_receipt_id(wall_time at) {
    const auto ms =
        static_cast<std::uint64_t>(std::chrono::floor<milliseconds>(at.time_since_epoch()).count());
    std::string out;
    for (std::size_t i = 0; i < time_bytes; ++i)
        out.push_back(static_cast<char>(ms >> (8 * (time_bytes - 1 - i)) & 0xffU));
    thread_local random_supply randomness;
    return to_base64url(out.append(randomness.take(random_id_bytes)));
}

std::optional<wall_time> time_of_receipt_id(std::string_view id) {
    const auto bytes = from_base64url(id);
    if (!bytes || bytes->size() != time_bytes + random_id_bytes || to_base64url(*bytes) != id)
        return std::nullopt;
    std::int64_t ms = 0;
    for (std::size_t i = 0; i < time_bytes; ++i) ms = ms << 8 | static_cast<unsigned char>((*bytes)[i]);
    // What is past the clock's range is no time of garde's.
    constexpr auto latest = std::chrono::floor<milliseconds>(wall_time::max().time_since_epoch()).count();
    return ms > latest ? std::nullopt : std::optional(wall_time(milliseconds(ms)));
}

std::string receipt_locator(std::string_view id) {
    return first_bytes(sha256(std::string("garde receipt\n").append(id)), locator_bytes);
}

journal::record receipts_record(wall_time at, std::span<const issued_receipt> which) {
    std::string receipts;
    std::string callers;
    for (const auto& one : which) {
        if (!receipts.empty()) receipts += ' ', callers += ' ';
        receipts.append(receipt_locator(one.id)).append(1, ':').append(commitment_text(one.commitment));
        callers += tag_of(one.id, one.who);
    }
    return {.at = at,
            .event = std::string(event),
            .attributes = {{"count", std::to_string(which.size())},
                           {std::string(event), std::move(receipts)},
                           {"callers", std::move(callers)}},
            .drill = !which.empty() && which.front().exercise};
}

receipt_match find_receipt(const journal::shown_record& in, std::string_view id,
                           const caller::identity& who) {
    if (in.event != event) return receipt_match::absent;
    const auto receipts = words(attribute(in, event));
    const auto locator = receipt_locator(id) + ':';
    const auto found =
        std::ranges::find_if(receipts, [&](std::string_view one) { return one.starts_with(locator); });
    if (found == receipts.end()) return receipt_match::absent;
    const auto callers = words(attribute(in, "callers"));
    // Readers say (erased) or (sealed) in place of what they cannot open.
    if (callers.size() != receipts.size() || callers.front().starts_with('(')) return receipt_match::erased;
    const auto whose = callers[static_cast<std::size_t>(found - receipts.begin())];
    return whose == nobody || whose == tag_of(id, who) ? receipt_match::his : receipt_match::of_others;
}

std::string proof_document(std::string_view id, const journal::inclusion_proof& of,
                           std::string_view checkpoint) {
    json::array path;
    for (const auto& node : of.path) path.emplace_back(to_hex(node));
    return json::serialize(
        json::object{{"receipt", json::string_view(id.data(), id.size())},
                     {"leaf", of.leaf},
                     {"seq", of.seq},
                     {"index", of.seq - 1},
                     {"size", of.in.size},
                     {"root", to_hex(of.in.root)},
                     {"path", std::move(path)},
                     {"checkpoint", json::string_view(checkpoint.data(), checkpoint.size())}});
}

result<checked_proof> check_proof(std::string_view document, std::string_view jws) {
    json::error_code failed;
    const auto read = json::parse({document.data(), document.size()}, failed);
    auto out = failed || !read.is_object() ? std::nullopt : read_proof(read.get_object());
    if (!out)
        return fail("this is no proof as garde gives it: a JSON object with leaf, seq, size, root and path");
    if (!leaf_holds(out->proof.leaf, commitment_text(receipt_commitment(jws)), out->at))
        return fail("the record in the proof does not hold this receipt");
    if (!journal::holds(out->proof)) return fail("the record is not in a log with that root");
    return *std::move(out);
}

}  // namespace garde::emergency
