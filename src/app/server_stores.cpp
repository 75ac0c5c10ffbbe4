// What a serving garde keeps on the disk, and who opens it; see server_parts.hpp. Nobody waits for any of it.
#include "server_parts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace garde::app {
namespace {

/// Where kept answers are on the disk; nothing when they are in memory only.
std::optional<cache::vault_settings> cache_store(const config::settings& settings) {
    if (!settings.cache_store) return std::nullopt;
    cache::vault_settings out{
        .file = settings.data_dir / "replies.sqlite", .keys = {}, .bytes = settings.cache_store->bytes};
    for (const auto& key : settings.cache_store->keys)
        if (auto made = cache::master_key::from(key)) out.keys.push_back(std::move(*made));
    return out;
}

journal::writer::options journal_options(const config::settings& of) {
    const auto seconds_of = [](const std::optional<milliseconds>& time) {
        return std::chrono::floor<seconds>(time.value_or(milliseconds{0}));
    };
    return {.folder = of.data_dir / "journal",
            .segment_bytes = of.journal.segment_bytes,
            .keep_segments = of.journal.keep_segments,
            .keep_for = seconds_of(of.journal.keep_for),
            .keep_names_for = seconds_of(of.journal.keep_names_for),
            .names_key = of.journal.names_key};
}

}  // namespace

void server::open_cache() {
    cache_ = std::make_unique<cache::cache_desk>(cache_bytes(*settings_));
    cache_->recognise(settings_->callers);
    if (auto where = cache_store(*settings_)) cache_->keep_on_disk(std::move(*where));
}

/// Its file opens by itself, when it can.
void server::open_ledger() {
    if (!settings_->ledger) return;
    emergency::deferral_vault::settings where{
        .file = settings_->data_dir / "ledger.sqlite", .keys = {}, .bytes = settings_->ledger->bytes};
    for (const auto& key : settings_->ledger->keys)
        if (auto made = cache::master_key::from(key)) where.keys.push_back(std::move(*made));
    ledger_ = std::make_unique<emergency::ledger>(
        std::move(where), [this, turn = std::size_t{0}](emergency::deferred_message what,
                                                        emergency::ledger::on_attempt then) mutable {
            // There are workers before any service is said to have a backend.
            workers_[turn++ % workers_.size()]->ask_again(std::move(what), std::move(then));
        });
    cache_->let_hear(ledger_->listener());
}

/// Through the controller, whose records carry the hash of the configuration in force.
void server::open_receipt_book() {
    receipts_ = std::make_unique<emergency::receipt_book>(emergency::receipt_book::setup{
        .journal = settings_->data_dir / "journal",
        .names_key = settings_->journal.names_key,
        .write = [control = control_.get()](journal::record what) { control->write(std::move(what)); },
        .checkpoint = [desk = checkpoints_.get()] { return desk->newest(); }});
}

/// Which services can be asked again: those with a backend that is known to be up. After a start nobody is,
/// and what a service that is down refuses may be lost for good.
void server::tell_ledger(const control::view& now) {
    if (!ledger_) return;
    for (const auto& one : now.services) {
        const bool by_backend =
            one.current == continuity::mode::primary || one.current == continuity::mode::backup;
        const bool known = std::ranges::any_of(
            one.backends, [](const auto& each) { return each.state == continuity::verdict::up; });
        ledger_->serving(one.name, by_backend && known);
    }
}

/// Its checkpoints outlive it: the last one tells its end.
void server::make_journal() {
    const auto folder = settings_->data_dir / "journal";
    checkpoints_ = std::make_unique<journal::checkpoint_desk>(folder / "checkpoint");
    use_checkpoints(*settings_);
    auto* desk = checkpoints_.get();
    auto options = journal_options(*settings_);
    options.grown = [desk](const auto& head, auto how) { desk->grown(head, how); };
    options.overflow = [desk](const journal::record& what) { desk->overflow(what); };
    journal_ = std::make_unique<journal::writer>(std::move(options));
}

void server::use_checkpoints(const config::settings& of) {
    if (auto used = checkpoints_->use(of); !used) spdlog::error("{}", used.error().message);
}

}  // namespace garde::app
