// See pattern.hpp.
#include "garde/caller/pattern.hpp"

#include <algorithm>
#include <array>

namespace garde::caller {
namespace {

constexpr std::string_view authority_word = "CA:";
constexpr std::string_view subject_word = "subject:";
constexpr std::string_view issuer_word = "issuer:";
constexpr std::string_view attribute_word = "attribute:";
constexpr std::string_view dns_word = "DNS:";
constexpr std::array<std::string_view, 3> alternative_words{dns_word, "URI:", "email:"};

/// With one `*` at most, which stands for a text that is not empty and has none of `never`.
bool matches_with_star(std::string_view wanted, std::string_view text, std::string_view never) {
    const auto star = wanted.find('*');
    if (star == std::string_view::npos) return wanted == text;
    const auto before = wanted.substr(0, star);
    const auto behind = wanted.substr(star + 1);
    if (text.size() <= before.size() + behind.size() || !text.starts_with(before) || !text.ends_with(behind))
        return false;
    const auto covered = text.substr(before.size(), text.size() - before.size() - behind.size());
    return covered.find_first_of(never) == std::string_view::npos;
}

bool has_word(std::string_view text, std::string_view word) {
    return text.starts_with(word) && text.size() > word.size();
}

struct name_and_value {
    std::string_view name;
    std::string_view value;
};

name_and_value split(std::string_view attribute) {
    const auto at = attribute.find('=');
    if (at == std::string_view::npos) return {};
    return {attribute.substr(0, at), attribute.substr(at + 1)};
}

}  // namespace

std::optional<pattern> pattern::parse(std::string_view text) {
    const auto stars = std::ranges::count(text, '*');
    if (text == "*") return pattern(form::anybody, text);
    if (stars > 1) return std::nullopt;
    if (std::ranges::any_of(alternative_words, [text](auto word) { return has_word(text, word); }))
        return pattern(form::alternative_name, text);
    if (has_word(text, attribute_word)) {
        const auto [name, value] = split(text.substr(attribute_word.size()));
        const bool whole = !name.empty() && !value.empty() && name.find('*') == std::string_view::npos;
        return whole ? std::optional(pattern(form::attribute, text)) : std::nullopt;
    }
    if (stars > 0) return std::nullopt;
    if (has_word(text, subject_word)) return pattern(form::assertion_subject, text);
    if (has_word(text, issuer_word)) return pattern(form::token_service, text);
    const bool authority = has_word(text, authority_word);
    const auto name = authority ? text.substr(authority_word.size()) : text;
    const auto equals = name.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    return pattern(authority ? form::authority : form::certificate_subject, text);
}

std::string_view pattern::value() const {
    const std::string_view text = text_;
    switch (form_) {
        case form::authority: return text.substr(authority_word.size());
        case form::assertion_subject: return text.substr(subject_word.size());
        case form::token_service: return text.substr(issuer_word.size());
        case form::attribute: return text.substr(attribute_word.size());
        case form::anybody:
        case form::certificate_subject:
        case form::alternative_name: break;  // a certificate's names are kept with their words
    }
    return text;
}

bool pattern::matches(const identity& who) const {
    const bool certificate = who.kind() == identity_kind::certificate;
    const bool assertion = who.kind() == identity_kind::assertion;
    switch (form_) {
        case form::anybody: return who.verified();
        case form::certificate_subject: return certificate && who.subject() == value();
        case form::authority: return certificate && who.issuer() == value();
        case form::assertion_subject: return assertion && who.subject() == value();
        case form::token_service: return assertion && who.issuer() == value();
        case form::alternative_name: {
            const std::string_view never = text_.starts_with(dns_word) ? "." : "";
            return std::ranges::any_of(who.alternative_names(), [&](const std::string& name) {
                return matches_with_star(text_, name, never);
            });
        }
        case form::attribute: break;
    }
    const auto [name, wanted] = split(value());
    return std::ranges::any_of(who.attributes(), [&](const asserted_attribute& said) {
        return said.name == name && matches_with_star(wanted, said.value, "");
    });
}

bool pattern::is_wide() const {
    switch (form_) {
        case form::certificate_subject:
        case form::assertion_subject: return false;
        case form::alternative_name: return text_.find('*') != std::string::npos;
        case form::anybody:
        case form::authority:
        case form::token_service:
        case form::attribute: break;
    }
    return true;
}

bool pattern::by_certificate() const {
    switch (form_) {
        case form::anybody:
        case form::certificate_subject:
        case form::alternative_name:
        case form::authority: return true;
        case form::assertion_subject:
        case form::token_service:
        case form::attribute: break;
    }
    return false;
}

bool pattern::by_assertion() const {
    return form_ == form::anybody || !by_certificate();
}

std::string pattern::in_words() const {
    const auto with = [this](std::string_view words) { return std::string(words).append(value()); };
    switch (form_) {
        case form::anybody: return "every caller who shows who it is";
        case form::certificate_subject: return with("the certificate ");
        case form::authority: return with("every certificate issued by ");
        case form::assertion_subject: return with("assertions about ");
        case form::token_service: return with("every assertion issued by ");
        case form::attribute: return with("every assertion that says ");
        case form::alternative_name: break;
    }
    return with(is_wide() ? "every certificate with a name like " : "the certificate with the name ");
}

bool any_matches(std::span<const pattern> patterns, const identity& who) {
    return std::ranges::any_of(patterns, [&who](const pattern& one) { return one.matches(who); });
}

}  // namespace garde::caller
