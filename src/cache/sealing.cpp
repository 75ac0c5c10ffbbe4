// See sealing.hpp. An epoch of a week has far fewer records than one key may seal (base/sealing).
#include "garde/cache/sealing.hpp"

#include "garde/base/sealing.hpp"

#include <algorithm>
#include <utility>

namespace garde::cache {
namespace {

std::string wrapping_context(std::int64_t epoch) {
    return "garde cache epoch " + std::to_string(epoch);
}

}  // namespace

std::optional<master_key> master_key::from(const secret_string& bytes) {
    if (bytes.size() != size) return std::nullopt;
    return master_key(derive_key(bytes, "garde cache: wrapping of epochs"));
}

std::string master_key::wrap(std::int64_t epoch, const secret_string& material) const {
    return seal(wrapping_, wrapping_context(epoch), material.reveal());
}

std::optional<secret_string> master_key::unwrap(std::int64_t epoch, std::string_view wrapped) const {
    return open_seal(wrapping_, wrapping_context(epoch), wrapped);
}

secret_string epoch_keys::make_material() {
    return make_sealing_key();
}

epoch_keys::epoch_keys(std::int64_t epoch, const secret_string& material)
    : epoch_(epoch),
      sealing_(derive_key(material, "garde cache: sealing")),
      tagging_(derive_key(material, "garde cache: tags")) {}

key_tag epoch_keys::tag(const cache_key& key) const {
    const auto hash = hmac_sha256(tagging_.reveal(), {reinterpret_cast<const char*>(key.data()), key.size()});
    key_tag out{};
    std::copy_n(hash.begin(), out.size(), out.begin());
    return out;
}

std::string epoch_keys::seal(std::string_view context, std::string_view plain) const {
    return garde::seal(sealing_, context, plain);
}

std::optional<secret_string> epoch_keys::open(std::string_view context, std::string_view sealed) const {
    return open_seal(sealing_, context, sealed);
}

}  // namespace garde::cache
