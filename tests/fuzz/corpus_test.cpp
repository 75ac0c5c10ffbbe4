// The fuzzers' corpora, replayed: what was once found stays mended, with every compiler and sanitizer that
// tests run under.
#include "../support/fixtures.hpp"
#include "assertion_checks.hpp"
#include "checks.hpp"
#include "consult_checks.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace garde::http::fuzz {
namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void replay(const std::filesystem::path& corpus, void (*check)(std::string_view)) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
        if (!entry.is_regular_file()) continue;
        EXPECT_NO_THROW(check(read_file(entry.path()))) << entry.path();
        ++files;
    }
    EXPECT_GT(files, 20U);
}

TEST(fuzz_corpus, requests) {
    replay(GARDE_CORPORA "/requests", check_requests);
}

TEST(fuzz_corpus, responses) {
    replay(GARDE_CORPORA "/responses", check_responses);
}

TEST(fuzz_corpus, chunks) {
    replay(GARDE_CORPORA "/chunks", check_chunks);
}

TEST(fuzz_corpus, assertions) {
    replay(test::fixtures().parent_path() / "caller" / "corpus", caller::fuzz::check_assertions);
}

TEST(fuzz_corpus, consults) {
    replay(GARDE_CORPORA "/consults", cache::fuzz::check_consults);
}

}  // namespace
}  // namespace garde::http::fuzz
