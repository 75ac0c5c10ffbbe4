// The cache's disk behind its threads, where it does not work: memory goes on, and nothing old comes back.
#include "tiering.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace garde::cache {
namespace {

namespace fs = std::filesystem;

TEST_F(tiering, a_file_that_cannot_be_opened_yet_is_opened_when_it_can) {
    fs::create_directory(folder.path() / "replies.sqlite");
    begin();
    wait_for(tier_state::failing);
    tier->keep(reply(1));
    EXPECT_FALSE(ask(1));
    fs::remove(folder.path() / "replies.sqlite");
    wait_for(tier_state::working);
    wait_until_written(1);
    restart();
    EXPECT_TRUE(ask(1));
}

TEST_F(tiering, another_process_that_owns_the_file_is_waited_for) {
    open();  // the vault of the fixture
    begin();
    wait_for(tier_state::failing);
    vault.reset();
    wait_for(tier_state::working);
}

TEST_F(tiering, too_many_replies_for_the_disk_are_dropped_and_what_is_older_with_them) {
    begin();
    tier->keep(reply(1, "older"));
    restart();
    tier.reset();
    desk.abandon();
    open();  // the vault of the fixture keeps the file from the tier
    taken.clear();
    begin();
    wait_for(tier_state::failing);
    for (std::size_t i = 0; i < store_tier::waiting_bound; ++i) tier->keep(reply(1000, "x"));
    EXPECT_EQ(tier->totals().dropped, 0U);
    now += 1s;
    steady += 1s;
    tier->keep(reply(1, "newer"));
    EXPECT_EQ(tier->totals().dropped, 1U);
    vault.reset();
    wait_for(tier_state::working);
    wait_until_written(store_tier::waiting_bound + 1);
    restart();
    EXPECT_FALSE(ask(1)) << "the older one may not speak in its place";
    EXPECT_TRUE(ask(1000));
}

TEST_F(tiering, removals_beyond_what_can_be_remembered_take_everything) {
    begin();
    tier->keep(reply(1));
    restart();
    tier.reset();
    desk.abandon();  // as the end of the desk does: what the tier's threads had sent is for nobody
    open();
    taken.clear();
    begin();
    wait_for(tier_state::failing);
    for (std::size_t i = 0; i <= store_tier::removal_bound; ++i)
        tier->remove({ssin(10'000 + static_cast<int>(i))});
    EXPECT_LT(tier->totals().waiting, 10U) << "one change in place of all";
    vault.reset();
    wait_for(tier_state::working);
    run_until([&] { return tier->totals().written >= 1; });
    EXPECT_FALSE(ask(1));
    tier->keep(reply(2));
    restart();
    EXPECT_FALSE(ask(1));
    EXPECT_TRUE(ask(2)) << "what came after is kept";
}

TEST_F(tiering, a_file_that_is_destroyed_in_use_is_set_aside) {
    begin();
    std::string noise(8000, '\0');
    for (int i = 0; i < 100; ++i) {
        random_fill({reinterpret_cast<std::uint8_t*>(noise.data()), noise.size()});
        tier->keep(reply(i, noise));
    }
    room = 0;
    restart();
    const auto file = settings().file;
    const auto size = fs::file_size(file);
    {
        std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(4096);
        out << std::string(size - 4096, '\x7f');
    }
    run_until([&] {
        EXPECT_FALSE(ask(50));
        return fs::exists(file.string() + ".corrupt-1");
    });
    wait_for(tier_state::working);
    tier->keep(reply(2));
    restart();
    room = 10;
    EXPECT_FALSE(ask(50));
    EXPECT_TRUE(ask(2));
}

}  // namespace
}  // namespace garde::cache
