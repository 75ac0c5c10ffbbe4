// See consult.hpp; the readers are in consult_request.cpp and consult_reply.cpp.
#include "garde/soap/consult.hpp"

#include <utility>

namespace garde::soap {
namespace {

secret_string joined(std::string_view tag, std::string_view middle, std::string_view secret) {
    std::string text;
    text.reserve(tag.size() + middle.size() + secret.size());  // one buffer, so that one wipe reaches it all
    text.append(tag).append(middle).append(secret);
    secret_string out(text);
    wipe(text);
    return out;
}

}  // namespace

std::string_view to_text(consult_error value) {
    switch (value) {
        case consult_error::not_xml: return "not-xml";
        case consult_error::dtd: return "dtd";
        case consult_error::not_a_consult: return "not-a-consult";
        case consult_error::reference: return "reference";
        case consult_error::extended_information: return "extended-information";
        case consult_error::unknown_element: return "unknown-element";
        case consult_error::missing_field: return "missing-field";
        case consult_error::bad_date: return "bad-date";
    }
    std::unreachable();
}

std::vector<secret_string> patient::identifiers() const {
    std::vector<secret_string> out;
    if (!ssin.empty()) out.push_back(joined("ssin:", "", ssin.reveal()));
    if (!mutuality.empty() && !registration.empty())
        out.push_back(joined("reg:", mutuality + "/", registration.reveal()));
    return out;
}

}  // namespace garde::soap
