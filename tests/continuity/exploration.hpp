// Explores everything that a machine can come to: breadth first, each state once. A state in which a rule is
// broken ends it, with the shortest way there. And whether each state leads back to normal in time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace garde::continuity {

/// A world is copied for each move. It has: `move` (its type), moves(), make(move), describe(move),
/// fingerprint(), and broken(): which rule the last move broke, empty when none.
template <class World>
concept explorable = requires(World world, const World seen, typename World::move move) {
    { seen.moves() } -> std::convertible_to<std::vector<typename World::move>>;
    { seen.fingerprint() } -> std::convertible_to<std::string>;
    { seen.broken() } -> std::convertible_to<std::string>;
    { seen.describe(move) } -> std::convertible_to<std::string>;
    world.make(move);
};

struct exploration_bounds {
    std::size_t states = 2'000'000;
};

struct explored {
    std::size_t states = 0;
    std::size_t transitions = 0;
    std::size_t depth = 0;  ///< of the farthest state
    bool complete = false;  ///< no bound was met
};

/// Under a sanitizer each step takes several times as long, and the same steps are made without one.
/// GARDE_EXPLORED_STATES sets another bound, for runs that repeat the tests many times.
inline exploration_bounds affordable(exploration_bounds bounds) {
#ifdef __SANITIZE_ADDRESS__
    bounds.states /= 10;
#endif
    if (const char* given = std::getenv("GARDE_EXPLORED_STATES"))
        bounds.states = std::min<std::size_t>(bounds.states, std::strtoull(given, nullptr, 10));
    return bounds;
}

template <explorable World>
class exploration {
  public:
    using move = typename World::move;

    /// `visit(world)` is called once in each state; returns what is wrong there, empty when nothing is.
    template <class Visit>
    explored run(const World& first, const exploration_bounds& bounds, Visit&& visit) {
        std::vector<std::pair<std::uint32_t, World>> frontier;
        enter(first, none, std::nullopt);
        frontier.emplace_back(0, first);
        explored out{.states = 1, .transitions = 0, .depth = 0, .complete = true};
        if (!report(visit(first), 0)) return out;
        while (!frontier.empty() && out.complete) {
            std::vector<std::pair<std::uint32_t, World>> next;
            for (const auto& [at, world] : frontier) {
                if (nodes_.size() >= bounds.states) {
                    out.complete = false;
                    break;
                }
                for (const move& one : world.moves()) {
                    World after = world;
                    after.make(one);
                    ++out.transitions;
                    const auto entered = enter(after, at, one);
                    const std::string wrong = after.broken();
                    if (!report(wrong, entered || wrong.empty() ? entered.value_or(0) : note(at, one)))
                        return out;
                    if (!entered) continue;
                    if (!report(visit(after), *entered)) return out;
                    next.emplace_back(*entered, std::move(after));
                }
            }
            if (!next.empty()) ++out.depth;
            out.states = nodes_.size();
            frontier = std::move(next);
        }
        return out;
    }

    explored run(const World& first, const exploration_bounds& bounds) {
        return run(first, bounds, [](const World&) { return std::string(); });
    }

  private:
    static constexpr std::uint32_t none = 0xffff'ffff;
    struct node {
        std::uint32_t before = none;
        std::optional<move> by;
    };

    std::uint32_t note(std::uint32_t before, const std::optional<move>& by) {
        nodes_.push_back({before, by});
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    std::optional<std::uint32_t> enter(const World& world, std::uint32_t before,
                                       const std::optional<move>& by) {
        if (!seen_.try_emplace(world.fingerprint()).second) return std::nullopt;
        if (before == none) first_ = world;
        return note(before, by);
    }
    bool report(const std::string& wrong, std::uint32_t at) {
        if (wrong.empty()) return true;
        std::string path;
        for (; nodes_[at].before != none; at = nodes_[at].before)
            path = first_->describe(*nodes_[at].by) + (path.empty() ? "" : ", ") + path;
        ADD_FAILURE() << wrong << "\nafter: " << path;
        return false;
    }

    struct nothing {};
    std::unordered_map<std::string, nothing> seen_;
    std::vector<node> nodes_;
    std::optional<World> first_;
};

/// How many units of time until all is as it should be, when nothing but good is seen from now on. Remembers
/// each state on the way.
template <class World>
class recovery {
  public:
    /// `good(world)`: one unit of time in which all goes well.
    template <class Good>
    std::string check(const World& from, Good&& good) {
        std::vector<std::string> way;
        World at = from;
        const int bound = from.recovery_bound();
        int rest = 0;
        for (;; good(at)) {
            if (!at.broken().empty()) return "on the way back: " + at.broken();
            if (at.recovered()) break;
            std::string key = at.fingerprint();
            if (const auto known = known_.find(key); known != known_.end()) {
                rest = known->second;
                break;
            }
            way.push_back(std::move(key));
            if (way.size() > most) return "never back to normal: " + at.tell();
        }
        for (auto key = way.rbegin(); key != way.rend(); ++key) known_[*key] = ++rest;
        longest_ = std::max(longest_, rest);
        if (rest <= bound) return {};
        return "back to normal after " + std::to_string(rest) + " units, not after " + std::to_string(bound) +
               ": " + from.tell();
    }
    [[nodiscard]] int longest() const { return longest_; }

  private:
    static constexpr std::size_t most = 2'000;
    std::unordered_map<std::string, int> known_;
    int longest_ = 0;
};

/// On stdout and in the report of the run.
inline void tell(const std::string& name, const explored& what) {
    std::cout << "  " << name << ": " << what.states << " states, " << what.transitions << " transitions, "
              << (what.complete ? "complete" : "bounded") << ", at most " << what.depth << " moves deep\n";
    testing::Test::RecordProperty(name + "_states", static_cast<int>(what.states));
    testing::Test::RecordProperty(name + "_transitions", static_cast<int>(what.transitions));
    testing::Test::RecordProperty(name + "_complete", what.complete ? 1 : 0);
}

}  // namespace garde::continuity
