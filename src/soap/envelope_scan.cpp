// See envelope_scan.hpp; the work is scanner's.
#include "garde/soap/envelope_scan.hpp"

#include "scanner.hpp"
#include "xml_text.hpp"

#include <algorithm>
#include <charconv>

namespace garde::soap {

envelope_scan scan(std::string_view text) {
    envelope_scan out;
    scanner work(text);
    if (work.run() == scanner::verdict::envelope) {
        out = work.findings();
        out.result = scan_result::envelope;
    } else if (std::ranges::all_of(text, is_space)) {
        out.result = scan_result::empty;
    }
    return out;
}

bool body_has_element(std::string_view text, std::string_view local_name) {
    scanner work(text, local_name);
    return work.run() == scanner::verdict::envelope && work.watched_seen();
}

std::string_view first_text(std::string_view text, std::string_view local_name) {
    scanner work(text, local_name);
    const bool found = work.run() == scanner::verdict::envelope && work.watched_seen();
    return found ? work.watched_text() : std::string_view{};
}

std::optional<std::uint16_t> insurer_number(std::string_view text) {
    const std::string_view digits = first_text(text, "Mutuality");
    std::uint16_t out = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    const bool plain = error == std::errc() && stop == digits.data() + digits.size() && out != 0;
    return plain ? std::optional(out) : std::nullopt;
}

}  // namespace garde::soap
