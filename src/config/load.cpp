// load: one file of TOML with all that it points to → settings, or every problem that could be found.
#include "garde/config/load.hpp"

#include "garde/base/hash.hpp"

#include "files.hpp"
#include "reader.hpp"
#include "report.hpp"
#include "sections.hpp"

#include <toml++/toml.h>

#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace garde::config {
namespace {

/// Parse errors come as exceptions from toml++; they end here.
std::optional<toml::table> parse(const std::string& content, report& problems) {
    try {
        return toml::parse(content);
    } catch (const toml::parse_error& failure) {
        problems.error(
            static_cast<int>(failure.source().begin.line), std::string(failure.description()),
            "correct the TOML (https://toml.io/en/v1.0.0); what follows this line has not been read");
        return std::nullopt;
    }
}

void read_all(const toml::table& root, settings& into, report& problems) {
    table_reader in(root, problems);
    read_node(in.read_table("node", need::required), into, problems);
    read_listener(in.read_table("listener", need::required), into.listener, problems);
    read_limits(in.read_table("limits", need::optional), into.limits);
    read_admin(in.read_table("admin", need::required), into.admin, problems);
    read_status(in.read_table("status", need::required), into.status, problems);
    read_metrics(in.read_table("metrics", need::optional), into.metrics);
    read_receipts(in.read_table("receipts", need::optional), into.receipts, problems);
    read_cache_store(in.read_table("cache_store", need::optional), into.cache_store, problems);
    read_journal(in.read_table("journal", need::optional), into.journal, problems);
    check_listen_addresses(into, problems);
    const limit_frame frame{.everybody = into.limits, .clients = into.listener.clients};
    auto groups = read_groups(in.read_tables("group", need::optional), frame, problems);
    into.callers = std::make_shared<const caller::recognition>(
        read_callers(in.read_tables("caller", need::optional), frame, problems),
        read_assertions(in.read_table("assertions", need::optional), problems), std::move(groups.limited));

    const caller_means callers{.certificates = into.listener.clients != client_certificates::off,
                               .assertions = into.callers->assertions != nullptr,
                               .groups = std::move(groups.by_name)};
    taken_names taken;
    for (auto& service : in.read_tables("service", need::required))
        read_service(std::move(service), callers, taken, into.services.emplace_back(), problems);
    read_self_check(in.read_table("self_check", need::optional), into.services, into.self_check);
    check_cache_store(into, problems);
    in.finish();
}

}  // namespace

reading read(const std::filesystem::path& file) {
    std::error_code failure;
    auto absolute = std::filesystem::absolute(file, failure);
    if (failure) absolute = file;
    absolute = absolute.lexically_normal();

    report problems(absolute);
    const auto content = read_file(absolute, text_file_limit);
    if (!content) {
        problems.error(0, "the configuration " + content.error(), "correct the path");
        return {{}, std::unexpected(problems.take())};
    }
    const std::string hash = to_hex(sha256(*content));
    const auto root = parse(*content, problems);
    if (!root) return {hash, std::unexpected(problems.take())};

    auto value = std::make_shared<settings>();
    value->file = absolute;
    value->sha256 = hash;
    read_all(*root, *value, problems);

    const bool usable = !problems.has_errors();
    auto found = problems.take();
    if (!usable) return {hash, std::unexpected(std::move(found))};
    return {hash, loaded{std::move(value), std::move(found)}};
}

std::expected<loaded, std::vector<problem>> load(const std::filesystem::path& file) {
    return read(file).outcome;
}

}  // namespace garde::config
