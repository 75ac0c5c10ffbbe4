// The override store over an SQLite file: a thread that carries out jobs in order, so that callers never wait
// for the disk.
#include "garde/base/bounded_queue.hpp"
#include "garde/store/override_store.hpp"

#include "override_table.hpp"

#include <fmt/format.h>

#include <future>
#include <thread>
#include <utility>

namespace garde::store {
namespace {

constexpr std::size_t queue_bound = 256;

class sqlite_override_store final : public override_store {
  public:
    explicit sqlite_override_store(override_table table)
        : table_(std::move(table)), queue_(queue_bound), thread_([this] { run(); }) {}

    ~sqlite_override_store() override {
        queue_.close();
        thread_.join();
    }

    result<std::vector<stored_override>> load(milliseconds limit) override {
        // Shared with the job, which may outlive this call.
        const auto answer = std::make_shared<std::promise<result<std::vector<stored_override>>>>();
        auto waiting = answer->get_future();
        if (!queue_.push([answer](override_table& table) { answer->set_value(table.load()); })) return full();
        if (waiting.wait_for(limit) != std::future_status::ready)
            return fail(fmt::format("the overrides could not be read within {} ms: the disk does not answer",
                                    limit.count()));
        return waiting.get();
    }

    void put(stored_override value, on_stored then) override {
        // Shared with the job: when the queue refuses that, the report is still needed here.
        const auto report = std::make_shared<on_stored>(std::move(then));
        job work = [value = std::move(value), report](override_table& table) {
            tell(*report, table.put(value));
        };
        if (!queue_.push(std::move(work))) tell(*report, full());
    }

    void remove(std::string service, on_stored then) override {
        const auto report = std::make_shared<on_stored>(std::move(then));
        job work = [service = std::move(service), report](override_table& table) {
            tell(*report, table.remove(service));
        };
        if (!queue_.push(std::move(work))) tell(*report, full());
    }

  private:
    using job = std::function<void(override_table&)>;

    static void tell(const on_stored& then, result<void> what) {
        if (then) then(std::move(what));
    }

    static std::unexpected<error> full() {
        return fail(fmt::format("{} changes already wait for the disk; this one was not kept", queue_bound));
    }

    void run() {
        for (auto jobs = queue_.take_all(); !jobs.empty(); jobs = queue_.take_all())
            for (const auto& work : jobs) work(table_);
    }

    override_table table_;  ///< the thread's alone once it runs
    bounded_queue<job> queue_;
    std::thread thread_;
};

}  // namespace

result<std::unique_ptr<override_store>> open_sqlite_override_store(const std::filesystem::path& file) {
    auto table = override_table::open(file);
    if (!table) return std::unexpected(table.error());
    return std::make_unique<sqlite_override_store>(*std::move(table));
}

}  // namespace garde::store
