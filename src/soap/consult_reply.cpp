// read_reply: what is needed is looked for at its exact place; what forbids keeping the answer (Deceased,
// MultipleIO, …) is looked for anywhere and in any namespace, so that an unexpected shape errs towards not
// keeping it.
#include "garde/base/clock.hpp"
#include "garde/soap/any_reply.hpp"
#include "garde/soap/consult.hpp"

#include "consult_names.hpp"
#include "xml_document.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace garde::soap {
namespace {

/// Looks for single children; remembers the first thing that makes the answer ambiguous.
class finder {
  public:
    explicit finder(std::string_view core) : core_(core) {}

    /// The child of that name; null when the parent is null or has none.
    const xmlNode* child(const xmlNode* parent, std::string_view uri, std::string_view name) {
        const xmlNode* found = nullptr;
        for (const xmlNode* part = parent == nullptr ? nullptr : element_from(parent->children);
             part != nullptr; part = element_from(part->next)) {
            if (local_name(*part) != name || namespace_of(*part) != uri) continue;
            if (found != nullptr) fail(consult_error::missing_field);
            found = part;
        }
        return found;
    }

    const xmlNode* child(const xmlNode* parent, std::string_view name) { return child(parent, core_, name); }

    /// Empty when the element is absent.
    secret_string value(const xmlNode* element) {
        if (element == nullptr) return {};
        auto content = simple_content(*element);
        if (!content) fail(consult_error::missing_field);
        return content ? std::move(*content) : secret_string{};
    }

    std::string text(const xmlNode* element) { return std::string(value(element).reveal()); }

    std::optional<std::chrono::sys_days> date(const xmlNode* element) {
        if (element == nullptr) return std::nullopt;
        const auto out = parse_date(value(element).reveal());
        if (!out) fail(consult_error::bad_date);
        return out;
    }

    void fail(consult_error why) {
        if (!failure_) failure_ = why;
    }

    [[nodiscard]] std::optional<consult_error> failure() const { return failure_; }

