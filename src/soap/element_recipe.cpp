// See element_recipe.hpp. The paths make a tree, by which a question's tree is followed.
#include "garde/soap/element_recipe.hpp"

#include "consult_names.hpp"
#include "xml_document.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace garde::soap {
namespace {

bool is_name(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
    return !text.empty() && letter(text.front()) && std::ranges::all_of(text, part);
}

std::string quoted(std::string_view path) {
    return std::string("has \"").append(path).append("\", which ");
}

/// The steps of a path, or what is wrong with it.
std::expected<std::vector<std::string>, std::string> steps_of(std::string_view path) {
    if (!path.starts_with('/')) return std::unexpected("does not begin with '/'");
    std::vector<std::string> out;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto step = path.substr(0, path.find('/'));
        path.remove_prefix(step.size());
        if (step.find(':') != std::string_view::npos) return std::unexpected("has a prefix");
        const bool attribute = step.starts_with('@');
        if (!is_name(step.substr(attribute ? 1 : 0))) return std::unexpected("has a step that is no name");
        if (attribute && (out.empty() || !path.empty()))
            return std::unexpected("has an attribute elsewhere than at its end");
        out.emplace_back(step);
    }
    if (out.size() > element_recipe::most_steps) return std::unexpected("has too many steps");
    return out;
}

bool is_known_consult(std::string_view local) {
    return local == "GetInsurabilityForPharmacistRequest" || local == "GetInsurabilityRequest" ||
           local == "GetInsurabilityAsFlatRequest";
}

/// That there is a value, in which namespace, and which; the namespace cannot hold the space behind it.
secret_string present(std::string_view uri, const secret_string& value) {
    std::string text;
    text.reserve(uri.size() + value.size() + 2);  // one buffer, so that one wipe reaches it all
    text.append("=").append(uri).append(" ").append(value.reveal());
    secret_string out(text);
    wipe(text);
    return out;
}

}  // namespace

std::expected<element_recipe, recipe_problem> element_recipe::make(const std::vector<std::string>& key,
                                                                   const std::vector<std::string>& ignored) {
    element_recipe out;
    for (const auto& path : key)
        if (auto done = out.add(path, recipe_problem::list::key); !done)
            return std::unexpected(std::move(done.error()));
    for (const auto& path : ignored)
        if (auto done = out.add(path, recipe_problem::list::ignored); !done)
            return std::unexpected(std::move(done.error()));
    return out;
}

std::expected<void, recipe_problem> element_recipe::add(const std::string& path, recipe_problem::list in) {
    const auto wrong = [&](std::string_view why, std::string_view instead) {
        return std::unexpected(recipe_problem{in, quoted(path).append(why), std::string(instead)});
    };
    const auto steps = steps_of(path);
    if (!steps)
        return wrong(steps.error(),
                     "write local names from the Body's payload on, e.g. \"/Question/Number\"");
    if (is_known_consult(steps->front()))
        return wrong("is a consult that garde knows by itself, for its caller only",
                     "remove cache_key, cache_ignored and cache_scope from this route");
    if (std::ranges::count(text_, '\n') == most_paths)
        return wrong("is one path too many", "write at most 64 paths: ignore whole elements by one path");
    const auto what = in == recipe_problem::list::key ? use::key : use::ignored;
    node* at = &root_;
    for (const auto& step : *steps) {
        // A key's element holds text only, and below an ignored one nothing is looked at.
        const bool attribute_of_key = at->what == use::key && step.starts_with('@');
        if (at != &root_ && at->what != use::group && !attribute_of_key)
            return wrong("lies below another path", "remove one of the two");
        auto known = std::ranges::find(at->children, step, &node::name);
        if (known == at->children.end())
            known = at->children.insert(known, node{.name = step, .children = {}});
        at = &*known;
    }
    const bool only_attributes =
        std::ranges::all_of(at->children, [](const node& child) { return child.name.starts_with('@'); });
    if (at->what != use::group) return wrong("is there already", "remove one of the two");
    if (!only_attributes || (what == use::ignored && !at->children.empty()))
        return wrong("lies above another path", "remove one of the two");
    at->what = what;
    if (what == use::key) at->place = values_++;
    text_.append(what == use::key ? "=" : "-").append(path).append("\n");
    return {};
}

/// One question, followed by the recipe; as deep as that is.
struct element_recipe::reading {
    element_question out;

    std::optional<consult_error> read(const xmlNode& element, const node& by) {
        if (by.what == use::ignored) return std::nullopt;
        if (const auto wrong = read_attributes(element, by)) return wrong;
        if (by.what == use::group) return read_children(element, by);
        const auto value = simple_content(element);
        if (!value) return consult_error::unknown_element;
        out.values[by.place] = present(namespace_of(element), *value);
        return std::nullopt;
    }

    std::optional<consult_error> read_attributes(const xmlNode& element, const node& by) {
        for (const xmlAttr* one = element.properties; one != nullptr; one = one->next) {
            const std::string name = std::string("@").append(view(one->name));
            const auto known = std::ranges::find(by.children, name, &node::name);
            if (known == by.children.end()) {
                if (one->ns == nullptr && name == "@Id") continue;
                return consult_error::unknown_element;
            }
            if (known->what == use::ignored) continue;
            auto& place = out.values[known->place];
            if (!place.empty()) return consult_error::missing_field;  // in two namespaces
            place = present(one->ns == nullptr ? std::string_view{} : view(one->ns->href), value_of(*one));
        }
        return std::nullopt;
    }

    std::optional<consult_error> read_children(const xmlNode& element, const node& by) {
        std::vector<const node*> seen;
        for (const xmlNode* part = element.children; part != nullptr; part = part->next) {
            if (part->type == XML_COMMENT_NODE || part->type == XML_PI_NODE || xmlIsBlankNode(part) == 1)
                continue;
            if (part->type != XML_ELEMENT_NODE) return consult_error::unknown_element;
            const auto known = std::ranges::find(by.children, local_name(*part), &node::name);
            if (known == by.children.end()) return consult_error::unknown_element;
            // Which of the two the service takes is unknown.
            if (known->what != use::ignored && std::ranges::find(seen, &*known) != seen.end())
                return consult_error::missing_field;
            seen.push_back(&*known);
            if (const auto wrong = read(*part, *known)) return wrong;
        }
        return std::nullopt;
    }
};

std::expected<element_question, consult_error> element_recipe::read(std::string_view message) const {
    const auto header = scanned_header(message);
    if (!header) return std::unexpected(header.error());
    const auto document = xml_document::parse_without(message, *header);
    if (!document) return std::unexpected(document.error());
    reading one;
    one.out.payload_name = document->payload_name();
    one.out.values.resize(values_);
    const auto known = std::ranges::find(root_.children, local_name(document->payload()), &node::name);
    if (known == root_.children.end() || one.out.payload_name == pharmacist_question ||
        one.out.payload_name == generic_question)
        return std::unexpected(consult_error::not_a_consult);
    if (const auto wrong = one.read(document->payload(), *known)) return std::unexpected(*wrong);
    return std::move(one.out);
}

}  // namespace garde::soap
