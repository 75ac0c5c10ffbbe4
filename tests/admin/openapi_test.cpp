// The description is of this API and of no other.
#include "../../src/admin/openapi.hpp"

#include "garde/continuity/types.hpp"

#include "../../src/admin/routes.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace garde::admin {
namespace {

namespace json = boost::json;

json::object description() {
    const auto text = openapi_document();
    return json::parse(json::string_view(text.data(), text.size())).as_object();
}

/// Calls `visit` with each $ref in the document.
template <class Visit>
void each_reference(const json::value& in, Visit visit) {
    if (const auto* object = in.if_object()) {
        for (const auto& member : *object) {
            if (member.key() == "$ref") visit(std::string(member.value().as_string()));
            each_reference(member.value(), visit);
        }
    } else if (const auto* array = in.if_array()) {
        for (const auto& element : *array) each_reference(element, visit);
    }
}

TEST(openapi_test, EachDescribedOperationIsServed) {
    const json::object all = description();
    EXPECT_EQ(all.at("openapi"), "3.1.0");
    int operations = 0;
    for (const auto& path : all.at("paths").as_object()) {
        for (const auto& operation : path.value().as_object()) {
            std::string method(operation.key());
            for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            EXPECT_TRUE(find_place(method, path.key()).has_value()) << method << ' ' << path.key();
            ++operations;
        }
    }
    EXPECT_EQ(operations, 15);
}

TEST(openapi_test, TheModesAreThose) {
    const auto modes = description().at("components").as_object().at("schemas").as_object().at("pinned_mode");
    const auto& names = modes.as_object().at("enum").as_array();
    EXPECT_EQ(names.size(), 5U);
    for (const auto& name : names)
        EXPECT_TRUE(continuity::override_mode_from(std::string(name.as_string())).has_value()) << name;
}

TEST(openapi_test, EachReferenceLeadsSomewhere) {
    const json::value all = description();
    int references = 0;
    each_reference(all, [&](const std::string& reference) {
        json::error_code missing;
        ASSERT_TRUE(reference.starts_with("#/")) << reference;
        (void)all.find_pointer(reference.substr(1), missing);
        EXPECT_FALSE(missing) << reference;
        ++references;
    });
    EXPECT_GT(references, 20);
}

}  // namespace
}  // namespace garde::admin