  private:
    const std::string_view core_;
    std::optional<consult_error> failure_;
};

/// The first element of this local name at any depth below; null when there is none.
const xmlNode* anywhere(const xmlNode& below, std::string_view name) {
    for (const xmlNode* part = element_from(below.children); part != nullptr;
         part = element_from(part->next)) {
        if (local_name(*part) == name) return part;
        if (const xmlNode* found = anywhere(*part, name)) return found;
    }
    return nullptr;
}

/// Expires stands in a wsu:Timestamp; wherever else it may stand, it means that the answer's time is limited.
bool bound_to_request(const xmlNode* header) {
    if (header == nullptr) return false;
    return anywhere(*header, "SignatureConfirmation") != nullptr ||
           anywhere(*header, "RelatesTo") != nullptr || anywhere(*header, "Expires") != nullptr;
}

void read_period(finder& find, const xmlNode* period, std::string_view begin, std::string_view end,
                 consult_reply& out) {
    out.period_begin = find.date(find.child(period, begin));
    out.period_end = find.date(find.child(period, end));
    if (out.period_begin && out.period_end && *out.period_end < *out.period_begin)
        find.fail(consult_error::bad_date);
}

std::optional<std::string> read_return_code(finder& find, const xmlNode* code) {
    if (code == nullptr) return std::nullopt;
    return find.text(find.child(code, "Major")) + "/" + find.text(find.child(code, "Minor")) + "/" +
           find.text(find.child(code, "Detail"));
}

/// The elements without children below this one, as NAME=VALUE, but for those named.
void add_values(finder& find, const xmlNode* below, std::span<const std::string_view> but, std::string& to) {
    for (const xmlNode* part = below == nullptr ? nullptr : element_from(below->children); part != nullptr;
         part = element_from(part->next)) {
        if (std::ranges::find(but, local_name(*part)) != but.end()) continue;
        if (element_from(part->children) != nullptr) {
            add_values(find, part, but, to);
            continue;
        }
        to += local_name(*part);
        to += '=';
        to += find.value(part).reveal();
        to += ';';
    }
}

secret_string read_entitlement(finder& find, const xmlNode* from) {
    // When it was said and for how long is read apart; what else is left out comes anew with each answer.
    static constexpr std::array<std::string_view, 5> others{"Communicated", "InsurabilityDate", "Period",
                                                            "PaymentApproval", "RegNrWithMut"};
    std::string values;
    add_values(find, from, others, values);
    secret_string out(values);
    wipe(values);
    return out;
}

/// GetInsurabilityForPharmacistResponse.
void read_pharmacist(finder& find, const xmlNode& payload, consult_reply& out) {
    const xmlNode* info = find.child(&payload, pharmacist_protocol, "ReturnInfo");
    out.return_code = read_return_code(find, find.child(info, "ReturnCode"));
    const xmlNode* response = find.child(&payload, pharmacist_protocol, "InsurabilityResponse");
    if (const xmlNode* receiver = find.child(response, "CareReceiver"))
        out.care_receiver =
            patient{find.value(find.child(receiver, "Ssin")), find.text(find.child(receiver, "Mutuality")),
                    find.value(find.child(receiver, "RegNrWithMut"))};
    const xmlNode* coverage = find.child(response, "Coverage");
    out.communicated = find.date(find.child(coverage, "Communicated"));
    read_period(find, find.child(coverage, "Period"), "BeginDate", "EndDate", out);
    out.entitlement = read_entitlement(find, coverage);
}

/// The one item of the generic answer's InsurabilityList. With several items, a truncated list or a
/// GeneralSituation (the insurability changes within the period), no one period holds, and there is none.
const xmlNode* only_item(finder& find, const xmlNode* detail) {
    const xmlNode* list = find.child(detail, "InsurabilityList");
    if (list == nullptr || find.child(detail, "GeneralSituation") != nullptr) return nullptr;
    for (const xmlAttr* attribute = list->properties; attribute != nullptr; attribute = attribute->next) {
        const auto value = value_of(*attribute);
        if (view(attribute->name) == "Truncated" && value.reveal() != "false" && value.reveal() != "0")
            return nullptr;
    }
    const xmlNode* item = element_from(list->children);
    const bool alone = item != nullptr && element_from(item->next) == nullptr;
    return alone && find.child(list, "InsurabilityItem") == item ? item : nullptr;
}

/// TestFlag of the message header's attributes; nothing when it is absent. What is no boolean counts as a
/// test.
std::optional<bool> test_flag(const xmlNode* response) {
    for (const xmlAttr* attribute = response == nullptr ? nullptr : response->properties;
         attribute != nullptr; attribute = attribute->next) {
        if (view(attribute->name) != "TestFlag") continue;
        const auto value = value_of(*attribute);
        return value.reveal() != "false" && value.reveal() != "0";
    }
    return std::nullopt;
}

/// GetInsurabilityResponse. It has no ReturnInfo; InsurabilityDate, "the date of the information", is its
/// Communicated; insurer and registration number stand beside the period.
void read_generic(finder& find, const xmlNode& payload, consult_reply& out) {
    const xmlNode* response = find.child(&payload, generic_protocol, "Response");
    out.is_test = test_flag(response);
    const xmlNode* item = only_item(find, find.child(response, "InsurabilityResponseDetail"));
    const xmlNode* detail = find.child(response, "CareReceiverDetail");
    const xmlNode* id = find.child(response, "CareReceiverId");
    const xmlNode* registered = id != nullptr ? id : item;
    if (detail != nullptr || id != nullptr)
        out.care_receiver = patient{find.value(find.child(detail != nullptr ? detail : id, "Inss")),
                                    find.text(find.child(registered, "Mutuality")),
                                    find.value(find.child(registered, "RegNrWithMut"))};
    out.communicated = find.date(find.child(item, "InsurabilityDate"));
    read_period(find, find.child(item, "Period"), "PeriodStart", "PeriodEnd", out);
    out.entitlement = read_entitlement(find, item);
}

}  // namespace

std::expected<any_reply, consult_error> read_any_reply(std::string_view message) {
    const auto document = xml_document::parse(message);
    if (!document) return std::unexpected(document.error());
    return any_reply{.fault = document->payload_name() == fault_answer,
                     .bound_to_request = bound_to_request(document->header())};
}

std::expected<consult_reply, consult_error> read_reply(std::string_view message) {
    const auto document = xml_document::parse(message);
    if (!document) return std::unexpected(document.error());
    const xmlNode& payload = document->payload();

    consult_reply out;
    out.payload_name = document->payload_name();
    out.bound_to_request = bound_to_request(document->header());
    out.fault = out.payload_name == fault_answer;
    if (out.fault) return out;
    const bool pharmacist = out.payload_name == pharmacist_answer;
    if (!pharmacist && out.payload_name != generic_answer)
        return std::unexpected(consult_error::not_a_consult);

    finder find(pharmacist ? pharmacist_core : generic_core);
    const xmlNode* status = find.child(&payload, {}, "Status");
    out.status_code = find.text(find.child(status, {}, "Code"));
    out.multiple_io = anywhere(payload, "MultipleIO") != nullptr || anywhere(payload, "MultiIO") != nullptr;
    out.message_fault = anywhere(payload, "MessageFault") != nullptr;
    out.deceased = anywhere(payload, "Deceased") != nullptr;
    if (pharmacist)
        read_pharmacist(find, payload, out);
    else
        read_generic(find, payload, out);
    if (const auto why = find.failure()) return std::unexpected(*why);
    return out;
}

}  // namespace garde::soap
