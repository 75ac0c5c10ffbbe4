// See file_lock.hpp.
#include "file_lock.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace garde::store {

result<file_lock> file_lock::take(const std::filesystem::path& file) {
    const auto failed = [&](const char* what) {
        return fail(fmt::format("cannot {} {}: {}", what, file.string(),
                                std::error_code(errno, std::generic_category()).message()));
    };
    file_lock out(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (out.descriptor_ < 0) return failed("open");
    if (::flock(out.descriptor_, LOCK_EX | LOCK_NB) == 0) return out;
    if (errno != EWOULDBLOCK) return failed("lock");
    return fail(fmt::format("another process holds {}", file.string()));
}

file_lock::file_lock(file_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

file_lock::~file_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace garde::store
