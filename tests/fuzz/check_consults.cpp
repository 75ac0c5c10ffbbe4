// See consult_checks.hpp.
#include "garde/cache/key.hpp"

#include "../support/canonical.hpp"
#include "consult_checks.hpp"

#include <libxml/parser.h>

#include <memory>
#include <string>

namespace garde::cache::fuzz {
namespace {

const caller::identity pharmacy{"CN=Example CA", "CN=Example Pharmacy One", {}};

/// The message as another program would write it: other prefixes' places, other quotes, no comments.
std::string rewritten(std::string_view message) {
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> tree(
        xmlReadMemory(message.data(), static_cast<int>(message.size()), nullptr, "UTF-8",
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC),
        &xmlFreeDoc);
    if (tree == nullptr) throw finding("read, but not XML");
    if (tree->intSubset != nullptr || tree->extSubset != nullptr) throw finding("read with a document type");
    return test::canonical_form(*tree, *xmlDocGetRootElement(tree.get()));
}

void check_question(std::string_view bytes, const soap::consult_request& request) {
    const auto key = make_key("service", pharmacy, request);
    // With a comment it is libxml2 that reads it, however plainly the rest is written.
    const auto by_tree = soap::read_request(std::string(bytes) + "<!-- -->");
    if (!by_tree || make_key("service", pharmacy, *by_tree) != key || by_tree->date != request.date ||
        by_tree->last_date != request.last_date ||
        by_tree->care_receiver.identifiers() != request.care_receiver.identifiers())
        throw finding("read plainly as libxml2 does not read it");
    const auto other = soap::read_request(rewritten(bytes));
    if (!other) throw finding("read, but not in canonical form");
    if (make_key("service", pharmacy, *other) != key) throw finding("the canonical form has another key");
    if (other->date != request.date || other->last_date != request.last_date)
        throw finding("the canonical form has another date");
    const auto removals = make_removal_keys("service", pharmacy, request.care_receiver);
    if (removals.empty() || removals.size() != request.care_receiver.identifiers().size())
        throw finding("a patient who cannot be removed");
    if (request.last_date < request.date) throw finding("a period that ends before it begins");
}

void check_answer(std::string_view bytes, const soap::consult_reply& reply) {
    const auto other = soap::read_reply(rewritten(bytes));
    if (!other) throw finding("an answer that is read, but not in canonical form");
    if (other->status_code != reply.status_code || other->return_code != reply.return_code ||
        other->deceased != reply.deceased || other->fault != reply.fault ||
        other->communicated != reply.communicated || other->period_end != reply.period_end ||
        other->bound_to_request != reply.bound_to_request)
        throw finding("an answer's canonical form says something else");
}

}  // namespace

void check_consults(std::string_view bytes) {
    const auto request = soap::read_request(bytes);
    const auto again = soap::read_request(bytes);
    if (request.has_value() != again.has_value() || (!request && request.error() != again.error()))
        throw finding("read in two ways");
    if (request) check_question(bytes, *request);
    if (const auto reply = soap::read_reply(bytes)) check_answer(bytes, *reply);
}

}  // namespace garde::cache::fuzz
