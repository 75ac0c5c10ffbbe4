// See cache_desk.hpp.
#include "garde/cache/cache_desk.hpp"

#include "garde/net/arrival.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace garde::cache {

cache_desk::cache_desk(std::size_t bound_bytes, turned_by whom)
    : offers_(loop_, offer_bound), questions_(loop_, question_bound), cache_(bound_bytes) {
    if (whom == turned_by::owner) return;
    thread_ = std::jthread([this] {
        net::let_workers_go_first();
        loop_.run();
    });
}

cache_desk::~cache_desk() {
    loop_.stop();
}

wall_time cache_desk::barred_until(const caller::identity& who) const {
    return bars_.until(caller_bars::place_of(who));
}

bool cache_desk::offer(cache::offer what) {
    // One allocation, small enough in a message to need no further one; left alone by a mailbox that is full.
    struct {
        cache_desk* desk;
        std::unique_ptr<cache::offer> what;
        void operator()() { desk->admit(std::move(*what)); }
    } message{this, std::make_unique<cache::offer>(std::move(what))};
    if (offers_.try_post(std::move(message))) return true;
    // NOLINTNEXTLINE(bugprone-use-after-move): what a mailbox refuses it leaves as it is
    const cache::offer& dropped = *message.what;
    bars_.raise({caller_bars::place_of(dropped.who), dropped.consulted_at});
    dropped_.fetch_add(1, std::memory_order_relaxed);
    if (!disk_is_told_.exchange(true))
        loop_.post([this] {
            disk_is_told_.exchange(false);  // and sees what was raised before
            if (tier_) tier_->bars_raised();
        });
    return false;
}

void cache_desk::keep_on_disk(vault_settings where) {
    loop_.post([this, where = std::move(where)]() mutable {
        auto made = std::make_unique<store_tier>(
            loop_, std::move(where), bars_, [this](kept_reply what, restored_as how) {
                const bool taken = cache_.restore(std::move(what), std::chrono::steady_clock::now(), how);
                const std::lock_guard lock(totals_mutex_);
                totals_.kept = cache_.stats();
                return taken;
            });
        cache_.tell(made.get());
        const std::lock_guard lock(totals_mutex_);
        tier_ = std::move(made);
    });
}

void cache_desk::let_hear(std::shared_ptr<word_listener> listener) {
    loop_.post([this, listener = std::move(listener)]() mutable {
        listener_ = std::move(listener);
        cache_.let_hear(listener_.get());
    });
}

std::optional<tier_totals> cache_desk::tier() const {
    const std::lock_guard lock(totals_mutex_);
    return tier_ ? std::optional(tier_->totals()) : std::nullopt;
}

void cache_desk::resize(std::size_t bound_bytes) {
    loop_.post([this, bound_bytes] { cache_.resize(bound_bytes); });
}

/// By the way of the offers, so that what was answered before it is kept first, and then goes.
bool cache_desk::purge(purge_order what, std::function<void(purge_result)> then) {
    return offers_.try_post([this, what = std::move(what), then = std::move(then)]() mutable {
        carry_out(what, std::move(then));
    });
}

void cache_desk::carry_out(const purge_order& what, std::function<void(purge_result)> then) {
    purge_selection which{.of = {}, .before = what.before};
    if (what.of) {
        // A caller with a name of his own is known by all that he goes by.
        caller::identity named;
        if (const auto* one = callers_ ? callers_->known.find(*what.of) : nullptr) named.go_by(one->name);
        which.of = [of = *what.of, named](const caller::identity& who) {
            return of.matches(who) || (!named.canonical().empty() && who == named);
        };
    }
    purge_result out{.from_memory = cache_.purge(which)};
    {
        const std::lock_guard lock(totals_mutex_);
        totals_.kept = cache_.stats();
    }
    if (!tier_) return then(out);
    struct waiting {
        std::function<void(purge_result)> then;
        purge_result so_far;
        std::unique_ptr<net::deadline> limit;

        void finish(purge_result::on_disk disk) {
            so_far.disk = disk;
            if (then) std::exchange(then, nullptr)(so_far);
        }
    };
    // The tier holds it until the disk has done it.
    const auto state = std::make_shared<waiting>(std::move(then), out);
    state->limit = std::make_unique<net::deadline>(
        loop_.wheel(), [to = state.get()] { to->finish(purge_result::on_disk::waiting); });
    state->limit->set(std::chrono::steady_clock::now() + purge_limit);
    tier_->purge(std::move(which), [state](std::optional<std::uint64_t> gone) {
        state->limit->cancel();
        state->so_far.from_disk = gone.value_or(0);
        state->finish(purge_result::on_disk::done);
    });
}

void cache_desk::recognise(caller::recognition_ptr how) {
    loop_.post([this, how = std::move(how)]() mutable {
        callers_ = std::move(how);
        if (!callers_->assertions)
            checker_.reset();
        else if (checker_)
            checker_->use(callers_->assertions);
        else
            checker_.emplace(callers_->assertions);
    });
}

caller::assertion_counts cache_desk::assertions() const {
    caller::assertion_counts out{.accepted = accepted_.load(std::memory_order_relaxed)};
    for (std::size_t i = 0; i < refused_.size(); ++i)
        out.refused[i] = refused_[i].load(std::memory_order_relaxed);
    return out;
}

