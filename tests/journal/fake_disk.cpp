// See fake_disk.hpp.
#include "fake_disk.hpp"

#include <algorithm>

namespace garde::test {

using journal::io_result;
using journal::open_mode;

namespace {

std::error_code io_error() {
    return std::make_error_code(std::errc::io_error);
}

/// Counts one operation; true once, when the count is over.
bool comes_due(std::uint64_t& operations) {
    if (operations == fake_disk::never) return false;
    if (operations > 0) {
        --operations;
        return false;
    }
    operations = fake_disk::never;
    return true;
}

sync_kind kind_of_file(const std::string& name) {
    if (name.starts_with("log-")) return sync_kind::lines;
    if (name == "hashes") return sync_kind::hashes;
    if (name == "head.tmp") return sync_kind::head_file;
    if (name == "names.key.tmp") return sync_kind::names_key;
    if (name.starts_with("names-"))
        return name.ends_with(".jsonl") ? sync_kind::values : sync_kind::volume_key;
    return sync_kind::other;
}

class no_lock final : public journal::folder_lock {};

}  // namespace

class fake_file final : public journal::open_file {
  public:
    fake_file(fake_disk& disk, std::shared_ptr<fake_disk::node> what, sync_kind kind)
        : disk_(disk), what_(std::move(what)), kind_(kind) {}

    io_result<std::uint64_t> size() override {
        const std::lock_guard lock(disk_.mutex_);
        if (const auto why = disk_.step()) return std::unexpected(why);
        return what_->current.size();
    }

    io_result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
        const std::lock_guard lock(disk_.mutex_);
        if (const auto why = disk_.step()) return std::unexpected(why);
        const auto& from = what_->current;
        if (offset >= from.size()) return 0;
        return from.copy(into.data(), into.size(), offset);
    }

    std::error_code append(std::string_view data) override {
        const std::lock_guard lock(disk_.mutex_);
        return disk_.append(*what_, data);
    }

    std::error_code truncate(std::uint64_t size) override {
        const std::lock_guard lock(disk_.mutex_);
        if (const auto why = disk_.step()) return why;
        what_->current.resize(size);
        return {};
    }

    std::error_code sync() override {
        const std::lock_guard lock(disk_.mutex_);
        return disk_.sync(*what_, kind_);
    }

  private:
    fake_disk& disk_;
    std::shared_ptr<fake_disk::node> what_;
    sync_kind kind_;
};

void fake_disk::cut_power_after(std::uint64_t operations) {
    cut_in_ = operations;
}

void fake_disk::fail_once_after(std::uint64_t operations) {
    fail_in_ = operations;
    failed_once_ = false;
}

void fake_disk::set_free_bytes(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    free_bytes_ = bytes;
}

void fake_disk::wait_for_full(std::uint64_t times) {
    std::unique_lock lock(mutex_);
    found_full_.wait(lock, [&] { return times_full_ >= times; });
}

std::string fake_disk::content(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    const auto found = current_.find(file);
    return found == current_.end() ? std::string{} : found->second->current;
}

bool fake_disk::exists(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    return current_.contains(file);
}

std::string fake_disk::log(const std::filesystem::path& folder) {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, what] : current_)
        if (name.parent_path() == folder && name.filename().string().starts_with("log-"))
            out += what->current;
    return out;
}

void fake_disk::hang() {
    hanging_.lock();
}

void fake_disk::go_on() {
    hanging_.unlock();
}

std::error_code fake_disk::step() {
    const std::lock_guard until_it_goes_on(hanging_);
    if (comes_due(cut_in_)) powered_ = false;
    if (!powered_) return io_error();
    if (comes_due(fail_in_)) {
        failed_once_ = true;
        return io_error();
    }
    return {};
}

std::error_code fake_disk::append(node& to, std::string_view data) {
    const bool was_powered = powered_;
    if (const auto why = step()) {
        // Some of it may have been on its way.
        if (was_powered) to.current.append(data.substr(0, random_() % (data.size() + 1)));
        return why;
    }
    const auto fits = data.substr(0, std::min<std::uint64_t>(data.size(), free_bytes_));
    to.current.append(fits);
    if (free_bytes_ != never) free_bytes_ -= fits.size();
    if (fits.size() == data.size()) return {};
    ++times_full_;
    found_full_.notify_all();
    return std::make_error_code(std::errc::no_space_on_device);
}

/// A failed sync drops what it could not write, as Linux may: syncing once more would then succeed without
/// it.
std::error_code fake_disk::sync(node& what, sync_kind kind) {
    const bool was_powered = powered_;
    if (const auto why = step()) {
        if (was_powered && powered_) what.current = what.durable;
        return why;
    }
    if (!ignored_.contains(kind)) what.durable = what.current;
    return {};
}

