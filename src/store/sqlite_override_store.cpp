// The override store over an SQLite file: a thread that opens it and carries out jobs in order, so that
// callers never wait for the disk.
#include "garde/base/bounded_queue.hpp"
#include "garde/store/override_store.hpp"

#include "file_lock.hpp"
#include "override_table.hpp"
#include "store_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <thread>
#include <utility>

namespace garde::store {
namespace {

constexpr std::size_t queue_bound = 256;
constexpr milliseconds retry_interval{500};

/// The file and the right to it.
struct owned_table {
    file_lock lock;
    override_table table;
};

class sqlite_override_store final : public override_store {
  public:
    explicit sqlite_override_store(std::filesystem::path file)
        : file_(std::move(file)), queue_(queue_bound), thread_([this] { run(); }) {}

    ~sqlite_override_store() override {
        queue_.close();
        thread_.join();
    }

    void load(on_loaded then) override {
        read([](override_table& table) { return table.load(); }, std::move(then));
    }

    void put(stored_override value, on_stored then) override {
        change([value = std::move(value)](override_table& table) { return table.put(value); },
               std::move(then));
    }

    void remove(std::string service, on_stored then) override {
        change([service = std::move(service)](override_table& table) { return table.remove(service); },
               std::move(then));
    }

    void load_procedures(on_procedures_loaded then) override {
        read([](override_table& table) { return table.load_procedures(); }, std::move(then));
    }

    void open_procedure(stored_procedure value, on_stored then) override {
        change([value = std::move(value)](override_table& table) { return table.open_procedure(value); },
               std::move(then));
    }

    void close_procedure(std::string service, on_stored then) override {
        change(
            [service = std::move(service)](override_table& table) { return table.close_procedure(service); },
            std::move(then));
    }

  private:
    /// What a job works on, or why there is nothing to work on.
    using opened = result<override_table*>;
    using job = std::function<void(const opened&)>;

    template <class Read, class Then>
    void read(Read what, Then then) {
        // Shared with the job: when the queue refuses that, the report is still needed here.
        const auto report = std::make_shared<Then>(std::move(then));
        job work = [what = std::move(what), report](const opened& in) {
            if (in) return (*report)(what(**in));
            (*report)(std::unexpected(in.error()));
        };
        if (!queue_.push(std::move(work))) (*report)(full());
    }

    template <class Change>
    void change(Change what, on_stored then) {
        const auto report = std::make_shared<on_stored>(std::move(then));
        job work = [what = std::move(what), report](const opened& in) {
            tell(*report, in ? what(**in) : std::unexpected(in.error()));
        };
        if (!queue_.push(std::move(work))) tell(*report, full());
    }

    static void tell(const on_stored& then, result<void> what) {
        if (then) then(std::move(what));
    }

    static std::unexpected<error> full() {
        return fail(fmt::format("{} changes already wait for the disk; this one was not kept", queue_bound));
    }

    void run() {
        auto owned = open();
        const opened in = owned ? opened(&owned->table) : std::unexpected(owned.error());
        for (auto jobs = queue_.take_all(); !jobs.empty(); jobs = queue_.take_all())
            for (const auto& work : jobs) work(in);
    }

    /// Tries until it works or the store is closed; then once more.
    result<owned_table> open() {
        bool told = false;
        for (bool last_try = false;; last_try = queue_.wait_closed(retry_interval)) {
            auto owned = try_open();
            if (owned || last_try) return owned;
            if (!std::exchange(told, true))
                spdlog::error("store: {}; overrides are in force but not kept until it can be opened",
                              owned.error().message);
        }
    }

    [[nodiscard]] result<owned_table> try_open() const {
        make_folder(file_.parent_path());
        auto lock = file_lock::take(file_.string() + ".lock");
        if (!lock) return std::unexpected(lock.error());
        auto table = override_table::open(file_);
        if (!table) return std::unexpected(table.error());
        return owned_table{std::move(*lock), std::move(*table)};
    }

    const std::filesystem::path file_;
    bounded_queue<job> queue_;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<override_store> open_sqlite_override_store(std::filesystem::path file) {
    return std::make_unique<sqlite_override_store>(std::move(file));
}

}  // namespace garde::store
