// Reads a file line by line in memory bounded by the longest line that the log may hold.
#pragma once

#include "chain.hpp"
#include "file_layer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace garde::journal {

struct raw_line {
    enum class ending : std::uint8_t { complete, missing };  ///< whether the LF is there
    enum class extent : std::uint8_t { fits, too_long };     ///< too_long: over max_line_bytes
    std::string_view text;  ///< without LF, valid until the next read; empty when too long
    std::uint64_t end = 0;  ///< offset behind the line and its LF
    ending ended = ending::complete;
    extent length = extent::fits;
};

class line_reader {
  public:
    explicit line_reader(open_file& from) : from_(from) {}

    /// Nothing at the end of the file.
    io_result<std::optional<raw_line>> next();

  private:
    io_result<std::size_t> read_more();

    open_file& from_;
    std::string buffer_;
    std::size_t taken_ = 0;      ///< of buffer_, by the lines given out
    std::uint64_t read_to_ = 0;  ///< offset in the file behind buffer_
};

}  // namespace garde::journal
