// See plain_question.hpp. The scanner has seen to the nesting of elements and to all that stands in the
// Header; here is seen to what it leaves to libxml2: attributes that are there twice, namespaces, and
// characters.
#include "plain_question.hpp"

#include "garde/base/utf8.hpp"

#include "xml_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace garde::soap {
namespace {

constexpr std::array<std::string_view, 5> prologs{
    R"(<?xml version="1.0" encoding="UTF-8"?>)", R"(<?xml version="1.0" encoding="utf-8"?>)",
    R"(<?xml version='1.0' encoding='UTF-8'?>)", R"(<?xml version='1.0' encoding='utf-8'?>)",
    R"(<?xml version="1.0"?>)"};

constexpr bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// ASCII only; the scanner has seen that it begins as a name does.
constexpr bool in_name(char c) {
    return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
}

/// Of a namespace that libxml2 takes without a second thought (RFC 3986): urn:… or http(s)://host/….
bool is_plain_uri(std::string_view uri) {
    const auto all = [](std::string_view text, std::string_view others) {
        return std::ranges::all_of(
            text, [&](char c) { return is_letter_or_digit(c) || others.find(c) != std::string_view::npos; });
    };
    if (uri.starts_with("urn:")) return uri.size() > 4 && all(uri.substr(4), ":._-");
    // The two that XML itself is made of are bound to their prefixes.
    if (uri.starts_with("http://www.w3.org/XML/") || uri.starts_with("http://www.w3.org/2000/xmlns"))
        return false;
    if (!uri.starts_with("http://") && !uri.starts_with("https://")) return false;
    uri.remove_prefix(uri.find("//") + 2);
    const auto host = uri.substr(0, uri.find('/'));
    const auto path = uri.substr(host.size());
    const auto fragment = path.substr(std::min(path.find('#'), path.size()));
    return !host.empty() && all(host, ".-") && all(path.substr(0, path.size() - fragment.size()), "/._-") &&
           (fragment.empty() || all(fragment.substr(1), "._-"));
}

/// Characters that mean themselves; carriage returns only where they are trimmed away.
bool is_plain_text(std::string_view text) {
    bool ascii = true;
    for (const char c : text) {
        if (c == '&' || c == '\r') return false;
        ascii = ascii && static_cast<std::uint8_t>(c) < 0x80;
    }
    if (ascii) return true;
    // U+FFFE and U+FFFF are well-formed, but no characters of XML.
    return is_utf8(text) && text.find("\xEF\xBF\xBE") == std::string_view::npos &&
           text.find("\xEF\xBF\xBF") == std::string_view::npos;
}

struct attribute {
    std::string_view prefix;
    std::string_view local;
    std::string_view value;
};

struct start_tag {
    std::string_view written;  ///< the name as the end tag repeats it
    std::string_view prefix;
    std::string_view local;
    std::string_view uri;          ///< of its namespace; empty when it has none
    bool empty = false;            ///< `<a/>`
    std::size_t declarations = 0;  ///< in scope before it
    std::array<attribute, 16> attributes;
    std::size_t attribute_count = 0;
};

/// Each function gives false at the first thing that is not plain; what was read until then does not count.
class reader {
  public:
    reader(std::string_view message, std::string_view header)
        : at_(message.data()), end_(message.data() + message.size()), header_(header) {}

    bool read(plain_question& into) {
        for (const auto text : prologs)
            if (take(text)) break;
        skip_space();
        start_tag envelope;
        start_tag inner;
        if (!take_start_tag(envelope) || envelope.empty) return false;
        skip_space();
        if (!take_start_tag(inner)) return false;
        if (inner.local == "Header" && (!skip_header(inner) || !take_start_tag(inner))) return false;
        if (inner.empty) return false;
        skip_space();
        if (!read_payload(into)) return false;
        skip_space();
        if (!take_end_tag(inner)) return false;
        skip_space();
        if (!take_end_tag(envelope)) return false;
        skip_space();
        return at_ == end_;
    }

  private:
    struct declaration {
        std::string_view prefix;
        std::string_view uri;
    };

    [[nodiscard]] bool here(char c) const { return at_ != end_ && *at_ == c; }
    bool take(std::string_view text) {
        if (!std::string_view(at_, end_).starts_with(text)) return false;
        at_ += text.size();
        return true;
    }
    bool skip_space() {
        const char* const from = at_;
        while (at_ != end_ && is_space(*at_)) ++at_;
        return at_ != from;
    }

    bool skip_header(const start_tag& tag) {
        if (!tag.empty) {
            if (!header_.empty() && header_.data() != at_) return false;
            at_ += header_.size();
            skip_space();
            if (!take_end_tag(tag)) return false;
        } else {
            declaration_count_ = tag.declarations;
        }
        skip_space();
        return true;
    }

    bool take_name(std::string_view& prefix, std::string_view& local) {
        const char* const from = at_;
        while (at_ != end_ && in_name(*at_)) ++at_;
        local = {from, at_};
        prefix = {};
        if (here(':')) {
            prefix = local;
            const char* const behind = ++at_;
            while (at_ != end_ && in_name(*at_)) ++at_;
            local = {behind, at_};
            if (!begins_name(prefix) || (prefix.starts_with("xml") && prefix != "xmlns")) return false;
        }
        return begins_name(local);
    }
    static bool begins_name(std::string_view name) {
        return !name.empty() && name_class_of(name.front()) == name_start;
    }

    bool take_value(std::string_view& value) {
        if (!here('"') && !here('\'')) return false;
        const char quote = *at_++;
        const char* const from = at_;
        while (at_ != end_ && *at_ != quote) {
            const char c = *at_++;
            if (c < ' ' || c == 0x7F || c == '&' || c == '<')
                return false;  // below the space: also all but ASCII
        }
        value = {from, at_};
        if (at_ == end_) return false;
        ++at_;
        return true;
    }

