// The canonical form of a part of a document, by libxml2 alone: the tests' own word on what was signed.
#pragma once

#include <libxml/c14n.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace garde::test {

/// Exclusive XML canonicalisation 1.0 without comments, of an element.
inline std::string canonical_form(xmlDoc& document, xmlNode& element) {
    const auto is_inside = [](void* root, xmlNodePtr node, xmlNodePtr parent) {
        // A declared namespace has no parent of its own.
        for (auto* at = node->type == XML_NAMESPACE_DECL ? parent : node; at != nullptr; at = at->parent)
            if (at == root) return 1;
        return 0;
    };
    const auto close = [](xmlOutputBuffer* buffer) { xmlOutputBufferClose(buffer); };
    const std::unique_ptr<xmlOutputBuffer, decltype(close)> out(xmlAllocOutputBuffer(nullptr), close);
    if (xmlC14NExecute(&document, is_inside, &element, XML_C14N_EXCLUSIVE_1_0, nullptr, 0, out.get()) < 0)
        throw std::runtime_error("no canonical form");
    return {reinterpret_cast<const char*>(xmlOutputBufferGetContent(out.get())),
            xmlOutputBufferGetSize(out.get())};
}

}  // namespace garde::test
