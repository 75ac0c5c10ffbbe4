// A checkpoint in a file: always a whole one, also after a power cut.
#include "../../src/journal/checkpoint_file.hpp"

#include "../../src/journal/posix_file_layer.hpp"
#include "../support/temporary_folder.hpp"
#include "fake_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::journal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const signed_checkpoint some{.what = {}, .note = "note\n", .at = {}};
const push_limit soon(std::chrono::steady_clock::now() + 1h);

TEST(checkpoint_file, is_replaced_whole) {
    const test::temporary_folder folder;
    posix_file_layer files;
    checkpoint_file one(files, folder.path() / "checkpoint");
    ASSERT_TRUE(one.push(some, soon));
    EXPECT_EQ(test::read_file(folder.path() / "checkpoint"), "note\n");
    ASSERT_TRUE(one.push({.what = {}, .note = "n\n", .at = {}}, soon));
    EXPECT_EQ(test::read_file(folder.path() / "checkpoint"), "n\n");
}

TEST(checkpoint_file, says_what_failed) {
    posix_file_layer files;
    checkpoint_file one(files, "/nonexistent/checkpoint");
    const auto became = one.push(some, soon);
    ASSERT_FALSE(became);
    EXPECT_THAT(became.error().message, HasSubstr("/nonexistent/checkpoint.tmp: No such file"));
}

TEST(checkpoint_file, survives_a_power_cut_at_every_operation) {
    bool completed = false;
    for (std::uint64_t cut = 0; !completed; ++cut) {
        ASSERT_LT(cut, 100U);
        test::fake_disk disk(static_cast<std::uint32_t>(cut));
        ASSERT_TRUE(disk.make_folder("/other"));
        ASSERT_FALSE(disk.sync_folder("/"));
        checkpoint_file one(disk, "/other/checkpoint");
        ASSERT_TRUE(one.push({.what = {}, .note = "old\n", .at = {}}, soon));
        disk.cut_power_after(cut);
        completed = one.push({.what = {}, .note = "new, and longer\n", .at = {}}, soon).has_value();
        disk.power_on();
        const auto content = disk.content("/other/checkpoint");
        if (completed)
            EXPECT_EQ(content, "new, and longer\n");
        else
            EXPECT_TRUE(content == "old\n" || content == "new, and longer\n") << cut << ": " << content;
    }
}

}  // namespace
}  // namespace garde::journal
