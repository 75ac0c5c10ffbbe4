// See signature_form.hpp.
#include "signature_form.hpp"

#include "names.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace garde::caller {
namespace {

using enum assertion_refusal;

constexpr std::array signature_methods{
    std::string_view("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
    std::string_view("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"),
    std::string_view("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
    std::string_view("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
    std::string_view("http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"),
    std::string_view("http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"),
    std::string_view("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
    std::string_view("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"),
};
constexpr std::array digest_methods{
    std::string_view("http://www.w3.org/2001/04/xmlenc#sha256"),
    std::string_view("http://www.w3.org/2001/04/xmldsig-more#sha384"),
    std::string_view("http://www.w3.org/2001/04/xmlenc#sha512"),
};
/// A prefix list is looked up for each element: a long one would make that slow.
constexpr std::size_t max_prefix_list_bytes = 256;

bool is_one_of(std::string_view value, std::span<const std::string_view> known) {
    return std::ranges::find(known, value) != known.end();
}

/// The next of an element's children, which has to be of this name.
class children_in_order {
  public:
    explicit children_in_order(const xmlNode& parent) : next_(first_element(parent)) {}

    const xmlNode* take(std::string_view local) {
        const xmlNode* out = next_;
        if (out == nullptr || !is(*out, dsig, local)) return nullptr;
        next_ = next_element(*out);
        return out;
    }
    [[nodiscard]] bool at_end() const { return next_ == nullptr; }

  private:
    const xmlNode* next_;
};

std::string_view algorithm_of(const xmlNode& element) {
    return value_of(attribute(element, "Algorithm"));
}

/// Nothing inside, not even a parameter.
bool is_bare(const xmlNode& element) {
    return first_element(element) == nullptr && !has_text_between(element);
}

/// Exclusive canonicalisation has a list of prefixes at most.
bool has_prefix_list_at_most(const xmlNode& element) {
    const auto* list = first_element(element);
    if (has_text_between(element)) return false;
    if (list == nullptr) return true;
    return is(*list, exclusive_c14n, "InclusiveNamespaces") && next_element(*list) == nullptr &&
           is_bare(*list) && value_of(attribute(*list, "PrefixList")).size() <= max_prefix_list_bytes;
}

bool is_exclusive(const xmlNode& element) {
    return algorithm_of(element) == exclusive_c14n && has_prefix_list_at_most(element);
}

bool may_canonicalise(const xmlNode& method, signature_place where) {
    return is_exclusive(method) ||
           (where == signature_place::message && algorithm_of(method) == inclusive_c14n && is_bare(method));
}

bool may_transform(const xmlNode* transforms, signature_place where) {
    if (transforms == nullptr || has_text_between(*transforms)) return false;
    children_in_order steps(*transforms);
    const auto* canonical = steps.take("Transform");
    const bool enveloped = canonical != nullptr && algorithm_of(*canonical) == enveloped_signature;
    // Of Body and Timestamp it takes nothing away, as the signature is in neither; node's soap writes it
    // there all the same.
    if (where == signature_place::assertion && !enveloped) return false;
    if (enveloped) {
        if (!is_bare(*canonical)) return false;
        canonical = steps.take("Transform");
    }
    return canonical != nullptr && is_exclusive(*canonical) && steps.at_end();
}

checked<void> require_text(const xmlNode* element) {
    if (element == nullptr) return std::unexpected(structure);
    const auto text = text_of(*element);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return std::unexpected(structure);
    return {};
}

assertion_refusal other_target(signature_place where) {
    return where == signature_place::assertion ? assertion_reference : message_reference;
}

/// The id that a reference is to.
checked<std::string_view> read_reference(const xmlNode& reference, signature_place where,
                                         std::span<const std::string_view> parts) {
    const auto uri = value_of(attribute(reference, "URI"));
    if (!uri.starts_with('#') || !is_one_of(uri.substr(1), parts))
        return std::unexpected(other_target(where));
    children_in_order children(reference);
    if (!may_transform(children.take("Transforms"), where)) return std::unexpected(transform);
    const auto* digest = children.take("DigestMethod");
    if (digest == nullptr) return std::unexpected(structure);
    if (!is_one_of(algorithm_of(*digest), digest_methods) || !is_bare(*digest))
        return std::unexpected(weak_algorithm);
    if (const auto value = require_text(children.take("DigestValue")); !value)
        return std::unexpected(value.error());
    if (!children.at_end() || has_text_between(reference)) return std::unexpected(structure);
    return uri.substr(1);
}

checked<std::vector<std::string_view>> read_signed_info(const xmlNode& info, signature_place where,
                                                        std::span<const std::string_view> parts) {
    children_in_order children(info);
    const auto* canonicalisation = children.take("CanonicalizationMethod");
    const auto* method = children.take("SignatureMethod");
    if (canonicalisation == nullptr || method == nullptr || has_text_between(info))
        return std::unexpected(structure);
    if (!may_canonicalise(*canonicalisation, where)) return std::unexpected(transform);
    if (!is_one_of(algorithm_of(*method), signature_methods) || !is_bare(*method))
        return std::unexpected(weak_algorithm);
    std::vector<std::string_view> out;
    while (const auto* reference = children.take("Reference")) {
        const auto target = read_reference(*reference, where, parts);
        if (!target) return std::unexpected(target.error());
        // Each once: more would say the same.
        if (is_one_of(*target, out)) return std::unexpected(other_target(where));
        out.push_back(*target);
    }
    if (!children.at_end()) return std::unexpected(structure);
    if (out.empty()) return std::unexpected(other_target(where));
    return out;
}

}  // namespace

checked<signature_form> read_signature(const xmlNode& signature, signature_place where,
                                       std::span<const std::string_view> parts) {
    children_in_order children(signature);
    const auto* info = children.take("SignedInfo");
    if (info == nullptr || has_text_between(signature)) return std::unexpected(structure);
    auto targets = read_signed_info(*info, where, parts);
    if (!targets) return std::unexpected(targets.error());
    if (const auto value = require_text(children.take("SignatureValue")); !value)
        return std::unexpected(value.error());
    signature_form out{.targets = std::move(*targets), .key_info = children.take("KeyInfo")};
    // An Object would be a place for what nobody looks at.
    if (!children.at_end()) return std::unexpected(structure);
    return out;
}

}  // namespace garde::caller
