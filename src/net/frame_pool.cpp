// Coroutine frames by size class. Under a sanitizer each frame is its own allocation, so that uses after the
// end show.
#include "garde/net/task.hpp"

#include <array>
#include <cstdlib>
#include <new>

namespace garde::net {
namespace {

/// What malloc(3) gives without waste: multiples of 16, less its own 8.
constexpr std::size_t class_bytes = 16;
constexpr std::size_t own_bytes = 8;
constexpr std::size_t classes = 256;  ///< frames up to 4 KiB; larger ones are not kept
constexpr std::size_t kept_each = 256;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool pooling = false;
#else
constexpr bool pooling = true;
#endif

struct free_frame {
    free_frame* next;
};

struct free_list {
    free_frame* first = nullptr;
    std::size_t count = 0;
};

struct thread_frames {
    std::array<free_list, classes> lists{};
    thread_frames() = default;
    thread_frames(const thread_frames&) = delete;
    thread_frames& operator=(const thread_frames&) = delete;
    ~thread_frames() {
        for (auto& list : lists)
            while (list.first != nullptr) ::operator delete(std::exchange(list.first, list.first->next));
    }
};

thread_local thread_frames frames;

constexpr std::size_t class_of(std::size_t bytes) {
    return (bytes + own_bytes + class_bytes - 1) / class_bytes;
}

}  // namespace

void* frame_pool::allocate(std::size_t bytes) {
    const std::size_t index = class_of(bytes);
    if (!pooling || index >= classes) return ::operator new(bytes);
    free_list& list = frames.lists[index];
    if (list.first == nullptr) return ::operator new(index * class_bytes - own_bytes);
    --list.count;
    return std::exchange(list.first, list.first->next);
}

void frame_pool::release(void* frame, std::size_t bytes) noexcept {
    const std::size_t index = class_of(bytes);
    if (!pooling || index >= classes) return ::operator delete(frame);
    free_list& list = frames.lists[index];
    if (list.count == kept_each) return ::operator delete(frame);
    ++list.count;
    list.first = new (frame) free_frame{list.first};
}

}  // namespace garde::net
