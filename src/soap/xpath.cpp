// See xpath.hpp. What libxml2 would only find out while it evaluates, and only where a message leads it there
// (unknown functions, prefixes and variables), is found here by reading the expression.
#include "garde/soap/xpath.hpp"

#include "xml_document.hpp"

#include <fmt/format.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace garde::soap {
namespace {

/// Of libxml2's own counting; a simple path over a message of 256 KiB takes some ten thousand.
constexpr unsigned long most_operations = 2'000'000;

struct free_context {
    void operator()(xmlXPathContext* value) const { xmlXPathFreeContext(value); }
};
struct free_expression {
    void operator()(xmlXPathCompExpr* value) const { xmlXPathFreeCompExpr(value); }
};
struct free_object {
    void operator()(xmlXPathObject* value) const { xmlXPathFreeObject(value); }
};
using context_ptr = std::unique_ptr<xmlXPathContext, free_context>;
using expression_ptr = std::unique_ptr<xmlXPathCompExpr, free_expression>;
using object_ptr = std::unique_ptr<xmlXPathObject, free_object>;

const xmlChar* xml_text(const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
}

/// Keeps the first complaint, if there is a place for it; else it is only kept off standard error.
void keep_complaint(void* into, xmlErrorPtr what) {
    auto* text = static_cast<std::string*>(into);
    if (text == nullptr || !text->empty() || what->message == nullptr) return;
    *text = what->message;
    while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
}

context_ptr context_over(xmlDoc* document, std::string* complaint) {
    context_ptr out(xmlXPathNewContext(document));
    if (out == nullptr) return out;
    out->error = keep_complaint;
    out->userData = complaint;
    out->opLimit = most_operations;
    return out;
}

/// XPath's names, as far as ASCII goes; of other bytes all are taken.
constexpr bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Walks over the names of an expression that libxml2 has found well-formed.
class name_walk {
  public:
    enum class role : unsigned char { prefix, function, other };
    struct name {
        std::string_view text;
        role is = role::other;
    };

    explicit name_walk(std::string_view expression) : rest_(expression) {}

    /// Empty at the end.
    name next() {
        while (!rest_.empty() && !in_name(rest_.front())) skip();
        const auto end = std::ranges::find_if_not(rest_, in_name);
        const std::string_view text(rest_.begin(), end);
        rest_.remove_prefix(text.size());
        const bool colon = rest_.starts_with(':') && !rest_.starts_with("::");
        return {text, colon ? role::prefix : after_space() == '(' ? role::function : role::other};
    }

    /// Has an expression a `$` outside of its literals?
    static bool has_variable(std::string_view expression) {
        name_walk all(expression);
        while (!all.rest_.empty()) {
            if (all.rest_.front() == '$') return true;
            all.skip();
        }
        return false;
    }

  private:
    /// A byte, or a whole literal.
    void skip() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '"' || c == '\'') rest_.remove_prefix(std::min(rest_.find(c) + 1, rest_.size()));
    }

    [[nodiscard]] char after_space() const {
        const auto at = std::ranges::find_if_not(rest_, is_space);
        return at == rest_.end() ? '\0' : *at;
    }

    std::string_view rest_;
};

/// What may stand before a parenthesis without being a function.
constexpr std::array<std::string_view, 8> no_functions{"node", "text", "comment", "processing-instruction",
                                                       "and",  "or",   "div",     "mod"};

std::optional<xpath_mistake> check_names(std::string_view expression, xmlXPathContext& context) {
    if (name_walk::has_variable(expression))
        return xpath_mistake{"has a variable, and nothing gives it a value", "write the value itself"};
    name_walk all(expression);
    for (auto name = all.next(); !name.text.empty(); name = all.next()) {
        if (name.is == name_walk::role::prefix && name.text != "xml")
            return xpath_mistake{
                fmt::format("has the prefix \"{}\", and nothing says which namespace that is", name.text),
                "write the name without it: //*[local-name()='Name'], with namespace-uri()='urn:…' where it "
                "matters"};
        if (name.is != name_walk::role::function ||
            std::ranges::find(no_functions, name.text) != no_functions.end())
            continue;
        if (xmlXPathFunctionLookup(&context, xml_text(std::string(name.text))) == nullptr)
            return xpath_mistake{
                fmt::format("has the function \"{}\", which XPath 1.0 does not know", name.text),
                "write one of its own, such as local-name(), contains() or count()"};
    }
    return std::nullopt;
}

tree_ptr empty_tree() {
    tree_ptr out(xmlNewDoc(reinterpret_cast<const xmlChar*>("1.0")));
    if (out != nullptr)
        xmlDocSetRootElement(
            out.get(), xmlNewDocNode(out.get(), nullptr, reinterpret_cast<const xmlChar*>("x"), nullptr));
    return out;
}

}  // namespace

std::optional<xpath_mistake> check_xpath(std::string_view expression) {
    constexpr auto sample = "write a path to what a good answer has, e.g. //Status/Code[.='200']";
    if (expression.size() > max_xpath_bytes)
        return xpath_mistake{fmt::format("is longer than {} bytes", max_xpath_bytes), sample};
    const std::string text(expression);
    std::string complaint;
    const tree_ptr nothing = empty_tree();
    const context_ptr context = context_over(nothing.get(), &complaint);
    if (context == nullptr) return xpath_mistake{"cannot be read: no memory", sample};
    const expression_ptr compiled(xmlXPathCtxtCompile(context.get(), xml_text(text)));
    if (compiled == nullptr)
        return xpath_mistake{
            fmt::format("is not XPath 1.0: {}", complaint.empty() ? "not understood" : complaint), sample};
    if (auto mistake = check_names(text, *context)) return mistake;
    // The kind of value that an expression has is the same for every message.
    const object_ptr value(xmlXPathCompiledEval(compiled.get(), context.get()));
    if (value == nullptr) return xpath_mistake{fmt::format("cannot be evaluated: {}", complaint), sample};
    if (value->type != XPATH_NODESET)
        return xpath_mistake{
            "gives a value instead of nodes",
            "make it a condition of a path, e.g. //Status[Code='200'] instead of //Status/Code='200'"};
    return std::nullopt;
}

bool xpath_selects(std::string_view expression, std::string_view message) {
    const auto tree = parse_tree(message);
    if (!tree) return false;
    const context_ptr context = context_over(tree->get(), nullptr);
    if (context == nullptr) return false;
    const expression_ptr compiled(xmlXPathCtxtCompile(context.get(), xml_text(std::string(expression))));
    if (compiled == nullptr) return false;
    const object_ptr found(xmlXPathCompiledEval(compiled.get(), context.get()));
    return found != nullptr && found->type == XPATH_NODESET && !xmlXPathNodeSetIsEmpty(found->nodesetval);
}

}  // namespace garde::soap
