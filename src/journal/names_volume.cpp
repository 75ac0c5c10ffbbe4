// See names_volume.hpp.
#include "names_volume.hpp"

#include "garde/base/hash.hpp"
#include "garde/base/sealing.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace garde::journal {
namespace {

namespace json = boost::json;

std::string key_context(const volume& of) {
    return "garde journal " + of.name();
}

std::string values_context(const volume& of, std::uint64_t seq) {
    return fmt::format("garde journal {} {}", of.name(), seq);
}

std::string_view without_end(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::optional<std::string> text_at(const json::array& in, std::size_t index) {
    if (!in[index].is_string()) return std::nullopt;
    const auto& text = in[index].get_string();
    return std::string(text.data(), text.size());
}

}  // namespace

std::string wrap_key(const volume& of, const secret_string& names_key, const secret_string& key) {
    return to_base64url(seal(names_key, key_context(of), key.reveal())) + "\n";
}

std::optional<secret_string> unwrap_key(const volume& of, const secret_string& names_key,
                                        std::string_view wrapped) {
    const auto sealed = from_base64url(without_end(wrapped));
    if (!sealed) return std::nullopt;
    auto key = open_seal(names_key, key_context(of), *sealed);
    if (!key || key->size() != sealing_key_bytes) return std::nullopt;
    return key;
}

std::string seal_values(const volume& in, const secret_string& key, const record_values& what) {
    json::array all;
    for (const auto& one : what.values)
        all.push_back(json::array{one.name, to_base64url(one.salt), one.value});
    auto plain = json::serialize(all);
    auto out = fmt::format(R"({{"seq":{},"sealed":"{}"}})", what.seq,
                           to_base64url(seal(key, values_context(in, what.seq), plain)));
    wipe(plain);
    return out;
}

std::optional<sealed_values> read_sealed(std::string_view line) {
    json::error_code failed;
    const auto value = json::parse({line.data(), line.size()}, failed);
    if (failed || !value.is_object()) return std::nullopt;
    const auto* seq = value.get_object().if_contains("seq");
    const auto* sealed = value.get_object().if_contains("sealed");
    if (seq == nullptr || sealed == nullptr || !sealed->is_string()) return std::nullopt;
    const auto number = seq->to_number<std::uint64_t>(failed);
    const auto& text = sealed->get_string();
    auto bytes = from_base64url({text.data(), text.size()});
    if (failed || !bytes) return std::nullopt;
    return sealed_values{number, *std::move(bytes)};
}

std::optional<std::vector<hidden_value>> open_values(const volume& in, const secret_string& key,
                                                     const sealed_values& what) {
    const auto plain = open_seal(key, values_context(in, what.seq), what.sealed);
    if (!plain) return std::nullopt;
    json::error_code failed;
    const auto text = plain->reveal();
    const auto all = json::parse({text.data(), text.size()}, failed);
    if (failed || !all.is_array()) return std::nullopt;
    std::vector<hidden_value> out;
    for (const auto& one : all.get_array()) {
        if (!one.is_array() || one.get_array().size() != 3) return std::nullopt;
        auto name = text_at(one.get_array(), 0);
        const auto salt = text_at(one.get_array(), 1);
        auto value = text_at(one.get_array(), 2);
        auto salt_read = salt ? from_base64url(*salt) : std::nullopt;
        if (!name || !salt_read || !value) return std::nullopt;
        out.push_back({*std::move(name), *std::move(salt_read), *std::move(value)});
    }
    return out;
}

std::string make_names_key_file(const secret_string& key) {
    const auto bytes = key.reveal();
    return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}) + "\n";
}

std::optional<secret_string> read_names_key_file(std::string_view content) {
    auto bytes = from_hex(without_end(content));
    if (!bytes || bytes->size() != sealing_key_bytes) return std::nullopt;
    const std::span<char> key(reinterpret_cast<char*>(bytes->data()), bytes->size());
    secret_string out(std::string_view(key.data(), key.size()));
    wipe(key);
    return out;
}

io_result<std::optional<secret_string>> load_names_key(file_layer& files, const std::filesystem::path& file) {
    constexpr std::size_t max_key_file_bytes = 256;
    auto content = read_beginning(files, file, max_key_file_bytes);
    if (!content) return std::unexpected(content.error());
    auto key = read_names_key_file(*content);
    wipe(*content);
    return key;
}

}  // namespace garde::journal
