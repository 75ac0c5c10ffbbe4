// See names_log.hpp.
#include "names_log.hpp"

#include "garde/base/sealing.hpp"

#include "line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace garde::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_open = 3;  ///< records come in about the order of their times

result<secret_string> load_or_make_key(file_layer& files, const fs::path& folder, const fs::path& given) {
    const auto file = given.empty() ? folder / names_key_name : given;
    auto key = load_names_key(files, file);
    if (key && *key) return **std::move(key);
    if (key)
        return fail(
            fmt::format("{} is not a key of 64 hexadecimal digits; put the former one back, or move it "
                        "away: personal values that it opened are then lost",
                        file.string()));
    if (key.error() != std::errc::no_such_file_or_directory || !given.empty())
        return fail(fmt::format("cannot read {}: {}", file.string(), key.error().message()));
    auto made = make_sealing_key();
    auto content = make_names_key_file(made);
    const auto why = replace_file(files, file, content);
    wipe(content);
    if (why) return fail(fmt::format("cannot write {}: {}", file.string(), why.message()));
    return made;
}

/// The offset behind the last whole line of this part of a file that is of a record up to `size`; nothing
/// when there is none in it.
std::optional<std::size_t> end_of_last_good(std::string_view part, std::uint64_t size) {
    while (true) {
        const auto end = part.rfind('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const auto begin = part.substr(0, end).rfind('\n');
        // Without the LF before it, it may be the rest of a line.
        if (begin == std::string_view::npos) return std::nullopt;
        const auto line = read_sealed(part.substr(begin + 1, end - begin - 1));
        if (line && line->seq <= size) return end + 1;
        part = part.substr(0, begin + 1);
    }
}

}  // namespace

result<names_log> names_log::open(file_layer& files, const fs::path& folder, const fs::path& names_key,
                                  std::uint64_t size) {
    auto key = load_or_make_key(files, folder, names_key);
    if (!key) return std::unexpected(key.error());
    names_log out(files, folder, *std::move(key));
    const auto content = list_folder(files, folder);
    if (!content) return fail(fmt::format("cannot read {}: {}", folder.string(), content.error().message()));
    for (const auto& one : content->volumes)
        if (const auto why = out.trim(one, size))
            return fail(
                fmt::format("cannot mend {}: {}", (folder / one.values_name()).string(), why.message()));
    return out;
}

/// Reads backwards, twice as much each time, until it finds a good line: mostly the very last one.
std::error_code names_log::trim(const volume& which, std::uint64_t size) {
    auto file = files_->open(folder_ / which.values_name(), open_mode::append);
    if (!file) return file.error();
    const auto length = (*file)->size();
    if (!length) return length.error();
    std::uint64_t keep = 0;
    for (std::uint64_t window = 16 * 1024;; window *= 2) {
        const auto begin = *length > window ? *length - window : 0;
        // The beginning of the file is the beginning of a line.
        std::string text(begin == 0 ? "\n" : "");
        const auto extra = text.size();
        text.resize(extra + static_cast<std::size_t>(*length - begin));
        std::size_t filled = extra;
        while (filled < text.size()) {
            const auto got =
                (*file)->read_at(begin + filled - extra, {text.data() + filled, text.size() - filled});
            if (!got) return got.error();
            if (*got == 0) break;
            filled += *got;
        }
        text.resize(filled);
        if (const auto end = end_of_last_good(text, size)) {
            keep = begin + *end - extra;
            break;
        }
        if (begin == 0) break;
    }
    return keep < *length ? (*file)->truncate(keep) : std::error_code{};
}

std::error_code names_log::append(std::span<const record_values> what) {
    while (!what.empty()) {
        const auto epoch = what.front().epoch;
        const auto same = std::ranges::find_if(what, [&](const auto& one) { return one.epoch != epoch; });
        const auto count = static_cast<std::size_t>(same - what.begin());
        const auto to = volume_for(epoch);
        if (!to) return to.error();
        if (const auto why = append_to(**to, what.first(count))) return why;
        what = what.subspan(count);
    }
    return {};
}

std::error_code names_log::append_to(open_volume& to, std::span<const record_values> what) {
    std::string text;
    for (const auto& one : what) text.append(seal_values(to.which, to.key, one)).push_back('\n');
    // A write that failed may have left a part behind.
    if (const auto size = to.file->size(); !size)
        return size.error();
    else if (*size > to.length)
        if (const auto why = to.file->truncate(to.length)) return why;
    if (const auto why = to.file->append(text)) return why;
    if (const auto why = to.file->sync()) return why;
    to.length += text.size();
    return {};
}

io_result<names_log::open_volume*> names_log::volume_for(std::int64_t epoch) {
    const auto found = std::ranges::find_if(open_, [&](const auto& one) { return one.which.epoch == epoch; });
    if (found != open_.end()) return &*found;
    auto made = find_or_make(epoch);
    if (!made) return std::unexpected(made.error());
    if (open_.size() == most_open) open_.erase(open_.begin());
    open_.push_back(*std::move(made));
    return &open_.back();
}

/// A volume whose key this names.key does not open is left as it is, for the key that does.
io_result<names_log::open_volume> names_log::find_or_make(std::int64_t epoch) {
    constexpr std::size_t max_key_bytes = 256;
    const auto content = list_folder(*files_, folder_);
    if (!content) return std::unexpected(content.error());
    volume next{epoch, 0};
    for (const auto& one : content->volumes) {
        if (one.epoch != epoch) continue;
        const auto wrapped = read_beginning(*files_, folder_ / one.key_name(), max_key_bytes);
        if (!wrapped) return std::unexpected(wrapped.error());
        if (auto key = unwrap_key(one, names_key_, *wrapped)) return reopen(one, *std::move(key));
        next.number = one.number + 1;
    }
    return make(next);
}

io_result<names_log::open_volume> names_log::make(const volume& which) {
    auto key = make_sealing_key();
    // The values' name first: a volume is there once its key is, and has values then.
    auto out = reopen(which, key);
    if (!out) return out;
    if (const auto why = replace_file(*files_, folder_ / which.key_name(), wrap_key(which, names_key_, key)))
        return std::unexpected(why);
    if (const auto why = files_->sync_folder(folder_)) return std::unexpected(why);
    return out;
}

io_result<names_log::open_volume> names_log::reopen(const volume& which, secret_string key) {
    auto file = files_->open(folder_ / which.values_name(), open_mode::append);
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    return open_volume{which, std::move(key), *std::move(file), *size};
}

io_result<bool> names_log::has_before(std::int64_t epoch) const {
    const auto content = list_folder(*files_, folder_);
    if (!content) return std::unexpected(content.error());
    return !content->volumes.empty() && content->volumes.front().epoch < epoch;
}

std::error_code names_log::erase_before(std::int64_t epoch) {
    const auto content = list_folder(*files_, folder_);
    if (!content) return content.error();
    std::erase_if(open_, [&](const auto& one) { return one.which.epoch < epoch; });
    for (const auto& one : content->volumes) {
        if (one.epoch >= epoch) break;
        if (const auto why = files_->remove(folder_ / one.key_name())) return why;
    }
    // Without a key nobody can read the values; they go second, so that a volume without a key is never begun
    // anew.
    if (const auto why = files_->sync_folder(folder_)) return why;
    for (const auto& one : content->volumes) {
        if (one.epoch >= epoch) break;
        if (const auto why = files_->remove(folder_ / one.values_name())) return why;
    }
    return {};
}

}  // namespace garde::journal
