// See sections.hpp: [journal.checkpoints], where the signed state of the journal goes.
#include "garde/base/hash.hpp"

#include "addresses.hpp"
#include "certificates.hpp"
#include "files.hpp"
#include "sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace garde::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t origin_limit = 128;
// Of https://github.com/standard-webhooks/standard-webhooks: 24 to 64 bytes.
constexpr std::size_t least_secret_bytes = 24;
constexpr std::size_t most_secret_bytes = 64;

/// What a key's name may have (https://c2sp.org/signed-note), without what looks alike or cannot be typed.
bool is_origin(std::string_view text) {
    return !text.empty() && text.size() <= origin_limit &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '+'; });
}

/// Of the file system that holds it, or would hold it once it is made; 0 when nothing can be said.
dev_t device_of(fs::path path) {
    struct stat status{};
    while (::stat(path.c_str(), &status) != 0) {
        if (!path.has_parent_path() || path == path.parent_path()) return 0;
        path = path.parent_path();
    }
    return status.st_dev;
}

/// The disk that is to hold it may not be mounted just now: that is no reason not to start.
void check_file(table_reader& in, const named_file& file, const settings& all) {
    std::error_code failure;
    if (!fs::is_directory(file.path.parent_path(), failure))
        return in.warning("file",
                          fmt::format("= {} lies in a folder that does not exist", file.path.string()),
                          "make the folder, or mount its disk; garde writes there as soon as it can");
    if (!all.data_dir.empty() && device_of(file.path.parent_path()) == device_of(all.data_dir))
        in.warning(
            "file",
            fmt::format("= {} is on the same file system as data_dir: what damages one may damage both",
                        file.path.string()),
            "name a path on another disk");
}

/// The URL is not repeated: its path may be a secret.
void read_url(table_reader& in, webhook_settings& into) {
    constexpr std::string_view scheme = "https://";
    in.read_text("url", into.url, need::required, "\"https://monitor.example/garde\"");
    if (into.url.empty()) return;
    const auto rest = std::string_view(into.url).substr(std::min(scheme.size(), into.url.size()));
    const auto unfit = [](unsigned char c) {
        return c <= ' ' || c >= 127 || c == '"' || c == '<' || c == '\\';
    };
    if (!into.url.starts_with(scheme) || rest.empty() || rest.starts_with('/'))
        in.error("url", "is not https://HOST/…", "write e.g. url = \"https://monitor.example/garde\"");
    else if (std::ranges::any_of(rest, unfit) || rest.substr(0, rest.find('/')).contains('@'))
        in.error("url", "holds a user name, or characters that no address may have",
                 "remove them; the secret of secret_file shows who garde is");
}

std::optional<secret_string> read_secret(const named_file& file, report& problems) {
    const auto content = read_key_file(file, problems);
    if (!content) return std::nullopt;
    constexpr std::string_view prefix = "whsec_";
    constexpr std::string_view blanks = " \t\r\n";
    auto text = content->reveal();
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    text = text.substr(0, text.find_last_not_of(blanks) + 1);
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    auto bytes = from_base64(text);
    if (bytes && bytes->size() >= least_secret_bytes && bytes->size() <= most_secret_bytes) {
        secret_string out(*bytes);
        wipe(*bytes);
        return out;
    }
    problems.error(
        file.line,
        fmt::format("{}: {} does not hold the base64 of {} to {} bytes", file.setting, file.path.string(),
                    least_secret_bytes, most_secret_bytes),
        fmt::format("make one: (umask 077; echo whsec_$(openssl rand -base64 32) > {})", file.path.string()));
    return std::nullopt;
}

void read_webhook(table_reader in, std::optional<webhook_settings>& into, report& problems) {
    if (!in) return;
    webhook_settings out;
    read_url(in, out);
    if (const auto file = in.read_path("secret_file", need::required, "\"/etc/garde/webhook.secret\""))
        if (auto secret = read_secret(*file, problems)) out.secret = std::move(*secret);
    if (const auto ca = in.read_path("ca", need::optional, "\"../certs/monitor-ca.pem\"")) {
        out.ca = ca->path;
        (void)read_authorities(*ca, problems);
    }
    in.finish();
    into = std::move(out);
}

void read_syslog(table_reader in, std::optional<syslog_settings>& into, report& problems) {
    if (!in) return;
    syslog_settings out;
    read_endpoint(in, out.address, host_kind::any);
    if (const auto ca = in.read_path("ca", need::required, "\"../certs/syslog-ca.pem\"")) {
        out.ca = ca->path;
        (void)read_authorities(*ca, problems);
    }
    out.client = read_certificate(in, "certificate", "key", need::optional, problems);
    in.finish();
    into = std::move(out);
}

}  // namespace

void read_checkpoints(table_reader in, const settings& all, std::optional<checkpoint_settings>& into,
                      report& problems) {
    if (!in) return;
    checkpoint_settings out;
    if (const auto key = in.read_path("key", need::required, "\"/etc/garde/journal.key\""))
        if (auto pem = read_ed25519_key(*key, problems)) out.key = std::move(*pem);
    out.origin = all.node_name + "/journal";
    in.read_text("origin", out.origin, need::optional, "\"garde-1.example/journal\"");
    if (!is_origin(out.origin))
        in.error(
            "origin", "has blanks, '+' or other characters that a key's name may not have, or too many",
            fmt::format("write up to {} letters, digits and signs of ASCII, e.g. \"garde-1.example/journal\"",
                        origin_limit));
    in.read_duration("every", out.every, {1s, 24h});
    if (const auto file = in.read_path("file", need::optional, "\"/mnt/other/garde.checkpoint\"")) {
        out.file = file->path;
        check_file(in, *file, all);
    }
    read_webhook(in.read_table("webhook", need::optional), out.webhook, problems);
    read_syslog(in.read_table("syslog", need::optional), out.syslog, problems);
    if (!in.has("file") && !out.webhook && !out.syslog)
        in.warning("key",
                   "signs checkpoints that go nowhere else: whoever can write in data_dir can put back an "
                   "older log with its checkpoint",
                   "add file, [journal.checkpoints.webhook] or [journal.checkpoints.syslog]");
    in.finish();
    into = std::move(out);
}

}  // namespace garde::config
