// Which fault domains are suspect, whom that makes doubtful, and what clears it.
#include "garde/continuity/domain_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(24));
constexpr milliseconds window = 30s;

/// A watch over backends, what it is told of them, and the time.
struct bench {
    explicit bench(std::vector<fault_domains> domains) : watch(domains, window), members(domains.size()) {}

    domain_watch watch;
    std::vector<domain_member> members;
    steady_time now = start;

    bench& fails(std::size_t which, std::optional<steady_time> first_symptom = {}) {
        members[which].failing = true;
        members[which].first_symptom = first_symptom.value_or(now);
        return update();
    }
    bench& is_back(std::size_t which) {
        members[which].failing = false;
        return update();
    }
    bench& proves_itself(std::size_t which) {
        members[which].proven = now;
        return update();
    }
    bench& pass(steady_time::duration time) {
        now += time;
        return update();
    }
    bench& update() {
        watch.update(now, members);
        return *this;
    }
    [[nodiscard]] std::vector<bool> doubtful() const {
        std::vector<bool> out;
        for (std::size_t i = 0; i < members.size(); ++i)
            out.push_back(watch.doubtful(static_cast<backend_index>(i)));
        return out;
    }
    /// Names of the domains that are suspect now.
    [[nodiscard]] std::vector<std::string> suspects() const {
        std::vector<std::string> out;
        for (const auto& one : watch.suspects())
            if (!one.lapsed) out.push_back(one.kind + "=" + one.name);
        return out;
    }
};

/// Two on one storage, one on another.
bench two_storages() {
    return bench({{{"storage", "san-a"}}, {{"storage", "san-a"}}, {{"storage", "san-b"}}});
}

/// Three on one storage, one on another.
bench three_and_one() {
    return bench(
        {{{"storage", "san-a"}}, {{"storage", "san-a"}}, {{"storage", "san-a"}}, {{"storage", "san-b"}}});
}

TEST(domain_watch, nothing_is_suspect_at_first) {
    bench b = two_storages();
    b.update();
    EXPECT_THAT(b.suspects(), IsEmpty());
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false));
}

TEST(domain_watch, one_that_fails_alone_makes_nothing_suspect) {
    bench b = two_storages();
    b.fails(0).pass(1h);
    EXPECT_THAT(b.suspects(), IsEmpty());
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false));
}

TEST(domain_watch, two_that_fail_together_make_what_they_share_suspect) {
    bench b = three_and_one();
    b.fails(0).pass(5s).fails(1);
    EXPECT_THAT(b.suspects(), ElementsAre("storage=san-a"));
    EXPECT_EQ(b.watch.suspects()[0].since, start + 5s);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true, false));
}

TEST(domain_watch, two_that_share_nothing_make_nothing_suspect) {
    bench b = two_storages();
    b.fails(0).fails(2);
    EXPECT_THAT(b.suspects(), IsEmpty());
}

TEST(domain_watch, together_means_within_the_window) {
    bench just_within = three_and_one();
    just_within.fails(0).pass(window).fails(1);
    EXPECT_THAT(just_within.suspects(), SizeIs(1));

    bench too_late = three_and_one();
    too_late.fails(0).pass(window + 1ms).fails(1);
    EXPECT_THAT(too_late.suspects(), IsEmpty());
}

TEST(domain_watch, what_counts_is_when_the_symptoms_began) {
    bench b = three_and_one();
    b.fails(0, start - 2min).fails(1, start);
    EXPECT_THAT(b.suspects(), IsEmpty());
    bench other = three_and_one();
    other.fails(0).pass(1h).fails(1, start + 10s);
    EXPECT_THAT(other.suspects(), ElementsAre("storage=san-a"));
}

TEST(domain_watch, one_that_is_back_before_the_other_fails_is_no_company) {
    bench b = three_and_one();
    b.fails(0).pass(5s).is_back(0).fails(1);
    EXPECT_THAT(b.suspects(), IsEmpty());
}

TEST(domain_watch, every_kind_that_they_share_is_suspect) {
    bench b({{{"storage", "san-a"}, {"power", "p1"}, {"site", "x"}},
             {{"storage", "san-a"}, {"power", "p1"}, {"site", "y"}},
             {{"storage", "san-b"}, {"power", "p1"}, {"site", "z"}}});
    b.fails(0).fails(1);
    EXPECT_THAT(b.suspects(), ElementsAre("power=p1", "storage=san-a"));
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true)) << "the third has the same power";
}

// --- unknown counts as shared ---

TEST(domain_watch, who_does_not_say_is_taken_to_share) {
    bench b({{{"storage", "san-a"}}, {}, {{"storage", "san-a"}}, {{"storage", "san-b"}}, {}});
    b.fails(0).fails(1);
    EXPECT_THAT(b.suspects(), ElementsAre("storage=san-a"));
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true, false, true));
}

TEST(domain_watch, an_empty_name_says_nothing) {
    bench b({{{"storage", "san-a"}}, {{"storage", "san-a"}}, {{"storage", ""}}});
    b.fails(0).fails(1);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true));
}

TEST(domain_watch, where_neither_says_anybody_may_share) {
    bench b({{}, {}, {{"storage", "san-b"}}});
    b.fails(0).fails(1);
    EXPECT_THAT(b.suspects(), ElementsAre("storage="));
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true));
}

