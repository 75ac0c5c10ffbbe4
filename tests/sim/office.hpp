// What garde writes to, without a disk: a journal and a store of orders that answer when the scenario says,
// or refuse.
#pragma once

#include "garde/journal/journal.hpp"
#include "garde/store/override_store.hpp"

#include "scenario.hpp"
#include "trace.hpp"

#include <string>
#include <utility>
#include <vector>

namespace garde::sim {

/// A change of mode, as the journal has it.
struct switchover {
    std::string service;
    std::string from;
    std::string to;
};

class paper_journal final : public journal::sink {
  public:
    paper_journal(kernel& in, const scenario& of, trace& to, chance luck)
        : kernel_(in), longest_(of.longest_disk_delay), trace_(to), luck_(luck) {}

    using sink::append;
    void append(journal::record what, journal::on_durable then) override;
    [[nodiscard]] bool failing() const override { return false; }

    [[nodiscard]] const std::vector<switchover>& switchovers() const { return switchovers_; }
    /// By how much the wall clock was set, all told.
    [[nodiscard]] std::chrono::milliseconds clock_steps() const { return clock_steps_; }

  private:
    kernel& kernel_;
    moment longest_;
    trace& trace_;
    chance luck_;
    std::vector<switchover> switchovers_;
    std::chrono::milliseconds clock_steps_{0};
};

class paper_store final : public store::override_store {
  public:
    paper_store(kernel& in, const scenario& of, chance luck)
        : kernel_(in),
          longest_(of.longest_disk_delay),
          failing_percent_(of.failing_store_percent),
          luck_(luck) {}

    void load(store::on_loaded then) override { then({}); }
    void put(store::stored_override /*value*/, store::on_stored then) override { answer(std::move(then)); }
    void remove(std::string /*service*/, store::on_stored then) override { answer(std::move(then)); }
    void load_procedures(store::on_procedures_loaded then) override { then({}); }
    void open_procedure(store::stored_procedure /*value*/, store::on_stored then) override {
        answer(std::move(then));
    }
    void close_procedure(std::string /*service*/, store::on_stored then) override { answer(std::move(then)); }

  private:
    void answer(store::on_stored then);

    kernel& kernel_;
    moment longest_;
    int failing_percent_;
    chance luck_;
};

}  // namespace garde::sim
