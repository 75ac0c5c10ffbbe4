// See envelope_scan.hpp; the work is scanner's.
#include "garde/soap/envelope_scan.hpp"

#include "scanner.hpp"
#include "xml_text.hpp"

#include <algorithm>

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

}  // namespace garde::soap
