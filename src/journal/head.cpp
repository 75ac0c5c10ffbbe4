// See head.hpp.
#include "head.hpp"

#include "log_folder.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace garde::journal {
namespace {

namespace json = boost::json;

template <class T>
std::optional<T> number_member(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains({name.data(), name.size()});
    if (value == nullptr || value->is_double()) return std::nullopt;
    json::error_code failed;
    const auto number = value->to_number<T>(failed);
    if (failed) return std::nullopt;
    return number;
}

std::optional<digest256> digest_of(const json::value& text) {
    if (!text.is_string()) return std::nullopt;
    const auto& hex = text.get_string();
    const auto bytes = from_hex({hex.data(), hex.size()});
    digest256 out{};
    if (!bytes || bytes->size() != out.size()) return std::nullopt;
    std::ranges::copy(*bytes, out.begin());
    return out;
}

}  // namespace

std::string make_head(const log_head& from) {
    std::string peaks;
    for (const auto& one : from.edge.peaks())
        peaks += fmt::format(R"({}"{}")", peaks.empty() ? "" : ",", to_hex(one));
    return fmt::format(R"({{"size":{},"root":"{}","peaks":[{}],"segment":{},"bytes":{},"names_from":{}}})"
                       "\n",
                       from.edge.size(), to_hex(from.edge.root()), peaks, from.segment, from.bytes,
                       from.names_from);
}

result<log_head> read_head(std::string_view text) {
    json::error_code failed;
    const auto value = json::parse({text.data(), text.size()}, failed);
    if (failed || !value.is_object()) return fail("it is not a JSON object");
    const auto& object = value.get_object();
    const auto size = number_member<std::uint64_t>(object, "size");
    const auto segment = number_member<std::uint64_t>(object, "segment");
    const auto bytes = number_member<std::uint64_t>(object, "bytes");
    const auto names_from = number_member<std::int64_t>(object, "names_from");
    const auto* root_text = object.if_contains("root");
    const auto* peak_texts = object.if_contains("peaks");
    if (!size || !segment || !bytes || !names_from || root_text == nullptr || peak_texts == nullptr ||
        !peak_texts->is_array())
        return fail("a member is missing");
    std::vector<digest256> peaks;
    for (const auto& one : peak_texts->get_array()) {
        const auto peak = digest_of(one);
        if (!peak) return fail("a peak is no hash");
        peaks.push_back(*peak);
    }
    auto edge = frontier::from(*size, std::move(peaks));
    const auto root = digest_of(*root_text);
    if (!edge || !root || edge->root() != *root) return fail("its parts do not fit each other");
    return log_head{std::move(*edge), *segment, *bytes, *names_from};
}

io_result<std::optional<log_head>> load_head(file_layer& files, const std::filesystem::path& folder) {
    constexpr std::size_t max_head_bytes = 16 * 1024;
    const auto text = read_beginning(files, folder / head_name, max_head_bytes);
    if (!text && text.error() == std::errc::no_such_file_or_directory) return std::nullopt;
    if (!text) return std::unexpected(text.error());
    auto head = read_head(*text);
    if (!head) return std::nullopt;
    return *std::move(head);
}

}  // namespace garde::journal
