// See receipt_keys.hpp.
#include "garde/emergency/receipt_keys.hpp"

#include "jwk.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace garde::emergency {
namespace {

namespace json = boost::json;

constexpr std::size_t max_set_bytes = std::size_t{64} * 1024;

bool is_ours(const json::value& key) {
    const auto* members = key.if_object();
    const auto* type = members == nullptr ? nullptr : members->if_contains("kty");
    const auto* curve = members == nullptr ? nullptr : members->if_contains("crv");
    return type != nullptr && curve != nullptr && *type == "EC" && *curve == "P-256";
}

}  // namespace

struct receipt_keys::state {
    struct entry {
        std::string id;
        key_ptr key;
    };
    std::vector<entry> keys;

    void add(key_ptr key) {
        std::string id = key_id(key.get());
        if (std::ranges::find(keys, id, &entry::id) == keys.end())
            keys.push_back({std::move(id), std::move(key)});
    }
};

receipt_keys::receipt_keys(std::unique_ptr<state> with) : state_(std::move(with)) {}
receipt_keys::~receipt_keys() = default;
receipt_keys::receipt_keys(receipt_keys&&) noexcept = default;
receipt_keys& receipt_keys::operator=(receipt_keys&&) noexcept = default;

result<receipt_keys> receipt_keys::load(std::span<const std::filesystem::path> files) {
    auto out = std::make_unique<state>();
    for (const auto& file : files) {
        auto key = load_public_key(file);
        if (!key) return std::unexpected(key.error());
        out->add(*std::move(key));
    }
    return receipt_keys(std::move(out));
}

result<receipt_keys> receipt_keys::parse(std::string_view jwks) {
    if (jwks.size() > max_set_bytes) return fail("the set of keys is longer than 64 KiB");
    json::error_code failed;
    const auto set = json::parse({jwks.data(), jwks.size()}, failed);
    const auto* members = failed ? nullptr : set.if_object();
    const auto* list = members == nullptr ? nullptr : members->if_contains("keys");
    if (list == nullptr || !list->is_array())
        return fail(R"(this is no set of keys: a JSON object with a list "keys" is needed)");
    auto out = std::make_unique<state>();
    for (const auto& one : list->get_array()) {
        if (!is_ours(one)) continue;
        auto key = from_jwk(one.get_object());
        if (!key) return fail("the set of keys is damaged: " + key.error().message);
        out->add(*std::move(key));
    }
    if (out->keys.empty()) return fail("the set has no key of the type \"EC\" on the curve \"P-256\"");
    return receipt_keys(std::move(out));
}

std::string receipt_keys::to_jwks() const {
    json::array list;
    for (const auto& one : state_->keys) list.push_back(to_jwk(one.key.get()));
    return json::serialize(json::object{{"keys", std::move(list)}});
}

EVP_PKEY* receipt_keys::find(std::string_view key_id) const {
    const auto at = std::ranges::find(state_->keys, key_id, &state::entry::id);
    return at == state_->keys.end() ? nullptr : at->key.get();
}

}  // namespace garde::emergency
