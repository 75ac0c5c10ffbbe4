// A message as a libxml2 tree, under bounds that hold while it is read: no DTD, no processing instructions,
// a bounded number and depth of elements. Read with the same options as soap's readers use, so that both see
// the same message.
#pragma once

#include "garde/caller/assertion.hpp"

#include <libxml/tree.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace garde::caller {

inline constexpr std::size_t max_message_bytes = 1024 * 1024;
// What canonicalisation may cost is bounded by these: it looks through all namespaces in scope for each
// element and attribute.
inline constexpr int max_depth = 64;             ///< of elements, as soap has it
inline constexpr std::size_t max_nodes = 4'096;  ///< elements, comments and CDATA sections
inline constexpr int max_attributes = 64;        ///< of one element, declarations of namespaces included
inline constexpr int max_declarations = 64;      ///< of namespaces, in scope at once, as soap has it

template <class T>
using checked = std::expected<T, assertion_refusal>;

struct free_document {
    void operator()(xmlDoc* value) const { xmlFreeDoc(value); }
};
using xml_document_ptr = std::unique_ptr<xmlDoc, free_document>;

/// Never null on success, and has a root.
checked<xml_document_ptr> parse_message(std::string_view message);

/// While it lives, libxml2 says nothing on standard error on this thread.
class quiet_libxml2 {
  public:
    quiet_libxml2();
    quiet_libxml2(const quiet_libxml2&) = delete;
    quiet_libxml2& operator=(const quiet_libxml2&) = delete;
    ~quiet_libxml2();

  private:
    void* context_;
    void (*former_)(void*, xmlErrorPtr);
};

inline std::string_view view(const xmlChar* text) {
    return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text));
}

inline const xmlChar* xml_text(const char* text) {
    return reinterpret_cast<const xmlChar*>(text);
}

/// Empty when the node has none.
inline std::string_view namespace_of(const xmlNode& node) {
    return node.ns == nullptr ? std::string_view{} : view(node.ns->href);
}

inline bool is(const xmlNode& node, std::string_view uri, std::string_view local) {
    return node.type == XML_ELEMENT_NODE && view(node.name) == local && namespace_of(node) == uri;
}

/// Without the white space of XML around it.
std::string_view trimmed(std::string_view text);

/// The next element among a node and its later siblings; null when there is none.
xmlNode* element_from(xmlNode* node);

inline xmlNode* first_element(const xmlNode& parent) {
    return element_from(parent.children);
}

inline xmlNode* next_element(const xmlNode& element) {
    return element_from(element.next);
}

/// The element behind `node` in document order, not leaving `root`; null at the end.
xmlNode* next_in_tree(xmlNode* node, const xmlNode* root);

/// How many of the element's children are of this name, and the first of them.
struct named_children {
    xmlNode* first = nullptr;
    std::size_t count = 0;
};
named_children children_named(const xmlNode& parent, std::string_view uri, std::string_view local);

/// Has the element any text between its children that is not white space?
bool has_text_between(const xmlNode& element);

/// The attribute of this name and namespace (empty: of none); null when there is none.
xmlAttr* attribute(const xmlNode& element, std::string_view local, std::string_view uri = {});

/// The attribute's value, which is one text: nothing in a document without a DTD makes it more. Empty when
/// there is no attribute.
std::string_view value_of(const xmlAttr* attribute);

/// The element's text without white space around it, where all that it holds is one text node, or nothing;
/// else `bad_text`: between two nodes a reader may stop where another goes on.
checked<std::string_view> text_of(const xmlNode& element);

}  // namespace garde::caller
