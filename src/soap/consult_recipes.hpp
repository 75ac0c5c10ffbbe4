// The recipes by which questions are read: trees of the elements and attributes that may be there. What a
// recipe does not name could change the answer without changing the key, so it makes the question unfit for
// the cache. Shared by the readers, of a libxml2 tree and of plain text.
#pragma once

#include "garde/base/secret.hpp"
#include "garde/soap/consult.hpp"

#include "consult_names.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace garde::soap {

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
inline constexpr std::array request_rules{rule{"IsTest", field::is_test}};
inline constexpr std::array license_rules{rule{"Username"}, rule{"Password"}};
inline constexpr std::array package_rules{rule{"Name"}, group("License", license_rules)};
inline constexpr std::array other_nihii_rules{rule{"Quality"}, rule{"Value"}};
inline constexpr std::array provider_nihii_rules{rule{"Quality", field::provider_quality},
                                                 rule{"Value", field::provider_nihii}};
inline constexpr std::array organization_nihii_rules{rule{"Quality"},
                                                     rule{"Value", field::organization_nihii}};
inline constexpr std::array person_rules{rule{"Name"}, group("Nihii", other_nihii_rules), rule{"Ssin"},
                                         rule{"Cbe"}};
inline constexpr std::array organization_rules{rule{"Name"}, group("Nihii", organization_nihii_rules),
                                               rule{"Ssin"}, rule{"Cbe"}};
inline constexpr std::array provider_rules{group("Nihii", provider_nihii_rules),
                                           group("PhysicalPerson", person_rules),
                                           group("Organization", organization_rules)};

// GetInsurabilityForPharmacistRequest, insurability v2.
inline constexpr std::array pharmacist_origin_rules{group("Package", package_rules),
                                                    group("CareProvider", provider_rules)};
inline constexpr std::array pharmacist_common_rules{group("Request", request_rules),
                                                    group("Origin", pharmacist_origin_rules)};
inline constexpr std::array pharmacist_record_rules{rule{"Reference"}, rule{"UserReference"}};
inline constexpr std::array pharmacist_patient_rules{rule{"Ssin", field::ssin},
                                                     rule{"RegNrWithMut", field::registration},
                                                     rule{"Mutuality", field::mutuality}};
inline constexpr std::array pharmacist_question_rules{rule{"Date", field::first_day},
                                                      rule{"RequestType", field::request_type},
                                                      group("CareReceiver", pharmacist_patient_rules)};
inline constexpr std::array pharmacist_rules{group("CommonInput", pharmacist_common_rules),
                                             group("RecordCommonInput", pharmacist_record_rules),
                                             group("InsurabilityRequest", pharmacist_question_rules),
                                             rule{"ExtendedInformation", field::none, content::nothing}};

// GetInsurabilityRequest, generic insurability v1.
inline constexpr std::array generic_origin_rules{group("Package", package_rules), rule{"SiteID"},
                                                 group("CareProvider", provider_rules)};
inline constexpr std::array generic_common_rules{group("Request", request_rules),
                                                 group("Origin", generic_origin_rules),
                                                 rule{"InputReference"}, rule{"NIPReference"}};
inline constexpr std::array generic_record_rules{rule{"InputReference"}};
inline constexpr std::array generic_patient_rules{rule{"Inss", field::ssin},
                                                  rule{"RegNrWithMut", field::registration},
                                                  rule{"Mutuality", field::mutuality}};
inline constexpr std::array generic_period_rules{rule{"PeriodStart", field::first_day},
                                                 rule{"PeriodEnd", field::last_day}};
inline constexpr std::array generic_detail_rules{
    rule{"InsurabilityRequestType", field::request_type}, group("Period", generic_period_rules),
    rule{"InsurabilityContactType", field::contact_type}, rule{"InsurabilityReference"}};
inline constexpr std::array generic_question_rules{group("CareReceiverId", generic_patient_rules),
                                                   group("InsurabilityRequestDetail", generic_detail_rules)};
inline constexpr std::array generic_question_attributes{attribute_rule{"MessageName", field::message_name},
                                                        attribute_rule{"Version", field::message_version},
                                                        attribute_rule{"TestFlag", field::test_flag},
                                                        attribute_rule{"Duplicate"},
                                                        attribute_rule{"SenderReference"},
                                                        attribute_rule{"ReceiverReference"},
                                                        attribute_rule{"Synchronous"}};
inline constexpr std::array generic_rules{
    group("CommonInput", generic_common_rules), group("RecordCommonInput", generic_record_rules),
    group("Request", generic_question_rules, generic_question_attributes)};

struct recipe {
    std::string_view payload_name;
    std::string_view protocol;  // namespace of the payload's children
    std::string_view core;      // of everything below
    rule payload;
};

inline constexpr std::array recipes{
    recipe{pharmacist_question, pharmacist_protocol, pharmacist_core, group({}, pharmacist_rules)},
    recipe{generic_question, generic_protocol, generic_core, group({}, generic_rules)}};

inline const rule* find_rule(std::span<const rule> rules, std::string_view name) {
    for (const auto& candidate : rules)
        if (candidate.name == name) return &candidate;
    return nullptr;
}

/// What a question says in the places that its recipe names.
class recipe_values {
  public:
    /// Empty when the message has none.
    const secret_string& operator[](field which) const { return values_[static_cast<std::size_t>(which)]; }

    void keep(field target, secret_string value) {
        if (target != field::none) values_[static_cast<std::size_t>(target)] = std::move(value);
    }

  private:
    std::array<secret_string, static_cast<std::size_t>(field::count)> values_;
};

}  // namespace garde::soap
