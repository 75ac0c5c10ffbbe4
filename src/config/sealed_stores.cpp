// See sections.hpp: [cache_store] and [ledger], what lies sealed on the disk, and the keys that seal it.
#include "garde/base/hash.hpp"

#include "files.hpp"
#include "sections.hpp"
#include "units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace garde::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mib = 1024 * 1024;
constexpr std::size_t gib = 1024 * mib;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t most_keys = 8;

/// What systemd has put there for this process (LoadCredential=); only a name, never a path.
std::optional<named_file> credential(table_reader& in, std::string_view what) {
    std::string name;
    in.read_text("credential", name, need::optional, fmt::format("\"garde-{}-key\"", what));
    if (name.empty()) return std::nullopt;
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (!is_plain_name(name) || name == "." || name == "..") {
        in.error("credential", "is not the name of a credential",
                 "write the name that LoadCredential= in garde.service gives it");
    } else if (folder == nullptr || *folder == '\0') {
        in.error(
            "credential", "is set, but systemd has handed over no credentials ($CREDENTIALS_DIRECTORY)",
            fmt::format("add LoadCredential={}:/etc/garde/{}.key to garde.service, or name a file with key",
                        name, what));
    } else {
        return named_file{.path = fs::path(folder) / name,
                          .line = in.line_of({"credential"}),
                          .setting = in.setting("credential")};
    }
    return std::nullopt;
}

/// Whoever reads the key can read what is on the disk: nobody but garde may.
bool for_the_owner_only(const named_file& file, report& into) {
    std::error_code failure;
    const auto permissions = fs::status(file.path, failure).permissions();
    if (failure || (permissions & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none)
        return true;
    into.error(
        file.line, fmt::format("{}: {} is open to others than its owner", file.setting, file.path.string()),
        fmt::format("chmod 600 {}, and make a new key if others may have read this one", file.path.string()));
    return false;
}

/// Says nothing of a line's content.
std::vector<secret_string> parse_keys(const named_file& file, std::string_view content, report& into) {
    std::vector<secret_string> out;
    for (int number = 1; !content.empty(); ++number) {
        const auto end = std::min(content.find('\n'), content.size());
        auto line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        const auto first = line.find_first_not_of(" \t\r");
        if (first == std::string_view::npos || line[first] == '#') continue;
        line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
        auto bytes = from_hex(line);
        if (bytes && bytes->size() == key_bytes) {
            const std::span<char> key(reinterpret_cast<char*>(bytes->data()), bytes->size());
            out.emplace_back(std::string_view(key.data(), key.size()));
            wipe(key);
        } else {
            into.error_in(file.path, number, "this line is not a key of 64 hexadecimal digits",
                          "make one: openssl rand -hex 32");
        }
    }
    if (out.empty())
        into.error(file.line, fmt::format("{}: {} holds no key", file.setting, file.path.string()),
                   fmt::format("make one: (umask 077; openssl rand -hex 32 > {})", file.path.string()));
    if (out.size() > most_keys)
        into.error(file.line,
                   fmt::format("{}: {} holds {} keys", file.setting, file.path.string(), out.size()),
                   fmt::format("keep at most {}: the one in use first, then those before it for thirty days",
                               most_keys));
    return out;
}

/// `what` is stored: cache or ledger, in samples.
void read_sealed_store(table_reader in, std::string_view what, sealed_store_settings& into,
                       report& problems) {
    into.line = in.line();
    const bool handed_over = in.has("credential");
    auto file = credential(in, what);
    const auto named = in.read_path("key", handed_over ? need::optional : need::required,
                                    fmt::format("\"/etc/garde/{}.key\"", what));
    if (handed_over && named)
        in.error("credential", "and key both say where the key is", "remove one of them");
    if (named) file = named;
    if (file && for_the_owner_only(*file, problems))
        if (auto content = read_named_file(*file, problems)) {
            into.keys = parse_keys(*file, *content, problems);
            wipe(*content);
        }
    in.read_size("bytes", into.bytes, {16 * mib, 1024 * gib});
    in.finish();
}

}  // namespace

void read_cache_store(table_reader in, std::optional<sealed_store_settings>& into, report& problems) {
    if (in) read_sealed_store(std::move(in), "cache", into.emplace(), problems);
}

void read_ledger(table_reader in, std::optional<sealed_store_settings>& into, report& problems) {
    if (in) read_sealed_store(std::move(in), "ledger", into.emplace(), problems);
}

void check_cache_store(const settings& all, report& problems) {
    if (!all.cache_store ||
        std::ranges::any_of(all.services, [](const auto& each) { return each.cache.has_value(); }))
        return;
    problems.warning(all.cache_store->line, "[cache_store] has no use: no service has a cache",
                     "add [service.cache], or remove it");
}

void check_ledger(const settings& all, report& problems) {
    if (!all.ledger || std::ranges::any_of(all.services, [](const auto& service) {
            return std::ranges::any_of(service.routes,
                                       [](const auto& route) { return route.deferred != deferral::none; });
        }))
        return;
    problems.warning(all.ledger->line, "[ledger] has no use: no route keeps requests",
                     "write deferred = \"message\" or \"reference\" in a [[service.route]], or remove it");
}

}  // namespace garde::config
