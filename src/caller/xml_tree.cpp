// See xml_tree.hpp.
#include "xml_tree.hpp"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <algorithm>
#include <array>
#include <optional>

namespace garde::caller {
namespace {

/// As in soap: no network, no DTD, no substitution, nothing on standard error; UTF-8 whatever is declared.
/// Short texts are kept inside their nodes: nobody changes them.
constexpr int options =
    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT;

using parser_ptr =
    std::unique_ptr<xmlParserCtxt, decltype([](xmlParserCtxt* value) { xmlFreeParserCtxt(value); })>;

/// Stands behind the parser's private pointer: what has been read so far, and why it was ended.
struct reading {
    std::size_t nodes = 0;
    /// Namespaces in scope inside the open elements, by their number.
    std::array<int, max_depth + 1> declarations{};
    std::optional<assertion_refusal> refused;
};

reading& reading_of(void* context) {
    return *static_cast<reading*>(static_cast<xmlParserCtxt*>(context)->_private);
}

void stop(void* context, assertion_refusal why) {
    auto& at = reading_of(context);
    if (!at.refused) at.refused = why;
    xmlStopParser(static_cast<xmlParserCtxt*>(context));
}

/// False when there are too many.
bool count_node(void* context) {
    if (++reading_of(context).nodes <= max_nodes) return true;
    stop(context, assertion_refusal::too_large);
    return false;
}

void on_start(void* context, const xmlChar* local, const xmlChar* prefix, const xmlChar* uri,
              int namespace_count, const xmlChar** namespaces, int attribute_count, int defaulted_count,
              const xmlChar** attributes) {
    if (!count_node(context)) return;
    const int depth = static_cast<xmlParserCtxt*>(context)->nodeNr;
    if (depth >= max_depth) return stop(context, assertion_refusal::not_xml);
    auto* in_scope = &reading_of(context).declarations[static_cast<std::size_t>(depth)];
    in_scope[1] = in_scope[0] + namespace_count;
    if (namespace_count + attribute_count > max_attributes || in_scope[1] > max_declarations)
        return stop(context, assertion_refusal::too_large);
    xmlSAX2StartElementNs(context, local, prefix, uri, namespace_count, namespaces, attribute_count,
                          defaulted_count, attributes);
}

void on_comment(void* context, const xmlChar* text) {
    if (count_node(context)) xmlSAX2Comment(context, text);
}

void on_cdata(void* context, const xmlChar* text, int size) {
    if (count_node(context)) xmlSAX2CDataBlock(context, text, size);
}

void on_instruction(void* context, const xmlChar*, const xmlChar*) {
    stop(context, assertion_refusal::bad_text);
}

void on_doctype(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
    stop(context, assertion_refusal::doctype);
}

constexpr bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

void ignore_error(void*, xmlErrorPtr) {}

}  // namespace

quiet_libxml2::quiet_libxml2() : context_(xmlStructuredErrorContext), former_(xmlStructuredError) {
    xmlSetStructuredErrorFunc(nullptr, ignore_error);
}

quiet_libxml2::~quiet_libxml2() {
    xmlSetStructuredErrorFunc(context_, former_);
}

checked<xml_document_ptr> parse_message(std::string_view message) {
    if (message.size() > max_message_bytes) return std::unexpected(assertion_refusal::too_large);
    const parser_ptr parser(xmlNewParserCtxt());
    if (parser == nullptr) return std::unexpected(assertion_refusal::too_large);
    reading at;
    parser->_private = &at;
    parser->sax->startElementNs = on_start;
    parser->sax->comment = on_comment;
    parser->sax->cdataBlock = on_cdata;
    parser->sax->processingInstruction = on_instruction;
    parser->sax->internalSubset = on_doctype;
    xml_document_ptr out(xmlCtxtReadMemory(parser.get(), message.data(), static_cast<int>(message.size()),
                                           nullptr, "UTF-8", options));
    if (at.refused) return std::unexpected(*at.refused);
    if (out == nullptr || parser->nsWellFormed == 0 || xmlDocGetRootElement(out.get()) == nullptr)
        return std::unexpected(assertion_refusal::not_xml);
    return out;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

xmlNode* element_from(xmlNode* node) {
    while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

xmlNode* next_in_tree(xmlNode* node, const xmlNode* root) {
    if (auto* child = first_element(*node)) return child;
    while (node != root) {
        if (auto* sibling = next_element(*node)) return sibling;
        node = node->parent;
    }
    return nullptr;
}

named_children children_named(const xmlNode& parent, std::string_view uri, std::string_view local) {
    named_children out;
    for (auto* child = first_element(parent); child != nullptr; child = next_element(*child)) {
        if (!is(*child, uri, local)) continue;
        if (out.count++ == 0) out.first = child;
    }
    return out;
}

bool has_text_between(const xmlNode& element) {
    for (const xmlNode* part = element.children; part != nullptr; part = part->next) {
        if (part->type == XML_ELEMENT_NODE || part->type == XML_COMMENT_NODE) continue;
        if (part->type != XML_TEXT_NODE || !std::ranges::all_of(view(part->content), is_space)) return true;
    }
    return false;
}

xmlAttr* attribute(const xmlNode& element, std::string_view local, std::string_view uri) {
    for (xmlAttr* one = element.properties; one != nullptr; one = one->next)
        if (view(one->name) == local &&
            (one->ns == nullptr ? std::string_view{} : view(one->ns->href)) == uri)
            return one;
    return nullptr;
}

std::string_view value_of(const xmlAttr* attribute) {
    if (attribute == nullptr || attribute->children == nullptr) return {};
    return view(attribute->children->content);
}

checked<std::string_view> text_of(const xmlNode& element) {
    const xmlNode* only = element.children;
    if (only == nullptr) return std::string_view{};
    if (only->type != XML_TEXT_NODE || only->next != nullptr)
        return std::unexpected(assertion_refusal::bad_text);
    return trimmed(view(only->content));
}

}  // namespace garde::caller
