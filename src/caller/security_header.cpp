// See security_header.hpp.
#include "security_header.hpp"

#include "names.hpp"

#include <libxml/valid.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace garde::caller {
namespace {

using enum assertion_refusal;

/// What there may be one of only, wherever it stands.
struct found {
    xmlNode* first = nullptr;
    std::size_t count = 0;

    void add(xmlNode* node) {
        if (count++ == 0) first = node;
    }
};

struct census {
    found headers;
    found bodies;
    found securities;
    found timestamps;
    found assertions;
    std::vector<xmlNode*> signatures;
    std::vector<xmlAttr*> ids;
    bool plain_values = true;  ///< each attribute's value is one text
};

bool is_soap(std::string_view uri) {
    return uri == soap11 || uri == soap12;
}

/// Any attribute that some reader might take for an id: wsu:Id, Id, ID, id, xml:id, AssertionID.
bool may_be_id(const xmlAttr& attribute) {
    const auto name = view(attribute.name);
    return name == "AssertionID" || (name.size() == 2 && (name[0] | 0x20) == 'i' && (name[1] | 0x20) == 'd');
}

census take_census(xmlNode* root) {
    census out;
    for (auto* node = root; node != nullptr; node = next_in_tree(node, root)) {
        const auto name = view(node->name);
        const auto uri = namespace_of(*node);
        if (name == "Header" && is_soap(uri)) out.headers.add(node);
        if (name == "Body" && is_soap(uri)) out.bodies.add(node);
        if (name == "Security" && uri == wsse) out.securities.add(node);
        if (name == "Timestamp" && uri == wsu) out.timestamps.add(node);
        if (name == "Assertion" && (uri == saml11 || uri == saml20)) out.assertions.add(node);
        if (name == "Signature" && uri == dsig) out.signatures.push_back(node);
        for (auto* attribute = node->properties; attribute != nullptr; attribute = attribute->next) {
            if (may_be_id(*attribute)) out.ids.push_back(attribute);
            const auto* text = attribute->children;
            if (text != nullptr && (text->type != XML_TEXT_NODE || text->next != nullptr))
                out.plain_values = false;
        }
    }
    return out;
}

/// Envelope (Header (Security (Timestamp, Assertion, Signature)), Body), all of one SOAP version.
bool in_their_places(const xmlNode& envelope, const census& all) {
    const auto uri = namespace_of(envelope);
    const auto* header = first_element(envelope);
    if (!is_soap(uri) || view(envelope.name) != "Envelope" || all.headers.count != 1 ||
        header != all.headers.first || namespace_of(*header) != uri)
        return false;
    const auto* body = next_element(*header);
    const auto* security = all.securities.first;
    return body != nullptr && body == all.bodies.first && namespace_of(*body) == uri &&
           next_element(*body) == nullptr && !has_text_between(envelope) && all.securities.count == 1 &&
           security->parent == header && all.timestamps.first->parent == security &&
           all.assertions.first->parent == security && !has_text_between(*security);
}

/// One signature in the assertion, one in the header, none anywhere else.
checked<void> place_signatures(const std::vector<xmlNode*>& signatures, security_header& out) {
    for (auto* signature : signatures) {
        auto*& place = signature->parent == out.assertion ? out.assertion_signature : out.message_signature;
        const bool has_a_place =
            signature->parent == out.assertion || signature->parent == out.assertion->parent;
        if (!has_a_place || place != nullptr) return std::unexpected(several_signatures);
        place = signature;
    }
    if (out.assertion_signature == nullptr) return std::unexpected(assertion_unsigned);
    if (out.message_signature == nullptr) return std::unexpected(message_signature);
    return {};
}

bool all_different(const std::vector<xmlAttr*>& ids) {
    std::vector<std::string_view> values;
    values.reserve(ids.size());
    // White space around it is not part of an id to those who know it for one.
    for (const auto* id : ids) values.push_back(trimmed(value_of(id)));
    std::ranges::sort(values);
    return std::ranges::adjacent_find(values) == values.end();
}

/// Makes the element known by this attribute, its only one that may be read as an id.
checked<std::string_view> make_known(xmlDoc& document, xmlNode& element, xmlAttr* id,
                                     assertion_refusal missing) {
    const auto count = [&] {
        std::size_t out = 0;
        for (auto* one = element.properties; one != nullptr; one = one->next) out += may_be_id(*one) ? 1 : 0;
        return out;
    }();
    if (id == nullptr) return std::unexpected(missing);
    const auto value = value_of(id);
    if (count != 1 || value.empty() || xmlValidateNCName(id->children->content, 0) != 0 ||
        xmlAddID(nullptr, &document, id->children->content, id) == nullptr)
        return std::unexpected(structure);
    return value;
}

/// wsu:Id; or, as some software writes it, Id without a namespace.
xmlAttr* id_of(const xmlNode& part) {
    auto* id = attribute(part, "Id", wsu);
    return id != nullptr ? id : attribute(part, "Id");
}

checked<void> make_parts_known(xmlDoc& document, const census& all, security_header& parts) {
    // libxml2 knows an xml:id by itself.
    for (auto* id : all.ids)
        if (id->atype == XML_ATTRIBUTE_ID) xmlRemoveID(&document, id);
    const auto body = make_known(document, *parts.body, id_of(*parts.body), message_reference);
    if (!body) return std::unexpected(body.error());
    const auto timestamp = make_known(document, *parts.timestamp, id_of(*parts.timestamp), message_reference);
    if (!timestamp) return std::unexpected(timestamp.error());
    const auto* name = parts.version == saml_version::v11 ? "AssertionID" : "ID";
    const auto assertion =
        make_known(document, *parts.assertion, attribute(*parts.assertion, name), assertion_reference);
    if (!assertion) return std::unexpected(assertion.error());
    parts.body_id = *body;
    parts.timestamp_id = *timestamp;
    parts.assertion_id = *assertion;
    return {};
}

}  // namespace

checked<security_header> find_security_header(xmlDoc& document) {
    auto* envelope = xmlDocGetRootElement(&document);
    const auto all = take_census(envelope);
    if (all.assertions.count == 0) return std::unexpected(none_there);
    if (!all.plain_values) return std::unexpected(bad_text);
    if (all.bodies.count > 1) return std::unexpected(several_bodies);
    if (all.assertions.count > 1) return std::unexpected(several_assertions);
    if (all.timestamps.count != 1) return std::unexpected(timestamp);
    if (!in_their_places(*envelope, all)) return std::unexpected(structure);

    security_header out;
    out.body = all.bodies.first;
    out.timestamp = all.timestamps.first;
    out.assertion = all.assertions.first;
    if (namespace_of(*out.assertion) == saml20) out.version = saml_version::v20;
    if (const auto placed = place_signatures(all.signatures, out); !placed)
        return std::unexpected(placed.error());
    if (!all_different(all.ids)) return std::unexpected(duplicate_id);
    if (const auto known = make_parts_known(document, all, out); !known)
        return std::unexpected(known.error());
    return out;
}

}  // namespace garde::caller
