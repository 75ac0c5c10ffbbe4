// See checkpoint_desk.hpp.
#include "garde/journal/checkpoint_desk.hpp"

#include "garde/base/hash.hpp"

#include "checkpoint_file.hpp"
#include "checkpoint_runner.hpp"
#include "checkpoint_webhook.hpp"
#include "posix_file_layer.hpp"
#include "record_json.hpp"
#include "record_overflow.hpp"
#include "syslog_sender.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace garde::journal {
namespace {

using runner_ptr = std::unique_ptr<checkpoint_runner>;

/// What tells a place apart from another one under the same name. Only ever compared.
std::string identity_of(const config::webhook_settings& to) {
    return fmt::format("{}\n{}\n{}", to.url, to_hex(sha256(to.secret.reveal())), to.ca.string());
}

std::string identity_of(const config::syslog_settings& to) {
    std::string out = fmt::format("{}:{}\n{}", to.address.host, to.address.port, to.ca.string());
    if (to.client) out += fmt::format("\n{}\n{}", to.client->certificate.string(), to.client->key.string());
    return out;
}

/// A place as it is wanted; made only where there is none like it.
struct wanted_place {
    std::string name;
    std::string identity;
    std::function<std::unique_ptr<checkpoint_place>()> make;
};

syslog_sender_name sender_name(const config::settings& all) {
    return {.host = all.node_name, .process = std::to_string(::getpid())};
}

}  // namespace

struct checkpoint_desk::desk {
    explicit desk(std::filesystem::path file) : beside(std::move(file)) {}

    [[nodiscard]] std::vector<wanted_place> places_of(const config::settings& all) {
        const auto& with = *all.checkpoints;
        std::vector<wanted_place> out;
        const auto add_file = [&](std::string name, const std::filesystem::path& file) {
            out.push_back({std::move(name), file.string(),
                           [this, file] { return std::make_unique<checkpoint_file>(files, file); }});
        };
        add_file("local", beside);
        if (!with.file.empty()) add_file("file", with.file);
        if (with.webhook)
            out.push_back({"webhook", identity_of(*with.webhook),
                           [to = *with.webhook] { return std::make_unique<checkpoint_webhook>(to); }});
        if (with.syslog)
            out.push_back({"syslog", identity_of(*with.syslog) + '\n' + all.node_name,
                           [over = syslog, from = sender_name(all)] {
                               return std::make_unique<checkpoint_syslog>(over, from);
                           }});
        return out;
    }

    /// Takes the runner of this place out of the former ones; null when there is none.
    static runner_ptr take(std::vector<runner_ptr>& from, const std::string& identity) {
        const auto found = std::ranges::find_if(
            from, [&](const runner_ptr& one) { return one && one->identity() == identity; });
        return found == from.end() ? nullptr : std::move(*found);
    }

    runner_ptr start(wanted_place place, std::string identity, push_schedule::rules rules) const {
        auto made =
            std::make_unique<checkpoint_runner>(checkpoint_runner::setup{.name = std::move(place.name),
                                                                         .identity = std::move(identity),
                                                                         .place = place.make(),
                                                                         .book = book,
                                                                         .rules = rules});
        if (head) made->grown(urgency::at_once);
        return made;
    }

    void use_places(const config::settings& all) {
        auto former = std::exchange(runners, {});
        if (book) {
            const push_schedule::rules rules{.every = all.checkpoints->every};
            for (auto& place : places_of(all)) {
                const auto identity =
                    fmt::format("{}\n{}\n{}", place.name, book->verifier().text(), place.identity);
                auto one = take(former, identity);
                if (one)
                    one->use(rules);
                else
                    one = start(std::move(place), identity, rules);
                runners.push_back(std::move(one));
            }
        }
        for (auto& one : former)
            if (one) {
                one->ask_to_end();
                retired.push_back(std::move(one));
            }
        std::erase_if(retired, [](const runner_ptr& one) { return one->has_ended(); });
    }

    /// Places and overflow share it: what it has found out for the one serves the other.
    void use_syslog(const config::settings& all) {
        const auto to = all.checkpoints ? all.checkpoints->syslog : std::nullopt;
        const auto identity = to ? identity_of(*to) : std::string();
        if (std::exchange(syslog_identity, identity) == identity) return;
        syslog = to ? std::make_shared<syslog_sender>(*to) : nullptr;
    }

