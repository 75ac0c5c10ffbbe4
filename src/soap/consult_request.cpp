// read_request and read_request_in: a question is read by its recipe (consult_recipes.hpp).
#include "garde/base/clock.hpp"
#include "garde/soap/consult.hpp"
#include "garde/soap/consult_tree.hpp"

#include "consult_recipes.hpp"
#include "plain_question.hpp"
#include "xml_document.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace garde::soap {
namespace {

/// Follows the recipe through the tree; as deep as the recipe is.
class recipe_reader {
  public:
    explicit recipe_reader(const recipe& by) : by_(by) {}

    /// The first thing that is not by the recipe, or nothing.
    std::optional<consult_error> read(const xmlNode& element, const rule& by, std::size_t depth = 0) {
        if (const auto wrong = read_attributes(element, by)) return wrong;
        if (by.holds == content::text) {
            auto value = simple_content(element);
            if (!value) return consult_error::unknown_element;
            values_.keep(by.target, std::move(*value));
            return std::nullopt;
        }
        return read_children(element, by, depth);
    }

    [[nodiscard]] const recipe_values& values() const { return values_; }

  private:
    std::optional<consult_error> read_attributes(const xmlNode& element, const rule& by) {
        for (const xmlAttr* attribute = element.properties; attribute != nullptr;
             attribute = attribute->next) {
            const auto name = view(attribute->name);
            if (attribute->ns != nullptr) return consult_error::unknown_element;
            if (name == "Ref" || name == "ValueRef") return consult_error::reference;
            if (name == "Id") continue;
            const attribute_rule* known = nullptr;
            for (const auto& candidate : by.attributes)
                if (candidate.name == name) known = &candidate;
            if (known == nullptr) return consult_error::unknown_element;
            values_.keep(known->target, value_of(*attribute));
        }
        return std::nullopt;
    }

    std::optional<consult_error> read_children(const xmlNode& element, const rule& by, std::size_t depth) {
        const auto strange = by.holds == content::nothing ? consult_error::extended_information
                                                          : consult_error::unknown_element;
        std::uint32_t seen = 0;
        for (const xmlNode* part = element.children; part != nullptr; part = part->next) {
            if (part->type == XML_COMMENT_NODE || part->type == XML_PI_NODE || xmlIsBlankNode(part) == 1)
                continue;
            if (part->type != XML_ELEMENT_NODE) return strange;
            const rule* known = find_rule(by.children, local_name(*part));
            if (known == nullptr || namespace_of(*part) != (depth == 0 ? by_.protocol : by_.core))
                return strange;
            const std::uint32_t bit = 1U << (known - by.children.data());
            if ((seen & bit) != 0)
                return consult_error::missing_field;  // which of the two the service takes is unknown
            seen |= bit;
            if (const auto wrong = read(*part, *known, depth + 1)) return wrong;
        }
        return std::nullopt;
    }

    const recipe& by_;
    recipe_values values_;
};

/// xs:boolean; absent means false.
std::optional<bool> boolean(const secret_string& value) {
    const auto text = value.reveal();
    if (text == "true" || text == "1") return true;
    if (text.empty() || text == "false" || text == "0") return false;
    return std::nullopt;
}

/// Joined by a character that no XML document can hold, so that no two tuples give one text.
std::string request_type(const recipe_values& values) {
    std::string out(values[field::request_type].reveal());
    for (const auto part : {field::contact_type, field::message_name, field::message_version})
        out.append("\x1f").append(values[part].reveal());
    return out;
}

std::expected<consult_request, consult_error> make_request(const recipe& by, const recipe_values& values) {
    const bool generic = by.payload_name == generic_question;
    const auto is_test = boolean(values[field::is_test]);
    const auto test_flag = boolean(values[field::test_flag]);
    if (!is_test || !test_flag || (!values[field::test_flag].empty() && *test_flag != *is_test))
        return std::unexpected(consult_error::missing_field);

    consult_request out;
    out.payload_name = by.payload_name;
    out.is_test = *is_test;
    out.provider_quality = values[field::provider_quality].reveal();
    out.provider_nihii = values[field::provider_nihii].reveal();
    out.organization_nihii = values[field::organization_nihii].reveal();
    out.care_receiver = {values[field::ssin], std::string(values[field::mutuality].reveal()),
                         values[field::registration]};
    out.request_type = generic ? request_type(values) : std::string(values[field::request_type].reveal());
    const auto& patient = out.care_receiver;
    const bool half_registration = patient.mutuality.empty() != patient.registration.empty();
    const bool unnamed = patient.ssin.empty() && patient.registration.empty();
    if (out.provider_quality.empty() || out.provider_nihii.empty() || half_registration || unnamed ||
        values[field::request_type].empty() || (generic && values[field::contact_type].empty()))
        return std::unexpected(consult_error::missing_field);

    const auto& last = values[generic ? field::last_day : field::first_day];
    if (values[field::first_day].empty() || last.empty())
        return std::unexpected(consult_error::missing_field);
    const auto first_day = parse_date(values[field::first_day].reveal());
    const auto last_day = parse_date(last.reveal());
    if (!first_day || !last_day || *last_day < *first_day) return std::unexpected(consult_error::bad_date);
    out.date = *first_day;
    out.last_date = *last_day;
    return out;
}

std::expected<consult_request, consult_error> read_payload(const xmlNode& payload) {
    const auto name = qualified_name(payload);
    for (const auto& candidate : recipes) {
        if (candidate.payload_name != name) continue;
        recipe_reader reader(candidate);
        if (const auto wrong = reader.read(payload, candidate.payload)) return std::unexpected(*wrong);
        return make_request(candidate, reader.values());
    }
    return std::unexpected(consult_error::not_a_consult);
}

}  // namespace

std::expected<consult_request, consult_error> read_request(std::string_view message) {
    const auto header = scanned_header(message);
    if (!header) return std::unexpected(header.error());
    if (const auto plain = read_plain_question(message, *header))
        return make_request(*plain->by, plain->values);
    const auto document = xml_document::parse_without(message, *header);
    if (!document) return std::unexpected(document.error());
    return read_payload(document->payload());
}

std::expected<consult_request, consult_error> read_request_in(const xmlNode& body) {
    const xmlNode* payload = nullptr;
    for (const xmlNode* part = body.children; part != nullptr; part = part->next) {
        if (part->type == XML_COMMENT_NODE) continue;
        if (part->type == XML_TEXT_NODE && xmlIsBlankNode(part) == 1) continue;
        if (part->type != XML_ELEMENT_NODE || payload != nullptr)
            return std::unexpected(consult_error::not_a_consult);
        payload = part;
    }
    if (payload == nullptr) return std::unexpected(consult_error::not_a_consult);
    return read_payload(*payload);
}

}  // namespace garde::soap
