// The fields of an assurability question and its answer that the reply cache decides by, read with libxml2
// off the main path. Source: the insurability schemas (protocol and core v2) and the generic ones (v1).
#pragma once

#include "garde/base/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::soap {

/// The payloads that the readers know, as payload_name gives them. getInsurabilityAsFlat is none: its answer
/// is not XML.
inline constexpr std::string_view pharmacist_question =
    "{urn:be:fgov:ehealth:insurability:protocol:v2}GetInsurabilityForPharmacistRequest";
inline constexpr std::string_view pharmacist_answer =
    "{urn:be:fgov:ehealth:insurability:protocol:v2}GetInsurabilityForPharmacistResponse";
inline constexpr std::string_view generic_question =
    "{urn:be:fgov:ehealth:genericinsurability:protocol:v1}GetInsurabilityRequest";
inline constexpr std::string_view generic_answer =
    "{urn:be:fgov:ehealth:genericinsurability:protocol:v1}GetInsurabilityResponse";
inline constexpr std::string_view fault_answer = "{http://schemas.xmlsoap.org/soap/envelope/}Fault";

/// Why a message cannot be used for the cache. Counted by name.
enum class consult_error : std::uint8_t {
    not_xml,               ///< not well-formed, or larger or deeper than the bounds
    dtd,                   ///< has a document type declaration
    not_a_consult,         ///< no SOAP 1.1 envelope with one Body with one known payload
    reference,             ///< an element carries Ref or ValueRef
    extended_information,  ///< a non-empty ExtendedInformation
    unknown_element,       ///< an element (or attribute) that the recipe does not know
    missing_field,  ///< a field of the key is missing, half there or not valid, or an element that is read is
                    ///< there twice
    bad_date,       ///< a date that is none
};

inline constexpr std::size_t consult_errors = static_cast<std::size_t>(consult_error::bad_date) + 1;

std::string_view to_text(consult_error value);

/// A patient as a message names him: by national number, or by insurer and registration number, or both.
struct patient {
    secret_string ssin;
    std::string mutuality;
    secret_string registration;

    /// Identifiers that removals go by: `ssin:…` and `reg:MUTUALITY/…`, those that are there.
    [[nodiscard]] std::vector<secret_string> identifiers() const;
};

struct consult_request {
    std::string payload_name;  ///< {namespace}local
    bool is_test = false;
    std::string provider_quality;    ///< CareProvider/Nihii/Quality
    std::string provider_nihii;      ///< CareProvider/Nihii/Value
    std::string organization_nihii;  ///< CareProvider/Organization/Nihii/Value; empty when absent
    patient care_receiver;
    /// RequestType; generic service: request type, contact type, and the message's name and version, which
    /// set the answer's form.
    std::string request_type;
    std::chrono::sys_days date;       ///< the (first) day asked for; not part of the key
    std::chrono::sys_days last_date;  ///< generic service: the last day asked for; else the same day
};

/// Any answer that is a complete envelope; what is absent is empty.
struct consult_reply {
    std::string payload_name;  ///< {namespace}local
    bool fault = false;
    std::string status_code;                 ///< Status/Code
    std::optional<std::string> return_code;  ///< ReturnInfo/ReturnCode as MAJOR/MINOR/DETAIL
    bool multiple_io = false;
    bool message_fault = false;  ///< MessageFault of the generic service
    bool deceased = false;
    bool bound_to_request = false;  ///< SignatureConfirmation, wsa:RelatesTo, or a Timestamp that expires
    std::optional<patient> care_receiver;
    std::optional<std::chrono::sys_days> communicated;  ///< Coverage/Communicated; generic: InsurabilityDate
    std::optional<std::chrono::sys_days> period_begin;  ///< Coverage/Period, both ends inclusive
    std::optional<std::chrono::sys_days> period_end;
    std::optional<bool> is_test;  ///< where the reply says so
    /// To what the patient is entitled: codes and regime, each with its element's name, in their order. Equal
    /// texts say the same; empty where nothing is said.
    secret_string entitlement;
};

/// Reads a question: UTF-8, at most 1 MiB, depth 64, 256 attributes an element. Never touches the network or
/// a file. Any thread.
std::expected<consult_request, consult_error> read_request(std::string_view message);

/// Reads an answer, under the same bounds. `unknown_element` is never the result here: what is not known is
/// ignored. The generic service's answer has a period only when it lists exactly one, for the whole time
/// asked for.
std::expected<consult_reply, consult_error> read_reply(std::string_view message);

}  // namespace garde::soap
