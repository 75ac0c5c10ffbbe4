// [journal]: how long what is written down stays, and where the key of names is.
#include "support.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::ElementsAre;

namespace fs = std::filesystem;

struct journal_table : testing::Test {
    workspace here;

    void expect_error(const std::string& line, const std::string& what, const std::string& instead) const {
        const auto text = good_config() + "\n[journal]\n" + line + "\n";
        EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, line), what, instead)));
    }
};

TEST_F(journal_table, keeps_all_records_and_names_for_a_year_by_default) {
    const auto found = here.load_good(good_config());
    EXPECT_EQ(found->journal.segment_bytes, 64U << 20);
    EXPECT_EQ(found->journal.keep_segments, 0U);
    EXPECT_FALSE(found->journal.keep_for.has_value());
    EXPECT_EQ(found->journal.keep_names_for, milliseconds(365 * 24h));
    EXPECT_TRUE(found->journal.names_key.empty());
}

TEST_F(journal_table, is_read) {
    here.write("names.key", std::string(64, 'a') + "\n");
    const auto found = here.load_good(good_config() +
                                      "\n[journal]\nsegment_bytes = \"1MiB\"\nkeep_segments = 7\nkeep_for = "
                                      "\"400d\"\nkeep_names_for = \"forever\"\nnames_key = \"names.key\"\n");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->journal.segment_bytes, 1U << 20);
    EXPECT_EQ(found->journal.keep_segments, 7U);
    EXPECT_EQ(found->journal.keep_for, milliseconds(400 * 24h));
    EXPECT_FALSE(found->journal.keep_names_for.has_value());
    EXPECT_EQ(found->journal.names_key, here.folder() / "names.key");
}

TEST_F(journal_table, what_is_too_small_or_too_short_is_refused) {
    expect_error("segment_bytes = \"1KiB\"", "segment_bytes", "4KiB");
    expect_error("keep_for = \"1h\"", "keep_for", "1d");
    expect_error("keep_names_for = \"0s\"", "keep_names_for", "1d");
}

TEST_F(journal_table, a_key_that_is_none_is_refused_without_its_content) {
    here.write("names.key", "something\n");
    expect_error("names_key = \"names.key\"", "is not a key of 64 hexadecimal digits",
                 "openssl rand -hex 32");
}

TEST_F(journal_table, a_key_that_others_may_read_is_refused) {
    here.write("names.key", std::string(64, 'a') + "\n");
    fs::permissions(here.folder() / "names.key", fs::perms::owner_read | fs::perms::group_read);
    expect_error("names_key = \"names.key\"", "is open to others than its owner", "chmod 600");
}

}  // namespace
}  // namespace garde::config
