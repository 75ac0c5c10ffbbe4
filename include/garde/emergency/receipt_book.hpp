// Brings receipts into the journal after they were handed out, several to a record, and proves later that
// they are there. On a thread of its own at the lowest priority; nobody who issues a receipt waits for it.
#pragma once

#include "garde/emergency/receipt_proof.hpp"
#include "garde/net/arrival.hpp"
#include "garde/net/event_loop.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace garde::emergency {

/// Why there is no proof.
enum class proof_failure : std::uint8_t {
    not_yet,     ///< it was issued just now: the record is on its way
    unknown,     ///< there is no such receipt of this caller, or its record is removed
    erased,      ///< whose it is has been erased
    busy,        ///< too many wait, or garde is ending
    unreadable,  ///< the journal cannot be read
};

class receipt_book {
  public:
    static constexpr std::size_t question_bound = 64;  ///< proofs that wait; further ones are not answered
    /// A receipt is given to the journal within that time, or after the proof at hand, or with so many
    /// others, which the journal commits together.
    static constexpr milliseconds record_within{200};
    static constexpr std::size_t receipts_together = 64 * receipts_a_record;
    /// Where so many were not given to the journal yet, whoever notes the last of them gives them himself.
    static constexpr std::size_t pending_bound = 2 * receipts_together;
    static constexpr std::chrono::seconds young{30};  ///< whose record may still be on its way

    struct setup {
        std::filesystem::path journal;               ///< its folder
        std::filesystem::path names_key;             ///< empty: in the folder
        std::function<void(journal::record)> write;  ///< any thread; must not wait
        std::function<std::string()> checkpoint;     ///< the newest one, signed; any thread
    };

    explicit receipt_book(setup with);
    /// Gives what is left to the journal. Proofs that wait are not answered.
    ~receipt_book();
    receipt_book(const receipt_book&) = delete;
    receipt_book& operator=(const receipt_book&) = delete;

    /// Any thread; never waits for a disk.
    void note(issued_receipt what);

    /// On `asking`'s thread: the document of proof_document() for that caller's receipt.
    net::task<std::expected<std::string, proof_failure>> prove(net::event_loop& asking, std::string id,
                                                               caller::identity who);

  private:
    using answer = std::expected<std::string, proof_failure>;
    struct question {
        std::string id;
        caller::identity who;
        std::shared_ptr<net::arrival<answer>> arrival;
    };

    void run();
    void write(std::vector<issued_receipt> which) const;
    [[nodiscard]] answer look_up(const question& what) const;
    [[nodiscard]] answer make_document(const std::string& id, std::uint64_t seq) const;

    const setup with_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<issued_receipt> pending_;  ///< fewer than pending_bound
    steady_time pending_since_{};
    std::deque<question> questions_;
    bool ending_ = false;
    std::jthread thread_;
};

}  // namespace garde::emergency
