// A SOAP message as a libxml2 tree, for the readers off the main path. The scanner looks at every message
// first, so that what libxml2 gets is well nested, bounded and without a DTD; libxml2 may disagree, and then
// the message counts as not XML.
#pragma once

#include "garde/base/secret.hpp"
#include "garde/soap/consult.hpp"

#include <libxml/tree.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace garde::soap {

inline constexpr std::size_t max_message_bytes = 1024 * 1024;

inline std::string_view view(const xmlChar* text) {
    return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text));
}

inline std::string_view local_name(const xmlNode& node) {
    return view(node.name);
}

/// Empty when the element has none.
inline std::string_view namespace_of(const xmlNode& node) {
    return node.ns == nullptr ? std::string_view{} : view(node.ns->href);
}

/// {namespace}local
std::string qualified_name(const xmlNode& node);

struct free_document {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using tree_ptr = std::unique_ptr<xmlDoc, free_document>;

/// What the scanner says of any message, before libxml2 sees it: what stands in its Header (empty without
/// one), or why it is no SOAP 1.1 envelope that may be read.
std::expected<std::string_view, consult_error> scanned_header(std::string_view message);

/// Any SOAP 1.1 envelope that the scanner accepts; never null on success.
std::expected<tree_ptr, consult_error> parse_tree(std::string_view message);

class xml_document {
  public:
    /// An envelope whose Body has exactly one child element, or why it is none.
    static std::expected<xml_document, consult_error> parse(std::string_view message);

    /// The same without what stands in the Header, as scanned_header() gave it, which only the scanner has
    /// then looked at: of a question its security is three quarters, and no part of the key.
    static std::expected<xml_document, consult_error> parse_without(std::string_view message,
                                                                    std::string_view header);

    [[nodiscard]] const xmlNode* header() const { return header_; }  ///< null when the message has none
    [[nodiscard]] const xmlNode& payload() const { return *payload_; }
    [[nodiscard]] std::string payload_name() const { return qualified_name(*payload_); }

  private:
    static std::expected<xml_document, consult_error> of(tree_ptr tree);

    tree_ptr tree_;
    const xmlNode* header_ = nullptr;
    const xmlNode* payload_ = nullptr;
};

/// The next element among a node and its later siblings; null when there is none.
const xmlNode* element_from(const xmlNode* node);

/// The trimmed text and CDATA of an element; nothing when it holds anything else (elements, comments,
/// instructions), so that no two readers can take it for two values. Any value may be personal, so all of
/// them come as secrets.
std::optional<secret_string> simple_content(const xmlNode& element);

/// The trimmed value of an attribute.
secret_string value_of(const xmlAttr& attribute);

}  // namespace garde::soap
