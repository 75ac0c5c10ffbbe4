// read_request and read_request_in: a question is read by a recipe, a tree of the elements and attributes
// that may be there. What the recipe does not name could change the answer without changing the key, so it
// makes the question unfit for the cache.
#include "garde/base/clock.hpp"
#include "garde/soap/consult.hpp"
#include "garde/soap/consult_tree.hpp"

#include "consult_names.hpp"
#include "xml_document.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace garde::soap {
namespace {

/// Where a value goes. `none`: the element is known, its value changes with every call or is nobody's
/// business.
enum class field : std::uint8_t {
    none,
    is_test,
    test_flag,
    provider_quality,
    provider_nihii,
    organization_nihii,
    ssin,
    mutuality,
    registration,
    request_type,
    contact_type,
    message_name,
    message_version,
    first_day,
    last_day,
    count,
};

struct attribute_rule {
    std::string_view name;
    field target = field::none;
};

enum class content : std::uint8_t {
    text,      ///< no child elements
    elements,  ///< the children of the rule, each at most once, and white space
    nothing,   ///< white space only: ExtendedInformation
};

struct rule {
    std::string_view name;
    field target = field::none;
    content holds = content::text;
    std::span<const rule> children = {};
    std::span<const attribute_rule> attributes = {};
};

constexpr rule group(std::string_view name, std::span<const rule> children,
                     std::span<const attribute_rule> attributes = {}) {
    return {name, field::none, content::elements, children, attributes};
}

// Both services share CommonInput but for a few elements.
constexpr std::array request_rules{rule{"IsTest", field::is_test}};
constexpr std::array license_rules{rule{"Username"}, rule{"Password"}};
constexpr std::array package_rules{rule{"Name"}, group("License", license_rules)};
constexpr std::array other_nihii_rules{rule{"Quality"}, rule{"Value"}};
constexpr std::array provider_nihii_rules{rule{"Quality", field::provider_quality},
                                          rule{"Value", field::provider_nihii}};
constexpr std::array organization_nihii_rules{rule{"Quality"}, rule{"Value", field::organization_nihii}};
constexpr std::array person_rules{rule{"Name"}, group("Nihii", other_nihii_rules), rule{"Ssin"}, rule{"Cbe"}};
constexpr std::array organization_rules{rule{"Name"}, group("Nihii", organization_nihii_rules), rule{"Ssin"},
                                        rule{"Cbe"}};
constexpr std::array provider_rules{group("Nihii", provider_nihii_rules),
                                    group("PhysicalPerson", person_rules),
                                    group("Organization", organization_rules)};

// GetInsurabilityForPharmacistRequest, insurability v2.
constexpr std::array pharmacist_origin_rules{group("Package", package_rules),
                                             group("CareProvider", provider_rules)};
constexpr std::array pharmacist_common_rules{group("Request", request_rules),
                                             group("Origin", pharmacist_origin_rules)};
constexpr std::array pharmacist_record_rules{rule{"Reference"}, rule{"UserReference"}};
constexpr std::array pharmacist_patient_rules{rule{"Ssin", field::ssin},
                                              rule{"RegNrWithMut", field::registration},
                                              rule{"Mutuality", field::mutuality}};
constexpr std::array pharmacist_question_rules{rule{"Date", field::first_day},
                                               rule{"RequestType", field::request_type},
                                               group("CareReceiver", pharmacist_patient_rules)};
constexpr std::array pharmacist_rules{group("CommonInput", pharmacist_common_rules),
                                      group("RecordCommonInput", pharmacist_record_rules),
                                      group("InsurabilityRequest", pharmacist_question_rules),
                                      rule{"ExtendedInformation", field::none, content::nothing}};

// GetInsurabilityRequest, generic insurability v1.
constexpr std::array generic_origin_rules{group("Package", package_rules), rule{"SiteID"},
                                          group("CareProvider", provider_rules)};
constexpr std::array generic_common_rules{group("Request", request_rules),
                                          group("Origin", generic_origin_rules), rule{"InputReference"},
                                          rule{"NIPReference"}};
constexpr std::array generic_record_rules{rule{"InputReference"}};
constexpr std::array generic_patient_rules{rule{"Inss", field::ssin},
                                           rule{"RegNrWithMut", field::registration},
                                           rule{"Mutuality", field::mutuality}};
constexpr std::array generic_period_rules{rule{"PeriodStart", field::first_day},
                                          rule{"PeriodEnd", field::last_day}};
constexpr std::array generic_detail_rules{
    rule{"InsurabilityRequestType", field::request_type}, group("Period", generic_period_rules),
    rule{"InsurabilityContactType", field::contact_type}, rule{"InsurabilityReference"}};
constexpr std::array generic_question_rules{group("CareReceiverId", generic_patient_rules),
                                            group("InsurabilityRequestDetail", generic_detail_rules)};
constexpr std::array generic_question_attributes{attribute_rule{"MessageName", field::message_name},
                                                 attribute_rule{"Version", field::message_version},
                                                 attribute_rule{"TestFlag", field::test_flag},
                                                 attribute_rule{"Duplicate"},
                                                 attribute_rule{"SenderReference"},
                                                 attribute_rule{"ReceiverReference"},
                                                 attribute_rule{"Synchronous"}};
constexpr std::array generic_rules{group("CommonInput", generic_common_rules),
                                   group("RecordCommonInput", generic_record_rules),
                                   group("Request", generic_question_rules, generic_question_attributes)};

struct recipe {
    std::string_view payload_name;
    std::string_view protocol;  // namespace of the payload's children
    std::string_view core;      // of everything below
    rule payload;
};

constexpr std::array recipes{
    recipe{pharmacist_question, pharmacist_protocol, pharmacist_core, group({}, pharmacist_rules)},
    recipe{generic_question, generic_protocol, generic_core, group({}, generic_rules)}};

const rule* find_rule(std::span<const rule> rules, std::string_view name) {
    for (const auto& candidate : rules)
        if (candidate.name == name) return &candidate;
    return nullptr;
}

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
            keep(by.target, std::move(*value));
            return std::nullopt;
        }
        return read_children(element, by, depth);
    }

    /// Empty when the message has none.
    [[nodiscard]] const secret_string& operator[](field which) const {
        return values_[static_cast<std::size_t>(which)];
    }

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
            keep(known->target, value_of(*attribute));
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

    void keep(field target, secret_string value) {
        if (target != field::none) values_[static_cast<std::size_t>(target)] = std::move(value);
    }

    const recipe& by_;
    std::array<secret_string, static_cast<std::size_t>(field::count)> values_;
};

/// xs:boolean; absent means false.
std::optional<bool> boolean(const secret_string& value) {
    const auto text = value.reveal();
    if (text == "true" || text == "1") return true;
    if (text.empty() || text == "false" || text == "0") return false;
    return std::nullopt;
}

/// Joined by a character that no XML document can hold, so that no two tuples give one text.
std::string request_type(const recipe_reader& values) {
    std::string out(values[field::request_type].reveal());
    for (const auto part : {field::contact_type, field::message_name, field::message_version})
        out.append("\x1f").append(values[part].reveal());
    return out;
}

std::expected<consult_request, consult_error> make_request(const recipe& by, const recipe_reader& values) {
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
        return make_request(candidate, reader);
    }
    return std::unexpected(consult_error::not_a_consult);
}

}  // namespace

std::expected<consult_request, consult_error> read_request(std::string_view message) {
    const auto document = xml_document::parse(message, extent::without_header);
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
