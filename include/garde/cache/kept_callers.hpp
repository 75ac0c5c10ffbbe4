// Whose the answers on the disk are. A reply's row has only a number; behind it stands, for each caller and
// epoch, a tag and the sealed identity, so that an operator can purge by caller, and whoever has the disk
// alone learns nobody's name. One thread.
#pragma once

#include "garde/base/result.hpp"
#include "garde/cache/kept_reply.hpp"
#include "garde/cache/sealing.hpp"
#include "garde/store/reply_store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace garde::cache {

/// The keys of all epochs that could be unwrapped, the newest last. Any thread.
using epoch_ring = std::vector<epoch_keys>;
using epoch_ring_ptr = std::shared_ptr<const epoch_ring>;

class kept_callers {
  public:
    /// Those in the store whose epoch's keys are there, in place of what was known.
    result<void> read(store::reply_store& from, const epoch_ring& ring);

    /// His number in this epoch; put into the store, within its transaction, where he has none.
    result<std::int64_t> number_of(const caller::identity& who, const epoch_keys& keys,
                                   store::reply_store& in);

    /// Null when nobody is known by this number.
    [[nodiscard]] caller_ptr find(std::int64_t number) const;

    /// The numbers, in all epochs, of those of whom this is true.
    [[nodiscard]] std::vector<std::int64_t> numbers_of(
        const std::function<bool(const caller::identity&)>& these) const;

  private:
    std::unordered_map<std::int64_t, caller_ptr> by_number_;
    std::map<std::pair<std::int64_t, key_tag>, std::int64_t> numbers_;  ///< by epoch and tag
    caller_book book_;
};

}  // namespace garde::cache
