// See answer.hpp.
#include "bench/common/answer.hpp"

#include "bench/common/consult.hpp"

#include <algorithm>

namespace bench {
namespace {

constexpr std::size_t longest_code = 16;

/// The envelope's end is the document's: what was cut off has none.
bool whole(std::string_view body) {
    const auto last = body.find_last_not_of(" \r\n\t");
    return last != body.npos && body.substr(0, last + 1).ends_with(":Envelope>");
}

/// The text between this and the next tag; empty when there is none.
std::string_view text_after(std::string_view body, std::string_view tag) {
    const auto at = body.find(tag);
    if (at == body.npos) return {};
    const auto text = body.substr(at + tag.size());
    return text.substr(0, std::min(text.find('<'), text.size()));
}

bool is_code(std::string_view text) {
    return text.starts_with("SOA-") && text.size() <= longest_code &&
           text.find_first_not_of("0123456789", 4) == text.npos;
}

}  // namespace

std::string kind_of_answer(std::string_view body, std::uint64_t index) {
    if (!whole(body)) return "other";
    if (body.find(":Fault>") != body.npos) {
        const auto code = text_after(body, "<Code>");
        return is_code(code) ? std::string(code) : "other";
    }
    const bool reply = body.find(":GetInsurabilityForPharmacistResponse>") != body.npos &&
                       body.find(":Reference>" + reference_of(index) + "<") != body.npos;
    return reply ? "reply" : "other";
}

}  // namespace bench
