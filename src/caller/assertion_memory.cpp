// See assertion_memory.hpp.
#include "assertion_memory.hpp"

#include "xml_tree.hpp"

#include <cstdint>
#include <string>

namespace garde::caller {
namespace {

constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";

/// Writes a tree as one text, each part behind its kind and length, so that no two trees give the same one.
class tree_writer {
  public:
    void put(char kind, std::string_view part) {
        out_.push_back(kind);
        for (int shift = 56; shift >= 0; shift -= 8)
            out_.push_back(static_cast<char>(static_cast<std::uint64_t>(part.size()) >> shift & 0xFF));
        out_.append(part);
    }

    void put_namespace(const xmlNs& one) {
        put('n', view(one.prefix));
        put('u', view(one.href));
    }

    /// What reaches the element from its ancestors, the nearest first: of two of one name the nearer counts.
    void put_surroundings(const xmlNode& element) {
        for (const xmlNode* at = element.parent; at != nullptr && at->type == XML_ELEMENT_NODE;
             at = at->parent) {
            for (const xmlNs* one = at->nsDef; one != nullptr; one = one->next) put_namespace(*one);
            for (const xmlAttr* one = at->properties; one != nullptr; one = one->next)
                if (one->ns != nullptr && view(one->ns->href) == xml_namespace) put_attribute(*one);
            put('^', {});
        }
    }

    /// False when there is a node of a kind that is not expected here. As deep as the tree.
    bool put_tree(const xmlNode& element) {
        put('<', view(element.name));
        put_owner(element.ns);
        for (const xmlNs* one = element.nsDef; one != nullptr; one = one->next) put_namespace(*one);
        for (const xmlAttr* one = element.properties; one != nullptr; one = one->next) put_attribute(*one);
        for (const xmlNode* part = element.children; part != nullptr; part = part->next) {
            switch (part->type) {
                case XML_ELEMENT_NODE:
                    if (!put_tree(*part)) return false;
                    break;
                case XML_TEXT_NODE: put('t', view(part->content)); break;
                case XML_CDATA_SECTION_NODE: put('d', view(part->content)); break;
                case XML_COMMENT_NODE: put('c', view(part->content)); break;
                default: return false;
            }
        }
        put('>', {});
        return true;
    }

    [[nodiscard]] const std::string& text() const { return out_; }

  private:
    void put_owner(const xmlNs* owner) {
        put('p', owner == nullptr ? std::string_view{} : view(owner->prefix));
        put('o', owner == nullptr ? std::string_view{} : view(owner->href));
    }

    void put_attribute(const xmlAttr& attribute) {
        put('a', view(attribute.name));
        put_owner(attribute.ns);
        put('v', value_of(&attribute));
    }

    std::string out_;
};

}  // namespace

std::optional<digest256> fingerprint_of(const xmlNode& element) {
    tree_writer writer;
    writer.put_surroundings(element);
    if (!writer.put_tree(element)) return std::nullopt;
    return sha256(writer.text());
}

const known_assertion* assertion_memory::find(const digest256& fingerprint, wall_time now) {
    while (!by_end_.empty() && by_end_.begin()->first < now) {
        known_.erase(by_end_.begin()->second);
        by_end_.erase(by_end_.begin());
    }
    const auto at = known_.find(fingerprint);
    return at == known_.end() ? nullptr : &at->second;
}

void assertion_memory::remember(const digest256& fingerprint, const known_assertion& what, wall_time until) {
    if (bound_ == 0 || !known_.try_emplace(fingerprint, what).second) return;
    by_end_.emplace(until, fingerprint);
    if (known_.size() <= bound_) return;
    known_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
}

}  // namespace garde::caller
