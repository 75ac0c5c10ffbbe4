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

writer::writer(options with) : state_(std::make_unique<state>()) {
    log_limits limits{.segment_bytes = with.segment_bytes,
                      .keep_segments = with.keep_segments,
                      .keep_for = with.keep_for,
                      .keep_names_for = with.keep_names_for,
                      .names_key = std::move(with.names_key)};
    auto open = [files = &state_->files, folder = std::move(with.folder), limits = std::move(limits)] {
        return log_file::open(*files, folder, limits, wall_now());
    };
    state_->thread = std::make_unique<writer_thread>(
        std::move(open), writer_limits{.queue_bound = with.queue_bound},
        writer_hooks{.grown = std::move(with.grown), .overflow = std::move(with.overflow)});
}

writer::~writer() = default;

void writer::append(record what, on_durable then) {
    state_->thread->append(std::move(what), std::move(then));
}

bool writer::failing() const {
    return state_->thread->failing();
}

}  // namespace garde::journal
