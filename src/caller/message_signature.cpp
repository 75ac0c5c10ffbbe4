// See message_signature.hpp.
#include "message_signature.hpp"

#include "names.hpp"
#include "signature_form.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace garde::caller {
namespace {

using enum assertion_refusal;

bool covers_body_and_timestamp(const std::vector<std::string_view>& targets, const security_header& header) {
    const auto has = [&](std::string_view id) { return std::ranges::find(targets, id) != targets.end(); };
    return has(header.body_id) && has(header.timestamp_id);
}

/// Where the KeyInfo names a SAML assertion by its id, it has to be this one: a KeyIdentifier of a SAML kind,
/// or a reference within the document that is said to be to an assertion, or to nothing else.
checked<void> names_no_other(const xmlNode& key_info, std::string_view assertion_id) {
    constexpr std::string_view saml_profile = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-";
    for (auto* node = first_element(key_info); node != nullptr; node = next_in_tree(node, &key_info)) {
        const auto kind = value_of(attribute(*node, "ValueType"));
        if (is(*node, wsse, "KeyIdentifier") && kind.starts_with(saml_profile)) {
            const auto id = text_of(*node);
            if (!id) return std::unexpected(id.error());
            if (*id != assertion_id) return std::unexpected(message_reference);
        }
        const auto uri = value_of(attribute(*node, "URI"));
        if (is(*node, wsse, "Reference") && uri.starts_with('#') && uri.substr(1) != assertion_id &&
            (kind.empty() || kind.starts_with(saml_profile)))
            return std::unexpected(message_reference);
    }
    return {};
}

}  // namespace

checked<std::string> check_message_signature(const security_header& header, const verification_key& key) {
    const std::array parts{header.body_id, header.timestamp_id, header.assertion_id};
    const auto form = read_signature(*header.message_signature, signature_place::message, parts);
    if (!form) return std::unexpected(form.error());
    if (!covers_body_and_timestamp(form->targets, header)) return std::unexpected(message_reference);
    if (form->key_info != nullptr)
        if (const auto named = names_no_other(*form->key_info, header.assertion_id); !named)
            return std::unexpected(named.error());
    auto signed_info = verify_signature(*header.message_signature, key, form->targets.size());
    if (!signed_info) return std::unexpected(message_signature);
    return std::move(*signed_info);
}

}  // namespace garde::caller
