// See files.hpp.
#include "files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace garde::config {

namespace fs = std::filesystem;

std::expected<std::string, std::string> read_file(const fs::path& path, std::size_t limit) {
    std::error_code failure;
    const auto status = fs::status(path, failure);
    if (status.type() == fs::file_type::not_found) return std::unexpected("does not exist");
    if (failure) return std::unexpected("cannot be read: " + failure.message());
    if (!fs::is_regular_file(status)) return std::unexpected("is not a file");

    std::ifstream in(path, std::ios::binary);
    if (!in) return std::unexpected(std::string("cannot be read: ") + std::strerror(errno));
    const auto size = fs::file_size(path, failure);
    if (failure) return std::unexpected("cannot be read: " + failure.message());
    if (size > limit) return std::unexpected(fmt::format("is larger than {} bytes", limit));
    std::string content(size, '\0');
    in.read(content.data(), static_cast<std::streamsize>(size));
    content.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return std::unexpected(std::string("cannot be read: ") + std::strerror(errno));
    return content;
}

std::optional<std::string> read_named_file(const named_file& file, report& into) {
    auto content = read_file(file.path, text_file_limit);
    if (!content) {
        into.error(file.line, fmt::format("{}: {} {}", file.setting, file.path.string(), content.error()),
                   "correct the path, or put a file there that garde's user may read");
        return std::nullopt;
    }
    if (content->empty()) {
        into.error(file.line, fmt::format("{}: {} is empty", file.setting, file.path.string()), "fill it");
        return std::nullopt;
    }
    return std::move(*content);
}

std::optional<secret_string> read_key_file(const named_file& file, report& into) {
    auto content = read_named_file(file, into);
    if (!content) return std::nullopt;
    secret_string key(*content);
    wipe(*content);

    std::error_code failure;
    const auto permissions = fs::status(file.path, failure).permissions();
    constexpr auto others = fs::perms::group_read | fs::perms::group_write | fs::perms::others_all;
    if (!failure && (permissions & others) != fs::perms::none)
        into.warning(file.line,
                     fmt::format("{}: {} is open to others than its owner", file.setting, file.path.string()),
                     fmt::format("chmod 600 {}", file.path.string()));
    return key;
}

}  // namespace garde::config
