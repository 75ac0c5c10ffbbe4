// See random_supply.hpp.
#include "garde/base/random_supply.hpp"

#include "garde/base/hash.hpp"

#include <algorithm>
#include <cassert>

namespace garde {

std::string_view random_supply::take(std::size_t count) {
    assert(count <= drawn_bytes);
    if (drawn_bytes - used_ < count) {
        random_fill({reinterpret_cast<std::uint8_t*>(bytes_.data()), bytes_.size()});
        used_ = 0;
    }
    const std::string_view out(bytes_.data() + used_, count);
    used_ += count;
    return out;
}

}  // namespace garde
