// The simulated insurer: reads a getInsurabilityForPharmacist question and makes its answer. Pure; equal
// questions get equal answers at every site.
//
// Patients are invented from their number. The insurer of a national number N is insurers[N mod 8]; the
// registration number there is N, padded with zeros to 13 digits, so that both ways of asking lead to the
// same patient. The last two digits of a national number may make the patient special:
//   91  has died                          95  Status/Code is not 200
//   92  has no coverage                   96  the reply's Header has a wsu:Timestamp that expires
//   93  is known to several insurers      97  the reply is padded to 96 KiB
//   94  is unknown
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sim {

inline constexpr std::array<std::string_view, 8> insurers{"130", "203", "306", "319",
                                                          "407", "509", "602", "910"};

/// What the answer is made from. Texts are as in the request, unescaped.
struct question {
    std::string provider;   ///< CareProvider/Nihii/Value
    std::string ssin;       ///< of the patient, also when he was asked for by registration number
    std::string mutuality;  ///< the insurer that answers
    bool member = true;     ///< false: asked for at an insurer that does not know him
    std::string date;
    std::string reference;
    std::string user_reference;
    bool deceased = false;  ///< the patient, whatever his number says
};

/// A code of the SOA error catalogue: SOA-03001 (not well-formed) … SOA-03007 (content).
using fault_code = std::string_view;

/// Reads a SOAP message; never touches the network or a file.
std::expected<question, fault_code> read_question(std::string_view message);

/// A SOAP 1.1 envelope with a GetInsurabilityForPharmacistResponse that is valid by the schemas.
std::string make_reply(const question& asked);

/// A SOAP 1.1 fault with a SystemError. Codes that the catalogue does not have get a text too.
std::string make_fault(std::string_view code);

}  // namespace sim
