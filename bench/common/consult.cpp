// See consult.hpp.
#include "bench/common/consult.hpp"

#include <algorithm>

namespace bench {
namespace {

constexpr std::size_t reference_digits = 14;
constexpr std::size_t patient_digits = 11;
constexpr std::size_t millisecond_digits = 3;
constexpr std::size_t signature_digits = 14;
/// 2018-08-09T09:30:00.
constexpr std::size_t time_before_milliseconds = 20;

std::string start_tag(std::string_view element) {
    return "<" + std::string(element) + ">";
}

/// Where the text of the first element of this name begins, from `from` on; npos when there is none.
std::size_t text_of(std::string_view document, std::string_view element, std::size_t from = 0) {
    const auto at = document.find(start_tag(element), from);
    return at == document.npos ? at : at + element.size() + 2;
}

/// Where `digits` digits stand as the text of `element` inside the first `parent`; npos when they do not.
std::size_t digits_in(std::string_view document, std::string_view parent, std::string_view element,
                      std::size_t digits) {
    const auto inside = text_of(document, parent);
    if (inside == document.npos) return inside;
    const auto at = text_of(document, element, inside);
    if (at == document.npos || document.substr(at).find('<') != digits) return document.npos;
    return at;
}

void write_digits(std::string& into, std::size_t at, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i-- > 0; value /= 10) into[at + i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string without_indentation(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto tag_end = text.find('>');
        const std::size_t taken = tag_end == text.npos ? text.size() : tag_end + 1;
        out += text.substr(0, taken);
        text.remove_prefix(taken);
        const auto next = text.find_first_not_of(" \r\n\t");
        if (next == text.npos) break;
        if (text[next] == '<') text.remove_prefix(next);
    }
    return out;
}

std::expected<std::string, std::string> resized(std::string text, std::string_view element,
                                                std::size_t bytes) {
    const auto tag = text.rfind(start_tag(element));
    if (tag == text.npos) return std::unexpected("no element " + std::string(element) + " to resize");
    const auto at = tag + element.size() + 2;
    const std::size_t now = text.find('<', at) - at;
    const std::size_t others = text.size() - now;
    if (bytes <= others || now == 0)
        return std::unexpected("cannot be made " + std::to_string(bytes) + " bytes long by its " +
                               std::string(element));
    const std::string pattern = text.substr(at, now);
    std::string filler;
    while (filler.size() < bytes - others) filler += pattern;
    filler.resize(bytes - others);
    return text.replace(at, now, filler);
}

std::string reference_of(std::uint64_t index) {
    std::string out(reference_digits, '0');
    write_digits(out, 0, reference_digits, index);
    return out;
}

std::expected<question, std::string> question::make(std::string_view path, std::string_view body) {
    question out;
    out.text_ =
        "POST " + std::string(path) +
        " HTTP/1.1\r\n"
        "Host: localhost\r\n"
        "User-Agent: garde-load\r\n"
        "Accept: text/xml\r\n"
        "Content-Type: text/xml; charset=utf-8\r\n"
        "SOAPAction: \"urn:be:fgov:ehealth:insurability:protocol:v2:GetInsurabilityForPharmacist\"\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n";
    out.text_ += body;
    out.reference_at_ = digits_in(out.text_, "p:RecordCommonInput", "c:Reference", reference_digits);
    out.patient_at_ = digits_in(out.text_, "c:CareReceiver", "c:Ssin", patient_digits);
    if (out.reference_at_ == std::string::npos)
        return std::unexpected("no reference of 14 digits in the consult");
    if (out.patient_at_ == std::string::npos)
        return std::unexpected("no patient's number of 11 digits in the consult");
    for (const auto* const element : {"wsu:Created", "wsu:Expires"})
        if (const auto at = text_of(out.text_, element); at != std::string::npos)
            out.milliseconds_at_.push_back(at + time_before_milliseconds);
    for (auto at = text_of(out.text_, "ds:SignatureValue"); at != std::string::npos;
         at = text_of(out.text_, "ds:SignatureValue", at))
        out.signatures_at_.push_back(at);
    return out;
}

std::string_view question::fresh(std::uint64_t index) {
    write_digits(text_, reference_at_, reference_digits, index);
    // No real person's: national numbers begin with a date of birth, these with none.
    write_digits(text_, patient_at_, patient_digits, index % 1'000'000'000);
    return text_;
}

std::string_view question::about(std::uint64_t patient, std::uint64_t index) {
    write_digits(text_, patient_at_, patient_digits, patient);
    write_digits(text_, reference_at_, reference_digits, index);
    for (const auto at : milliseconds_at_) write_digits(text_, at, millisecond_digits, index % 1000);
    for (const auto at : signatures_at_) write_digits(text_, at, signature_digits, index);
    return text_;
}

draw::draw(order by, std::uint64_t patients, std::uint64_t first)
    : by_(by), patients_(patients), first_(first) {
    if (by != order::zipf) return;
    up_to_.reserve(patients);
    double sum = 0;
    for (std::uint64_t n = 1; n <= patients; ++n) up_to_.push_back(sum += 1 / static_cast<double>(n));
}

std::uint64_t draw::next() {
    // Prime, and greater than there are patients: it scatters the ranks over all of them.
    constexpr std::uint64_t scatter = 2'654'435'761;
    switch (by_) {
        case order::turn: return first_ + turn_++ % patients_;
        case order::uniform:
            return first_ + std::uniform_int_distribution<std::uint64_t>(0, patients_ - 1)(random_);
        case order::zipf: break;
    }
    const double at = std::uniform_real_distribution<double>(0, up_to_.back())(random_);
    const auto rank = static_cast<std::uint64_t>(std::ranges::upper_bound(up_to_, at) - up_to_.begin());
    return first_ + std::min(rank, patients_ - 1) * scatter % patients_;
}

}  // namespace bench
