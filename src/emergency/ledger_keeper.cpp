// See ledger_keeper.hpp.
#include "ledger_keeper.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace garde::emergency {
namespace {

constexpr milliseconds open_interval{500};
constexpr milliseconds look_interval{1'000};
constexpr seconds tidy_interval{30};
constexpr milliseconds count_interval{500};
constexpr std::size_t most_watching = 1024;
/// No exchange lasts longer by any configuration.
constexpr std::chrono::minutes longest_attempt{5};
/// What is kept after so long without anything kept, while the service has a backend, belongs to another
/// outage.
constexpr std::chrono::minutes between_outages{10};

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

std::string version_of(const std::vector<deferral_entry>& entries) {
    std::string text;
    for (const auto& one : entries)
        text += fmt::format("{} {} {};", to_text(one.id), to_text(one.state), one.attempts);
    return to_hex(sha256(text)).substr(0, 16);
}

}  // namespace

void ledger_keeper::run() {
    while (auto news = take()) {
        if (!vault_ && !open()) {
            hear(news->serving);
            refuse(news->wishes);
            for (const auto& one : news->listings)
                net::arrival<std::optional<deferral_list>>::bring(one.arrival, std::nullopt);
            for (const auto& one : news->reports) one.then(fail("the ledger cannot be opened"));
            leave(news->given.size());
            continue;
        }
        hear(news->serving);
        keep(std::move(news->wishes));
        follow(std::move(news->given));
        hear(news->told);
        for (const auto& one : news->ended) settle(one);
        give_up_the_lost();
        for (auto& [name, turn] : services_) ask_next(name, turn);
        if (news->paused) paused_ = true;
        answer(std::move(news->listings));
        for (const auto& one : news->reports) one.then(vault_->of_outage(one.service, one.outage));
        tidy();
        recount();
    }
    for (const auto& one : watching_)
        net::arrival<std::optional<deferral_list>>::bring(one.arrival, std::nullopt);
}

/// What has come, or nothing at the end. Returns when something is due as well.
std::optional<ledger_news> ledger_keeper::take() {
    std::unique_lock lock(with_.mutex);
    with_.late = with_.busy = false;
    with_.came.wait_until(lock, next_due(), [this] { return with_.ending || !with_.news.empty(); });
    if (with_.ending && with_.news.wishes.empty() && with_.news.given.empty() && with_.news.told.empty())
        return std::nullopt;
    with_.busy = true;
    return std::exchange(with_.news, {});
}

steady_time ledger_keeper::next_due() const {
    if (!vault_) return next_open_;
    steady_time out = next_tidy_;
    if (!watching_.empty()) out = std::min(out, next_look_);
    if (uncounted_) out = std::min(out, next_count_);
    for (const auto& [name, turn] : services_)
        if (turn.serving && !turn.asking)
            out = std::min(out, std::max(turn.pace.next(), steady_now() + milliseconds(1)));
    return out;
}

bool ledger_keeper::open() {
    if (steady_now() < next_open_) return false;
    next_open_ = steady_now() + open_interval;
    auto opened = deferral_vault::open(with_.with);
    if (!opened) {
        failed(opened.error());
        return false;
    }
    vault_ = std::move(*opened);
    worked();
    end_what_was_being_sent();
    follow_earlier();
    resume_outages();
    uncounted_ = true;
    return true;
}

/// A crash between sending and recording: where the service recognises a message, it goes again.
void ledger_keeper::end_what_was_being_sent() {
    const auto left = vault_->left_sent();
    if (!left) return failed(left.error());
    std::vector<deferral_change> changes;
    for (const auto& one : *left)
        changes.push_back(
            {.id = one.id, .to = after_crash(one.again), .attempts = one.attempts, .result = "interrupted"});
    if (changes.empty()) return;
    if (auto done = vault_->change(changes, wall_now()); !done) failed(done.error());
    spdlog::warn("ledger: {} deferrals were being asked again when garde ended", changes.size());
}

void ledger_keeper::hear(const std::map<std::string, bool>& serving) {
    for (const auto& [name, yes] : serving) {
        auto& turn = services_[name];
        if (yes && !turn.serving) {
            turn.pace.service_returned(steady_now());
            turn.outage.reset();
            changed_ = true;  // references are due now
        }
        if (!yes && !turn.outage) turn.outage = wall_now();
        turn.serving = yes;
    }
}

wall_time ledger_keeper::outage_of(service_turn& turn, wall_time kept_at) const {
    const bool another = turn.serving && turn.last_kept + between_outages < kept_at;
    if (!turn.outage || another) turn.outage = kept_at;
    turn.last_kept = kept_at;
    return *turn.outage;
}

void ledger_keeper::refuse(const std::vector<std::shared_ptr<wish>>& wishes) {
    for (const auto& one : wishes)
        if (one->claim()) one->bring(std::unexpected(keep_failure::disk));
}

/// In one transaction. Who has given up meanwhile gets no deferral that he was not told of.
void ledger_keeper::keep(std::vector<std::shared_ptr<wish>> wishes) {
    std::erase_if(wishes, [](const auto& one) { return one->claimed.load(std::memory_order_acquire); });
    if (wishes.empty()) return;
    std::vector<deferral_request> requests;
    for (const auto& one : wishes) {
        one->what.outage = outage_of(services_[one->what.service], one->what.kept_at);
        requests.push_back(std::move(one->what));
    }
    if (auto done = vault_->keep(requests); !done) {
        failed(done.error());
        return refuse(wishes);
    }
    worked();
    std::vector<std::shared_ptr<wish>> told;
    std::vector<deferral_id> given_up;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        if (wishes[i]->claim())
            told.push_back(std::move(wishes[i]));
        else
            given_up.push_back(requests[i].id);
    }
    {
        const std::lock_guard lock(with_.mutex);
        with_.totals.kept += told.size();
    }
    for (const auto& one : told) one->bring({});
    if (!given_up.empty())
        if (auto done = vault_->withdraw(given_up); !done) failed(done.error());
    changed_ = uncounted_ = true;
}

