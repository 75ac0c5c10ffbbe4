// Deferrals as they lie on the disk: what was asked is sealed with AES-256-GCM under a key that the ledger's
// key wraps, whose caller is an HMAC. Durable when a function returns. One thread at a time.
#pragma once

#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"
#include "garde/base/secret.hpp"
#include "garde/cache/sealing.hpp"
#include "garde/cache/service_word.hpp"
#include "garde/caller/identity.hpp"
#include "garde/emergency/deferral.hpp"
#include "garde/store/deferral_store.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::emergency {

using deferral_id = store::deferral_key;

/// For callers: 22 characters of base64url.
std::string to_text(const deferral_id& id);
std::optional<deferral_id> parse_deferral_id(std::string_view text);

/// What a kept answer, which was given, said to which question; see answer_watch.hpp.
struct followed_answer {
    cache::cache_key key{};
    cache::answer_facts facts;
    std::chrono::sys_days from;  ///< the days asked for
    std::chrono::sys_days until;
};

/// A request to be kept.
struct deferral_request {
    deferral_id id{};  ///< random
    std::string service;
    deferral_kind kind = deferral_kind::reference;
    caller::identity who;
    wall_time outage{};  ///< when the outage began
    wall_time kept_at{};
    wall_time valid_until{};
    digest256 request_sha256{};  ///< of its body: what the receipt names it by
    std::string reference;       ///< what its sender calls it; may be empty
    std::string head;            ///< a message's HTTP head, with the empty line; a reference has none
    std::string body;
    repetition again = repetition::harmful;
    std::optional<followed_answer> followed{};  ///< with `answer`, and with nothing else
};

/// What there is to say of a deferral, without the request.
struct deferral_entry {
    deferral_id id{};
    std::string service;
    deferral_kind kind = deferral_kind::reference;
    deferral_state state = deferral_state::queued;
    wall_time outage{};
    wall_time kept_at{};
    wall_time valid_until{};
    wall_time changed_at{};
    std::uint32_t attempts = 0;
    std::string result;
    std::string reference;
    std::string asker;           ///< issuer / subject
    std::string request_sha256;  ///< hex
};

/// One that is to be asked again.
struct deferred_message {
    deferral_id id{};
    std::string service;
    wall_time valid_until{};
    std::uint32_t attempts = 0;  ///< so far
    repetition again = repetition::harmful;
    std::string head;
    secret_string body;
};

/// What became of one.
struct deferral_change {
    deferral_id id{};
    deferral_state to = deferral_state::queued;
    std::uint32_t attempts = 0;
    std::string result;
};

class deferral_vault {
  public:
    struct settings {
        std::filesystem::path file;
        /// The first wraps; the others open what was wrapped before. Never empty.
        std::vector<cache::master_key> keys;
        std::uint64_t bytes = 0;  ///< on the disk: with so much taken, no more is kept
    };
    /// How long a settled one is listed, without its content.
    static constexpr std::chrono::days settled_time{30};

    /// Fails when the file cannot be used, or was sealed under none of the keys.
    static result<std::unique_ptr<deferral_vault>> open(settings with);

    /// All or none.
    result<void> keep(std::span<const deferral_request> requests);
    /// Forgets them, as if they had never been kept.
    result<void> withdraw(std::span<const deferral_id> ids);
    /// All or none. What is settled loses its content.
    result<void> change(std::span<const deferral_change> changes, wall_time now);

    /// The service's next message that is queued. One whose seal is broken is set to ambiguous, with an error
    /// in the log, and the one after it is given.
    result<std::optional<deferred_message>> next(const std::string& service, wall_time now);
    /// The answers that are still waited for, in the order of keeping, after this number and so many at most;
    /// the last one's number comes back in it, or -1 when there are none any more.
    result<std::vector<std::pair<deferral_id, followed_answer>>> answers_waiting(std::int64_t& after,
                                                                                 std::size_t most);
    /// Those that were being sent when garde ended.
    result<std::vector<deferred_message>> left_sent();
    /// Newest first.
    result<std::vector<deferral_entry>> of_caller(const caller::identity& who, std::size_t most);
    /// In the order of keeping; a hundred thousand at most.
    result<std::vector<deferral_entry>> of_outage(const std::string& service, wall_time outage);
    result<std::vector<store::deferral_count>> counts() { return store_->counts(); }

    /// Sets those whose time is over to expired, and removes those that were settled long ago. Which expired.
    result<std::vector<deferral_id>> tidy(wall_time now);

    /// Answers take half of the bound at most: the rest is for what is to be asked again.
    [[nodiscard]] bool has_room_for_answers() const { return used_ < with_.bytes / 2; }

    /// True with three quarters of the bound taken: for alarms.
    [[nodiscard]] bool nearly_full() const { return used_ >= with_.bytes / 4 * 3; }

  private:
    deferral_vault(settings with, std::unique_ptr<store::deferral_store> store)
        : with_(std::move(with)), store_(std::move(store)) {}
    result<void> open_key();
    [[nodiscard]] store::stored_deferral seal(const deferral_request& from) const;
    [[nodiscard]] std::optional<followed_answer> open_followed(const store::stored_deferral& from) const;
    [[nodiscard]] std::optional<deferred_message> open_message(const store::stored_deferral& from) const;
    [[nodiscard]] deferral_entry read_entry(const store::stored_deferral& from) const;
    template <class Each>
    result<void> in_transaction(const Each& what);

    settings with_;
    std::unique_ptr<store::deferral_store> store_;
    std::optional<cache::epoch_keys> keys_;
    std::uint64_t used_ = 0;
};

}  // namespace garde::emergency
