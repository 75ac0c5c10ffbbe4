// See hash_file.hpp.
#include "hash_file.hpp"

#include "log_folder.hpp"

#include <fmt/format.h>

#include <cstring>

namespace garde::journal {
namespace {

constexpr std::size_t hash_bytes = digest256{}.size();
constexpr std::uint64_t window_hashes = 2048;

}  // namespace

io_result<hash_file> hash_file::open(file_layer& files, const std::filesystem::path& folder) {
    auto file = files.open(folder / hashes_name, open_mode::read);
    if (!file && file.error() == std::errc::no_such_file_or_directory) return hash_file(nullptr, 0);
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    return hash_file(std::move(*file), *size / hash_bytes);
}

io_result<std::optional<digest256>> hash_file::at(std::uint64_t index) {
    if (index >= count_) return std::nullopt;
    if (index < window_begin_ || (index - window_begin_ + 1) * hash_bytes > window_.size()) {
        window_.resize(window_hashes * hash_bytes);
        const auto got = file_->read_at(index * hash_bytes, window_);
        window_.resize(got.value_or(0));
        window_begin_ = index;
        if (!got) return std::unexpected(got.error());
        // Cut since it was opened.
        if (window_.size() < hash_bytes) return std::nullopt;
    }
    digest256 out{};
    std::memcpy(out.data(), window_.data() + (index - window_begin_) * hash_bytes, hash_bytes);
    return out;
}

hash_reader hash_file::reader() {
    return [this](std::uint64_t index) -> result<digest256> {
        const auto found = at(index);
        if (!found) return fail(fmt::format("cannot read {}: {}", hashes_name, found.error().message()));
        if (!*found) return fail(fmt::format("{} has no hash of record {}", hashes_name, index + 1));
        return **found;
    };
}

}  // namespace garde::journal
