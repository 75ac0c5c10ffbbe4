// Making the answer to a question: templates filled with values that depend on nothing but the question.
#include "consult.hpp"

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <utility>

namespace sim {
namespace {

constexpr std::string_view envelope_begin = R"(<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">)";

constexpr std::string_view plain_header = R"(
    <soapenv:Header/>)";

constexpr std::string_view expiring_header = R"(
    <soapenv:Header>
        <wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">
            <wsu:Timestamp wsu:Id="TS-1">
                <wsu:Created>@date@T08:00:00.000Z</wsu:Created>
                <wsu:Expires>@date@T08:01:00.000Z</wsu:Expires>
            </wsu:Timestamp>
        </wsse:Security>
    </soapenv:Header>)";

constexpr std::string_view payload_begin = R"(
    <soapenv:Body>
        <ns4:GetInsurabilityForPharmacistResponse xmlns:ns2="urn:be:fgov:ehealth:insurability:core:v2" xmlns:ns3="urn:be:fgov:ehealth:commons:core:v1" xmlns:ns4="urn:be:fgov:ehealth:insurability:protocol:v2" xmlns:ns5="urn:be:fgov:ehealth:commons:protocol:v1" xmlns:ns6="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ns7="http://www.w3.org/2000/09/xmldsig#" xmlns:ns8="http://www.w3.org/2001/04/xmlenc#" Id="R@message@">
            <Status>
                <Code>@status@</Code>
                <Message Lang="EN">@status_text@</Message>
            </Status>
            <ns4:CommonOutput>
                <ns2:Reference>@message@</ns2:Reference>
                <ns2:IoReference>@io_message@</ns2:IoReference>
            </ns4:CommonOutput>
            <ns4:RecordCommonOutput>@reference@
                <ns2:IoReference>@record@</ns2:IoReference>@user_reference@
            </ns4:RecordCommonOutput>
            <ns4:ReturnInfo>
                <ns2:ReturnCode>
                    <ns2:Major>@major@</ns2:Major>
                    <ns2:Minor>@minor@</ns2:Minor>
                    <ns2:Detail>@detail@</ns2:Detail>
                </ns2:ReturnCode>@multiple_io@
            </ns4:ReturnInfo>
            <ns4:InsurabilityResponse>
                <ns2:Requested>@date@</ns2:Requested>)";

constexpr std::string_view known_patient = R"(
                <ns2:CareReceiver>
                    <ns2:Ssin>@ssin@</ns2:Ssin>
                    <ns2:RegNrWithMut>00@ssin@</ns2:RegNrWithMut>
                    <ns2:Mutuality>@mutuality@</ns2:Mutuality>
                    <ns2:FirstName>@first_name@</ns2:FirstName>
                    <ns2:LastName>@last_name@</ns2:LastName>
                    <ns2:Birthday>@birthday@</ns2:Birthday>@deceased@
                    <ns2:Sex>@sex@</ns2:Sex>
                </ns2:CareReceiver>)";

constexpr std::string_view unknown_patient = R"(
                <ns2:CareReceiver>
                    <ns2:Ssin>@ssin@</ns2:Ssin>
                </ns2:CareReceiver>)";

constexpr std::string_view coverage = R"(
                <ns2:Coverage>
                    <ns2:Communicated>@date@</ns2:Communicated>
                    <ns2:Period>
                        <ns2:BeginDate>@year@-01-01</ns2:BeginDate>
                        <ns2:EndDate>@year@-12-31</ns2:EndDate>
                    </ns2:Period>
                    <ns2:Entitlement>
                        <ns2:Code1>@code1@</ns2:Code1>
                        <ns2:Code2>@code2@</ns2:Code2>
                        <ns2:ThirdPartyPayerRegime>@regime@</ns2:ThirdPartyPayerRegime>
                    </ns2:Entitlement>
                </ns2:Coverage>
                <ns2:Verification>
                    <ns2:PaymentApproval>@approval@</ns2:PaymentApproval>
                    <ns2:PaymentApprovalSeed>@seed@</ns2:PaymentApprovalSeed>
                    <ns2:InvoicingOfficeCheckDigit>@check@</ns2:InvoicingOfficeCheckDigit>
                </ns2:Verification>)";