TEST(domain_watch, where_nobody_says_anything_there_is_no_domain_to_suspect) {
    bench b({{}, {}, {}});
    b.fails(0).fails(1);
    EXPECT_THAT(b.suspects(), IsEmpty());
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false));
}

// --- who has shown that it works ---

TEST(domain_watch, who_shows_that_it_works_is_doubted_no_more) {
    bench b = three_and_one();
    b.fails(0).fails(1).pass(1s).proves_itself(2);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, false, false));
    EXPECT_THAT(b.suspects(), SizeIs(1)) << "the domain stays suspect";
}

TEST(domain_watch, what_was_shown_before_proves_nothing) {
    bench b = three_and_one();
    b.proves_itself(2).fails(0).fails(1);
    EXPECT_TRUE(b.doubtful()[2]) << "at the very time of the failure";
    bench earlier = three_and_one();
    earlier.proves_itself(2).pass(1s).fails(0).fails(1);
    EXPECT_TRUE(earlier.doubtful()[2]);
}

TEST(domain_watch, what_is_back_is_doubted_until_it_has_shown_that_it_works) {
    bench b = two_storages();
    b.fails(0).fails(1).pass(10min).is_back(0);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, false));
    b.proves_itself(0);
    EXPECT_THAT(b.doubtful(), ElementsAre(false, true, false));
}

// --- lapse and memory ---

TEST(domain_watch, the_suspicion_lapses_when_nobody_in_it_fails) {
    bench b = two_storages();
    b.fails(0).fails(1).pass(10min).is_back(0);
    EXPECT_THAT(b.suspects(), SizeIs(1));
    b.is_back(1);
    EXPECT_THAT(b.suspects(), IsEmpty());
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false));
    ASSERT_THAT(b.watch.suspects(), SizeIs(1)) << "but it is remembered";
    EXPECT_TRUE(b.watch.suspects()[0].lapsed);
}

TEST(domain_watch, what_failed_once_is_suspect_again_with_the_first_that_fails) {
    bench b = three_and_one();
    b.fails(0).fails(1).pass(1h).is_back(0).is_back(1).proves_itself(0).proves_itself(1).proves_itself(2);
    b.pass(2h).fails(0);
    EXPECT_THAT(b.suspects(), ElementsAre("storage=san-a"));
    EXPECT_EQ(b.watch.suspects()[0].since, b.now);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true, false)) << "what they showed then is too old";
}

TEST(domain_watch, after_its_memory_it_takes_two_again) {
    bench b = three_and_one();
    b.fails(0).fails(1).is_back(0).is_back(1);
    b.pass(domain_watch::memory - 1ms);
    EXPECT_THAT(b.watch.suspects(), SizeIs(1));
    b.pass(1ms);
    EXPECT_THAT(b.watch.suspects(), IsEmpty());
    b.fails(0);
    EXPECT_THAT(b.suspects(), IsEmpty());
}

TEST(domain_watch, its_memory_runs_from_the_end_of_the_trouble) {
    bench b = three_and_one();
    b.fails(0).fails(1).pass(48h);
    EXPECT_THAT(b.suspects(), SizeIs(1)) << "it goes on as long as somebody fails";
    b.is_back(0).is_back(1).pass(23h).fails(2);
    EXPECT_THAT(b.suspects(), SizeIs(1));
}

TEST(domain_watch, another_domain_that_fails_later_is_suspect_too) {
    bench b({{{"storage", "san-a"}}, {{"storage", "san-a"}}, {{"storage", "san-b"}}, {{"storage", "san-b"}}});
    b.fails(0).fails(1).pass(1h).fails(2).fails(3);
    EXPECT_THAT(b.suspects(), ElementsAre("storage=san-a", "storage=san-b"));
}

// 9 August 2018 in small: a primary and a backup on one storage, a second backup elsewhere. The storage fails
// at 09:00, is back at 10:00, fails again at 12:00.
TEST(domain_watch, the_day_of_august_2018) {
    bench b = two_storages();
    for (std::size_t i = 0; i < 3; ++i) b.proves_itself(i);

    b.pass(1s).fails(0);
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false)) << "one alone says nothing of the storage";
    b.pass(2s).fails(1);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, false));

    b.pass(1h).is_back(0).is_back(1).proves_itself(0).proves_itself(1);
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false));

    b.pass(2h).fails(0);
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, false))
        << "the backup on the same storage is not asked before it has failed too";
    b.pass(8h + 30min).is_back(0).proves_itself(0);
    EXPECT_THAT(b.doubtful(), ElementsAre(false, false, false));
}

// --- another configuration ---

TEST(domain_watch, takes_over_what_another_one_remembers) {
    bench former = two_storages();
    former.fails(0).fails(1).pass(1h).is_back(0).is_back(1);
    bench b = three_and_one();
    b.watch.remember(former.watch.suspects());
    b.pass(2h).fails(2);
    EXPECT_THAT(b.suspects(), ElementsAre("storage=san-a"));
    EXPECT_THAT(b.doubtful(), ElementsAre(true, true, true, false));
}

}  // namespace
}  // namespace garde::continuity
