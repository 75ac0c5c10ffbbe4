// A journal on real files, written in one go and then taken apart.
#pragma once

#include "../../src/journal/line_reader.hpp"
#include "../../src/journal/log_file.hpp"
#include "../../src/journal/log_folder.hpp"
#include "../../src/journal/posix_file_layer.hpp"
#include "../support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace garde::test {

inline std::vector<std::string> lines_in(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

/// Records that can be read, in the order of the lines.
inline std::vector<journal::read_record> records_in(const std::string& text) {
    std::vector<journal::read_record> out;
    for (const auto& line : lines_in(text))
        if (auto read = journal::read_line(line)) out.push_back(*std::move(read));
    return out;
}

inline std::vector<std::string> events_of(const std::string& text) {
    std::vector<std::string> out;
    for (const auto& one : records_in(text)) out.push_back(one.event);
    return out;
}

inline journal::record event(std::string name) {
    return {wall_time{}, std::move(name), {}};
}

/// All segments, one after the other.
inline std::string log_text(const std::filesystem::path& folder) {
    journal::posix_file_layer files;
    std::string out;
    const auto content = journal::list_folder(files, folder);
    for (const auto first : content->segments) out += read_file(folder / journal::segment_name(first));
    return out;
}

/// Opens, writes what opening found and these groups, does what retention says, closes. The head that is
/// left.
inline journal::tree_head write_log(const std::filesystem::path& folder,
                                    const std::vector<std::vector<journal::record>>& groups,
                                    const journal::log_limits& limits = {}, wall_time now = {}) {
    journal::posix_file_layer files;
    const auto log = journal::log_file::open(files, folder, limits, now);
    EXPECT_TRUE(log) << (log ? "" : log.error().message);
    if (!(*log)->findings().empty()) {
        EXPECT_FALSE((*log)->commit((*log)->findings()));
    }
    EXPECT_FALSE((*log)->tidy());
    for (const auto& group : groups) {
        EXPECT_FALSE((*log)->commit(group));
        EXPECT_FALSE((*log)->tidy());
        const auto due = (*log)->due(now);
        EXPECT_TRUE(due);
        if (due && !due->empty()) {
            EXPECT_FALSE((*log)->commit(*due));
            EXPECT_FALSE((*log)->tidy());
        }
    }
    return (*log)->head();
}

}  // namespace garde::test
