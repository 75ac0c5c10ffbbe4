// What the tests of config share: certificates made once in memory, a folder with a configuration that loads,
// and ways to change one thing in it.
#pragma once

#include "garde/config/load.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

/// How a failing test shows a problem.
void PrintTo(const problem& value, std::ostream* out);  // NOLINT(readability-identifier-naming): gtest's name

}  // namespace garde::config

namespace garde::config::testing_support {

struct pem_pair {
    std::string certificate;
    std::string key;
};

/// Self-signed, on P-256.
const pem_pair& valid_pair();
const pem_pair& expired_pair();
const pem_pair& expiring_pair();
const pem_pair& future_pair();
std::string key_on_p384();
std::string key_with_password();

/// A folder of its own with the files that good_config() names; removed at the end.
class workspace {
  public:
    workspace();
    ~workspace();
    workspace(const workspace&) = delete;
    workspace& operator=(const workspace&) = delete;

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] std::filesystem::path config() const { return folder_ / "garde.toml"; }
    /// With mode 0600.
    void write(const std::string& name, std::string_view content) const;
    void remove(const std::string& name) const;

    /// All problems of this configuration text, errors and warnings.
    [[nodiscard]] std::vector<problem> problems_of(std::string_view text) const;
    /// Its settings; a test failure and null when it does not load.
    [[nodiscard]] settings_ptr load_good(std::string_view text) const;

  private:
    std::filesystem::path folder_;
};

/// Loads without a problem inside a workspace.
std::string good_config();

/// good_config() with the first occurrence of `old_text` replaced; a test failure when it is not there.
std::string changed(std::string_view old_text, std::string_view new_text);
std::string changed(std::string text, std::string_view old_text, std::string_view new_text);

/// 1-based line of the first occurrence.
int line_of(std::string_view text, std::string_view part);

/// A problem of this level in that line, with these parts in its words.
testing::Matcher<const problem&> error_at(int line, const std::string& what, const std::string& instead);
testing::Matcher<const problem&> expired_at(int line, const std::string& what, const std::string& instead);
testing::Matcher<const problem&> warning_at(int line, const std::string& what, const std::string& instead);

}  // namespace garde::config::testing_support
