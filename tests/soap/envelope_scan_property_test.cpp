// The scanner against libxml2, over messages with one byte taken away, put in or changed, cut off or spliced:
// where the two read by the same rules they must agree on what is an envelope and on what is in it. The
// scanner leaves to the readers what needs a table of attributes or a decoder; those errors are listed below.
#include "garde/soap/envelope_scan.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace garde::soap {
namespace {

using test::fixture;

constexpr std::string_view soap_uri = "http://schemas.xmlsoap.org/soap/envelope/";

/// Small, with one of everything, so that each byte can be changed in many ways.
const std::string everything =
    "<?xml version='1.0'?>\n<!-- c --><?pi data?><s:Envelope xmlns:s=\"" + std::string(soap_uri) +
    "\">\n<s:Header> t <h/></s:Header><s:Body><p:Answer xmlns:p='urn:p' b = \"2\"\n\tc='>'/>"
    "<a xmlns='urn:a'>x ]] > &#x41;&amp;<long-name_of.more7bytes xml:lang='f'>y</long-name_of.more7bytes >"
    "<?p?><![CDATA[<&]]]]></a></s:Body></s:Envelope>\n<!-- z -->\n";
const std::string fault =
    "<Envelope xmlns='" + std::string(soap_uri) +
    "'><Body><Fault><faultcode xmlns=''>Server</faultcode><faultstring xmlns=''>SOA-02001</faultstring>"
    "</Fault></Body></Envelope>";

struct free_document {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct free_context {
    void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
};

struct reading {
    bool envelope = false;
    bool beyond_the_scanner = false;  ///< refused for what the scanner leaves to others
    int error = 0;                    ///< of xmlParserErrors
    std::string payload_name;
    std::string payload_namespace;
};

std::string text_of(const xmlChar* text) {
    return text == nullptr ? std::string{} : reinterpret_cast<const char*>(text);
}

bool is_soap(const xmlNode* node, std::string_view name) {
    return node != nullptr && text_of(node->name) == name && node->ns != nullptr &&
           text_of(node->ns->href) == soap_uri;
}

/// Whether a node may stand between elements: no text but white space.
bool is_between_elements(const xmlNode* node) {
    return node->type == XML_COMMENT_NODE || node->type == XML_PI_NODE ||
           (node->type == XML_TEXT_NODE && xmlIsBlankNode(node) == 1);
}

/// The element children of a node that has nothing else but what may stand between; false when it has.
bool only_elements(const xmlNode* parent, std::vector<const xmlNode*>& out) {
    for (const xmlNode* child = parent->children; child != nullptr; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            out.push_back(child);
        else if (!is_between_elements(child))
            return false;
    }
    return true;
}

bool is_left_to_others(int error) {
    switch (error) {
        case XML_ERR_ATTRIBUTE_REDEFINED:     // no table of attributes
        case XML_NS_ERR_ATTRIBUTE_REDEFINED:  // the same
        case XML_NS_ERR_UNDEFINED_NAMESPACE:  // of attributes; elements' are checked in other tests
        case XML_NS_ERR_QNAME:                // of attributes
        case XML_NS_ERR_COLON:                // in the target of an instruction
        case XML_NS_ERR_XML_NAMESPACE:        // reserved prefixes and names
        case XML_WAR_NS_URI:                  // namespaces are compared, not parsed
        case XML_ERR_INVALID_ENCODING:        // bytes are not decoded
        case XML_ERR_INVALID_CHAR:            // the same
            return true;
        default: return false;
    }
}

reading read(const std::string& text) {
    reading out;
    const std::unique_ptr<xmlParserCtxt, free_context> context(xmlNewParserCtxt());
    const std::unique_ptr<xmlDoc, free_document> document(
        xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC));
    if (document == nullptr || context->nsWellFormed == 0) {
        out.error = context->lastError.code;
        out.beyond_the_scanner = is_left_to_others(out.error);
        return out;
    }
    const xmlNode* const root = xmlDocGetRootElement(document.get());
    std::vector<const xmlNode*> parts, payload;
    if (document->intSubset != nullptr || !is_soap(root, "Envelope") || !only_elements(root, parts))
        return out;
    if (!parts.empty() && is_soap(parts.front(), "Header")) parts.erase(parts.begin());
    if (parts.size() != 1 || !is_soap(parts.front(), "Body") || !only_elements(parts.front(), payload))
        return out;
    out.envelope = true;
    if (payload.empty()) return out;
    out.payload_name = text_of(payload.front()->name);
    if (payload.front()->ns != nullptr) out.payload_namespace = text_of(payload.front()->ns->href);
    return out;
}

/// The scanner does not read what the XML declaration says.
std::size_t behind_declaration(std::string_view text) {
    return text.starts_with("<?xml") ? text.find("?>") + 2 : 0;
}

struct tally {
    int envelopes = 0;
    int others = 0;
};

void expect_agreement(const std::string& text, tally& seen) {
    const auto found = scan(text);
    const auto expected = read(text);
    const bool envelope = found.result == scan_result::envelope;
    ++(envelope ? seen.envelopes : seen.others);
    if (expected.beyond_the_scanner) return;
    ASSERT_EQ(envelope, expected.envelope) << "error " << expected.error << " in " << text;
    if (!envelope) return;
    ASSERT_EQ(found.payload_name, expected.payload_name) << text;
    // The scanner's is raw: references in it are not resolved, nor white space made one.
    if (found.payload_namespace.find_first_of("&\n\t") == std::string_view::npos) {
        ASSERT_EQ(found.payload_namespace, expected.payload_namespace) << text;
    }
    ASSERT_EQ(found.fault, expected.payload_name == "Fault" && expected.payload_namespace == soap_uri)
        << text;
}

TEST(envelope_scan_property, agrees_with_libxml2_when_a_byte_is_changed) {
    tally seen;
    constexpr std::string_view bytes("<>/&;:'\"=! ?-]xA0._\n\t\x01", 22);
    for (const auto& good : {everything, fault}) {
        ASSERT_TRUE(read(good).envelope);
        for (auto at = behind_declaration(good); at < good.size(); ++at) {
            auto text = good;
            ASSERT_NO_FATAL_FAILURE(expect_agreement(text.erase(at, 1), seen));
            for (const char byte : bytes) {
                text = good;
                text[at] = byte;
                ASSERT_NO_FATAL_FAILURE(expect_agreement(text, seen));
                text = good;
                ASSERT_NO_FATAL_FAILURE(expect_agreement(text.insert(at, 1, byte), seen));
            }
        }
    }
    EXPECT_GT(seen.envelopes, 1000);
    EXPECT_GT(seen.others, 1000);
}

TEST(envelope_scan_property, agrees_with_libxml2_on_whole_messages_cut_and_spliced) {
    tally seen;
    constexpr unsigned seed = 20180809;
    std::mt19937 random(seed);
    SCOPED_TRACE(seed);
    const std::vector<std::string> good{fixture("consult-reply.xml"), fixture("consult-request.xml"),
                                        fixture("generic-reply.xml"), fixture("generic-request.xml"),
                                        everything};
    const auto below = [&](std::size_t bound) { return random() % bound; };
    for (const auto& text : good) ASSERT_NO_FATAL_FAILURE(expect_agreement(text, seen));
    for (int round = 0; round < 1500; ++round) {
        auto text = good[below(good.size())];
        const auto first = behind_declaration(text);
        const auto& other = good[below(good.size())];
        const auto from = other.find('<', first + below(other.size() / 2));
        switch (below(3)) {
            case 0: text.resize(below(text.size())); break;
            case 1: text.erase(first + below(text.size() - first), 1 + below(8)); break;
            default:
                text.insert(text.find('<', first + below(text.size() / 2)), other, from,
                            other.find('>', from) + 1 - from);
        }
        ASSERT_NO_FATAL_FAILURE(expect_agreement(text, seen));
    }
    EXPECT_GT(seen.envelopes, 100);
    EXPECT_GT(seen.others, 100);
}

}  // namespace
}  // namespace garde::soap
