// See receipt_book.hpp.
#include "garde/emergency/receipt_book.hpp"

#include "garde/journal/checkpoint.hpp"
#include "garde/journal/signed_note.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace garde::emergency {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

/// The size of the tree that a checkpoint is of; nothing when it is none.
std::optional<std::uint64_t> size_of(std::string_view checkpoint) {
    const auto note = journal::parse_note(checkpoint);
    const auto read = note ? journal::parse_checkpoint(note->text) : std::unexpected(note.error());
    return read ? std::optional(read->head.size) : std::nullopt;
}

}  // namespace

receipt_book::receipt_book(setup with)
    : with_(std::move(with)), thread_([this] {
          net::let_workers_go_first();
          run();
      }) {}

receipt_book::~receipt_book() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    came_.notify_one();
    thread_.join();
    for (const auto& one : questions_)
        net::arrival<answer>::bring(one.arrival, std::unexpected(proof_failure::busy));
}

void receipt_book::note(issued_receipt what) {
    std::vector<issued_receipt> full;
    bool due = false;
    {
        const std::lock_guard lock(mutex_);
        if (pending_.empty()) pending_since_ = now();
        pending_.push_back(std::move(what));
        due = pending_.size() == 1 || pending_.size() == receipts_together;
        if (pending_.size() == pending_bound) full.swap(pending_);
    }
    if (!full.empty()) write(std::move(full));
    if (due) came_.notify_one();
}

/// What is of exercises goes into a record of its own, which is marked as such.
void receipt_book::write(std::vector<issued_receipt> which) const {
    const auto exercises = std::ranges::partition(which, std::logical_not(), &issued_receipt::exercise);
    for (std::span<const issued_receipt> of :
         {std::span(which.begin(), exercises.begin()), std::span(exercises)}) {
        for (; !of.empty(); of = of.subspan(std::min(of.size(), receipts_a_record)))
            with_.write(receipts_record(wall_now(), of.first(std::min(of.size(), receipts_a_record))));
    }
}

net::task<std::expected<std::string, proof_failure>> receipt_book::prove(net::event_loop& asking,
                                                                         std::string id,
                                                                         caller::identity who) {
    const auto arrival = std::make_shared<net::arrival<answer>>(asking);
    {
        const std::lock_guard lock(mutex_);
        if (ending_ || questions_.size() >= question_bound) co_return std::unexpected(proof_failure::busy);
        questions_.push_back({.id = std::move(id), .who = std::move(who), .arrival = arrival});
    }
    came_.notify_one();
    co_return co_await arrival->wait();
}

void receipt_book::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        const auto many = [this] { return pending_.size() >= receipts_together; };
        if (pending_.empty())
            came_.wait(lock, [&] { return ending_ || !pending_.empty() || !questions_.empty(); });
        else
            came_.wait_until(lock, pending_since_ + record_within,
                             [&] { return ending_ || !questions_.empty() || many(); });
        const bool due = !pending_.empty() && (ending_ || many() || now() >= pending_since_ + record_within);
        auto which = due ? std::exchange(pending_, {}) : std::vector<issued_receipt>();
        std::optional<question> asked;
        if (!questions_.empty() && !ending_) {
            asked = std::move(questions_.front());
            questions_.pop_front();
        }
        lock.unlock();
        write(std::move(which));
        if (asked) net::arrival<answer>::bring(asked->arrival, look_up(*asked));
        lock.lock();
    }
    auto rest = std::exchange(pending_, {});
    lock.unlock();
    write(std::move(rest));
}

receipt_book::answer receipt_book::look_up(const question& what) const {
    const auto issued = time_of_receipt_id(what.id);
    if (!issued) return std::unexpected(proof_failure::unknown);
    const auto unreadable = [](const error& why) {
        spdlog::error("receipts: the journal cannot be read for a proof: {}", why.message);
        return std::unexpected(proof_failure::unreadable);
    };
    const auto seq = journal::find_record(with_.journal, receipt_locator(what.id) + ':', *issued);
    if (!seq) return unreadable(seq.error());
    if (!*seq) {
        const auto age = wall_now() - *issued;
        return std::unexpected(age >= -young && age < young ? proof_failure::not_yet
                                                            : proof_failure::unknown);
    }
    const auto record = journal::record_reader(with_.journal, with_.names_key, **seq).next();
    if (!record) return unreadable(record.error());
    switch (*record ? find_receipt(**record, what.id, what.who) : receipt_match::absent) {
        case receipt_match::his: return make_document(what.id, **seq);
        case receipt_match::erased: return std::unexpected(proof_failure::erased);
        case receipt_match::of_others:
        case receipt_match::absent: return std::unexpected(proof_failure::unknown);
    }
    std::unreachable();
}

/// In the tree of the newest checkpoint, so that whoever has that one from elsewhere can compare.
receipt_book::answer receipt_book::make_document(const std::string& id, std::uint64_t seq) const {
    std::string checkpoint = with_.checkpoint();
    auto size = size_of(checkpoint);
    if (!size || *size < seq) {
        checkpoint.clear();
        size.reset();
    }
    const auto proof = journal::prove(with_.journal, seq, size);
    if (proof) return proof_document(id, *proof, checkpoint);
    spdlog::error("receipts: no proof of record {}: {}", seq, proof.error().message);
    return std::unexpected(proof_failure::unreadable);
}

}  // namespace garde::emergency
