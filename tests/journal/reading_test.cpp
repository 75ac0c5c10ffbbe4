// Reading a log while retention removes its oldest segments, as a garde that runs does at any time.
#include "garde/journal/reading.hpp"

#include "../../src/journal/verify.hpp"
#include "log_maker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace garde::journal {
namespace {

std::vector<std::vector<record>> groups(int count) {
    std::vector<std::vector<record>> out;
    for (int i = 1; i <= count; ++i)
        out.push_back({record{wall_time{}, "verdict", {{"number", std::to_string(i)}}}});
    return out;
}

/// Removes something each time right after the folder was listed.
class removing_layer final : public file_layer {
  public:
    explicit removing_layer(std::vector<std::filesystem::path> files) : due_(std::move(files)) {}

    io_result<std::vector<std::string>> list(const std::filesystem::path& folder) override {
        auto out = real_.list(folder);
        if (!due_.empty()) {
            std::filesystem::remove(due_.front());
            due_.erase(due_.begin());
        }
        return out;
    }
    io_result<std::unique_ptr<open_file>> open(const std::filesystem::path& file, open_mode mode) override {
        return real_.open(file, mode);
    }
    std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return real_.rename(from, to);
    }
    std::error_code remove(const std::filesystem::path& file) override { return real_.remove(file); }
    std::error_code sync_folder(const std::filesystem::path& folder) override {
        return real_.sync_folder(folder);
    }
    io_result<folder_state> make_folder(const std::filesystem::path& folder) override {
        return real_.make_folder(folder);
    }
    result<std::unique_ptr<folder_lock>> lock(const std::filesystem::path& file) override {
        return real_.lock(file);
    }

  private:
    posix_file_layer real_;
    std::vector<std::filesystem::path> due_;
};

TEST(journal_reading, verify_begins_again_when_a_segment_was_removed_since_it_was_listed) {
    const test::temporary_folder folder;
    test::write_log(folder.path(), groups(6), {.segment_bytes = 1, .keep_segments = 4});
    const auto before = verify(folder.path());
    ASSERT_TRUE(before);
    posix_file_layer real;
    const auto oldest = list_folder(real, folder.path())->segments.front();
    const auto removed_through = before->records_removed;
    ASSERT_EQ(oldest, removed_through + 1);
    removing_layer files({folder.path() / segment_name(oldest)});
    const auto found = verify(files, folder.path());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->records_removed, removed_through + 1);
    EXPECT_EQ(found->problems.size(), 1U) << "no record says that this one may go";
}

TEST(journal_reading, verify_says_so_when_it_never_comes_to_an_end) {
    const test::temporary_folder folder;
    test::write_log(folder.path(), groups(20), {.segment_bytes = 1});
    std::vector<std::filesystem::path> all;
    for (int i = 1; i <= 20; ++i) all.push_back(folder.path() / segment_name(static_cast<std::uint64_t>(i)));
    removing_layer files(all);
    const auto found = verify(files, folder.path());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "segments of " + folder.path().string() +
                                         " are removed faster than they can be read: verify a copy of it");
}

/// Every reader, over and over, while records are written and old segments removed.
TEST(journal_reading, no_reader_fails_while_segments_are_removed) {
    const test::temporary_folder folder;
    const log_limits limits{.segment_bytes = 1, .keep_segments = 2};
    test::write_log(folder.path(), groups(3), limits);
    std::atomic<bool> over = false;
    std::thread writer([&] {
        test::write_log(folder.path(), groups(400), limits);
        over = true;
    });
    int rounds = 0;
    do {
        record_reader reader(folder.path(), {}, 1);
        const auto size = reader.size();
        ASSERT_TRUE(size) << size.error().message;
        const auto first = reader.next();
        EXPECT_TRUE(first) << first.error().message;
        const auto found = find_record(folder.path(), "verdict", wall_time{});
        EXPECT_TRUE(found) << found.error().message;
        if (const auto proof = prove(folder.path(), *size, std::nullopt)) {
            EXPECT_TRUE(holds(*proof));
        } else {
            EXPECT_NE(proof.error().message.find("in a segment that was removed"), std::string::npos)
                << proof.error().message;
        }
        ++rounds;
    } while (!over);
    writer.join();
    EXPECT_GT(rounds, 1);
    const auto whole = verify(folder.path());
    ASSERT_TRUE(whole);
    EXPECT_TRUE(whole->problems.empty()) << whole->problems.front();
}

}  // namespace
}  // namespace garde::journal
