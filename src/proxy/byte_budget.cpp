// See byte_budget.hpp.
#include "garde/proxy/byte_budget.hpp"

#include <utility>

namespace garde::proxy {

byte_claim::byte_claim(byte_claim&& other) noexcept
    : of_(std::exchange(other.of_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

byte_claim& byte_claim::operator=(byte_claim&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

byte_claim::~byte_claim() {
    if (of_ != nullptr) of_->give_back(bytes_);
}

bool byte_claim::reach(std::size_t total) {
    if (total <= bytes_) return true;
    if (of_ == nullptr || !of_->take(total - bytes_, of_->bound())) return false;
    bytes_ = total;
    return true;
}

void byte_claim::shrink_to(std::size_t total) {
    if (total >= bytes_) return;
    of_->give_back(bytes_ - total);
    bytes_ = total;
}

std::optional<byte_claim> byte_budget::admit(std::size_t bytes) {
    const std::size_t all = bound();
    if (!take(bytes, all - all / 4)) return std::nullopt;
    return byte_claim(*this, bytes);
}

bool byte_budget::take(std::size_t bytes, std::size_t within) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
        if (used > within || bytes > within - used) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
}

}  // namespace garde::proxy
