// The few file operations that the journal uses, so that tests can run it on a disk that loses what was not
// synced. The real one is posix_file_layer. All may block for as long as the disk does.
#pragma once

#include "garde/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace garde::journal {

template <class T>
using io_result = std::expected<T, std::error_code>;

/// Closed on destruction.
class open_file {
  public:
    open_file() = default;
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    virtual ~open_file() = default;

    virtual io_result<std::uint64_t> size() = 0;
    /// Bytes read, 0 at the end.
    virtual io_result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
    /// Writes all at the end of the file; after an error a part may be there.
    virtual std::error_code append(std::string_view data) = 0;
    virtual std::error_code truncate(std::uint64_t size) = 0;
    /// After it the content survives a power cut; the file's name only once its folder is synced.
    virtual std::error_code sync() = 0;
};

enum class open_mode : std::uint8_t {
    read,     ///< must exist
    append,   ///< read and append; made (0600) when missing
    replace,  ///< write; made (0600) when missing, emptied when not
};

enum class folder_state : std::uint8_t { made, was_there };

/// Held until destruction.
class folder_lock {
  public:
    folder_lock() = default;
    folder_lock(const folder_lock&) = delete;
    folder_lock& operator=(const folder_lock&) = delete;
    virtual ~folder_lock() = default;
};

class file_layer {
  public:
    file_layer() = default;
    file_layer(const file_layer&) = delete;
    file_layer& operator=(const file_layer&) = delete;
    virtual ~file_layer() = default;

    virtual io_result<std::unique_ptr<open_file>> open(const std::filesystem::path& file, open_mode mode) = 0;
    /// Replaces `to`.
    virtual std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// It is no error when there is no such file.
    virtual std::error_code remove(const std::filesystem::path& file) = 0;
    /// The names of the files in it, in no order; none when there is no such folder.
    virtual io_result<std::vector<std::string>> list(const std::filesystem::path& folder) = 0;
    /// After it the names in the folder survive a power cut.
    virtual std::error_code sync_folder(const std::filesystem::path& folder) = 0;
    /// Makes one folder (0700), not its parents.
    virtual io_result<folder_state> make_folder(const std::filesystem::path& folder) = 0;
    /// Never waits; the error names the process that holds the lock.
    virtual result<std::unique_ptr<folder_lock>> lock(const std::filesystem::path& file) = 0;
};

/// The whole of a file of at most `limit` bytes, or its beginning.
io_result<std::string> read_beginning(file_layer& files, const std::filesystem::path& file,
                                      std::size_t limit);

/// Puts this content in the place of the file's, in one step: FILE.tmp, synced and renamed. That the name
/// survives a power cut is for the caller to see to (sync_folder).
std::error_code replace_file(file_layer& files, const std::filesystem::path& file, std::string_view content);

/// Makes the folder and those above it; each new name is synced into the folder that holds it.
result<void> make_folders(file_layer& files, const std::filesystem::path& folder);

}  // namespace garde::journal
