// Reads `hashes`: the leaf hash of each record, in the order of the records.
#pragma once

#include "garde/base/hash.hpp"

#include "file_layer.hpp"
#include "merkle_tree.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace garde::journal {

/// One thread. Memory for a few thousand of them; reads that go forward are cheap.
class hash_file {
  public:
    /// Of an empty log when there is no such file.
    static io_result<hash_file> open(file_layer& files, const std::filesystem::path& folder);

    /// Whole ones, when it was opened.
    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// Nothing behind the last one.
    io_result<std::optional<digest256>> at(std::uint64_t index);
    /// For proofs. This must outlive it.
    hash_reader reader();

  private:
    hash_file(std::unique_ptr<open_file> file, std::uint64_t count) : file_(std::move(file)), count_(count) {}

    std::unique_ptr<open_file> file_;
    std::uint64_t count_;
    std::string window_;
    std::uint64_t window_begin_ = 0;  ///< index of the first one in it
};

}  // namespace garde::journal
