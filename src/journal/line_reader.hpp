// Reads a file line by line in memory bounded by the longest line that there may be.
#pragma once

#include "file_layer.hpp"
#include "record_line.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace garde::journal {

struct raw_line {
    enum class ending : std::uint8_t { complete, missing };  ///< whether the LF is there
    enum class extent : std::uint8_t { fits, too_long };     ///< too_long: over the limit
    std::string_view text;  ///< without LF, valid until the next read; empty when too long
    std::uint64_t end = 0;  ///< offset behind the line and its LF
    ending ended = ending::complete;
    extent length = extent::fits;
};

class line_reader {
  public:
    /// Begins at this offset. Longer lines than `limit` are not given out.
    explicit line_reader(open_file& from, std::uint64_t offset = 0, std::size_t limit = max_line_bytes)
        : from_(from), limit_(limit), read_to_(offset) {}

    /// Nothing at the end of the file.
    io_result<std::optional<raw_line>> next();

  private:
    io_result<std::size_t> read_more();

    open_file& from_;
    std::size_t limit_;
    std::string buffer_;
    std::size_t taken_ = 0;  ///< of buffer_, by the lines given out
    std::uint64_t read_to_;  ///< offset in the file behind buffer_
};

/// The time of a segment's first record; nothing when it has none, or when retention has removed it.
io_result<std::optional<wall_time>> time_of_first_record(file_layer& files,
                                                         const std::filesystem::path& segment);

}  // namespace garde::journal
