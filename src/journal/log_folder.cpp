// See log_folder.hpp.
#include "log_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace garde::journal {
namespace {

constexpr std::string_view segment_prefix = "log-";
constexpr std::string_view segment_suffix = ".jsonl";
constexpr std::string_view volume_prefix = "names-";
constexpr std::string_view key_suffix = ".key";
constexpr std::chrono::days epoch_length{30};

template <class T>
bool take_number(std::string_view& text, T& into) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (failed != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

std::optional<std::uint64_t> segment_of(const std::string& name) {
    std::string_view text = name;
    if (!text.starts_with(segment_prefix)) return std::nullopt;
    text.remove_prefix(segment_prefix.size());
    std::uint64_t first = 0;
    if (!take_number(text, first) || text != segment_suffix || segment_name(first) != name)
        return std::nullopt;
    return first;
}

std::optional<volume> volume_of(const std::string& name) {
    std::string_view text = name;
    if (!text.starts_with(volume_prefix)) return std::nullopt;
    text.remove_prefix(volume_prefix.size());
    volume out;
    if (!take_number(text, out.epoch) || !text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    if (!take_number(text, out.number) || text != key_suffix || out.key_name() != name) return std::nullopt;
    return out;
}

}  // namespace

std::string segment_name(std::uint64_t first_seq) {
    return fmt::format("{}{:020}{}", segment_prefix, first_seq, segment_suffix);
}

std::int64_t epoch_of(wall_time at) {
    const auto days = std::chrono::floor<std::chrono::days>(at).time_since_epoch();
    return std::max<std::int64_t>(0, days / epoch_length);
}

wall_time begin_of_epoch(std::int64_t epoch) {
    return wall_time{} + epoch * epoch_length;
}

std::string volume::name() const {
    return fmt::format("{}{:06}-{}", volume_prefix, epoch, number);
}

io_result<folder_content> list_folder(file_layer& files, const std::filesystem::path& folder) {
    auto names = files.list(folder);
    if (!names) return std::unexpected(names.error());
    folder_content out;
    for (auto& name : *names) {
        if (const auto first = segment_of(name))
            out.segments.push_back(*first);
        else if (const auto one = volume_of(name))
            out.volumes.push_back(*one);
        else
            out.others.push_back(std::move(name));
    }
    std::ranges::sort(out.segments);
    std::ranges::sort(out.volumes);
    return out;
}

io_result<std::unique_ptr<open_file>> open_listed_segment(file_layer& files,
                                                          const std::filesystem::path& folder,
                                                          std::uint64_t first_seq) {
    auto segment = files.open(folder / segment_name(first_seq), open_mode::read);
    if (!segment && segment.error() == std::errc::no_such_file_or_directory) return nullptr;
    return segment;
}

}  // namespace garde::journal
