// Canonical forms by garde's own transform beside those by xmlsec1's, which goes through the whole document:
// of every element of honest messages of three generators, and of documents made to tell them apart.
#include "../../src/caller/subtree_c14n.hpp"

#include "../../src/caller/signature.hpp"
#include "../../src/caller/xml_tree.hpp"
#include "../support/fixtures.hpp"

#include <gtest/gtest.h>
#include <libxml/parser.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>
#include <xmlsec/buffer.h>
#include <xmlsec/nodeset.h>
#include <xmlsec/transforms.h>

namespace garde::caller {
namespace {

namespace fs = std::filesystem;
using transforms_ptr =
    std::unique_ptr<xmlSecTransformCtx,
                    decltype([](xmlSecTransformCtx* one) { xmlSecTransformCtxDestroy(one); })>;
using nodes_ptr =
    std::unique_ptr<xmlSecNodeSet, decltype([](xmlSecNodeSet* one) { xmlSecNodeSetDestroy(one); })>;

xml_document_ptr parse(const std::string& text) {
    return xml_document_ptr(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr, 0));
}

/// What follows the list of prefixes, in the element that asks for the transform.
xml_document_ptr method_with(const std::string& prefixes) {
    return parse("<m><e:InclusiveNamespaces xmlns:e='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='" +
                 prefixes + "'/></m>");
}

/// Of an element, but for what is in another one of it.
std::string canonical(xmlSecTransformId how, xmlNode& element, xmlNode* but_for,
                      const std::string& prefixes) {
    const transforms_ptr steps(xmlSecTransformCtxCreate());
    auto* step = xmlSecTransformCtxCreateAndAppend(steps.get(), how);
    const auto method = method_with(prefixes);
    if (!prefixes.empty() && how->readNode(step, xmlDocGetRootElement(method.get()), steps.get()) < 0)
        return "cannot read the prefixes";
    const nodes_ptr nodes(xmlSecNodeSetGetChildren(element.doc, &element, 0, 0));
    if (but_for != nullptr)
        xmlSecNodeSetAdd(nodes.get(), xmlSecNodeSetGetChildren(element.doc, but_for, 1, 1),
                         xmlSecNodeSetIntersection);
    if (xmlSecTransformCtxXmlExecute(steps.get(), nodes.get()) < 0) return "cannot";
    return {reinterpret_cast<const char*>(xmlSecBufferGetData(steps->result)),
            xmlSecBufferGetSize(steps->result)};
}

/// Of all elements, each by itself, without its first child, and with prefixes.
void expect_the_same_of_all_elements_of(const std::string& text, const std::string& name) {
    const verification_key ready(key_ptr(EVP_EC_gen("P-256")));  // and with it, xmlsec1
    const auto document = parse(text);
    ASSERT_NE(document, nullptr) << name;
    auto* root = xmlDocGetRootElement(document.get());
    std::size_t seen = 0;
    for (auto* one = root; one != nullptr; one = next_in_tree(one, root)) {
        for (const std::string prefixes : {"", "soap wsu #default xs none"})
            for (auto* but_for : {static_cast<xmlNode*>(nullptr), first_element(*one)}) {
                const auto expected = canonical(xmlSecTransformExclC14NId, *one, but_for, prefixes);
                ASSERT_FALSE(expected.starts_with("cannot"));
                ASSERT_EQ(canonical(subtree_c14n(), *one, but_for, prefixes), expected)
                    << name << ": " << view(one->name) << " with '" << prefixes << "'";
            }
        ++seen;
    }
    EXPECT_GT(seen, 1U);
}

TEST(subtree_c14n, gives_what_xmlsec1_gives_of_every_part_of_honest_messages) {
    std::size_t messages = 0;
    for (const auto& each : fs::directory_iterator(test::fixtures().parent_path() / "caller/corpus/honest")) {
        if (each.path().extension() != ".xml") continue;
        std::ifstream in(each.path(), std::ios::binary);
        expect_the_same_of_all_elements_of({std::istreambuf_iterator<char>(in), {}},
                                           each.path().filename().string());
        ++messages;
    }
    EXPECT_GT(messages, 30U);
}

TEST(subtree_c14n, gives_what_xmlsec1_gives_where_the_surroundings_matter) {
    for (const std::string text :
         {// Namespaces of ancestors: used, not used, asked for by prefix, declared anew, undeclared.
          "<r xmlns='u:d' xmlns:soap='u:s' xmlns:wsu='u:w' xmlns:xs='u:x' xml:lang='nl'><soap:b wsu:Id='1'>"
          "<c xmlns=''><d xmlns='u:d' xmlns:soap='u:other'><soap:e xs:type='xs:string'/></d></c></soap:b>"
          "<after/></r>",
          // Attributes of xml:, which are not taken over; text, comments and CDATA beside and between.
          "<r xml:space='preserve' xmlns:p='u:p'> before <a p:z='1' a='2' p:b='3'>x<!-- c -->y<![CDATA[<&>]]>"
          "&amp;&#xD;</a> behind <b/> <!-- end --></r>",
          // The same prefix at several depths.
          "<p:r xmlns:p='u:1'><p:a xmlns:p='u:2'><p:b xmlns:p='u:1'><p:c/></p:b></p:a></p:r>"})
        expect_the_same_of_all_elements_of(text, text);
}

TEST(subtree_c14n, leaves_the_document_as_it_was) {
    const verification_key ready(key_ptr(EVP_EC_gen("P-256")));
    const auto document = parse("<r><a>1</a><b>2</b></r>");
    auto* root = xmlDocGetRootElement(document.get());
    EXPECT_EQ(canonical(subtree_c14n(), *root->children, nullptr, ""), "<a>1</a>");
    EXPECT_EQ(canonical(subtree_c14n(), *root, nullptr, ""), "<r><a>1</a><b>2</b></r>");
    EXPECT_EQ(root->children->next->parent, root);
    EXPECT_EQ(root->doc, document.get());
}

}  // namespace
}  // namespace garde::caller
