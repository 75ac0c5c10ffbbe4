// The book of a run: what was asked, where it arrived, what came back; and the rules that must hold whatever
// goes wrong. What breaks a rule is kept in words.
#pragma once

#include "garde/http/head.hpp"

#include "messages.hpp"
#include "scenario.hpp"
#include "trace.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace garde::sim {

struct question {
    std::uint64_t reference = 0;
    std::size_t service = 0;
    bool replay_safe = false;
    bool soap = true;
    moment sent{};  ///< when its last byte was written
};

/// How a caller's wait for an answer ended.
enum class ending : std::uint8_t {
    whole,    ///< a complete response
    broken,   ///< the connection ended in the middle of one
    nothing,  ///< … before the first byte of one
    silence,  ///< the caller gave up
};

class ledger {
  public:
    /// Nothing takes longer than its rules say and this: delays on the way, ticks, naps.
    static constexpr moment slack = std::chrono::milliseconds(1'500);

    ledger(const scenario& of, trace& to, const kernel& in) : plan_(of), trace_(to), kernel_(in) {}

    /// When the run began; times of the scenario count from there.
    void begin(moment at) { begun_ = at; }

    std::uint64_t ask(question what);
    void sent(std::uint64_t reference) { asked_.at(reference).what.sent = now(); }
    void reached(std::uint64_t reference, const backend_plan& at);
    /// `head` and `body` are those of a whole answer.
    void ended(std::uint64_t reference, ending how, const http::response_head* head, std::string_view body);

    /// An order is in force for its time.
    void ordered(const order_plan& what) { orders_.push_back(what); }
    /// All is well: whoever asks from now on is answered by the primary.
    void expect_primary() { well_since_ = now(); }
    void violated(std::string what);

    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    [[nodiscard]] std::uint64_t answered_by_backends() const { return by_backends_; }
    [[nodiscard]] std::uint64_t answered_by_garde() const { return by_garde_; }
    /// Of those by backends: such as had to be, though another backend of the service was ill.
    [[nodiscard]] std::uint64_t saved() const { return saved_; }
    [[nodiscard]] std::uint64_t asked() const { return asked_.size(); }

  private:
    struct entry {
        question what;
        std::vector<const backend_plan*> reached;
        bool over = false;
    };

    void judge_whole(const entry& of, const http::response_head& head, std::string_view body);
    void judge_relayed(const entry& of, const http::response_head& head, std::string_view body);
    void judge_own(const entry& of, const http::response_head& head, std::string_view body);
    void judge_time(const entry& of);
    /// A request that may be sent twice is answered while somebody can.
    void judge_loss(const entry& of, std::string_view got);
    [[nodiscard]] bool may_break_off(const entry& of) const;
    /// It may be sent twice, somebody could answer it all the time, and nobody ordered otherwise.
    [[nodiscard]] bool must_be_answered(const entry& of) const;
    /// Two backends were ill in the same way: what fails alike at two may be at fault itself, and is not sent
    /// to a third.
    [[nodiscard]] bool may_have_failed_alike(const entry& of) const;
    [[nodiscard]] bool somebody_was_ill(const entry& of) const;
    [[nodiscard]] bool ordered_otherwise(const entry& of) const;
    [[nodiscard]] const config::service_settings& service_of(const entry& of) const {
        return plan_.promised->services[of.what.service];
    }
    [[nodiscard]] moment now() const { return kernel_.now() - begun_; }

    const scenario& plan_;
    trace& trace_;
    const kernel& kernel_;
    moment begun_{};
    std::map<std::uint64_t, entry> asked_;
    std::vector<order_plan> orders_;
    std::optional<moment> well_since_;
    std::vector<std::string> violations_;
    std::uint64_t by_backends_ = 0;
    std::uint64_t by_garde_ = 0;
    std::uint64_t saved_ = 0;
};

}  // namespace garde::sim