std::string fake_disk::torn(const node& what) {
    constexpr std::size_t sector_bytes = 32;
    const auto [shorter, longer] = std::minmax({what.durable.size(), what.current.size()});
    std::string out;
    switch (random_() % 3) {
        case 0: out.resize(what.durable.size()); break;
        case 1: out.resize(what.current.size()); break;
        default: out.resize(shorter + random_() % (longer - shorter + 1)); break;
    }
    for (std::size_t begin = 0; begin < out.size(); begin += sector_bytes) {
        const auto& from = random_() % 2 == 0 ? what.durable : what.current;
        for (auto i = begin; i < std::min(begin + sector_bytes, out.size()); ++i)
            out[i] = i < from.size() ? from[i] : '\0';
    }
    return out;
}

void fake_disk::apply(const name_change& change, names& to) {
    if (!change.from.empty()) to.erase(change.from);
    if (!change.to.empty()) to[change.to] = change.what;
}

void fake_disk::power_on() {
    for (const auto& change : pending_)
        if (random_() % 2 == 0) apply(change, durable_);
    pending_.clear();
    // What lies in a folder whose own name was lost is lost with it.
    std::erase_if(durable_, [this](const auto& entry) {
        const auto parent = entry.first.parent_path();
        return parent != parent.root_path() && !durable_.contains(parent);
    });
    for (auto& [name, what] : durable_) what->durable = what->current = torn(*what);
    current_ = durable_;
    cut_in_ = never;
    powered_ = true;
}

io_result<std::unique_ptr<journal::open_file>> fake_disk::open(const std::filesystem::path& file,
                                                               open_mode mode) {
    const std::lock_guard lock(mutex_);
    if (const auto why = step()) return std::unexpected(why);
    auto found = current_.find(file);
    if (found == current_.end()) {
        if (mode == open_mode::read)
            return std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
        found = current_.emplace(file, std::make_shared<node>()).first;
        pending_.push_back({{}, file, found->second});
    }
    if (mode == open_mode::replace) found->second->current.clear();
    return std::make_unique<fake_file>(*this, found->second, kind_of_file(file.filename().string()));
}

std::error_code fake_disk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    const std::lock_guard lock(mutex_);
    if (const auto why = step()) return why;
    const auto found = current_.find(from);
    if (found == current_.end()) return std::make_error_code(std::errc::no_such_file_or_directory);
    pending_.push_back({from, to, found->second});
    apply(name_change(pending_.back()), current_);
    return {};
}

std::error_code fake_disk::remove(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    if (const auto why = step()) return why;
    const auto found = current_.find(file);
    if (found == current_.end()) return {};
    pending_.push_back({file, {}, found->second});
    apply(name_change(pending_.back()), current_);
    return {};
}

io_result<std::vector<std::string>> fake_disk::list(const std::filesystem::path& folder) {
    const std::lock_guard lock(mutex_);
    if (const auto why = step()) return std::unexpected(why);
    std::vector<std::string> out;
    for (const auto& [name, what] : current_)
        if (name.parent_path() == folder) out.push_back(name.filename().string());
    return out;
}

sync_kind fake_disk::kind_of_folder(const std::filesystem::path& folder) const {
    if (!current_.contains(folder)) return sync_kind::parent_folder;
    if (pending_.empty()) return sync_kind::other;
    const auto& latest = pending_.back();
    const auto name = (latest.to.empty() ? latest.from : latest.to).filename().string();
    if (name.starts_with("log-"))
        return latest.to.empty() ? sync_kind::segment_removal : sync_kind::segment_name;
    if (name.starts_with("names-"))
        return latest.to.empty() ? sync_kind::key_removal : sync_kind::volume_name;
    return name == "head" ? sync_kind::head_name : sync_kind::other;
}

std::error_code fake_disk::sync_folder(const std::filesystem::path& folder) {
    const std::lock_guard lock(mutex_);
    if (const auto why = step()) return why;
    if (ignored_.contains(kind_of_folder(folder))) return {};
    std::erase_if(pending_, [&](const name_change& change) {
        if ((change.to.empty() ? change.from : change.to).parent_path() != folder) return false;
        apply(change, durable_);
        return true;
    });
    return {};
}

io_result<journal::folder_state> fake_disk::make_folder(const std::filesystem::path& folder) {
    const std::lock_guard lock(mutex_);
    if (const auto why = step()) return std::unexpected(why);
    if (current_.contains(folder)) return journal::folder_state::was_there;
    pending_.push_back({{}, folder, current_.emplace(folder, std::make_shared<node>()).first->second});
    return journal::folder_state::made;
}

result<std::unique_ptr<journal::folder_lock>> fake_disk::lock(const std::filesystem::path&) {
    return std::make_unique<no_lock>();
}

}  // namespace garde::test
