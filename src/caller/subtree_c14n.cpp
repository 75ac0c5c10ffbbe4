// See subtree_c14n.hpp. xmlsec1 keeps a transform in plain memory of the size that its class asks for and
// calls it through function pointers; nodes are pushed into this one, and it pushes octets into the next.
#include "subtree_c14n.hpp"

#include "names.hpp"
#include "xml_tree.hpp"

#include <libxml/c14n.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>
#include <xmlsec/nodeset.h>
#include <xmlsec/xmlsec.h>

namespace garde::caller {
namespace {

using prefix_list = std::vector<std::string>;

struct c14n_transform {
    xmlSecTransform base;
    prefix_list* prefixes;  ///< null: none
};

c14n_transform& of(xmlSecTransform* transform) {
    return *reinterpret_cast<c14n_transform*>(transform);
}

int initialise(xmlSecTransform* transform) {
    of(transform).prefixes = nullptr;
    return 0;
}

void finalise(xmlSecTransform* transform) {
    delete std::exchange(of(transform).prefixes, nullptr);
}

/// Its form is known to be right: an InclusiveNamespaces at most (signature_form).
int read_node(xmlSecTransform* transform, xmlNode* node, xmlSecTransformCtx*) {
    const auto* list = first_element(*node);
    if (list == nullptr) return 0;
    std::istringstream words{std::string(value_of(attribute(*list, "PrefixList")))};
    auto prefixes = std::make_unique<prefix_list>();
    for (std::string word; words >> word;) prefixes->push_back(word);
    of(transform).prefixes = prefixes.release();
    return 0;
}

/// The element that the nodes are in, if all of them are in one; null otherwise.
xmlNode* root_of(const xmlSecNodeSet& nodes) {
    const bool whole_tree = nodes.type == xmlSecNodeSetTree || nodes.type == xmlSecNodeSetTreeWithoutComments;
    if (!whole_tree || nodes.nodes == nullptr || nodes.nodes->nodeNr != 1) return nullptr;
    for (const auto* more = nodes.next; more != &nodes; more = more->next)
        if (more->op != xmlSecNodeSetIntersection) return nullptr;
    auto* root = nodes.nodes->nodeTab[0];
    return root != nullptr && root->type == XML_ELEMENT_NODE ? root : nullptr;
}

/// A document that has nothing but this element; the element stays in its own, too.
class document_of {
  public:
    explicit document_of(xmlNode& root) : root_(root), next_(std::exchange(root.next, nullptr)) {
        shell_.type = XML_DOCUMENT_NODE;
        shell_.charset = XML_CHAR_ENCODING_UTF8;
        shell_.children = &root;
    }
    ~document_of() { root_.next = next_; }
    document_of(const document_of&) = delete;
    document_of& operator=(const document_of&) = delete;

    xmlDoc* get() { return &shell_; }

  private:
    xmlNode& root_;
    xmlNode* next_;
    xmlDoc shell_{};
};

int canonicalise(xmlSecNodeSet& nodes, const prefix_list* prefixes, xmlOutputBuffer* into) {
    std::vector<xmlChar*> names;
    if (prefixes != nullptr) {
        for (const auto& one : *prefixes)
            names.push_back(const_cast<xmlChar*>(xml_text(one.c_str())));  // it only reads them
        names.push_back(nullptr);
    }
    const auto write = [&](xmlDoc* from, xmlC14NIsVisibleCallback visible) {
        return xmlC14NExecute(from, visible, &nodes, XML_C14N_EXCLUSIVE_1_0,
                              names.empty() ? nullptr : names.data(), 0, into);
    };
    const auto is_in = reinterpret_cast<xmlC14NIsVisibleCallback>(xmlSecNodeSetContains);
    auto* root = root_of(nodes);
    if (root == nullptr) return write(nodes.doc, is_in);
    document_of part(*root);
    // Where something is taken away, as a signature from what it is in, each node is to be asked for.
    return write(part.get(), nodes.next == &nodes ? nullptr : is_in);
}

int push_xml(xmlSecTransform* transform, xmlSecNodeSet* nodes, xmlSecTransformCtx* context) {
    if (transform->status == xmlSecTransformStatusFinished) return 0;
    if (transform->status != xmlSecTransformStatusNone || nodes == nullptr || transform->next == nullptr)
        return -1;
    auto* into = xmlSecTransformCreateOutputBuffer(transform->next, context);
    if (into == nullptr) return -1;
    const int done = canonicalise(*nodes, of(transform).prefixes, into);
    if (xmlOutputBufferClose(into) < 0 || done < 0) return -1;
    transform->status = xmlSecTransformStatusFinished;
    return 0;
}

/// xmlsec1 asks whether there is one, to know that octets come out; it never pulls while it verifies.
int pop_nothing(xmlSecTransform*, xmlSecByte*, xmlSecSize, xmlSecSize*, xmlSecTransformCtx*) {
    return -1;
}

}  // namespace

xmlSecTransformId subtree_c14n() {
    static const xmlSecTransformKlass klass{
        .klassSize = sizeof(xmlSecTransformKlass),
        .objSize = sizeof(c14n_transform),
        .name = xml_text("exc-c14n of a subtree"),
        .href = xml_text(exclusive_c14n.data()),
        .usage = xmlSecTransformUsageC14NMethod | xmlSecTransformUsageDSigTransform,
        .initialize = initialise,
        .finalize = finalise,
        .readNode = read_node,
        .writeNode = nullptr,
        .setKeyReq = nullptr,
        .setKey = nullptr,
        .verify = nullptr,
        .getDataType = xmlSecTransformDefaultGetDataType,
        .pushBin = nullptr,
        .popBin = pop_nothing,
        .pushXml = push_xml,
        .popXml = nullptr,
        .execute = nullptr,
        .reserved0 = nullptr,
        .reserved1 = nullptr};
    return &klass;
}

}  // namespace garde::caller
