// The tokens; see scanner.hpp. Byte for byte; multi-byte characters are not decoded, so a message in a broken
// UTF-8 still counts as XML here (its reader will say), while UTF-16 does not: it holds zero bytes.
//
// Functions take the place where their token begins, and give the place behind it, or null, after which why_
// says why. They rely on what run() has seen to: no forbidden characters, so that below the space there is
// only white space; and for all but texts a '>' ahead (tags_end_), at which names and white space end. The
// few that see every element are made part of run(): calling them would cost as much as their work.
#include "scanner.hpp"

#include "bytes.hpp"
#include "names.hpp"
#include "xml_text.hpp"

#include <algorithm>
#include <limits>

namespace garde::soap {
namespace {

constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view section_end = "]]>";
/// The document's "name" is longer than any text, so that no end tag matches it.
constexpr std::size_t no_end_tag = std::numeric_limits<std::size_t>::max() / 2;

const char* find_section_end(const char* from, const char* end) {
    const auto text = between(from, end);
    return from + std::min(text.find(section_end), text.size());
}

bool all_space(std::string_view text) {
    return std::ranges::all_of(text, is_space);
}

const char* behind_space(const char* at) {
    while (static_cast<std::uint8_t>(*at) <= ' ') ++at;
    return at;
}

}  // namespace

// Of frames_ and declarations_ only the document's frame is written: the rest is written before it is read.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
scanner::scanner(std::string_view text, std::string_view watched)
    : begin_(text.data()),
      end_(begin_ + text.size()),
      tags_end_(begin_ + (text.rfind('>') + 1)),
      next_ampersand_(end_),
      next_section_end_(end_),
      plain_until_(end_),
      watched_(watched) {
    top_ = frames_.data();
    top_->what = role::document;
    top_->name_size = no_end_tag;
}

std::string_view scanner::watched_text() const {
    // Behind the tag of an empty element stands what is not in it.
    if (*(watched_content_ - 2) == '/') return {};
    const std::string_view rest(watched_content_, static_cast<std::size_t>(end_ - watched_content_));
    return rest.substr(0, rest.find('<'));
}

bool scanner::declare(std::string_view prefix, std::string_view uri) {
    if (declaration_count_ == max_declarations) return false;
    declarations_[declaration_count_++] = {prefix.data(), prefix.size(), uri.data(), uri.size()};
    return true;
}

/// The nearest; null when there is none.
[[gnu::noinline]] const scanner::declaration* scanner::declaration_of(std::string_view prefix) const {
    const auto* candidate = declarations_.data() + declaration_count_;
    while (candidate != declarations_.data()) {
        --candidate;
        if (candidate->prefix_size != prefix.size()) continue;
        // Most prefixes are one letter.
        if (prefix.size() == 1 ? *candidate->prefix == prefix.front()
                               : same_bytes(candidate->prefix, prefix.data(), prefix.size()))
            return candidate;
    }
    return nullptr;
}

/// Of an element in a place where its name means something. Refused too when it is a second root, or its
/// prefix is not declared.
[[gnu::noinline]] scanner::role scanner::role_of(element_name name) {
    if (here() == role::document && root_seen_) return role::refused;
    root_seen_ = true;
    const auto prefix = name.prefix();
    const auto* const declared = declaration_of(prefix);
    std::string_view uri;
    if (declared != nullptr)
        uri = {declared->uri, declared->uri_size};
    else if (prefix == "xml")
        uri = xml_namespace;
    else if (!prefix.empty())
        return role::refused;
    const role what = role_of(uri, between(name.local, name.stop));
    if (what == role::refused) why_ = verdict::not_soap;
    if (what == role::body) watching_ = !watched_.empty();
    return what;
}

[[gnu::always_inline]] inline bool scanner::open(const element_name& name, place content,
                                                 std::size_t declarations_before) {
    if (watching_ && watched_content_ == nullptr && between(name.local, name.stop) == watched_)
        watched_content_ = content;
    role what = role::other;
    if (here() != role::other) {
        what = role_of(name);
        if (what == role::refused) return false;
    } else if (name.local != name.start) {
        // Below others a name means nothing, but its prefix must be declared all the same.
        const auto prefix = name.prefix();
        if (declaration_of(prefix) == nullptr && prefix != "xml") return false;
    }
    ++top_;
    top_->name = name.start;
    top_->name_size = static_cast<std::size_t>(name.stop - name.start);
    top_->content = content;
    top_->what = what;
    top_->declarations = static_cast<std::uint8_t>(declarations_before);
    return true;
}

[[gnu::always_inline]] inline void scanner::close(place content_end) {
    const auto& closed = *top_--;
    declaration_count_ = closed.declarations;
    if (closed.what != role::other) leave(closed.what, between(closed.content, content_end));
}

scanner::place scanner::behind(std::string_view terminator, place from) const {
    const auto hit = between(from, end_).find(terminator);
    return hit == std::string_view::npos ? nullptr : from + hit + terminator.size();
}

bool scanner::next_references_valid(place from, place to) {
    if (next_ampersand_ < from) next_ampersand_ = find_byte(from, end_, '&');
    while (next_ampersand_ < to) {
        const auto text = between(next_ampersand_ + 1, to);
        // The longest reference that means anything is a padded character reference; a bound keeps this
        // linear.
        const auto semicolon = text.substr(0, 16).find(';');
        if (semicolon == std::string_view::npos || !is_reference(text.substr(0, semicolon))) return false;
        next_ampersand_ = find_byte(text.data() + semicolon + 1, end_, '&');
    }
    return true;
}

/// Of a text that may hold a "]]>" or a reference.
bool scanner::text_valid(place from, place to) {
    if (next_section_end_ < from) next_section_end_ = find_section_end(from, end_);
    if (next_section_end_ < to || !references_valid(from, to)) return false;
    plain_until_ = std::min(next_section_end_, next_ampersand_);
    return true;
}

inline bool scanner::references_valid(place from, place to) {
    return next_ampersand_ >= to || next_references_valid(from, to);
}

/// Gives a place before tags_end_.
[[gnu::always_inline]] inline scanner::place scanner::take_attribute(place at) {
    const auto name = between(at, behind_name(at, end_));
    if (name.empty()) return nullptr;
    at = behind_space(name.end());
    if (*at != '=') return nullptr;
    at = behind_space(at + 1);
    const char quote = *at;
    if (quote != '"' && quote != '\'') return nullptr;
    const place start = at + 1;
    const place stop = find_either(start, end_, quote, '<');
    if (stop >= tags_end_ || *stop != quote || !references_valid(start, stop)) return nullptr;
    if (name.starts_with("xmlns")) {
        const auto uri = between(start, stop);
        if (name.size() == 5 && !declare({start, 0}, uri)) return nullptr;
        if (name.size() > 5 && name[5] == ':' &&
            (name.size() == 6 || uri.empty() || !declare(name.substr(6), uri)))
            return nullptr;
    }
    return stop + 1;
}

/// Up to the '>' or "/>" of the tag.
scanner::place scanner::take_attributes(place at) {
    for (int attributes = 0;; ++attributes) {
        const place next = behind_space(at);
        if (*next == '>') return next;
        if (*next == '/') return next[1] == '>' ? next : nullptr;
        if (next == at || attributes == max_attributes) return nullptr;
        at = take_attribute(next);
        if (at == nullptr) return nullptr;
    }
}

/// Byte order mark and XML declaration.
scanner::place scanner::take_prolog(place at) {
    if (at_text(at, "\xEF\xBB\xBF")) at += 3;
    if (!at_text(at, "<?xml") || at >= tags_end_ || !is_space(at[5])) return at;
    at = behind_space(at + 5);
    if (!at_text(at, "version")) return nullptr;
    for (;;) {
        if (at_text(at, "?>")) return at + 2;
        at = take_attribute(at);
        if (at == nullptr) return nullptr;
        const place next = behind_space(at);
        if (next == at && !at_text(at, "?>")) return nullptr;
        at = next;
    }
}

scanner::place scanner::take_comment(place at) {
    at = behind("--", at + 4);
    return at != nullptr && at != end_ && *at == '>' ? at + 1 : nullptr;
}

scanner::place scanner::take_character_data(place at) {
    switch (here()) {
        case role::document:
        case role::envelope:
        case role::body: return nullptr;
        default: return behind(section_end, at + 9);
    }
}

scanner::place scanner::take_instruction(place at) {
    const auto target = between(at + 2, behind_name(at + 2, end_));
    if (target.empty()) return nullptr;
    const auto equals_ignoring_case = [](char a, char b) { return (a | 0x20) == b; };
    if (std::ranges::equal(target, std::string_view("xml"), equals_ignoring_case)) return nullptr;
    at = target.end();
    if (at_text(at, "?>")) return at + 2;
    return is_space(*at) ? behind("?>", at) : nullptr;
}

scanner::place scanner::take_declaration(place at) {
    if (at_text(at, "<!--")) return take_comment(at);
    if (at_text(at, "<![CDATA[")) return take_character_data(at);
    if (at_text(at, "<!DOCTYPE")) why_ = verdict::doctype;
    return nullptr;
}

[[gnu::always_inline]] inline scanner::place scanner::take_text(place at) {
    const place stop = find_byte(at, end_, '<');
    if (here() > role::body) {
        return stop <= plain_until_ || text_valid(at, stop) ? stop : nullptr;
    }
    if (all_space(between(at, stop))) return stop;
    if (here() != role::document) why_ = verdict::not_soap;
    return nullptr;
}

[[gnu::always_inline]] inline scanner::place scanner::take_start_tag(place at) {
    element_name name{};
    if (top_ == &frames_[max_depth] || !read_element_name(at + 1, end_, name)) return nullptr;
    const std::size_t declarations_before = declaration_count_;
    at = name.stop;
    if (*at != '>') at = take_attributes(at);
    if (at == nullptr) return nullptr;
    if (*at == '>') return open(name, at + 1, declarations_before) ? at + 1 : nullptr;
    at += 2;
    if (!open(name, at, declarations_before)) return nullptr;
    close(at);
    return at;
}

[[gnu::always_inline]] inline scanner::place scanner::take_end_tag(place at) {
    const auto& open = *top_;
    const place name = at + 2;
    if (tags_end_ - name <= static_cast<std::ptrdiff_t>(open.name_size) ||
        !same_bytes(name, open.name, open.name_size))
        return nullptr;
    const place stop = behind_space(name + open.name_size);
    if (*stop != '>') return nullptr;
    close(at);
    return stop + 1;
}

[[gnu::always_inline]] inline scanner::place scanner::take_markup(place at) {
    if (at[1] == '/') return take_end_tag(at);
    if (name_class_of(at[1]) == name_start) return take_start_tag(at);
    return at[1] == '?' ? take_instruction(at) : at[1] == '!' ? take_declaration(at) : nullptr;
}

scanner::verdict scanner::run() {
    if (has_forbidden_control(between(begin_, end_))) return verdict::malformed;
    next_ampersand_ = find_byte(begin_, end_, '&');
    next_section_end_ = find_section_end(begin_, end_);
    plain_until_ = std::min(next_section_end_, next_ampersand_);
    const place tags_end = tags_end_;
    place at = take_prolog(begin_);
    while (at != nullptr && at < tags_end) {
        if (*at != '<') {
            at = take_text(at);
            if (at == nullptr || at >= tags_end) break;
        }
        at = take_markup(at);
    }
    return at == nullptr ? why_ : finish(at);
}

/// From tags_end_ on there is only text, or a markup that does not end.
scanner::verdict scanner::finish(place at) {
    at = take_text(at);
    if (at == nullptr) return why_;
    if (at != end_) return at_text(at, "<!DOCTYPE") ? verdict::doctype : verdict::malformed;
    if (top_ != frames_.data() || !root_seen_) return verdict::malformed;
    if (!body_seen_) return verdict::not_soap;
    if (found_.fault) finish_fault();
    return verdict::envelope;
}

}  // namespace garde::soap
