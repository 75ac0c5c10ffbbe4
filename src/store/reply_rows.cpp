// See reply_rows.hpp.
#include "reply_rows.hpp"

#include <algorithm>

namespace garde::store {

std::string_view view(const reply_tag& tag) {
    return {reinterpret_cast<const char*>(tag.data()), tag.size()};
}

std::string joined(const std::vector<reply_tag>& tags) {
    std::string out;
    for (const auto& tag : tags) out.append(view(tag));
    return out;
}

reply_tag tag_from(std::string_view bytes) {
    reply_tag out{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
    return out;
}

/// What joined() has made.
static std::vector<reply_tag> split(std::string_view bytes) {
    std::vector<reply_tag> out;
    for (; bytes.size() >= reply_tag{}.size(); bytes.remove_prefix(reply_tag{}.size()))
        out.push_back(tag_from(bytes));
    return out;
}

std::int64_t nanoseconds_of(wall_time at) {
    return at.time_since_epoch().count();
}
wall_time time_of(std::int64_t nanoseconds) {
    return wall_time{std::chrono::nanoseconds{nanoseconds}};
}

stored_reply read_row(const statement& row) {
    return {.id = row.number(0),
            .reply = {.epoch = row.number(1),
                      .caller = row.number(6),
                      .tag = tag_from(row.bytes(3)),
                      .removal_tags = split(row.bytes(4)),
                      .consulted_at = time_of(row.number(2)),
                      .sealed = row.bytes(5)}};
}

}  // namespace garde::store
