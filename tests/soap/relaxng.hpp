// Validates a message against a grammar of the fixtures with libxml2.
#pragma once

#include "../support/fixtures.hpp"

#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include <memory>
#include <string>
#include <string_view>

namespace garde::test {

/// Empty when the message is valid; else the first complaint.
inline std::string complaint_of(std::string_view grammar, std::string_view message) {
    const std::string path = test::fixtures() / grammar;
    using parser = std::unique_ptr<xmlRelaxNGParserCtxt, decltype(&xmlRelaxNGFreeParserCtxt)>;
    using schema = std::unique_ptr<xmlRelaxNG, decltype(&xmlRelaxNGFree)>;
    using validator = std::unique_ptr<xmlRelaxNGValidCtxt, decltype(&xmlRelaxNGFreeValidCtxt)>;
    using document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

    const parser reading(xmlRelaxNGNewParserCtxt(path.c_str()), &xmlRelaxNGFreeParserCtxt);
    const schema rules(xmlRelaxNGParse(reading.get()), &xmlRelaxNGFree);
    if (rules == nullptr) return "bad grammar: " + path;
    const document tree(xmlReadMemory(message.data(), static_cast<int>(message.size()), nullptr, nullptr,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
                        &xmlFreeDoc);
    if (tree == nullptr) return "not well-formed";
    std::string out;
    const validator checking(xmlRelaxNGNewValidCtxt(rules.get()), &xmlRelaxNGFreeValidCtxt);
    const auto keep_first = [](void* context, xmlErrorPtr what) {
        auto& text = *static_cast<std::string*>(context);
        if (text.empty()) text = what->message;
    };
    xmlRelaxNGSetValidStructuredErrors(checking.get(), keep_first, &out);
    const bool valid = xmlRelaxNGValidateDoc(checking.get(), tree.get()) == 0;
    return valid ? std::string{} : out.empty() ? "not valid" : out;
}

}  // namespace garde::test
