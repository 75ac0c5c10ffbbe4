// check_reload: what a running garde cannot take up. Its sockets, its threads and the folder that it owns are
// made once.
#include "garde/config/load.hpp"

#include "units.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace garde::config {
namespace {

constexpr std::string_view instead =
    "keep it, or let a new process take over: garde run --take-over (or restart garde)";

std::string text_of(const endpoint& address) {
    return fmt::format("{}:{}", address.host, address.port);
}

std::string text_of(const std::optional<milliseconds>& time) {
    return time ? duration_text(*time) : "forever";
}

/// Its thread has had them from the start.
template <class Compare>
void compare_journal(const journal_settings& running, const journal_settings& next, Compare compare) {
    compare(next.line, "[journal] segment_bytes", size_text(running.segment_bytes),
            size_text(next.segment_bytes));
    compare(next.line, "[journal] keep_segments", std::to_string(running.keep_segments),
            std::to_string(next.keep_segments));
    compare(next.line, "[journal] keep_for", text_of(running.keep_for), text_of(next.keep_for));
    compare(next.line, "[journal] keep_names_for", text_of(running.keep_names_for),
            text_of(next.keep_names_for));
    compare(next.line, "[journal] names_key", running.names_key.string(), next.names_key.string());
}

}  // namespace

std::vector<problem> check_reload(const settings& running, const settings& next) {
    std::vector<problem> out;
    const auto compare = [&](int line, std::string_view setting, const std::string& is,
                             const std::string& would_be) {
        if (is == would_be) return;
        out.push_back(
            {problem::severity::error, next.file, line,
             fmt::format("{} cannot change while garde runs: it is {}, here it is {}", setting, is, would_be),
             std::string(instead)});
    };
    compare(0, "[node] data_dir", running.data_dir.string(), next.data_dir.string());
    compare(0, "[node] workers", std::to_string(running.workers), std::to_string(next.workers));
    const auto compare_address = [&](std::string_view table, const endpoint& is, const endpoint& would_be) {
        compare(would_be.line, fmt::format("{} address", table), text_of(is), text_of(would_be));
    };
    compare_address("[listener]", running.listener.address, next.listener.address);
    compare_address("[admin]", running.admin.address, next.admin.address);
    compare_address("[status]", running.status.address, next.status.address);
    const auto metrics = [](const settings& of) {
        return of.metrics ? text_of(of.metrics->address) : std::string("none");
    };
    compare(next.metrics ? next.metrics->address.line : 0, "[metrics] address", metrics(running),
            metrics(next));
    compare_journal(running.journal, next.journal, compare);
    const auto compare_store = [&](const std::string& table, const std::optional<sealed_store_settings>& is,
                                   const std::optional<sealed_store_settings>& would_be) {
        const int line = would_be ? would_be->line : 0;
        compare(line, table, is ? "there" : "none", would_be ? "there" : "none");
        if (!is || !would_be) return;
        compare(line, table + " bytes", size_text(is->bytes), size_text(would_be->bytes));
        if (is->keys != would_be->keys)
            compare(line, table + " key", "what the file held when garde started", "another");
    };
    compare_store("[cache_store]", running.cache_store, next.cache_store);
    compare_store("[ledger]", running.ledger, next.ledger);
    return out;
}

}  // namespace garde::config
