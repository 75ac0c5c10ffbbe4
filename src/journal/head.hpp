// The file `head`: where the log stands, so that opening it need not read it. One JSON object and LF:
//   {"size":N,"root":"HEX","peaks":["HEX",…],"segment":FIRST,"bytes":N,"names_from":EPOCH}
// `size` records are durable and make a tree of that `root`, with these `peaks` on its right edge; the last
// of them lies in the segment that begins with record FIRST, and ends at its byte N. Personal values of
// epochs before `names_from` are erased. Pure but for load_head().
#pragma once

#include "garde/base/result.hpp"

#include "file_layer.hpp"
#include "merkle_tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace garde::journal {

struct log_head {
    frontier edge;
    std::uint64_t segment = 1;
    std::uint64_t bytes = 0;
    std::int64_t names_from = 0;
};

std::string make_head(const log_head& from);
result<log_head> read_head(std::string_view text);

/// Nothing when there is no head or it cannot be read as one.
io_result<std::optional<log_head>> load_head(file_layer& files, const std::filesystem::path& folder);

}  // namespace garde::journal
