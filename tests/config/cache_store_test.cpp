// [cache_store]: the key that seals kept answers, where it comes from, and what is refused.
#include "support.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace garde::config {
namespace {

using namespace testing_support;
using testing::ElementsAre;

namespace fs = std::filesystem;

const std::string one(64, 'a');
const std::string two(64, 'B');

struct cache_store : testing::Test {
    workspace here;
    std::string text = good_config() + "\n[cache_store]\nkey = \"cache.key\"\n";

    void expect_error(const std::string& in_line, const std::string& what, const std::string& instead) const {
        EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, in_line), what, instead)));
    }
};

TEST_F(cache_store, is_off_by_default) {
    EXPECT_FALSE(here.load_good(good_config())->cache_store.has_value());
}

TEST_F(cache_store, has_the_keys_of_the_file_the_first_in_use) {
    here.write("cache.key", "# of 2026\n" + one + "\n\n  " + two + "\r\n");
    const auto found = here.load_good(text);
    ASSERT_TRUE(found && found->cache_store);
    ASSERT_EQ(found->cache_store->keys.size(), 2U);
    EXPECT_EQ(found->cache_store->keys[0], secret_string(std::string(32, '\xaa')));
    EXPECT_EQ(found->cache_store->keys[1], secret_string(std::string(32, '\xbb')));
    EXPECT_EQ(found->cache_store->bytes, std::size_t{1} << 30);
}

TEST_F(cache_store, needs_a_key) {
    text = good_config() + "\n[cache_store]\nbytes = \"1GiB\"\n";
    expect_error("[cache_store]", "key", "/etc/garde/cache.key");
}

TEST_F(cache_store, a_key_that_is_not_there) {
    expect_error("key = \"cache.key\"", "does not exist", "correct the path");
}

TEST_F(cache_store, a_key_that_others_may_read_is_refused) {
    here.write("cache.key", one);
    for (const auto more : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
        fs::permissions(here.folder() / "cache.key", fs::perms::owner_read | more);
        expect_error("key = \"cache.key\"", "is open to others than its owner", "chmod 600");
    }
}

TEST_F(cache_store, a_line_that_is_no_key_is_told_without_its_content) {
    for (const auto& wrong : {one.substr(1), one + "a", std::string(64, 'x'), std::string("secret")}) {
        here.write("cache.key", one + "\n" + wrong + "\n");
        const auto found = here.problems_of(text);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].line, 2);
        EXPECT_EQ(found[0].file.filename(), "cache.key");
        EXPECT_EQ(to_text(found[0]).find(wrong), std::string::npos);
        EXPECT_NE(to_text(found[0]).find("openssl rand -hex 32"), std::string::npos);
    }
}

TEST_F(cache_store, a_file_without_a_key) {
    here.write("cache.key", "# nothing\n");
    expect_error("key = \"cache.key\"", "holds no key", "openssl rand -hex 32");
}

TEST_F(cache_store, too_many_keys) {
    std::string many;
    for (int i = 0; i < 9; ++i) many += one + "\n";
    here.write("cache.key", many);
    expect_error("key = \"cache.key\"", "holds 9 keys", "at most 8");
}

TEST_F(cache_store, its_bytes_have_bounds) {
    here.write("cache.key", one);
    text += "bytes = \"1MiB\"\n";
    expect_error("bytes = \"1MiB\"", "bytes", "16MiB");
}

TEST_F(cache_store, has_no_use_without_a_cache) {
    here.write("cache.key", one);
    text = changed(text, "[service.cache]\nmax_age = \"30d\"\n", "");
    text = changed(text, "cached = true\ncached_callers = [\"*\"]\n", "");
    EXPECT_THAT(here.problems_of(text), ElementsAre(warning_at(line_of(text, "[cache_store]"),
                                                               "no service has a cache", "[service.cache]")));
}

// --- a credential of systemd

struct cache_credential : cache_store {
    cache_credential() {
        text = good_config() + "\n[cache_store]\ncredential = \"garde-cache-key\"\n";
        ::setenv("CREDENTIALS_DIRECTORY", here.folder().c_str(), 1);
    }
    ~cache_credential() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
    cache_credential(const cache_credential&) = delete;
    cache_credential& operator=(const cache_credential&) = delete;
};

TEST_F(cache_credential, is_read_from_where_systemd_puts_it) {
    here.write("garde-cache-key", one);
    const auto found = here.load_good(text);
    ASSERT_TRUE(found && found->cache_store);
    EXPECT_EQ(found->cache_store->keys.size(), 1U);
}

TEST_F(cache_credential, is_an_error_when_systemd_has_handed_over_none) {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    expect_error("credential =", "$CREDENTIALS_DIRECTORY", "LoadCredential=garde-cache-key");
}

TEST_F(cache_credential, is_a_name_and_no_path) {
    text = changed(text, "garde-cache-key", "../garde-cache-key");
    expect_error("credential =", "is not the name of a credential", "LoadCredential=");
}

TEST_F(cache_credential, and_a_file_are_one_too_many) {
    here.write("garde-cache-key", one);
    here.write("cache.key", one);
    text += "key = \"cache.key\"\n";
    expect_error("credential =", "both say where the key is", "remove one");
}

}  // namespace
}  // namespace garde::config
