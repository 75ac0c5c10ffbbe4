// See sections.hpp: what belongs to the node as a whole.
#include "sections.hpp"

#include "garde/base/hash.hpp"

#include "addresses.hpp"
#include "certificates.hpp"
#include "files.hpp"
#include "units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <utility>
#include <vector>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t gib = 1024 * mib;
constexpr std::size_t name_limit = 64;

constexpr std::array<choice<std::string_view>, 4> log_levels{
    {{"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}}};
constexpr std::array<choice<tls_version>, 2> tls_versions{
    {{"1.2", tls_version::tls1_2}, {"1.3", tls_version::tls1_3}}};
constexpr std::array<choice<client_certificates>, 3> client_choices{
    {{"off", client_certificates::off},
     {"optional", client_certificates::optional},
     {"required", client_certificates::required}}};

/// One line of the token file; nothing when it is not `NAME SHA256-HEX`.
std::optional<std::pair<std::string, std::string>> parse_token_line(const std::string& line) {
    std::istringstream words(line);
    std::string name;
    std::string hash;
    std::string rest;
    words >> name >> hash;
    const auto bytes = from_hex(hash);
    if ((words >> rest) || !is_plain_name(name) || !bytes || bytes->size() != digest256{}.size())
        return std::nullopt;
    return std::pair(name, to_hex(*bytes));
}

/// Says nothing of a line's content: somebody may have written the token itself instead of its hash.
void read_tokens(const named_file& file, admin_settings& into, report& problems) {
    const auto content = read_named_file(file, problems);
    if (!content) return;
    std::map<std::string, std::string> name_by_hash;
    std::istringstream lines(*content);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        const auto first = line.find_first_not_of(" \t\r");
        if (first == std::string::npos || line[first] == '#') continue;
        const auto token = parse_token_line(line);
        if (!token) {
            problems.error_in(file.path, number,
                              "this line is not an operator's name and the hash of a token",
                              "write NAME SHA256-HEX, the hash made by: printf %s TOKEN | sha256sum");
            continue;
        }
        const auto& [name, hash] = *token;
        if (!into.token_sha256_by_name.emplace(name, hash).second)
            problems.error_in(file.path, number, fmt::format("operator \"{}\" is there twice", name),
                              "keep one line for each operator");
        else if (const auto [other, fresh] = name_by_hash.emplace(hash, name); !fresh)
            problems.error_in(
                file.path, number,
                fmt::format("operators \"{}\" and \"{}\" have the same token", other->second, name),
                "give each operator a token of his own, or the journal cannot tell who acted");
    }
    if (into.token_sha256_by_name.empty())
        problems.error(file.line, fmt::format("{}: {} names no operator", file.setting, file.path.string()),
                       "add a line NAME SHA256-HEX");
}

/// In words what is wrong with a public URL; empty when nothing is. The URL itself is not repeated: it may
/// hold a password.
std::string url_mistake(std::string_view url) {
    const bool plain = url.starts_with("http://");
    if (!plain && !url.starts_with("https://")) return "does not begin with https:// or http://";
    const auto rest = url.substr(plain ? 7 : 8);
    if (rest.empty() || rest.starts_with('/')) return "has no host";
    if (url.ends_with('/')) return "ends with '/'";
    if (rest.find('@') != std::string_view::npos) return "holds a user name";
    const auto unfit = [](unsigned char c) {
        return c <= ' ' || c >= 127 || c == '?' || c == '#' || c == '"' || c == '<';
    };
    if (std::ranges::any_of(rest, unfit))
        return "has a query, a fragment or characters that no address may have";
    return {};
}

void read_client_trust(table_reader& in, listener_settings& into, report& problems) {
    in.read_choice("clients", into.clients, client_choices);
    const bool wanted = into.clients != client_certificates::off;
    const auto authorities =
        in.read_path("client_ca", wanted ? need::required : need::optional, "\"../certs/client-ca.pem\"");
    const auto lists = in.read_paths("client_crl", "[\"../certs/client-ca.crl\"]");
    if (!wanted) {
        for (const auto* key : {"client_ca", "client_crl"})
            if (in.has(key))
                in.error(key, "has no use while clients = \"off\"",
                         "remove it, or write clients = \"optional\"");
        return;
    }
    if (!authorities) return;
    check_client_trust(*authorities, lists, problems);
    into.client_ca = authorities->path;
    for (const auto& list : lists) into.client_crl.push_back(list.path);
}

/// A certificate that is never shown protects nobody; usually a file was mistaken for another.
void check_names(const listed_certificate& one, std::map<std::string, int>& line_by_name, report& problems) {
    if (one.names.empty())
        problems.error(one.line,
                       fmt::format("[[listener.sni]] certificate: {} is for no DNS name, so nobody gets it",
                                   one.files.certificate.string()),
                       "name a certificate with DNS names (subjectAltName), or remove the table");
    for (const auto& name : one.names) {
        const auto [first, fresh] = line_by_name.emplace(name, one.line);
        if (!fresh)
            problems.warning(
                one.line,
                fmt::format("[[listener.sni]] certificate: {} is also in the certificate of line "
                            "{}, which is the one that is shown",
                            name, first->second),
                "remove one of them");
    }
}

/// A part that is set to more than the whole: one of the two is a mistake.
void check_share(table_reader& in, std::string_view part_key, std::size_t part, std::string_view whole_key,
                 std::size_t whole) {
    if (part == 0 || whole == 0 || part <= whole) return;
    in.error(part_key, fmt::format("= {} is more than {} = {}", part, whole_key, whole),
             fmt::format("write a number up to {}, or 0 for a share that garde chooses", whole));
}

/// With less than this, a single exchange might not find room.
void read_buffer_bytes(table_reader& in, limits_settings& into) {
    in.read_size("buffer_bytes", into.buffer_bytes, {0, 1024 * gib});
    const std::size_t least = 4 * (into.head_bytes + into.body_bytes + into.commit_bytes);
    if (into.buffer_bytes == 0 || into.buffer_bytes >= least) return;
    in.error("buffer_bytes",
             fmt::format("= {} is less than four exchanges of head_bytes, body_bytes and commit_bytes need",
                         size_text(into.buffer_bytes)),
             fmt::format("write at least {}, or 0 for a size that garde chooses", size_text(least)));
}

}  // namespace

bool is_plain_name(std::string_view text) {
    const auto plain = [](unsigned char c) {
        return c < 128 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.');
    };
    return !text.empty() && text.size() <= name_limit && std::ranges::all_of(text, plain);
}

void read_name(table_reader& in, std::string& into, need presence, std::string_view sample) {
    in.read_text("name", into, presence, sample);
    if (!in.has("name") || into.empty() || is_plain_name(into)) return;
    in.error("name", "has characters that do not fit into headers and addresses, or too many",
             fmt::format("write up to {} letters without accents, digits, '-', '_' or '.'", name_limit));
}

void read_node(table_reader in, settings& into, report& problems) {
    read_name(in, into.node_name, need::optional, "\"garde\"");
    if (const auto folder = in.read_path("data_dir", need::required, "\"../var\"")) {
        into.data_dir = folder->path;
        std::error_code failure;
        if (std::filesystem::exists(folder->path, failure) &&
            !std::filesystem::is_directory(folder->path, failure))
            problems.error(folder->line,
                           fmt::format("{}: {} is not a folder", folder->setting, folder->path.string()),
                           "name a folder; garde makes it when it does not exist");
    }
    in.read_number("workers", into.workers, {0, 256});
    in.read_duration("drain_time", into.drain_time, {100ms, 1h});
    std::string_view level = into.log_level;
    in.read_choice("log_level", level, log_levels);
    into.log_level = std::string(level);
    in.finish();
}

void read_listener(table_reader in, listener_settings& into, report& problems) {
    read_endpoint(in, into.address, host_kind::ip_literal);
    std::map<std::string, int> line_by_name;
    if (auto own = read_server_certificate(in, problems)) {
        into.tls = std::move(own->files);
        into.ocsp_response = std::move(own->ocsp_response);
        for (const auto& name : own->names) line_by_name.emplace(name, own->line);
    }
    in.read_choice("min_tls", into.min_tls, tls_versions);
    read_client_trust(in, into, problems);
    for (auto& table : in.read_tables("sni", need::optional)) {
        if (auto one = read_server_certificate(table, problems)) {
            check_names(*one, line_by_name, problems);
            into.sni.push_back({std::move(one->files), std::move(one->ocsp_response)});
        }
        table.finish();
    }
    in.finish();
}

void read_limits(table_reader in, limits_settings& into) {
    constexpr std::size_t most = 1'000'000;
    in.read_size("head_bytes", into.head_bytes, {1 * kib, 1 * mib});
    in.read_size("body_bytes", into.body_bytes, {1 * kib, 64 * mib});
    in.read_size("commit_bytes", into.commit_bytes, {1 * kib, 16 * mib});
    in.read_number("connections", into.connections, {0, most});
    in.read_number("connections_per_caller", into.connections_per_caller, {0, most});
    in.read_number("requests", into.requests, {0, most});
    in.read_number("requests_per_service", into.requests_per_service, {0, most});
    in.read_number("requests_per_caller", into.requests_per_caller, {0, most});
    check_share(in, "connections_per_caller", into.connections_per_caller, "connections", into.connections);
    check_share(in, "requests_per_service", into.requests_per_service, "requests", into.requests);
    check_share(in, "requests_per_caller", into.requests_per_caller, "requests", into.requests);
    read_buffer_bytes(in, into);
    in.read_size("body_rate", into.body_rate, {1, 1 * mib});
    in.read_duration("handshake_time", into.handshake_time, {100ms, 5min});
    in.read_duration("head_time", into.head_time, {100ms, 5min});
    in.read_duration("body_time", into.body_time, {100ms, 30min});
    in.read_duration("idle_time", into.idle_time, {1s, 1h});
    in.read_duration("write_time", into.write_time, {100ms, 30min});
    in.finish();
}

void read_admin(table_reader in, admin_settings& into, report& problems) {
    read_endpoint(in, into.address, host_kind::ip_literal);
    if (auto files = read_certificate(in, "certificate", "key", need::required, problems))
        into.tls = std::move(*files);
    if (const auto file = in.read_path("tokens", need::required, "\"admin-tokens\""))
        read_tokens(*file, into, problems);
    in.finish();
}

void read_status(table_reader in, status_settings& into, report& problems) {
    read_endpoint(in, into.address, host_kind::ip_literal);
    into.tls = read_certificate(in, "certificate", "key", need::optional, problems);
    in.read_text("public_url", into.public_url, need::required, "\"https://status.example\"");
    if (const auto mistake = into.public_url.empty() ? "" : url_mistake(into.public_url); !mistake.empty())
        in.error("public_url", mistake,
                 "write how the public reaches the status site, without '/' at the end, e.g. "
                 "\"https://status.example\"");
    in.finish();
}

void read_metrics(table_reader in, std::optional<metrics_settings>& into) {
    metrics_settings out;
    read_endpoint(in, out.address, host_kind::ip_literal);
    in.finish();
    if (in) into = std::move(out);
}

void read_receipts(table_reader in, std::optional<receipts_settings>& into, report& problems) {
    receipts_settings out;
    if (const auto key = in.read_path("key", need::required, "\"../certs/receipts.key\"")) {
        out.key = key->path;
        check_signing_key(*key, problems);
    }
    for (const auto& former : in.read_paths("former_keys", "[\"../certs/receipts-2025.pem\"]")) {
        out.former_keys.push_back(former.path);
        check_verifying_key(former, problems);
    }
    in.read_text("issuer", out.issuer, need::required, "\"https://status.example\"");
    in.finish();
    if (in) into = std::move(out);
}

void check_listen_addresses(const settings& all, report& problems) {
    std::vector<std::pair<std::string_view, const endpoint*>> places{{"[listener]", &all.listener.address},
                                                                     {"[admin]", &all.admin.address},
                                                                     {"[status]", &all.status.address}};
    if (all.metrics) places.emplace_back("[metrics]", &all.metrics->address);
    for (std::size_t i = 1; i < places.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (collide(*places[i].second, *places[j].second))
                problems.error(
                    places[i].second->line,
                    fmt::format("{} address has the port {} that {} has in line {}", places[i].first,
                                places[i].second->port, places[j].first, places[j].second->line),
                    "give each its own port");
}

}  // namespace garde::config