constexpr std::string_view payload_end = R"(
            </ns4:InsurabilityResponse>
        </ns4:GetInsurabilityForPharmacistResponse>
    </soapenv:Body>)";

constexpr std::string_view envelope_end = "\n</soapenv:Envelope>\n";

constexpr std::string_view fault_template = R"(<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault><faultcode>soapenv:@side@</faultcode><faultstring>@code@</faultstring><detail><urn:SystemError xmlns:urn="urn:be:fgov:ehealth:errors:soa:v1" Id="sim-@code@"><Origin>@origin@</Origin><Code>@code@</Code><Message xml:lang="en">@text@</Message><Retry>@retry@</Retry><urn:Environment>Simulation</urn:Environment></urn:SystemError></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>
)";

constexpr std::array<std::string_view, 8> first_names{"Anouk", "Bram", "Chloë", "Dirk",
                                                      "Élise", "Fons", "Greta", "Hugo"};
constexpr std::array<std::string_view, 7> last_names{"Voorbeeld", "Exempel", "Modèle", "Proefman",
                                                     "Muster",    "D'Essai", "Vandemo"};
constexpr std::size_t padded_bytes = 96 * 1024;

using values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Appends `text` with each @name@ replaced.
void fill(std::string& out, std::string_view text, values with) {
    for (;;) {
        const auto begin = text.find('@');
        out += text.substr(0, begin);
        if (begin == text.npos) return;
        const auto end = text.find('@', begin + 1);
        const auto name = text.substr(begin + 1, end - begin - 1);
        const auto* found = std::ranges::find(with, name, &values::value_type::first);
        if (found != with.end()) out += found->second;
        text.remove_prefix(end + 1);
    }
}

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c;
        }
    }
    return out;
}

/// `<ns2:NAME>TEXT</ns2:NAME>` on a line of its own; nothing for an empty text.
std::string optional_element(std::string_view indent, std::string_view name, std::string_view text) {
    std::string out;
    if (text.empty()) return out;
    out.append("\n").append(indent).append("<ns2:").append(name).append(">");
    out += escape(text);
    return out.append("</ns2:").append(name).append(">");
}

/// FNV-1a with a finishing mix, over the parts and a salt.
std::uint64_t hash(std::uint64_t salt, std::initializer_list<std::string_view> parts) {
    std::uint64_t h = 0xcbf29ce484222325ULL ^ (salt * 0x9e3779b97f4a7c15ULL);
    for (const auto part : parts) {
        for (const char c : part) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        h = (h ^ 0xff) * 0x100000001b3ULL;
    }
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
    return h ^ (h >> 33);
}

std::string digits(std::uint64_t value, std::size_t count) {
    std::string out(count, '0');
    for (auto at = out.rbegin(); at != out.rend(); ++at, value /= 10)
        *at = static_cast<char>('0' + value % 10);
    return out;
}

std::string hex(std::uint64_t value) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llX", static_cast<unsigned long long>(value));
    return text.data();
}

struct speciality {
    std::string_view status = "200";
    std::string_view status_text = "Success";
    std::string_view major = "00";
    std::string_view minor = "00";
    std::string_view detail = "00000";
    bool known = true;
    bool covered = true;
    bool deceased = false;
    bool several_insurers = false;
    bool expiring = false;
    bool padded = false;
};

speciality speciality_of(const question& asked) {
    speciality special;
    const auto ending = std::string_view(asked.ssin).substr(asked.ssin.size() - 2);
    special.deceased = asked.deceased || ending == "91";
    special.several_insurers = ending == "93";
    special.expiring = ending == "96";
    special.padded = ending == "97";
    special.known = asked.member && ending != "94";
    special.covered = special.known && ending != "92" && ending != "93";
    if (!special.known) {
        special.major = "01";
        special.minor = "20";
        special.detail = "00103";
    } else if (special.several_insurers) {
        special.major = "02";
        special.detail = "00200";
    }
    if (ending == "95") {
        special.status = "300";
        special.status_text = "Processed with warnings";
    }
    return special;
}

