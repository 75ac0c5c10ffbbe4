// A disk that loses power: an SQLite VFS over the real one that knows, of every file, what has been synced.
// At chosen moments it makes what might be left of the files then: each sector that was written since the
// last sync is there in any of its versions since, or not at all; so are sizes, and files whose making was
// never synced.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace garde::test {

/// File name (without folder) → content.
using remains = std::map<std::string, std::string>;

/// SQLite's default VFS while it lives; all its files are in one folder. One thread.
class crash_disk {
  public:
    enum class syncing : std::uint8_t {
        honest,  ///< what was synced stays
        lies,  ///< says that it has synced, and has not: as if nobody had asked for it (PRAGMA synchronous =
               ///< OFF)
    };

    explicit crash_disk(std::uint64_t seed, syncing how = syncing::honest);
    ~crash_disk();
    crash_disk(const crash_disk&) = delete;
    crash_disk& operator=(const crash_disk&) = delete;

    /// Called before every write, truncation, sync and deletion.
    void at_every_step(std::function<void()> what) { step_ = std::move(what); }

    /// What is left if the power goes now.
    remains lose_power();

    [[nodiscard]] std::uint64_t steps() const { return steps_; }

    // For the VFS.
    static constexpr std::size_t sector = 512;
    struct file_state {
        bool exists_for_sure = false;
        std::string synced;
        std::string current;
        std::map<std::size_t, std::vector<std::string>> versions;  ///< by sector, since the last sync
        std::vector<std::size_t> sizes;                            ///< since the last sync
    };
    void before_step();
    file_state& opened(const std::string& path);
    void deleted(const std::string& path, bool synced);
    static void written(file_state& of, std::size_t at, std::string_view bytes);
    static void truncated(file_state& of, std::size_t size);
    void synced(file_state& of);

  private:
    std::mt19937_64 random_;
    const syncing how_;
    std::function<void()> step_;
    std::uint64_t steps_ = 0;
    std::map<std::string, file_state> files_;
    std::map<std::string, file_state> deleted_;  ///< not for sure
    sqlite3_vfs* former_;
    sqlite3_vfs vfs_;
};

}  // namespace garde::test
