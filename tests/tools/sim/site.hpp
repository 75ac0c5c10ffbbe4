// What a site remembers: the faults it was ordered to have, the messages it has seen, and counts for tests.
// No sockets; the time is an argument. Used in one thread.
#pragma once

#include "answer.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sim {

using time_point = std::chrono::steady_clock::time_point;

struct site_options {
    std::string name = "dc1";
    std::string probe_nihii = "99999999999";  ///< consults of this provider are probes
    std::string probe_path = "/probe";        ///< GET and HEAD on this path are probes
    std::filesystem::path replay_folder{};    ///< for replay_guard with scope shared
    std::uint64_t seed = 1;
};

struct reference_counts {
    std::uint64_t received = 0;  ///< completely
    std::uint64_t answered = 0;  ///< with a genuine answer
};

struct counts {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;  ///< completely received
    std::uint64_t traffic = 0;
    std::uint64_t probes = 0;
    std::uint64_t answered = 0;  ///< with a genuine answer, late or not
    std::uint64_t replays = 0;   ///< refused as seen before
    /// Traffic by Reference and by UserReference; orders by their key, `answered` being how often they were
    /// carried out.
    std::unordered_map<std::string, reference_counts> by_reference;
};

class site {
  public:
    explicit site(site_options options) : options_(std::move(options)) {}

    [[nodiscard]] const site_options& options() const { return options_; }

    /// Replaces all faults; their times begin now. Returns what is wrong, or nothing. `json` is kept for
    /// fault_text().
    std::string put_faults(std::string_view json, time_point now);
    [[nodiscard]] const std::string& fault_text() const { return fault_text_; }

    [[nodiscard]] bool refusing(time_point now) const { return refusing_at(faults_, since(now)); }
    [[nodiscard]] std::optional<time_point> next_refusal_change(time_point now) const;

    /// Counts a new connection and says what happens to it.
    connection_effect connected(time_point now);

    struct decision {
        milliseconds delay{0};
        answer what;
    };

    /// Counts a completely received request and decides its answer.
    decision decide(const request& received, time_point now);

    [[nodiscard]] const counts& counted() const { return counts_; }
    void reset_counts() { counts_ = {}; }

  private:
    [[nodiscard]] milliseconds since(time_point now) const;
    [[nodiscard]] bool is_probe(const request& received, const reading& what) const;
    void count(const reading& what, bool probe, bool genuine);
    void count_order(const reading& what, bool carried_out);
    bool seen_before(std::string_view message, replay_scope scope);

    site_options options_;
    std::vector<fault> faults_;
    std::string fault_text_ = R"({"faults":[]})";
    time_point put_at_{};
    std::unordered_set<std::string> seen_;
    counts counts_;
};

}  // namespace sim