    bool take_start_tag(start_tag& out) {
        if (!here('<')) return false;
        const char* const name = ++at_;
        out.declarations = declaration_count_;
        out.attribute_count = 0;
        if (!take_name(out.prefix, out.local) || out.prefix == "xmlns") return false;
        out.written = {name, at_};
        for (;;) {
            const bool apart = skip_space();
            if (here('>') || here('/')) break;
            if (!apart || !take_attribute(out)) return false;
        }
        out.empty = take("/");
        return take(">") && resolve(out);
    }

    bool take_attribute(start_tag& into) {
        attribute one;
        if (into.attribute_count == into.attributes.size() || !take_name(one.prefix, one.local)) return false;
        skip_space();
        if (!take("=")) return false;
        skip_space();
        if (!take_value(one.value)) return false;
        for (std::size_t i = 0; i < into.attribute_count; ++i)
            if (into.attributes[i].local == one.local && into.attributes[i].prefix == one.prefix)
                return false;
        into.attributes[into.attribute_count++] = one;
        const bool standard = one.prefix.empty() && one.local == "xmlns";
        if (!standard && one.prefix != "xmlns") return true;
        if (declaration_count_ == declarations_.size() || one.local.starts_with("xml") != standard ||
            !is_plain_uri(one.value))
            return false;
        declarations_[declaration_count_++] = {standard ? std::string_view{} : one.local, one.value};
        return true;
    }

    /// Two prefixes of attributes may be one namespace: of those with a prefix there may be one.
    bool resolve(start_tag& tag) const {
        int prefixed = 0;
        for (std::size_t i = 0; i < tag.attribute_count; ++i) {
            const auto& one = tag.attributes[i];
            if (one.prefix.empty() || one.prefix == "xmlns") continue;
            if (++prefixed > 1 || uri_of(one.prefix).empty()) return false;
        }
        tag.uri = uri_of(tag.prefix);
        return tag.prefix.empty() || !tag.uri.empty();
    }

    [[nodiscard]] std::string_view uri_of(std::string_view prefix) const {
        for (std::size_t i = declaration_count_; i > 0; --i)
            if (declarations_[i - 1].prefix == prefix) return declarations_[i - 1].uri;
        return {};
    }

    bool take_end_tag(const start_tag& of) {
        if (!take("</") || !take(of.written)) return false;
        skip_space();
        declaration_count_ = of.declarations;
        return take(">");
    }

    bool read_payload(plain_question& into) {
        start_tag tag;
        if (!take_start_tag(tag)) return false;
        for (const auto& candidate : recipes) {
            const auto& name = candidate.payload_name;  // {uri}local
            if (name.size() != tag.uri.size() + tag.local.size() + 2 || !name.ends_with(tag.local) ||
                name.substr(1, tag.uri.size()) != tag.uri || name[tag.uri.size() + 1] != '}')
                continue;
            into.by = &candidate;
            return read_element(tag, candidate.payload, 0, into);
        }
        return false;
    }

    /// Behind its start tag; as deep as the recipe is.
    bool read_element(const start_tag& tag, const rule& by, std::size_t depth, plain_question& into) {
        if (!read_attributes(tag, by, into.values)) return false;
        if (tag.empty) {
            declaration_count_ = tag.declarations;
            if (by.holds == content::text) into.values.keep(by.target, secret_string());
            return true;
        }
        if (by.holds == content::text) {
            const char* const from = at_;
            at_ = std::find(at_, end_, '<');
            const auto text = trim({from, at_});
            if (!is_plain_text(text)) return false;
            into.values.keep(by.target, secret_string(text));
            return take_end_tag(tag);
        }
        return read_children(by, depth, into) && take_end_tag(tag);
    }

    bool read_attributes(const start_tag& tag, const rule& by, recipe_values& into) {
        for (std::size_t i = 0; i < tag.attribute_count; ++i) {
            const auto& one = tag.attributes[i];
            if (one.prefix == "xmlns" || (one.prefix.empty() && one.local == "xmlns")) continue;
            if (!one.prefix.empty() || one.local == "Ref" || one.local == "ValueRef") return false;
            if (one.local == "Id") continue;
            const attribute_rule* known = nullptr;
            for (const auto& candidate : by.attributes)
                if (candidate.name == one.local) known = &candidate;
            if (known == nullptr) return false;
            into.keep(known->target, secret_string(trim(one.value)));
        }
        return true;
    }

    bool read_children(const rule& by, std::size_t depth, plain_question& into) {
        std::uint32_t seen = 0;
        for (;;) {
            skip_space();
            if (std::string_view(at_, end_).starts_with("</")) return true;
            start_tag child;
            if (!take_start_tag(child)) return false;
            const rule* const known = find_rule(by.children, child.local);
            if (known == nullptr || child.uri != (depth == 0 ? into.by->protocol : into.by->core))
                return false;
            const std::uint32_t bit = 1U << (known - by.children.data());
            if ((seen & bit) != 0) return false;
            seen |= bit;
            if (!read_element(child, *known, depth + 1, into)) return false;
        }
    }

    const char* at_;
    const char* const end_;
    const std::string_view header_;
    std::array<declaration, 32> declarations_;
    std::size_t declaration_count_ = 0;
};

}  // namespace

std::optional<plain_question> read_plain_question(std::string_view message, std::string_view header) {
    std::optional<plain_question> out(std::in_place);
    if (!reader(message, header).read(*out)) out.reset();
    return out;
}

}  // namespace garde::soap
