// The fuzzers' corpora, replayed: what was once found stays mended, with every compiler and sanitizer that
// tests run under.
#include "checks.hpp"

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

void replay(const std::string& corpus, void (*check)(std::string_view)) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(GARDE_CORPORA "/" + corpus)) {
        EXPECT_NO_THROW(check(read_file(entry.path()))) << entry.path();
        ++files;
    }
    EXPECT_GT(files, 20U);
}

TEST(fuzz_corpus, requests) {
    replay("requests", check_requests);
}

TEST(fuzz_corpus, responses) {
    replay("responses", check_responses);
}

TEST(fuzz_corpus, chunks) {
    replay("chunks", check_chunks);
}

}  // namespace
}  // namespace garde::http::fuzz
