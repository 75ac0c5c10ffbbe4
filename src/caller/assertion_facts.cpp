// See assertion_facts.hpp.
#include "assertion_facts.hpp"

#include "names.hpp"
#include "timestamp.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace garde::caller {
namespace {

using enum assertion_refusal;

/// The names by which the two versions call the same things.
struct vocabulary {
    std::string_view uri;
    std::string_view name;       // element of the subject's name
    std::string_view attribute;  // XML attribute that names a SAML attribute
    std::string_view holder_of_key;
};
constexpr vocabulary version_11{saml11, "NameIdentifier", "AttributeName", holder_of_key11};
constexpr vocabulary version_20{saml20, "NameID", "Name", holder_of_key20};

/// Conditions that say nothing of when and by whom the assertion may be used towards garde. Any other might,
/// and then it must not be used (SAML 2.0 core, 2.5.1.1).
constexpr std::array harmless_conditions{
    std::string_view("AudienceRestrictionCondition"), std::string_view("DoNotCacheCondition"),
    std::string_view("AudienceRestriction"), std::string_view("OneTimeUse"),
    std::string_view("ProxyRestriction")};

class facts_reader {
  public:
    facts_reader(const xmlNode& assertion, const vocabulary& names, saml_version version)
        : assertion_(assertion), names_(names), version_(version) {}

    checked<assertion_facts> read() {
        for (const auto step : {&facts_reader::read_issuer, &facts_reader::read_conditions,
                                &facts_reader::read_subjects, &facts_reader::read_statements}) {
            if (const auto wrong = (this->*step)()) return std::unexpected(*wrong);
        }
        return std::move(out_);
    }

  private:
    using wrong = std::optional<assertion_refusal>;

    [[nodiscard]] bool is_named(const xmlNode& element, std::string_view local) const {
        return is(element, names_.uri, local);
    }

    wrong read_issuer() {
        if (version_ == saml_version::v11) {
            out_.name.issuer = value_of(attribute(assertion_, "Issuer"));
        } else {
            const auto issuer = children_named(assertion_, names_.uri, "Issuer");
            if (issuer.count != 1) return structure;
            const auto text = text_of(*issuer.first);
            if (!text) return text.error();
            out_.name.issuer = *text;
        }
        return out_.name.issuer.empty() ? wrong(structure) : std::nullopt;
    }

    /// Makes the validity narrower by an element's attributes, those that it has.
    wrong narrow(const xmlNode& element) {
        const auto* begin = attribute(element, "NotBefore");
        const auto* end = attribute(element, "NotOnOrAfter");
        const auto not_before = read_instant(value_of(begin));
        const auto not_on_or_after = read_instant(value_of(end));
        if ((begin != nullptr && !not_before) || (end != nullptr && !not_on_or_after)) return structure;
        if (not_before) out_.valid.not_before = std::max(out_.valid.not_before, *not_before);
        if (not_on_or_after)
            out_.valid.not_on_or_after = std::min(out_.valid.not_on_or_after, *not_on_or_after);
        return std::nullopt;
    }

    /// An assertion without an end would be good for ever: both ends have to be there.
    wrong read_conditions() {
        const auto conditions = children_named(assertion_, names_.uri, "Conditions");
        if (conditions.count != 1) return structure;
        if (attribute(*conditions.first, "NotBefore") == nullptr ||
            attribute(*conditions.first, "NotOnOrAfter") == nullptr)
            return structure;
        for (const auto* one = first_element(*conditions.first); one != nullptr; one = next_element(*one))
            if (namespace_of(*one) != names_.uri ||
                std::ranges::find(harmless_conditions, view(one->name)) == harmless_conditions.end())
                return structure;
        return narrow(*conditions.first);
    }

