// A lock on a file that says who owns a store. It goes with the process, however that ends.
#pragma once

#include "garde/base/result.hpp"

#include <filesystem>

namespace garde::store {

/// Held until destruction. One thread.
class file_lock {
  public:
    /// Makes the file (0600) when it is missing. Fails when another holds the lock, without waiting for it;
    /// blocks for as long as the disk does.
    static result<file_lock> take(const std::filesystem::path& file);

    file_lock(file_lock&& other) noexcept;
    file_lock& operator=(file_lock&&) = delete;
    ~file_lock();

  private:
    explicit file_lock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace garde::store
