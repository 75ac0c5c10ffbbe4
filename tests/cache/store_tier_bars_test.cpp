// The bars that dropped offers leave behind, on their way to the cache's disk and back.
#include "tiering.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

namespace garde::cache {
namespace {

namespace fs = std::filesystem;

TEST_F(tiering, a_bar_is_raised_again_before_anything_comes_from_the_disk) {
    begin();
    tier->keep(reply(1));
    bars.raise({7, now});
    tier->bars_raised();
    tier.reset();
    desk.abandon();
    caller_bars next;
    std::optional<wall_time> known;
    tier = std::make_unique<store_tier>(desk, settings(), next, [&](const kept_reply&, restored_as) {
        if (!known) known = next.until(7);
        return true;
    });
    run_until([&] { return known.has_value(); });
    EXPECT_EQ(*known, now);
    EXPECT_EQ(next.until(8), wall_time{});
    tier.reset();  // it uses `next`
}

TEST_F(tiering, a_bar_needs_no_other_change_to_come_to_the_disk) {
    begin();
    wait_for(tier_state::working);
    bars.raise({7, now});
    tier->bars_raised();
    wait_until_written(1);
    bars.raise({7, now + 1s});
    bars.raise({8, now});
    tier->bars_raised();
    wait_until_written(3);
    tier.reset();
    open();
    EXPECT_EQ(barred_until(7), now + 1s);
    EXPECT_EQ(barred_until(8), now);
}

TEST_F(tiering, bars_outlive_that_everything_is_purged) {
    begin();
    bars.raise({7, now});
    tier->bars_raised();
    wait_until_written(1);
    bool gone = false;
    tier->purge({}, [&](std::optional<std::uint64_t>) { gone = true; });
    run_until([&] { return gone; });
    tier.reset();
    open();
    EXPECT_EQ(barred_until(7), now) << "what is on its way may still be older";
}

TEST_F(tiering, bars_go_to_the_file_that_takes_a_damaged_ones_place) {
    begin();
    tier->keep(reply(1));
    bars.raise({7, now});
    tier->bars_raised();
    wait_until_written(2);
    tier.reset();
    std::ofstream(settings().file, std::ios::binary) << std::string(8192, '\x7f');
    for (const auto* suffix : {"-wal", "-shm"}) fs::remove(settings().file.string() + suffix);
    restart();
    EXPECT_TRUE(fs::exists(settings().file.string() + ".corrupt-1"));
    wait_until_written(1);
    tier.reset();
    open();
    EXPECT_EQ(barred_until(7), now);
}

}  // namespace
}  // namespace garde::cache
