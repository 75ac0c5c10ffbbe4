// See assertion_checks.hpp.
#include "garde/caller/assertion.hpp"

#include "../support/canonical.hpp"
#include "../support/fixtures.hpp"
#include "assertion_checks.hpp"

#include <libxml/parser.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

namespace garde::caller::fuzz {
namespace {

constexpr wall_time corpus_time =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{9} + std::chrono::minutes{30};

std::filesystem::path corpus() {
    return test::fixtures().parent_path() / "caller" / "corpus";
}

std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::shared_ptr<const assertion_rules> rules() {
    auto out = std::make_shared<assertion_rules>();
    out->issuers = parse_certificates(read(corpus() / "issuer.pem"));
    out->provider_attributes = {"urn:be:fgov:ehealth:1.0:certificateholder:pharmacy:nihii-number"};
    return out;
}

xmlNode* find(xmlNode* from, const char* local) {
    for (auto* node = from; node != nullptr; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        if (xmlStrEqual(node->name, reinterpret_cast<const xmlChar*>(local)) != 0) return node;
        if (auto* inside = find(node->children, local)) return inside;
    }
    return nullptr;
}

/// The last child of the root, and the first Timestamp, in canonical form: found in another way than the
/// checker finds them.
std::string signed_parts(std::string_view message) {
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> tree(
        xmlReadMemory(message.data(), static_cast<int>(message.size()), nullptr, "UTF-8",
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC),
        &xmlFreeDoc);
    if (tree == nullptr) throw finding("accepted, but not XML");
    auto* root = xmlDocGetRootElement(tree.get());
    auto* timestamp = find(root, "Timestamp");
    if (timestamp == nullptr) throw finding("accepted without a Timestamp");
    return test::canonical_form(*tree, *xmlLastElementChild(root)) + test::canonical_form(*tree, *timestamp);
}

struct honest {
    std::set<std::string> parts;
    std::set<std::string> callers;

    /// True when it is accepted, and then known.
    bool learn(const std::filesystem::path& file) {
        const auto message = read(file);
        const auto who = assertion_checker(rules()).check(message, corpus_time);
        if (!who) return false;
        parts.insert(signed_parts(message));
        callers.insert(who->canonical());
        return true;
    }
};

honest read_honest() {
    honest out;
    for (const auto& entry : std::filesystem::directory_iterator(corpus() / "honest"))
        if (!out.learn(entry.path())) throw finding("an honest message is refused: " + entry.path().string());
    // Signed as well, whether they are accepted or not.
    for (const auto& entry : std::filesystem::directory_iterator(corpus() / "disputed"))
        out.learn(entry.path());
    return out;
}

}  // namespace

void check_assertions(std::string_view bytes) {
    static const auto by = rules();
    static const honest known = read_honest();
    assertion_checker checker(by);
    const auto who = checker.check(bytes, corpus_time);
    const auto again = checker.check(bytes, corpus_time);
    if (again) throw finding("accepted a second time");
    if (!who) {
        if (who.error().signer.verified()) throw finding("refused, and yet a signer is named");
        if (again.error() != who.error()) throw finding("refused for another reason a second time");
        return;
    }
    if (again.error().why != assertion_refusal::replayed) throw finding("the second copy is not a replay");
    if (again.error().signer != *who) throw finding("the second copy is somebody else's");
    if (!known.callers.contains(who->canonical())) throw finding("accepted from nobody who has signed");
    if (!known.parts.contains(signed_parts(bytes))) throw finding("accepted, though nobody has signed it");
}

}  // namespace garde::caller::fuzz
