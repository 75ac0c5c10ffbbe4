// How a sealed reply stands in its row.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/store/reply_store.hpp"

#include "sqlite_database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace garde::store {

/// What read_row() reads, in its order.
inline constexpr std::string_view columns = "id, epoch, consulted_ns, tag, removal_tags, sealed, caller";

std::string_view view(const reply_tag& tag);
/// A shorter one has zeros at its end.
reply_tag tag_from(std::string_view bytes);
/// One behind the other.
std::string joined(const std::vector<reply_tag>& tags);

std::int64_t nanoseconds_of(wall_time at);
wall_time time_of(std::int64_t nanoseconds);

stored_reply read_row(const statement& row);

}  // namespace garde::store
