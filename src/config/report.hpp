// Collects the problems of one load, so that one run tells all that can be told.
#pragma once

#include "garde/config/load.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace garde::config {

/// A place that holds the name of a file: what later checks need to say where the mistake is.
struct named_file {
    std::filesystem::path path;  ///< absolute
    int line = 0;                ///< of the configuration
    std::string setting;         ///< as a person would name it, e.g. `[listener] key`
};

class report {
  public:
    explicit report(std::filesystem::path file) : file_(std::move(file)) {}

    void error(int line, std::string what, std::string instead);
    void expired(int line, std::string what, std::string instead);
    void warning(int line, std::string what, std::string instead);
    /// About another file than the configuration.
    void error_in(const std::filesystem::path& file, int line, std::string what, std::string instead);

    /// Of the configuration file; relative paths in it count from here.
    [[nodiscard]] std::filesystem::path folder() const { return file_.parent_path(); }
    [[nodiscard]] bool has_errors() const;
    /// All, in the order of the file's lines; those about other files come last.
    [[nodiscard]] std::vector<problem> take();

  private:
    void add(problem found);

    std::filesystem::path file_;
    std::vector<problem> problems_;  ///< in order
};

}  // namespace garde::config
