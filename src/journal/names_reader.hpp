// Reads the personal values beside the log, in the order of the records. Memory for one record's values and
// one open file for each volume. One thread.
#pragma once

#include "line_reader.hpp"
#include "names_volume.hpp"
#include "record_line.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace garde::journal {

enum class name_state : std::uint8_t {
    opened,  ///< and fits its commitment
    sealed,  ///< the key to it is not to be had
    gone,    ///< there is no value: erased
    wrong,   ///< there is one, and it is not what the log commits to
};

/// What stands behind one commitment.
struct found_name {
    std::string name;
    name_state state = name_state::gone;
    std::string value;  ///< when opened
};

class names_reader {
  public:
    /// `names_key` as in names_log. A key that cannot be read is no error: values then stay sealed.
    names_reader(file_layer& files, std::filesystem::path folder, const std::filesystem::path& names_key);

    /// What stands behind a record's commitments; records come in rising order.
    io_result<std::vector<found_name>> find(const read_record& of);

    /// Volumes may have come since they were listed.
    void look_again() { listed_.clear(); }

  private:
    /// One volume, read forwards.
    struct reading {
        volume which;
        std::optional<secret_string> key;
        std::unique_ptr<open_file> file;
        std::unique_ptr<line_reader> lines;
        std::uint64_t next_line = 0;  ///< its offset
        std::optional<sealed_values> held;
    };

    std::error_code open_volumes(std::int64_t epoch);
    io_result<const sealed_values*> advance(reading& in, std::uint64_t seq);

    file_layer& files_;
    std::filesystem::path folder_;
    std::optional<secret_string> names_key_;
    std::map<std::int64_t, std::vector<reading>> by_epoch_;
    std::set<std::int64_t> listed_;
};

}  // namespace garde::journal
