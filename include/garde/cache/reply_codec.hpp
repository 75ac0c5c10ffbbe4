// Kept answers as bytes, before they are sealed: compressed with a dictionary of synthetic replies, since
// most of a reply's text is the same in all of them. Pure; one thread.
#pragma once

#include "garde/base/secret.hpp"
#include "garde/cache/kept_reply.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace garde::cache {

/// Which boot of the machine a steady time belongs to; steady times of another one mean nothing.
using boot_id = std::array<std::uint8_t, 16>;

class reply_codec {
  public:
    /// Bodies larger than this are not written down; more than a configuration allows.
    static constexpr std::size_t body_bound = 16 * 1024 * 1024;

    explicit reply_codec(const boot_id& boot);
    ~reply_codec();
    reply_codec(const reply_codec&) = delete;
    reply_codec& operator=(const reply_codec&) = delete;

    [[nodiscard]] secret_string encode(const kept_reply& what);
    /// Nothing when it is no such thing. Its steady time is there only when it is of this boot.
    [[nodiscard]] std::optional<kept_reply> decode(std::string_view bytes);

  private:
    struct machinery;
    const boot_id boot_;
    std::unique_ptr<machinery> with_;
};

/// This boot's; a random one where the kernel does not tell, so that every process counts as a boot.
boot_id read_boot_id();

}  // namespace garde::cache