std::expected<caller::identity, cache_desk::nobody> cache_desk::identify(const caller::identity& shown,
                                                                         const caller_patterns& allowed,
                                                                         std::string_view message,
                                                                         wall_time now) {
    const auto if_allowed = [&allowed](caller::identity who) -> std::expected<caller::identity, nobody> {
        if (allowed && !caller::any_matches(*allowed, who))
            return std::unexpected(nobody{.why = {"caller-not-allowed", std::move(who)}});
        return who;
    };
    if (shown.verified()) return if_allowed(shown);
    if (!checker_) return std::unexpected(nobody{.why = {"caller-unverified"}});
    auto signer = checker_->check(message, now);
    if (!signer) {
        auto& [why, repeats] = signer.error();
        refused_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
        return std::unexpected(nobody{.why = {"assertion-" + std::string(to_text(why))},
                                      .repeats = callers_->known.recognise(std::move(repeats))});
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
    return if_allowed(callers_->known.recognise(std::move(*signer)));
}

cache_totals cache_desk::totals() const {
    const std::lock_guard lock(totals_mutex_);
    auto out = totals_;
    out.dropped = dropped();
    return out;
}

void cache_desk::admit(cache::offer what) {
    const refusal why = settle(std::move(what));
    watch_clock();
    const std::lock_guard lock(totals_mutex_);
    ++totals_.offers[static_cast<std::size_t>(why)];
    totals_.kept = cache_.stats();
}

/// An alarm, once for each change.
void cache_desk::watch_clock() {
    const auto now = cache_.trust();
    if (now == totals_.clock) return;
    if (now == clock_trust::good)
        spdlog::warn("cache: the wall clock can be trusted again");
    else
        spdlog::error(
            "cache: the wall clock {}: answers whose age cannot be proven are not served, and nothing is "
            "deleted "
            "for its age, until it is set right; check this machine's clock",
            now == clock_trust::behind ? "is behind the newest consult that is kept"
                                       : "was set by more than five minutes");
    if (tier_) tier_->trust_clock(now == clock_trust::good);
    const std::lock_guard lock(totals_mutex_);
    totals_.clock = now;
}

refusal cache_desk::settle(cache::offer what) {
    auto who = identify(what.who, what.allowed, what.request_body, what.consulted_at);
    if (who) {
        what.who = std::move(*who);
        return cache_.admit(what);
    }
    if (who.error().repeats.verified()) {
        // The service has answered all the same, and may have had newer news.
        what.who = std::move(who.error().repeats);
        return cache_.take_back(what);
    }
    return refusal::caller_unverified;
}

void cache_desk::bring(const asked& to, found what) {
    watch_clock();
    {
        const std::lock_guard lock(totals_mutex_);
        totals_.kept = cache_.stats();
        if (what)
            totals_.count_served(what->age);
        else
            ++totals_.misses[what.error().detail];
    }
    if (answers_.empty()) loop_.spawn(send_answers());
    answers_.emplace_back(to, std::move(what));
}

/// All that was found in one turn goes together: a worker that is told of one takes the core at once, where
/// there is only one.
net::task<> cache_desk::send_answers() {
    net::arrival<found>::bring_all(std::exchange(answers_, {}));
    co_return;
}

/// What is not in memory may be on the disk.
void cache_desk::answer(question what, const asked& to) {
    const wall_time barred = barred_until(what.who);
    auto known = identified(std::move(what));
    if (!known) return bring(to, std::unexpected(std::move(known.error())));
    if (!known->wanted) known->wanted = read_question(*known);
    auto in_memory = look_up(*known, barred);
    if (in_memory || !in_memory.error().key || !disk_may_have_more()) return bring(to, std::move(in_memory));
    const auto key = *in_memory.error().key;
    const auto kept = std::make_shared<question>(std::move(*known));
    const bool waits =
        tier_->read(key, [this, kept, barred, to](bool /*taken*/) { bring(to, look_up(*kept, barred)); });
    if (!waits) bring(to, std::move(in_memory));
}

/// Than the memory, which may have got all of it and have put nothing out.
bool cache_desk::disk_may_have_more() const {
    return tier_ && (!tier_->has_given_all() || cache_.stats().evicted > 0);
}

std::expected<question, miss> cache_desk::identified(question what) {
    auto who = identify(what.who, what.allowed, what.request_body, what.now);
    if (!who) return std::unexpected(std::move(who.error().why));
    what.who = std::move(*who);
    return what;
}

/// What was dropped before anybody knew who had signed it bars all who sign: `barred`.
found cache_desk::look_up(const question& what, wall_time barred) {
    found kept = cache_.find(what);
    if (!kept) {
        kept.error().who = what.who;
        return kept;
    }
    if (kept->consulted_at <= std::max(barred, barred_until(what.who)))
        return std::unexpected(miss{"overtaken", what.who});
    kept->who = what.who;
    return kept;
}

net::task<caller::identity> cache_desk::identify(net::event_loop& asking, question what) {
    const auto answer = std::make_shared<net::arrival<caller::identity>>(asking);
    if (!questions_.try_post([this, answer, what = std::move(what)]() mutable {
            auto known = identified(std::move(what));
            net::arrival<caller::identity>::bring(answer, known ? std::move(known->who) : caller::identity{});
        }))
        co_return caller::identity{};
    co_return co_await answer->wait();
}

/// Who asks by a certificate has shown who he is: his question is read here, on one of many workers, and not
/// on the one thread that all ask.
net::task<found> cache_desk::ask(net::event_loop& asking, question what) {
    if (what.who.verified()) {
        what.wanted = read_question(what);
        what.request_body = {};
    }
    const auto answer = std::make_shared<net::arrival<found>>(asking);
    if (!questions_.try_post(
            [this, answer, what = std::move(what)]() mutable { this->answer(std::move(what), answer); }))
        co_return std::unexpected(miss{"cache-busy"});
    co_return co_await answer->wait();
}

}  // namespace garde::cache