void append_patient(std::string& out, const question& asked, const speciality& special) {
    const auto person = hash(1, {asked.ssin});
    const auto birthday = digits(1930 + person % 80, 4) + "-" + digits(1 + person / 100 % 12, 2) + "-" +
                          digits(1 + person / 10'000 % 28, 2);
    const std::string_view indent = "                    ";
    fill(out, special.known ? known_patient : unknown_patient,
         {{"ssin", asked.ssin},
          {"mutuality", asked.mutuality},
          {"first_name", first_names[person / 7 % first_names.size()]},
          {"last_name", last_names[person / 77 % last_names.size()]},
          {"birthday", birthday},
          {"deceased", optional_element(indent, "Deceased", special.deceased ? asked.date : std::string())},
          {"sex", person % 2 == 0 ? "male" : "female"}});
}

void append_coverage(std::string& out, const question& asked) {
    constexpr std::array<std::string_view, 4> codes{"110", "111", "140", "141"};
    constexpr std::array<std::string_view, 3> regimes{"standard", "elevated", "none"};
    const auto rights = hash(2, {asked.ssin});
    // The insurer guarantees payment to the provider that asks, for this patient and day: so all three are in
    // it.
    const auto approval_high = hash(3, {asked.provider, asked.ssin, asked.date});
    const auto approval_low = hash(4, {asked.provider, asked.ssin, asked.date});
    fill(out, coverage,
         {{"date", asked.date},
          {"year", std::string_view(asked.date).substr(0, 4)},
          {"code1", codes[rights % codes.size()]},
          {"code2", codes[rights / 8 % codes.size()]},
          {"regime", regimes[rights / 64 % regimes.size()]},
          {"approval", hex(approval_high) + hex(approval_low)},
          {"seed", digits(approval_low, 10)},
          {"check", digits(approval_high, 2)}});
}

std::string_view text_of_code(std::string_view code) {
    constexpr auto texts = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"SOA-01001", "Service call not authenticated"},
        {"SOA-01002", "Service call not authorized"},
        {"SOA-02001", "Service is not available. Please contact service desk."},
        {"SOA-02002", "Service temporarily not available. Please try later."},
        {"SOA-03001", "Malformed message"},
        {"SOA-03002", "Message must be SOAP"},
        {"SOA-03003", "Message must contain SOAP body"},
        {"SOA-03004", "WS-I compliance failure"},
        {"SOA-03005", "WSDL compliance failure"},
        {"SOA-03006", "XSD compliance failure"},
        {"SOA-03007", "Message content validation failure"},
    });
    const auto* found = std::ranges::find(texts, code, &std::pair<std::string_view, std::string_view>::first);
    return found == texts.end() ? "An unexpected error has occurred" : found->second;
}

}  // namespace

std::string make_reply(const question& asked) {
    const auto special = speciality_of(asked);
    const auto exchange = {std::string_view(asked.provider), std::string_view(asked.ssin),
                           std::string_view(asked.date), std::string_view(asked.reference),
                           std::string_view(asked.user_reference)};
    const std::string_view indent = "                ";
    std::string out;
    out.reserve(special.padded ? padded_bytes + 256 : 4096);
    out += envelope_begin;
    fill(out, special.expiring ? expiring_header : plain_header, {{"date", asked.date}});
    fill(out, payload_begin,
         {{"message", digits(hash(5, exchange), 14)},
          {"io_message", digits(hash(6, exchange), 14)},
          {"record", digits(hash(7, exchange), 10)},
          {"status", special.status},
          {"status_text", special.status_text},
          {"reference", optional_element(indent, "Reference", asked.reference)},
          {"user_reference", optional_element(indent, "UserReference", asked.user_reference)},
          {"major", special.major},
          {"minor", special.minor},
          {"detail", special.detail},
          {"multiple_io",
           special.several_insurers ? optional_element(indent, "MultipleIO", "1 3") : std::string()},
          {"date", asked.date}});
    append_patient(out, asked, special);
    if (special.covered) append_coverage(out, asked);
    out += payload_end;
    if (special.padded) out.append(padded_bytes - out.size() - envelope_end.size(), ' ');
    out += envelope_end;
    return out;
}

std::string make_fault(std::string_view code) {
    const bool provider = code.starts_with("SOA-00") || code.starts_with("SOA-02");
    std::string out;
    fill(out, fault_template,
         {{"side", provider ? "Server" : "Client"},
          {"origin", provider ? "Provider" : "Consumer"},
          {"code", escape(code)},
          {"text", text_of_code(code)},
          {"retry", code == "SOA-02002" ? "true" : "false"}});
    return out;
}

}  // namespace sim