    /// In 2.0 the assertion has one subject, in 1.1 each statement has; then all must be the same.
    wrong read_subjects() {
        if (version_ == saml_version::v20) {
            const auto subject = children_named(assertion_, names_.uri, "Subject");
            if (subject.count != 1) return structure;
            if (const auto bad = read_subject(*subject.first)) return bad;
        } else {
            for (auto* part = first_element(assertion_); part != nullptr; part = next_element(*part)) {
                const auto subject = children_named(*part, names_.uri, "Subject");
                if (subject.count > 1) return structure;
                if (subject.count == 0) continue;
                if (const auto bad = read_subject(*subject.first)) return bad;
            }
        }
        if (out_.name.subject.empty()) return structure;
        return out_.key_infos.empty() ? wrong(not_holder_of_key) : std::nullopt;
    }

    wrong read_subject(const xmlNode& subject) {
        const auto element = children_named(subject, names_.uri, names_.name);
        if (element.count != 1) return structure;
        const auto text = text_of(*element.first);
        if (!text) return text.error();
        asserted_name name{.issuer = out_.name.issuer,
                           .subject = std::string(*text),
                           .format = std::string(value_of(attribute(*element.first, "Format"))),
                           .qualifier = std::string(value_of(attribute(*element.first, "NameQualifier")))};
        if (name.subject.empty()) return structure;
        if (!out_.name.subject.empty() && name != out_.name) return structure;
        out_.name = std::move(name);
        const auto confirmation = children_named(subject, names_.uri, "SubjectConfirmation");
        if (confirmation.count == 0 && version_ == saml_version::v11) return std::nullopt;
        if (confirmation.count != 1) return not_holder_of_key;
        return version_ == saml_version::v11 ? read_confirmation_11(*confirmation.first)
                                             : read_confirmation_20(*confirmation.first);
    }

    wrong read_confirmation_11(const xmlNode& confirmation) {
        const auto method = children_named(confirmation, names_.uri, "ConfirmationMethod");
        if (method.count != 1) return not_holder_of_key;
        const auto text = text_of(*method.first);
        if (!text) return text.error();
        if (*text != names_.holder_of_key) return not_holder_of_key;
        return read_key_info(confirmation);
    }

    wrong read_confirmation_20(const xmlNode& confirmation) {
        if (value_of(attribute(confirmation, "Method")) != names_.holder_of_key) return not_holder_of_key;
        const auto data = children_named(confirmation, names_.uri, "SubjectConfirmationData");
        if (data.count != 1) return bad_key;
        if (const auto bad = narrow(*data.first)) return bad;
        return read_key_info(*data.first);
    }

    wrong read_key_info(const xmlNode& parent) {
        const auto key_info = children_named(parent, dsig, "KeyInfo");
        if (key_info.count != 1) return bad_key;
        out_.key_infos.push_back(key_info.first);
        return std::nullopt;
    }

    wrong read_statements() {
        for (auto* part = first_element(assertion_); part != nullptr; part = next_element(*part)) {
            if (!is_named(*part, "AttributeStatement")) continue;
            for (auto* one = first_element(*part); one != nullptr; one = next_element(*one)) {
                if (!is_named(*one, "Attribute")) continue;
                if (const auto bad = read_attribute(*one)) return bad;
            }
        }
        return std::nullopt;
    }

    wrong read_attribute(const xmlNode& element) {
        const auto name = value_of(attribute(element, names_.attribute));
        if (name.empty()) return structure;
        for (auto* value = first_element(element); value != nullptr; value = next_element(*value)) {
            if (!is_named(*value, "AttributeValue")) continue;
            const auto text = text_of(*value);
            if (!text) return text.error();
            out_.attributes.push_back({std::string(name), std::string(*text)});
        }
        return std::nullopt;
    }

    const xmlNode& assertion_;
    const vocabulary& names_;
    const saml_version version_;
    assertion_facts out_{.name = {},
                         .attributes = {},
                         .valid = {.not_before = wall_time::min(), .not_on_or_after = wall_time::max()},
                         .key_infos = {}};
};

}  // namespace

checked<assertion_facts> read_assertion(const xmlNode& assertion, saml_version version) {
    return facts_reader(assertion, version == saml_version::v11 ? version_11 : version_20, version).read();
}

}  // namespace garde::caller
