// A disk that keeps what was synced and, when the power is cut, loses or tears what was not: bytes by small
// sectors in any mixture of old, new and zero, and changes of names in any subset. It can also be full, fail
// one operation, and lie about syncing.
#pragma once

#include "../../src/journal/file_layer.hpp"

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace garde::test {

/// By what is synced. Of a folder: by the latest name in it that was not synced yet.
enum class sync_kind : std::uint8_t {
    lines,            ///< fdatasync of a segment
    hashes,           ///< fdatasync of hashes
    head_file,        ///< fsync of head.tmp before it is renamed
    head_name,        ///< fsync of the folder after that
    segment_name,     ///< fsync of the folder after a segment was begun
    segment_removal,  ///< fsync of the folder after one was removed
    values,           ///< fdatasync of a volume's values
    volume_key,       ///< fsync of a volume's key before it is renamed
    volume_name,      ///< fsync of the folder after that
    key_removal,      ///< fsync of the folder after a volume's key was removed
    names_key,        ///< fsync of names.key before it is renamed
    parent_folder,    ///< fsync of the folder above, which holds the journal folder's name
    other,
};

class fake_disk final : public journal::file_layer {
  public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    explicit fake_disk(std::uint32_t seed) : random_(seed) {}

    /// Syncs of this kind report success and do nothing.
    void ignore(sync_kind kind) { ignored_.insert(kind); }
    /// The power goes in the middle of the operation that many operations from now.
    void cut_power_after(std::uint64_t operations);
    /// Settles what was not synced, then works again.
    void power_on();
    [[nodiscard]] bool powered() const { return powered_; }

    /// The operation that many from now fails once with EIO.
    void fail_once_after(std::uint64_t operations);
    /// Whether that operation was reached.
    [[nodiscard]] bool has_failed() const { return failed_once_; }

    /// How much can still be written.
    void set_free_bytes(std::uint64_t bytes);
    /// Waits until that many appends in all found the disk full.
    void wait_for_full(std::uint64_t times);

    /// Nothing is answered from now on, until go_on().
    void hang();
    void go_on();

    /// Whether there is a file of this name now.
    bool exists(const std::filesystem::path& file);
    /// The file's content as readers see it now.
    std::string content(const std::filesystem::path& file);
    /// Of all segments, one after the other.
    std::string log(const std::filesystem::path& folder);

    journal::io_result<std::unique_ptr<journal::open_file>> open(const std::filesystem::path& file,
                                                                 journal::open_mode mode) override;
    std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    std::error_code remove(const std::filesystem::path& file) override;
    journal::io_result<std::vector<std::string>> list(const std::filesystem::path& folder) override;
    std::error_code sync_folder(const std::filesystem::path& folder) override;
    journal::io_result<journal::folder_state> make_folder(const std::filesystem::path& folder) override;
    result<std::unique_ptr<journal::folder_lock>> lock(const std::filesystem::path& file) override;

  private:
    friend class fake_file;

    struct node {
        std::string durable;
        std::string current;
    };
    using names = std::map<std::filesystem::path, std::shared_ptr<node>>;
    struct name_change {
        std::filesystem::path from;  ///< loses its name; empty: a new file
        std::filesystem::path to;    ///< empty: removed
        std::shared_ptr<node> what;
    };

    std::error_code step();
    std::error_code append(node& to, std::string_view data);
    std::error_code sync(node& what, sync_kind kind);
    [[nodiscard]] sync_kind kind_of_folder(const std::filesystem::path& folder) const;
    static void apply(const name_change& change, names& to);
    std::string torn(const node& what);

    std::mutex mutex_;
    std::condition_variable found_full_;
    std::mutex hanging_;  ///< held by the test while the disk hangs
    std::mt19937 random_;
    std::set<sync_kind> ignored_;
    names current_;
    names durable_;
    std::vector<name_change> pending_;
    std::uint64_t cut_in_ = never;
    std::uint64_t fail_in_ = never;
    std::uint64_t free_bytes_ = never;
    std::uint64_t times_full_ = 0;
    bool failed_once_ = false;
    bool powered_ = true;
};

}  // namespace garde::test
