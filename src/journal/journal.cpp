// See journal.hpp: the public face over log_file and writer_thread.
#include "garde/journal/journal.hpp"

#include "log_file.hpp"
#include "posix_file_layer.hpp"
#include "writer_thread.hpp"

namespace garde::journal {

struct writer::state {
    posix_file_layer files;
    std::unique_ptr<writer_thread> thread;
};

result<std::unique_ptr<writer>> writer::open(options with) {
    auto made = std::make_unique<state>();
    auto log = log_file::open(made->files, std::move(with.folder), wall_now());
    if (!log) return std::unexpected(log.error());
    made->thread =
        std::make_unique<writer_thread>(*std::move(log), writer_limits{.queue_bound = with.queue_bound});
    return std::unique_ptr<writer>(new writer(std::move(made)));
}

writer::writer(std::unique_ptr<state> with) : state_(std::move(with)) {}
writer::~writer() = default;

void writer::append(record what, on_durable then) {
    state_->thread->append(std::move(what), std::move(then));
}

bool writer::failing() const {
    return state_->thread->failing();
}

}  // namespace garde::journal
