// See crash_disk.hpp.
#include "crash_disk.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace garde::test {
namespace {

/// SQLite makes room for one; behind it comes the real file.
struct watched_file {
    sqlite3_file base;
    crash_disk* disk;
    crash_disk::file_state* state;  ///< null: not kept (temporary)
    sqlite3_file* real;
};

watched_file& of(sqlite3_file* file) {
    return *reinterpret_cast<watched_file*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return of(file).real;
}
const sqlite3_io_methods& methods(sqlite3_file* file) {
    return *real(file)->pMethods;
}

int close_file(sqlite3_file* file) {
    return methods(file).xClose(real(file));
}
int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
    return methods(file).xRead(real(file), into, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    if (of(file).state != nullptr) {
        of(file).disk->before_step();
        crash_disk::written(*of(file).state, static_cast<std::size_t>(at),
                            {static_cast<const char*>(from), static_cast<std::size_t>(size)});
    }
    return methods(file).xWrite(real(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    if (of(file).state != nullptr) {
        of(file).disk->before_step();
        crash_disk::truncated(*of(file).state, static_cast<std::size_t>(size));
    }
    return methods(file).xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int /*flags*/) {
    if (of(file).state == nullptr) return SQLITE_OK;
    of(file).disk->before_step();
    of(file).disk->synced(*of(file).state);
    return SQLITE_OK;  // the real disk need not be waited for
}
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
    return methods(file).xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int how) {
    return methods(file).xLock(real(file), how);
}
int unlock_file(sqlite3_file* file, int how) {
    return methods(file).xUnlock(real(file), how);
}
int check_lock(sqlite3_file* file, int* out) {
    return methods(file).xCheckReservedLock(real(file), out);
}
int control_file(sqlite3_file* file, int what, void* with) {
    return methods(file).xFileControl(real(file), what, with);
}
int sector_size(sqlite3_file* /*file*/) {
    return static_cast<int>(crash_disk::sector);
}
/// Nothing is promised: no atomic writes, no order, and what a torn write leaves behind is anybody's guess.
int characteristics(sqlite3_file* /*file*/) {
    return 0;
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return methods(file).xShmMap(real(file), page, size, extend, out);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
    return methods(file).xShmLock(real(file), offset, count, flags);
}
void shared_barrier(sqlite3_file* file) {
    methods(file).xShmBarrier(real(file));
}
int unmap_shared(sqlite3_file* file, int remove) {
    return methods(file).xShmUnmap(real(file), remove);
}

const sqlite3_io_methods watched_methods{
    2,           close_file,     read_file,    write_file,   truncate_file, sync_file,       size_of_file,
    lock_file,   unlock_file,    check_lock,   control_file, sector_size,   characteristics, map_shared,
    lock_shared, shared_barrier, unmap_shared, nullptr,      nullptr};

crash_disk& disk_of(sqlite3_vfs* vfs) {
    return *static_cast<crash_disk*>(vfs->pAppData);
}
sqlite3_vfs* below() {
    return sqlite3_vfs_find("unix");
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto& made = of(file);
    made.base.pMethods = nullptr;
    made.disk = &disk_of(vfs);
    made.real = reinterpret_cast<sqlite3_file*>(&made + 1);
    const bool kept =
        name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    made.state = kept ? &made.disk->opened(name) : nullptr;
    const int code = below()->xOpen(below(), name, made.real, flags, out_flags);
    if (code == SQLITE_OK) made.base.pMethods = &watched_methods;
    return code;
}
int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    disk_of(vfs).before_step();
    disk_of(vfs).deleted(name, sync_folder != 0);
    return below()->xDelete(below(), name, 0);
}

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

crash_disk::crash_disk(std::uint64_t seed, syncing how)
    : random_(seed), how_(how), former_(sqlite3_vfs_find(nullptr)), vfs_(*former_) {
    vfs_.zName = "crash";
    vfs_.pNext = nullptr;
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(watched_file)) + former_->szOsFile;
    vfs_.xOpen = open_file;
    vfs_.xDelete = delete_file;
    sqlite3_vfs_register(&vfs_, 1);
}

crash_disk::~crash_disk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(former_, 1);
}

void crash_disk::before_step() {
    ++steps_;
    if (step_) step_();
}

/// What is there when it is opened first was there long before.
crash_disk::file_state& crash_disk::opened(const std::string& path) {
    const auto known = files_.find(path);
    if (known != files_.end()) return known->second;
    auto& made = files_[path];
    made.exists_for_sure = std::filesystem::exists(path);
    made.synced = made.current = content_of(path);
    return made;
}

void crash_disk::deleted(const std::string& path, bool synced) {
    const auto gone = files_.extract(path);
    if (synced)
        deleted_.clear();
    else if (gone && gone.mapped().exists_for_sure)
        deleted_[path] = gone.mapped();
}

void crash_disk::written(file_state& of, std::size_t at, std::string_view bytes) {
    const auto end = at + bytes.size();
    if (of.current.size() < end) {
        of.current.resize(end, '\0');
        of.sizes.push_back(end);
    }
    bytes.copy(of.current.data() + at, bytes.size());
    for (auto number = at / sector; number * sector < end; ++number)
        of.versions[number].push_back(of.current.substr(number * sector, sector));
}

void crash_disk::truncated(file_state& of, std::size_t size) {
    of.current.resize(size, '\0');
    of.sizes.push_back(size);
}

void crash_disk::synced(file_state& of) {
    if (how_ == syncing::lies) return;
    of.synced = of.current;
    of.versions.clear();
    of.sizes.clear();
    // SQLite's own VFS syncs the folder with a new file, and with it what was deleted there.
    if (!std::exchange(of.exists_for_sure, true)) deleted_.clear();
}

remains crash_disk::lose_power() {
    const auto pick = [this](std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
    };
    remains out;
    for (const auto* files : {&files_, &deleted_})
        for (const auto& [path, state] : *files) {
            const bool in_doubt = files == &deleted_ || !state.exists_for_sure;
            if (in_doubt && pick(2) == 0) continue;
            std::string left = state.synced;
            if (!state.sizes.empty()) {
                const auto size = pick(state.sizes.size() + 1);
                if (size != state.sizes.size()) left.resize(state.sizes[size], '\0');
            }
            for (const auto& [number, versions] : state.versions) {
                const auto which = pick(versions.size() + 1);
                if (which == versions.size() || left.size() <= number * sector) continue;
                const auto& bytes = versions[which];
                left.replace(number * sector, std::min(bytes.size(), left.size() - number * sector), bytes, 0,
                             std::min(bytes.size(), left.size() - number * sector));
            }
            out[std::filesystem::path(path).filename()] = std::move(left);
        }
    return out;
}

}  // namespace garde::test