/// A restart in an outage does not begin another one.
void ledger_keeper::resume_outages() {
    const auto counts = vault_->counts();
    if (!counts) return failed(counts.error());
    for (const auto& one : *counts) {
        auto& turn = services_[one.service];
        if (turn.serving || one.last_kept + between_outages < wall_now()) continue;
        if (!turn.outage || *turn.outage < one.outage) turn.outage = one.outage;
        turn.last_kept = std::max(turn.last_kept, one.last_kept);
    }
}

/// It is written down as sent first, so that a crash never makes it go twice unnoticed.
void ledger_keeper::ask_next(const std::string& service, service_turn& turn) {
    if (!turn.serving || turn.asking || steady_now() < turn.pace.next()) return;
    {
        const std::lock_guard lock(with_.mutex);
        if (with_.paused || with_.ending) return turn.pace.ended(settlement::not_sent, steady_now());
    }
    auto found = vault_->next(service, wall_now());
    if (!found) {
        failed(found.error());
        return turn.pace.ended(settlement::not_sent, steady_now());
    }
    // Nothing to ask: another look after a pause, or with the next that is kept.
    if (!*found) return turn.pace.service_returned(steady_now());
    auto& message = **found;
    ++message.attempts;
    const std::array<deferral_change, 1> sent{
        {{.id = message.id, .to = deferral_state::sent, .attempts = message.attempts, .result = {}}}};
    if (auto done = vault_->change(sent, wall_now()); !done) {
        failed(done.error());
        return turn.pace.ended(settlement::not_sent, steady_now());
    }
    turn.asking = message;
    turn.asking->body = {};
    turn.asking->head.clear();
    turn.given_up_at = steady_now() + longest_attempt;
    const auto id = message.id;
    const auto attempts = message.attempts;
    with_.send(std::move(message), [shared = shared_, service, id, attempts](attempt_result what) {
        const auto to = shared.lock();
        if (!to) return;
        {
            const std::lock_guard lock(to->mutex);
            to->news.ended.push_back({service, id, attempts, std::move(what)});
        }
        to->came.notify_one();
    });
}

