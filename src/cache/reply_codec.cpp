// See reply_codec.hpp. The form: VERSION(1) BOOT(16) STEADY(8) WALL(8) COMMUNICATED BEGIN END (4 each)
// KEY(32) REMOVAL-COUNT(1) REMOVAL-KEYS(32 each) TYPE-SIZE(2) TYPE BODY-SIZE(4) BODY(zstd); numbers are
// big-endian.
#include "garde/cache/reply_codec.hpp"

#include "garde/base/bytes.hpp"
#include "garde/base/hash.hpp"

#include "reply_dictionary.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <zstd.h>

namespace garde::cache {
namespace {

constexpr std::uint8_t version = 1;
constexpr int level = 9;  // written once, and off the main path
constexpr std::size_t most_removal_keys = 8;

std::int32_t days_of(std::chrono::sys_days day) {
    return static_cast<std::int32_t>(day.time_since_epoch().count());
}
std::chrono::sys_days day_of(std::int32_t days) {
    return std::chrono::sys_days{std::chrono::days{days}};
}

}  // namespace

struct reply_codec::machinery {
    template <class T>
    using owned = std::unique_ptr<T, std::size_t (*)(T*)>;

    owned<ZSTD_CDict> packing{ZSTD_createCDict(reply_dictionary.data(), reply_dictionary.size(), level),
                              &ZSTD_freeCDict};
    owned<ZSTD_DDict> unpacking{ZSTD_createDDict(reply_dictionary.data(), reply_dictionary.size()),
                                &ZSTD_freeDDict};
    owned<ZSTD_CCtx> packer{ZSTD_createCCtx(), &ZSTD_freeCCtx};
    owned<ZSTD_DCtx> unpacker{ZSTD_createDCtx(), &ZSTD_freeDCtx};
};

reply_codec::reply_codec(const boot_id& boot) : boot_(boot), with_(std::make_unique<machinery>()) {
    // The bytes are sealed, which tells whether they are whole.
    ZSTD_CCtx_setParameter(with_->packer.get(), ZSTD_c_checksumFlag, 0);
}

reply_codec::~reply_codec() = default;

secret_string reply_codec::encode(const kept_reply& what) {
    byte_writer out;
    const auto removals = std::min(what.removal_keys.size(), most_removal_keys);
    out.bytes().reserve(256 + what.content_type.size() + ZSTD_compressBound(what.body->size()));
    out.number(version);
    out.raw(what.consulted.steady ? boot_ : boot_id{});
    out.number(what.consulted.steady.value_or(steady_time{}).time_since_epoch().count());
    out.number(what.consulted.wall.time_since_epoch().count());
    for (const auto day : {what.communicated, what.period_begin, what.period_end}) out.number(days_of(day));
    out.raw(what.key);
    out.number(static_cast<std::uint8_t>(removals));
    for (std::size_t i = 0; i < removals; ++i) out.raw(what.removal_keys[i]);
    out.number(static_cast<std::uint16_t>(what.content_type.size()));
    out.text(what.content_type);
    out.number(static_cast<std::uint32_t>(what.body->size()));
    const std::size_t head = out.bytes().size();
    out.bytes().resize(head + ZSTD_compressBound(what.body->size()));
    const std::size_t packed =
        ZSTD_compress_usingCDict(with_->packer.get(), out.bytes().data() + head, out.bytes().size() - head,
                                 what.body->data(), what.body->size(), with_->packing.get());
    if (ZSTD_isError(packed) != 0) std::abort();  // only for want of memory: the room is enough by its bound
    secret_string done(std::string_view(out.bytes()).substr(0, head + packed));
    wipe(out.bytes());
    return done;
}

std::optional<kept_reply> reply_codec::decode(std::string_view bytes) {
    byte_reader in(bytes);
    if (in.number<std::uint8_t>() != version) return std::nullopt;
    kept_reply out;
    const auto boot = in.raw<16>();
    const steady_time steady{std::chrono::nanoseconds{in.number<std::int64_t>()}};
    if (boot == boot_) out.consulted.steady = steady;
    out.consulted.wall = wall_time{std::chrono::nanoseconds{in.number<std::int64_t>()}};
    for (auto* day : {&out.communicated, &out.period_begin, &out.period_end})
        *day = day_of(in.number<std::int32_t>());
    out.key = in.raw<32>();
    const auto removals = in.number<std::uint8_t>();
    if (removals > most_removal_keys) return std::nullopt;
    for (int i = 0; i < removals; ++i) out.removal_keys.push_back(in.raw<32>());
    out.content_type = in.take(in.number<std::uint16_t>());
    const auto size = in.number<std::uint32_t>();
    if (!in.ok() || size > body_bound) return std::nullopt;

    std::string body(size, '\0');
    const std::size_t unpacked =
        ZSTD_decompress_usingDDict(with_->unpacker.get(), body.data(), body.size(), in.rest().data(),
                                   in.rest().size(), with_->unpacking.get());
    if (ZSTD_isError(unpacked) == 0 && unpacked == size) out.body = keep_body(body);
    wipe(body);
    if (!out.body) return std::nullopt;
    return out;
}

boot_id read_boot_id() {
    std::string text;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
    std::erase(text, '-');
    const auto bytes = from_hex(text);
    boot_id out{};
    if (bytes && bytes->size() == out.size())
        std::ranges::copy(*bytes, out.begin());
    else
        random_fill(out);
    return out;
}

}  // namespace garde::cache
