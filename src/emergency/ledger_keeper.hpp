// What the ledger's thread does: opens the vault, keeps what comes in groups, asks again what is due, and
// answers lists. Nobody else ever waits for its disk.
#pragma once

#include "ledger_state.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::emergency {

class ledger_keeper {
  public:
    /// `shared` is what callbacks hold.
    ledger_keeper(ledger_state& with, std::weak_ptr<ledger_state> shared)
        : with_(with), shared_(std::move(shared)) {}

    /// Until it is told to end.
    void run();

  private:
    struct service_turn {
        bool serving = false;
        settlement_pace pace;
        std::optional<deferred_message> asking;  ///< the one that is being asked again
        steady_time given_up_at{};               ///< when it counts as unanswered
        std::optional<wall_time> outage;         ///< what is kept now belongs to it
        wall_time last_kept{};
    };

    bool open();
    std::optional<ledger_news> take();
    void hear(const std::map<std::string, bool>& serving);
    void keep(std::vector<std::shared_ptr<wish>> wishes);
    void refuse(const std::vector<std::shared_ptr<wish>>& wishes);
    void follow(std::vector<answer_note> given);
    void follow_earlier();
    void resume_outages();
    void hear(const std::vector<deferral_change>& told);
    void leave(std::size_t answers);
    void settle(const attempt_end& one);
    void give_up_the_lost();
    void ask_next(const std::string& service, service_turn& turn);
    void answer(std::vector<listing> fresh);
    [[nodiscard]] std::optional<deferral_list> look_up(const caller::identity& who);
    void tidy();
    void recount();
    void end_what_was_being_sent();
    [[nodiscard]] steady_time next_due() const;
    [[nodiscard]] wall_time outage_of(service_turn& turn, wall_time kept_at) const;
    void failed(const error& why);
    void worked();

    ledger_state& with_;
    std::weak_ptr<ledger_state> shared_;
    std::unique_ptr<deferral_vault> vault_;
    std::map<std::string, service_turn> services_;
    std::vector<listing> watching_;  ///< lists that nobody has been answered yet
    bool changed_ = false;           ///< since the last look at watching_
    steady_time next_look_{};
    steady_time next_tidy_{};
    steady_time next_open_{};
    bool uncounted_ = false;  ///< something has changed since they were counted
    steady_time next_count_{};
    bool failing_ = false;
    bool paused_ = false;  ///< garde is about to end: nobody waits for news
};

}  // namespace garde::emergency
