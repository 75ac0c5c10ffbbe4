// See sections.hpp: [journal], how long what is written down stays.
#include "garde/base/hash.hpp"
#include "garde/base/secret.hpp"

#include "files.hpp"
#include "sections.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <span>
#include <system_error>

namespace garde::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t gib = kib * kib * kib;
constexpr std::size_t key_bytes = 32;
constexpr std::string_view for_ever = "forever";
constexpr range<milliseconds> any_time{24h, 100 * 365 * 24h};

/// Whoever reads the key can read who did what. Says nothing of its content.
void check_names_key(const named_file& file, report& into) {
    std::error_code failure;
    const auto permissions = fs::status(file.path, failure).permissions();
    if (!failure && (permissions & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
        into.error(file.line,
                   fmt::format("{}: {} is open to others than its owner", file.setting, file.path.string()),
                   fmt::format("chmod 600 {}, and make a new key if others may have read this one",
                               file.path.string()));
    auto content = read_named_file(file, into);
    if (!content) return;
    const auto end = content->find_last_not_of(" \t\r\n");
    auto bytes = from_hex(std::string_view(*content).substr(0, end == std::string::npos ? 0 : end + 1));
    if (!bytes || bytes->size() != key_bytes)
        into.error(
            file.line,
            fmt::format("{}: {} is not a key of 64 hexadecimal digits", file.setting, file.path.string()),
            fmt::format("make one: (umask 077; openssl rand -hex 32 > {})", file.path.string()));
    if (bytes) wipe({reinterpret_cast<char*>(bytes->data()), bytes->size()});
    wipe(*content);
}

}  // namespace

void read_journal(table_reader in, settings& all, report& problems) {
    journal_settings& into = all.journal;
    into.line = in.line();
    in.read_size("segment_bytes", into.segment_bytes, {4 * kib, 4 * gib});
    in.read_number("keep_segments", into.keep_segments, {0, 1'000'000});
    in.read_duration("keep_for", into.keep_for, any_time, for_ever);
    in.read_duration("keep_names_for", into.keep_names_for, any_time, for_ever);
    if (const auto file = in.read_path("names_key", need::optional, "\"/etc/garde/names.key\"")) {
        check_names_key(*file, problems);
        into.names_key = file->path;
    }
    read_checkpoints(in.read_table("checkpoints", need::optional), all, all.checkpoints, problems);
    in.finish();
}

}  // namespace garde::config
