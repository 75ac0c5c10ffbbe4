// Pushes the newest checkpoint to one place, on a thread of its own: a place that hangs delays no other.
#pragma once

#include "garde/journal/checkpoint_state.hpp"

#include "checkpoint_book.hpp"
#include "checkpoint_place.hpp"
#include "push_schedule.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace garde::journal {

class checkpoint_runner {
  public:
    static constexpr milliseconds attempt_limit{5'000};
    static constexpr milliseconds last_limit{
        1'500};  ///< for all that is still to be done once the end was asked for

    struct setup {
        std::string name;      ///< for logs and metrics
        std::string identity;  ///< two of the same are the same place, asked in the same way
        std::unique_ptr<checkpoint_place> place;
        std::shared_ptr<checkpoint_book> book;
        push_schedule::rules rules;
    };

    explicit checkpoint_runner(setup with);
    /// Waits for a disk that hangs; ask_to_end() before.
    ~checkpoint_runner();
    checkpoint_runner(const checkpoint_runner&) = delete;
    checkpoint_runner& operator=(const checkpoint_runner&) = delete;

    // Any thread; none of them waits for the place.
    void grown(urgency how);
    void use(push_schedule::rules rules);
    [[nodiscard]] const std::string& identity() const { return with_.identity; }
    [[nodiscard]] place_state state() const;
    /// Nothing while it works.
    [[nodiscard]] std::optional<steady_time> failing_since() const;
    /// Pushes what was not pushed yet, once more, and ends.
    void ask_to_end();
    [[nodiscard]] bool has_ended() const;

  private:
    enum class life : std::uint8_t { running, ending, ended };

    void run();
    bool await_push(std::unique_lock<std::mutex>& lock);
    void settle(const result<void>& became, std::uint64_t size);

    const setup with_;
    push_limit limit_{steady_time{}};
    mutable std::mutex mutex_;
    std::condition_variable woken_;
    push_schedule schedule_;
    place_state state_;
    life life_ = life::running;
    std::thread thread_;
};

}  // namespace garde::journal
