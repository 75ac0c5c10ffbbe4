// The dictionary that kept answers are compressed with.
#pragma once

#include <array>
#include <span>

namespace garde::cache {

/// A zstd dictionary; its number is in it, and in all that was compressed with it.
extern const std::span<const unsigned char> reply_dictionary;

}  // namespace garde::cache
