// Reading a question with libxml2: enough validation to answer SOA-03001 … 03007 as the real service would.
#include "consult.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>

namespace sim {
namespace {

constexpr std::string_view soap_namespace = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view protocol_namespace = "urn:be:fgov:ehealth:insurability:protocol:v2";
constexpr std::string_view core_namespace = "urn:be:fgov:ehealth:insurability:core:v2";

struct free_document {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};

std::string_view view(const xmlChar* text) {
    return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

bool is(const xmlNode* node, std::string_view space, std::string_view name) {
    return node->type == XML_ELEMENT_NODE && node->ns != nullptr && view(node->ns->href) == space &&
           view(node->name) == name;
}

const xmlNode* child(const xmlNode* parent, std::string_view space, std::string_view name) {
    if (parent == nullptr) return nullptr;
    for (const auto* node = parent->children; node != nullptr; node = node->next) {
        if (is(node, space, name)) return node;
    }
    return nullptr;
}

const xmlNode* core_child(const xmlNode* parent, std::string_view name) {
    return child(parent, core_namespace, name);
}

const xmlNode* first_element(const xmlNode* parent) {
    const auto* node = parent->children;
    while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

std::string text_of(const xmlNode* node) {
    std::string result;
    if (node == nullptr) return result;
    for (const auto* part = node->children; part != nullptr; part = part->next) {
        if (part->type == XML_TEXT_NODE || part->type == XML_CDATA_SECTION_NODE)
            result += view(part->content);
    }
    return result;
}

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const auto number = [&](std::size_t at, std::size_t count) {
        const auto part = text.substr(at, count);
        int value = -1;
        if (all_digits(part)) std::from_chars(part.data(), part.data() + part.size(), value);
        return value;
    };
    const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                          std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    return number(0, 4) > 0 && day.ok();
}

/// The patient's number and insurer; false where the schema is violated.
bool read_patient(const xmlNode* receiver, question& out) {
    out.ssin = text_of(core_child(receiver, "Ssin"));
    const auto registration = text_of(core_child(receiver, "RegNrWithMut"));
    out.mutuality = text_of(core_child(receiver, "Mutuality"));
    const bool lengths_fit = (out.ssin.empty() || out.ssin.size() == 11) && registration.size() <= 13 &&
                             (out.mutuality.empty() || out.mutuality.size() == 3);
    if (!lengths_fit || !all_digits(out.ssin) || !all_digits(registration)) return false;
    if (out.ssin.empty() && !registration.empty()) {
        const auto padded = std::string(13 - registration.size(), '0') + registration;
        out.ssin = padded.substr(2);
        out.member = padded.starts_with("00");
    }
    return true;
}

std::optional<fault_code> check_content(question& out) {
    const bool by_number = !out.ssin.empty();
    if (!by_number) return "SOA-03007";
    std::uint64_t number = 0;
    std::from_chars(out.ssin.data(), out.ssin.data() + out.ssin.size(), number);
    const auto insurer = insurers[number % insurers.size()];
    if (out.mutuality.empty()) out.mutuality = insurer;
    out.member = out.member && out.mutuality == insurer;
    return std::nullopt;
}

/// The schema's rules for what the answer is made from.
std::expected<question, fault_code> read_payload(const xmlNode* payload) {
    const auto bad_schema = std::unexpected<fault_code>("SOA-03006");
    const auto* input = child(payload, protocol_namespace, "CommonInput");
    const auto* record = child(payload, protocol_namespace, "RecordCommonInput");
    const auto* request = child(payload, protocol_namespace, "InsurabilityRequest");
    const auto* origin = core_child(input, "Origin");
    const auto* license = core_child(core_child(origin, "Package"), "License");
    if (record == nullptr || core_child(license, "Username") == nullptr ||
        core_child(license, "Password") == nullptr) {
        return bad_schema;
    }
    question out;
    out.provider = text_of(core_child(core_child(core_child(origin, "CareProvider"), "Nihii"), "Value"));
    out.reference = text_of(core_child(record, "Reference"));
    out.user_reference = text_of(core_child(record, "UserReference"));
    out.date = text_of(core_child(request, "Date"));
    const auto is_test = text_of(core_child(core_child(input, "Request"), "IsTest"));
    const bool is_boolean =
        is_test.empty() || is_test == "true" || is_test == "false" || is_test == "1" || is_test == "0";
    if (!is_boolean || !is_date(out.date) || text_of(core_child(request, "RequestType")).size() != 1 ||
        out.reference.size() > 14 || !all_digits(out.reference) || out.user_reference.size() > 25) {
        return bad_schema;
    }
    const auto* receiver = core_child(request, "CareReceiver");
    if (receiver == nullptr || !read_patient(receiver, out)) return bad_schema;
    if (const auto wrong = check_content(out)) return std::unexpected(*wrong);
    return out;
}

}  // namespace

std::expected<question, fault_code> read_question(std::string_view message) {
    constexpr int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    const std::unique_ptr<xmlDoc, free_document> document(
        xmlReadMemory(message.data(), static_cast<int>(message.size()), nullptr, nullptr, options));
    if (!document) return std::unexpected("SOA-03001");
    if (xmlGetIntSubset(document.get()) != nullptr) return std::unexpected("SOA-03004");
    const auto* root = xmlDocGetRootElement(document.get());
    if (root == nullptr || !is(root, soap_namespace, "Envelope")) return std::unexpected("SOA-03002");
    const auto* body = child(root, soap_namespace, "Body");
    const auto* payload = body == nullptr ? nullptr : first_element(body);
    if (payload == nullptr) return std::unexpected("SOA-03003");
    if (!is(payload, protocol_namespace, "GetInsurabilityForPharmacistRequest"))
        return std::unexpected("SOA-03005");
    return read_payload(payload);
}

}  // namespace sim