    void use_overflow(const config::settings& all) {
        const auto identity = syslog ? syslog_identity + '\n' + all.node_name : std::string();
        if (overflow && overflow->identity() == identity) return;
        if (overflow) {
            overflow->ask_to_end();
            retired_overflows.push_back(std::move(overflow));
        }
        std::erase_if(retired_overflows, [](const auto& one) { return one->has_ended(); });
        if (!syslog) return;
        auto send = [over = syslog](std::span<const std::string> frames, const push_limit& until) {
            return over->send(frames, until);
        };
        overflow = std::make_unique<record_overflow>(
            record_overflow::setup{.identity = identity, .to = std::move(send), .from = sender_name(all)},
            counts);
    }

    const std::filesystem::path beside;
    posix_file_layer files;
    const std::shared_ptr<overflow_counts> counts = std::make_shared<overflow_counts>();
    std::mutex mutex;
    std::optional<tree_head> head;
    wall_time head_at{};
    std::shared_ptr<checkpoint_book> book;  ///< null: nothing is signed
    std::shared_ptr<syslog_sender> syslog;  ///< null: none
    std::string syslog_identity;
    std::vector<runner_ptr> runners;
    std::vector<runner_ptr> retired;  ///< asked to end
    std::unique_ptr<record_overflow> overflow;
    std::vector<std::unique_ptr<record_overflow>> retired_overflows;
};

checkpoint_desk::checkpoint_desk(std::filesystem::path beside)
    : desk_(std::make_unique<desk>(std::move(beside))) {}

checkpoint_desk::~checkpoint_desk() {
    // All of them at once: each may take a second and a half.
    for (const auto& one : desk_->runners) one->ask_to_end();
    if (desk_->overflow) desk_->overflow->ask_to_end();
}

result<void> checkpoint_desk::use(const config::settings& all) {
    std::shared_ptr<checkpoint_book> book;
    result<void> out;
    if (all.checkpoints) {
        auto signer = note_signer::load(all.checkpoints->key, all.checkpoints->origin);
        if (signer)
            book = std::make_shared<checkpoint_book>(std::move(*signer));
        else
            out = fail("checkpoints are not signed: " + signer.error().message);
    }
    const std::lock_guard lock(desk_->mutex);
    // The runners that stay have the former book.
    if (!book || !desk_->book || book->verifier().text() != desk_->book->verifier().text())
        desk_->book = book;
    if (desk_->book && desk_->head) desk_->book->put(*desk_->head, desk_->head_at);
    desk_->use_syslog(all);
    desk_->use_places(all);
    desk_->use_overflow(all);
    return out;
}

void checkpoint_desk::grown(const tree_head& head, urgency how) {
    const std::lock_guard lock(desk_->mutex);
    desk_->head = head;
    desk_->head_at = wall_now();
    if (!desk_->book) return;
    desk_->book->put(head, desk_->head_at);
    for (const auto& one : desk_->runners) one->grown(how);
}

void checkpoint_desk::overflow(const record& what) {
    spdlog::error("journal: this record waits for the disk: {}", record_json(what));
    const std::lock_guard lock(desk_->mutex);
    if (desk_->overflow) desk_->overflow->add(what);
}

checkpoint_state checkpoint_desk::state() const {
    const std::lock_guard lock(desk_->mutex);
    checkpoint_state out{.head = desk_->head,
                         .verifier_key = desk_->book ? desk_->book->verifier().text() : std::string(),
                         .places = {},
                         .overflow_sent = desk_->counts->sent.load(std::memory_order_relaxed),
                         .overflow_dropped = desk_->counts->dropped.load(std::memory_order_relaxed)};
    for (const auto& one : desk_->runners) out.places.push_back(one->state());
    return out;
}

std::string checkpoint_desk::newest() const {
    std::shared_ptr<checkpoint_book> book;
    {
        const std::lock_guard lock(desk_->mutex);
        book = desk_->book;
    }
    const auto found = book ? book->newest() : fail("nothing is signed");
    return found ? found->note : std::string();
}

std::vector<std::string> checkpoint_desk::alarms(steady_time now) const {
    const std::lock_guard lock(desk_->mutex);
    std::vector<std::string> out;
    for (const auto& one : desk_->runners)
        if (const auto since = one->failing_since(); since && now - *since >= alarm_after)
            out.push_back(fmt::format("checkpoint-{}-failing", one->state().name));
    return out;
}

}  // namespace garde::journal
