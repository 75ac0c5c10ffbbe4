// See posix_file_layer.hpp.
#include "posix_file_layer.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace garde::journal {
namespace {

std::error_code last_error() {
    return {errno, std::generic_category()};
}

class descriptor {
  public:
    explicit descriptor(int value) : value_(value) {}
    descriptor(descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    [[nodiscard]] int get() const { return value_; }

  private:
    int value_;
};

descriptor open_descriptor(const std::filesystem::path& file, int flags) {
    int opened = -1;
    do opened = ::open(file.c_str(), flags | O_CLOEXEC, 0600);
    while (opened < 0 && errno == EINTR);
    return descriptor(opened);
}

std::error_code write_all(int to, std::string_view data) {
    while (!data.empty()) {
        const auto written = ::write(to, data.data(), data.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return last_error();
        if (written == 0) return std::make_error_code(std::errc::io_error);
        data.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

class posix_file final : public open_file {
  public:
    explicit posix_file(descriptor file) : file_(std::move(file)) {}

    io_result<std::uint64_t> size() override {
        struct stat status{};
        if (::fstat(file_.get(), &status) != 0) return std::unexpected(last_error());
        return static_cast<std::uint64_t>(status.st_size);
    }

    io_result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
        ssize_t got = -1;
        do got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        while (got < 0 && errno == EINTR);
        if (got < 0) return std::unexpected(last_error());
        return static_cast<std::size_t>(got);
    }

    std::error_code append(std::string_view data) override { return write_all(file_.get(), data); }

    std::error_code truncate(std::uint64_t size) override {
        return ::ftruncate(file_.get(), static_cast<off_t>(size)) == 0 ? std::error_code{} : last_error();
    }

    // fdatasync also writes a changed size, which is all that appending changes besides the data.
    std::error_code sync() override {
        return ::fdatasync(file_.get()) == 0 ? std::error_code{} : last_error();
    }

  private:
    descriptor file_;
};

/// The lock goes with the descriptor, so it is gone with the process, however that ends.
class posix_lock final : public folder_lock {
  public:
    explicit posix_lock(descriptor file) : file_(std::move(file)) {}

  private:
    descriptor file_;
};

int flags_of(open_mode mode) {
    switch (mode) {
        case open_mode::read: return O_RDONLY;
        case open_mode::append: return O_RDWR | O_CREAT | O_APPEND;
        case open_mode::replace: return O_WRONLY | O_CREAT | O_TRUNC;
    }
    std::unreachable();
}

std::string holder_of(int lock_file) {
    char text[32];
    const auto got = ::pread(lock_file, text, sizeof text, 0);
    std::string pid;
    for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) pid.push_back(text[i]);
    return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

io_result<std::unique_ptr<open_file>> posix_file_layer::open(const std::filesystem::path& file,
                                                             open_mode mode) {
    auto opened = open_descriptor(file, flags_of(mode));
    if (opened.get() < 0) return std::unexpected(last_error());
    return std::make_unique<posix_file>(std::move(opened));
}

std::error_code posix_file_layer::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    return std::rename(from.c_str(), to.c_str()) == 0 ? std::error_code{} : last_error();
}

std::error_code posix_file_layer::remove(const std::filesystem::path& file) {
    return ::unlink(file.c_str()) == 0 || errno == ENOENT ? std::error_code{} : last_error();
}

io_result<std::vector<std::string>> posix_file_layer::list(const std::filesystem::path& folder) {
    std::vector<std::string> out;
    std::error_code failed;
    for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed))
        out.push_back(at->path().filename().string());
    if (failed && failed != std::errc::no_such_file_or_directory) return std::unexpected(failed);
    return out;
}

std::error_code posix_file_layer::sync_folder(const std::filesystem::path& folder) {
    const auto opened = open_descriptor(folder, O_RDONLY | O_DIRECTORY);
    if (opened.get() < 0) return last_error();
    return ::fsync(opened.get()) == 0 ? std::error_code{} : last_error();
}

io_result<folder_state> posix_file_layer::make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0) return folder_state::made;
    const auto why = last_error();
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) return std::unexpected(why);
    if (!S_ISDIR(status.st_mode)) return std::unexpected(std::make_error_code(std::errc::not_a_directory));
    return folder_state::was_there;
}

result<std::unique_ptr<folder_lock>> posix_file_layer::lock(const std::filesystem::path& file) {
    auto opened = open_descriptor(file, O_RDWR | O_CREAT);
    if (opened.get() < 0)
        return fail(fmt::format("cannot open {}: {}", file.string(), last_error().message()));
    if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail(fmt::format("cannot lock {}: {}", file.string(), last_error().message()));
        return fail(fmt::format("the journal in {} belongs to {}, which is still running; stop it first",
                                file.parent_path().string(), holder_of(opened.get())));
    }
    // The number only helps the person who reads the message above, so failing to write it (full disk) is no
    // failure.
    if (::ftruncate(opened.get(), 0) == 0) [[maybe_unused]]
        const auto why_not = write_all(opened.get(), fmt::format("{}\n", ::getpid()));
    return std::make_unique<posix_lock>(std::move(opened));
}

}  // namespace garde::journal
