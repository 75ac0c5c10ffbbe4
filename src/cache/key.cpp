// See key.hpp.
#include "garde/cache/key.hpp"

#include "garde/base/secret.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace garde::cache {
namespace {

/// A hash over the parts, each behind its length in eight bytes, so that no two tuples give one text. The
/// text holds personal data: it is built in one buffer and wiped.
cache_key hash_of(std::span<const std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts) size += 8 + part.size();
    std::string text;
    text.reserve(size);
    for (const auto part : parts) {
        for (int shift = 56; shift >= 0; shift -= 8)
            text.push_back(static_cast<char>(static_cast<std::uint64_t>(part.size()) >> shift & 0xFF));
        text.append(part);
    }
    const cache_key out = sha256(text);
    wipe(text);
    return out;
}

}  // namespace

cache_key make_key(std::string_view service, const caller::identity& who,
                   const soap::consult_request& request) {
    const auto& patient = request.care_receiver;
    const bool by_ssin = !patient.ssin.empty();
    const std::array<std::string_view, 11> parts{
        "consult",
        service,
        request.payload_name,
        request.is_test ? "test" : "real",
        who.canonical(),
        request.provider_quality,
        request.provider_nihii,
        request.organization_nihii,
        by_ssin ? std::string_view{} : std::string_view(patient.mutuality),
        by_ssin ? patient.ssin.reveal() : patient.registration.reveal(),
        request.request_type,
    };
    return hash_of(parts);
}

std::vector<cache_key> make_removal_keys(std::string_view service, const caller::identity& who,
                                         const soap::patient& patient) {
    std::vector<cache_key> out;
    for (const auto& identifier : patient.identifiers()) {
        const std::array<std::string_view, 4> parts{"removal", service, who.canonical(), identifier.reveal()};
        out.push_back(hash_of(parts));
    }
    return out;
}

cache_key make_key(std::string_view service, std::string_view target, const caller::identity& who,
                   const config::cache_recipe& recipe, const soap::element_question& asked) {
    const bool shared = recipe.scope == config::cache_scope::everybody;
    std::vector<std::string_view> parts{"elements",
                                        service,
                                        target,
                                        recipe.reads.text(),
                                        shared ? "everybody" : "caller",
                                        shared ? std::string_view{} : std::string_view(who.canonical()),
                                        asked.payload_name};
    for (const auto& value : asked.values) parts.push_back(value.reveal());
    return hash_of(parts);
}

cache_key make_removal_key(const cache_key& key) {
    const std::array<std::string_view, 2> parts{"removal of elements",
                                                {reinterpret_cast<const char*>(key.data()), key.size()}};
    return hash_of(parts);
}

}  // namespace garde::cache
