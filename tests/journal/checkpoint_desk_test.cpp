// The desk: what each configuration makes of it, and what is told of it.
#include "garde/journal/checkpoint_desk.hpp"

#include "../support/temporary_folder.hpp"
#include "checkpointing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string_view>

namespace garde::journal {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct desk_test : testing::Test {
    test::temporary_folder folder;
    config::settings settings;

    desk_test() {
        settings.node_name = "garde-1";
        auto& with = settings.checkpoints.emplace();
        with.key = key_pem();
        with.origin = "garde-1/journal";
        with.every = 1h;
        with.file = folder.path() / "elsewhere";
    }
    [[nodiscard]] std::filesystem::path local() const { return folder.path() / "checkpoint"; }
    [[nodiscard]] static place_state place(const checkpoint_desk& desk, std::string_view name) {
        for (auto& one : desk.state().places)
            if (one.name == name) return one;
        return {};
    }
    static result<tree_head> read(const std::filesystem::path& file) {
        return read_checkpoint(test::read_file(file), signer().verifier().text());
    }
};

TEST_F(desk_test, the_newest_checkpoint_lies_beside_the_log_and_elsewhere) {
    checkpoint_desk desk(local());
    ASSERT_TRUE(desk.use(settings));
    desk.grown(head_of(4), urgency::at_once);
    wait_until([&] { return place(desk, "local").pushed_size == 4 && place(desk, "file").pushed_size == 4; });
    EXPECT_EQ(read(local()), head_of(4));
    EXPECT_EQ(read(settings.checkpoints->file), head_of(4));
    EXPECT_EQ(read_checkpoint(desk.newest(), desk.state().verifier_key), head_of(4));
    desk.grown(head_of(5), urgency::usual);
    EXPECT_EQ(read_checkpoint(desk.newest(), desk.state().verifier_key), head_of(5))
        << "whoever asks gets the newest";
    EXPECT_EQ(place(desk, "local").pushed_size, 4U);
}

TEST_F(desk_test, the_last_checkpoint_goes_out_at_the_end) {
    {
        checkpoint_desk desk(local());
        ASSERT_TRUE(desk.use(settings));
        desk.grown(head_of(9), urgency::usual);
    }
    EXPECT_EQ(read(local()), head_of(9));
    EXPECT_EQ(read(settings.checkpoints->file), head_of(9));
}

TEST_F(desk_test, without_the_table_nothing_is_signed_but_the_size_is_known) {
    settings.checkpoints.reset();
    checkpoint_desk desk(local());
    ASSERT_TRUE(desk.use(settings));
    desk.grown(head_of(4), urgency::at_once);
    EXPECT_EQ(desk.state().head, head_of(4));
    EXPECT_EQ(desk.state().verifier_key, "");
    EXPECT_THAT(desk.state().places, IsEmpty());
    EXPECT_EQ(desk.newest(), "");
    EXPECT_FALSE(std::filesystem::exists(local()));
}

TEST_F(desk_test, a_place_that_comes_later_gets_the_newest_at_once_and_the_others_stay) {
    const auto later = settings.checkpoints->file;
    settings.checkpoints->file.clear();
    checkpoint_desk desk(local());
    ASSERT_TRUE(desk.use(settings));
    desk.grown(head_of(4), urgency::at_once);
    wait_until([&] { return place(desk, "local").pushed_size == 4; });
    const auto before = place(desk, "local").pushed_at;
    settings.checkpoints->file = later;
    ASSERT_TRUE(desk.use(settings));
    wait_until([&] { return place(desk, "file").pushed_size == 4; });
    EXPECT_EQ(place(desk, "local").pushed_at, before) << "nothing changed there";
    EXPECT_EQ(read(later), head_of(4));
}

TEST_F(desk_test, another_key_signs_from_then_on) {
    checkpoint_desk desk(local());
    ASSERT_TRUE(desk.use(settings));
    desk.grown(head_of(4), urgency::at_once);
    wait_until([&] { return place(desk, "file").pushed_size == 4; });
    settings.checkpoints->key = *make_note_key();
    ASSERT_TRUE(desk.use(settings));
    const auto verifier = desk.state().verifier_key;
    EXPECT_NE(verifier, signer().verifier().text());
    wait_until([&] { return place(desk, "file").pushed_size == 4 && place(desk, "local").pushed_size == 4; });
    EXPECT_EQ(read_checkpoint(test::read_file(settings.checkpoints->file), verifier), head_of(4));
    EXPECT_EQ(read_checkpoint(desk.newest(), verifier), head_of(4));
}

TEST_F(desk_test, the_table_may_go) {
    checkpoint_desk desk(local());
    ASSERT_TRUE(desk.use(settings));
    desk.grown(head_of(4), urgency::at_once);
    settings.checkpoints.reset();
    ASSERT_TRUE(desk.use(settings));
    EXPECT_THAT(desk.state().places, IsEmpty());
    desk.grown(head_of(5), urgency::at_once);
    EXPECT_EQ(desk.newest(), "");
}

TEST_F(desk_test, a_key_that_cannot_be_used_signs_nothing_and_says_so) {
    settings.checkpoints->key = secret_string("nonsense");
    checkpoint_desk desk(local());
    const auto used = desk.use(settings);
    ASSERT_FALSE(used);
    EXPECT_THAT(used.error().message, HasSubstr("not signed"));
    desk.grown(head_of(4), urgency::at_once);
    EXPECT_EQ(desk.newest(), "");
}

TEST_F(desk_test, a_place_that_fails_for_a_minute_is_an_alarm) {
    settings.checkpoints->file = "/nonexistent/checkpoint";
    checkpoint_desk desk(local());
    ASSERT_TRUE(desk.use(settings));
    desk.grown(head_of(4), urgency::at_once);
    wait_until([&] { return place(desk, "file").failing_since.has_value(); });
    EXPECT_THAT(place(desk, "file").why, HasSubstr("No such file"));
    const auto now = std::chrono::steady_clock::now();
    EXPECT_THAT(desk.alarms(now), IsEmpty());
    EXPECT_THAT(desk.alarms(now + 61s), ElementsAre("checkpoint-file-failing"));
}

}  // namespace
}  // namespace garde::journal
