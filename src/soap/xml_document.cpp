// See xml_document.hpp.
#include "xml_document.hpp"

#include "scanner.hpp"
#include "xml_text.hpp"

#include <libxml/parser.h>

#include <string>
#include <utility>

namespace garde::soap {
namespace {

struct free_context {
    void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
};

/// No network, no DTD, no substitution, nothing on standard error. The bytes are UTF-8 whatever the
/// declaration says, since that is how the scanner read them.
constexpr int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC;

void initialise_once() {
    static const bool done = [] {
        xmlInitParser();
        return true;
    }();
    static_cast<void>(done);
}

std::expected<tree_ptr, consult_error> parse_text(std::string_view message) {
    initialise_once();
    const std::unique_ptr<xmlParserCtxt, free_context> context(xmlNewParserCtxt());
    if (context == nullptr) return std::unexpected(consult_error::not_xml);
    tree_ptr out(xmlCtxtReadMemory(context.get(), message.data(), static_cast<int>(message.size()), nullptr,
                                   "UTF-8", options));
    if (out == nullptr || context->nsWellFormed == 0) return std::unexpected(consult_error::not_xml);
    return out;
}

}  // namespace

const xmlNode* element_from(const xmlNode* node) {
    while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

std::optional<secret_string> simple_content(const xmlNode& element) {
    std::string text;
    bool simple = true;
    for (const xmlNode* part = element.children; part != nullptr; part = part->next) {
        if (part->type == XML_TEXT_NODE || part->type == XML_CDATA_SECTION_NODE)
            text += view(part->content);
        else
            simple = false;
    }
    secret_string out(trim(text));
    wipe(text);
    return simple ? std::optional(std::move(out)) : std::nullopt;
}

secret_string value_of(const xmlAttr& attribute) {
    std::string text;
    for (const xmlNode* part = attribute.children; part != nullptr; part = part->next)
        text += view(part->content);
    secret_string out(trim(text));
    wipe(text);
    return out;
}

std::expected<std::string_view, consult_error> scanned_header(std::string_view message) {
    if (message.size() > max_message_bytes) return std::unexpected(consult_error::not_xml);
    scanner look(message);
    switch (look.run()) {
        case scanner::verdict::envelope: return look.header();
        case scanner::verdict::malformed: return std::unexpected(consult_error::not_xml);
        case scanner::verdict::doctype: return std::unexpected(consult_error::dtd);
        case scanner::verdict::not_soap: return std::unexpected(consult_error::not_a_consult);
    }
    std::unreachable();
}

std::expected<tree_ptr, consult_error> parse_tree(std::string_view message) {
    if (const auto fit = scanned_header(message); !fit) return std::unexpected(fit.error());
    return parse_text(message);
}

std::expected<xml_document, consult_error> xml_document::parse(std::string_view message) {
    auto tree = parse_tree(message);
    if (!tree) return std::unexpected(tree.error());
    return of(std::move(*tree));
}

std::expected<xml_document, consult_error> xml_document::parse_without(std::string_view message,
                                                                       std::string_view header) {
    std::string shorter;
    if (!header.empty()) {
        const auto begin = static_cast<std::size_t>(header.data() - message.data());
        shorter.reserve(message.size() - header.size());  // one buffer, so that one wipe reaches it all
        shorter.append(message.substr(0, begin)).append(message.substr(begin + header.size()));
    }
    auto tree = parse_text(header.empty() ? message : std::string_view(shorter));
    wipe(shorter);
    if (!tree) return std::unexpected(tree.error());
    return of(std::move(*tree));
}

std::expected<xml_document, consult_error> xml_document::of(tree_ptr tree) {
    xml_document out;
    out.tree_ = std::move(tree);

    // The scanner has seen that the root is an Envelope of an optional Header and one Body.
    const xmlNode* part = element_from(xmlDocGetRootElement(out.tree_.get())->children);
    if (part != nullptr && local_name(*part) == "Header") {
        out.header_ = part;
        part = element_from(part->next);
    }
    out.payload_ = part == nullptr ? nullptr : element_from(part->children);
    if (out.payload_ == nullptr || element_from(out.payload_->next) != nullptr)
        return std::unexpected(consult_error::not_a_consult);
    return out;
}

std::string qualified_name(const xmlNode& node) {
    std::string out("{");
    return out.append(namespace_of(node)).append("}").append(local_name(node));
}

}  // namespace garde::soap
