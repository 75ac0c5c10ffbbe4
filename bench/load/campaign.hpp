// The ways of putting load on a server. Each is driven in steps: warm up, then, when told to, measure. All
// that was begun in a step is finished in it, so that whoever accounts for the server's work between two
// steps misses nothing.
#pragma once

#include "bench/common/histogram.hpp"
#include "bench/common/pace.hpp"
#include "client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace load {

using std::chrono::nanoseconds;

/// What came of a step.
struct outcome {
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;      ///< questions and handshakes that came to nothing
    std::uint64_t unfinished = 0;  ///< due, but neither answered nor failed when patience ended
    std::uint64_t closed_idle =
        0;                         ///< connections that the server ended properly while nothing was under way
    std::uint64_t handshakes = 0;  ///< that succeeded
    std::uint64_t not_resumed = 0;  ///< of them, those that should have been resumed and were not
    std::string first_failure;      ///< empty when nothing failed
    nanoseconds took{0};
    bench::histogram latency;   ///< from when each question was intended to leave; of unfinished ones, so far
    bench::histogram send_lag;  ///< how much later than intended questions left, whosever fault it was
};

/// What became of one question.
struct fate {
    steady_time due;
    steady_time end;
    const client* by;      ///< who had asked, or was to ask; null when nobody could
    std::string_view why;  ///< there is no whole answer, or it is wrong; empty: there is, and it is not
};

class campaign : public observer {
  public:
    virtual ~campaign() = default;

    /// One step of this length; one that cannot finish gives up some seconds later.
    outcome run(nanoseconds length);

  protected:
    campaign(const target& to, std::size_t clients);

    /// Before the first begin() of a step.
    virtual void start(steady_time now, nanoseconds length) = 0;
    /// Begins what is to be done now. Called again after each event until it returns false: all is begun.
    virtual bool begin(steady_time now) = 0;
    /// When begin() has to be called although nothing happened.
    [[nodiscard]] virtual steady_time next_due() const = 0;
    /// Questions that are due and were not begun, when patience ended: when they should have left.
    [[nodiscard]] virtual std::vector<steady_time> left_undone(steady_time now) const;

    /// A question has come to its end.
    virtual void ended(const fate& /*of*/) {}
    /// A step is given up after so many failures: a server that fails so often is not worth the rest.
    [[nodiscard]] virtual std::uint64_t failure_limit() const { return 1000; }

    void open(client& which, steady_time intended);
    void ask(client& which, steady_time intended);

    void opened(client& which) override;
    void answered(client& which) override;
    void lost(client& which, phase was, std::string_view why) override;

    /// Opens what is closed.
    void reopen(steady_time now);

    [[nodiscard]] std::size_t under_way() const { return under_way_; }
    std::vector<client*> waiting_;
    std::vector<client*> closed_;

  private:
    void give_up(steady_time now);

    target to_;
    std::vector<std::unique_ptr<client>> clients_;
    std::size_t under_way_ = 0;  ///< clients that are opening or asking
    std::uint64_t asked_ = 0;
    outcome outcome_;
};

/// Each connection asks again as soon as it has its answer.
std::unique_ptr<campaign> make_closed_loop(const target& to, std::size_t clients);

/// Questions leave at a fixed rate, however the server fares, on whichever connection is free; one that finds
/// none free waits, and its waiting counts.
class fixed_rate : public campaign {
  public:
    fixed_rate(const target& to, std::size_t clients, bench::pace rate)
        : campaign(to, clients), rate_(rate) {}

  protected:
    void start(steady_time now, nanoseconds length) override;

  private:
    bool begin(steady_time now) override;
    /// Without a free connection there is nothing to do before an answer comes.
    [[nodiscard]] steady_time next_due() const override;
    [[nodiscard]] std::vector<steady_time> left_undone(steady_time now) const override;
    [[nodiscard]] steady_time due() const { return started_ + rate_.due(begun_); }

    bench::pace rate_;
    steady_time started_{};
    std::uint64_t begun_ = 0;
    std::uint64_t total_ = 0;
};

/// Each client opens a connection, asks once, closes, and begins again. Latency counts from the opening.
std::unique_ptr<campaign> make_handshakes(const target& to, std::size_t clients);

/// Each client opens a connection, asks once, and stays; eight are busy at a time. A step ends when all have.
std::unique_ptr<campaign> make_hold(const target& to, std::size_t clients);

}  // namespace load