void ledger_keeper::settle(const attempt_end& one) {
    auto& turn = services_[one.service];
    // One that was given up is not waited for any more.
    if (!turn.asking || turn.asking->id != one.id || turn.asking->attempts != one.attempts) return;
    turn.pace.ended(one.what.what, steady_now());
    const std::array<deferral_change, 1> change{{{.id = turn.asking->id,
                                                  .to = after_attempt(one.what.what, turn.asking->again),
                                                  .attempts = turn.asking->attempts,
                                                  .result = one.what.result}}};
    turn.asking.reset();
    // Where the disk does not take it, it stays written down as sent, and the next start finds it.
    if (auto done = vault_->change(change, wall_now()); !done) failed(done.error());
    changed_ = uncounted_ = true;
}

/// A worker that hangs must not keep the others' deferrals from being asked.
void ledger_keeper::give_up_the_lost() {
    for (auto& [name, turn] : services_)
        if (turn.asking && turn.given_up_at <= steady_now())
            settle({.service = name,
                    .id = turn.asking->id,
                    .attempts = turn.asking->attempts,
                    .what = {.what = settlement::unanswered, .result = "lost"}});
}

std::optional<deferral_list> ledger_keeper::look_up(const caller::identity& who) {
    auto found = vault_->of_caller(who, ledger::listed_at_most);
    if (!found) {
        failed(found.error());
        return std::nullopt;
    }
    std::vector<deferral_change> handed_back;
    for (auto& one : *found) {
        if (one.kind != deferral_kind::reference || one.state != deferral_state::queued) continue;
        const auto turn = services_.find(one.service);
        if (turn == services_.end() || !turn->second.serving) continue;
        one.state = deferral_state::handed_back;
        handed_back.push_back(
            {.id = one.id, .to = deferral_state::handed_back, .attempts = 0, .result = one.result});
    }
    if (!handed_back.empty()) {
        if (auto done = vault_->change(handed_back, wall_now()); !done) {
            failed(done.error());
            return std::nullopt;
        }
        uncounted_ = true;
    }
    std::string version = version_of(*found);
    return deferral_list{.entries = std::move(*found), .version = std::move(version)};
}

/// Those that have changed, or whose time is over, are answered; the others wait on.
void ledger_keeper::answer(std::vector<listing> fresh) {
    std::vector<listing> asked = std::move(fresh);
    if (!watching_.empty() && (paused_ || steady_now() >= next_look_)) {
        next_look_ = steady_now() + look_interval;
        const bool look = std::exchange(changed_, false);
        std::vector<listing> waiting_on;
        for (auto& one : watching_) {
            const bool waits = !paused_ && !look && one.until > steady_now();
            (waits ? waiting_on : asked).push_back(std::move(one));
        }
        watching_ = std::move(waiting_on);
    }
    for (auto& one : asked) {
        auto found = look_up(one.who);
        const bool same = found && found->version == one.known;
        if (same && !paused_ && one.until > steady_now() && watching_.size() < most_watching)
            watching_.push_back(std::move(one));
        else
            net::arrival<std::optional<deferral_list>>::bring(one.arrival, std::move(found));
    }
}

void ledger_keeper::tidy() {
    if (steady_now() < next_tidy_) return;
    next_tidy_ = steady_now() + tidy_interval;
    const auto expired = vault_->tidy(wall_now());
    if (!expired) return failed(expired.error());
    if (!expired->empty()) {
        spdlog::warn("ledger: the time of {} deferrals is over", expired->size());
        with_.watch->forget(*expired);
        changed_ = true;
    }
    uncounted_ = true;
}

/// Looks at all of them, so not with each change.
void ledger_keeper::recount() {
    if (!uncounted_ || steady_now() < next_count_) return;
    uncounted_ = false;
    next_count_ = steady_now() + count_interval;
    auto counts = vault_->counts();
    if (!counts) return failed(counts.error());
    const std::lock_guard lock(with_.mutex);
    with_.totals.counts = std::move(*counts);
    with_.totals.nearly_full = vault_->nearly_full();
}

/// An alarm, once for each change.
void ledger_keeper::failed(const error& why) {
    if (!std::exchange(failing_, true))
        spdlog::error("ledger: {}; no request is kept until that is mended", why.message);
    const std::lock_guard lock(with_.mutex);
    with_.totals.failing = true;
}

void ledger_keeper::worked() {
    if (std::exchange(failing_, false)) spdlog::warn("ledger: works again");
    const std::lock_guard lock(with_.mutex);
    with_.totals.failing = false;
}

}  // namespace garde::emergency
