// See messages.hpp.
#include "messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace garde::sim {
namespace {

std::string padding(std::uint64_t reference, std::size_t bytes) {
    std::string out;
    out.reserve(bytes);
    for (std::uint64_t at = reference; out.size() < bytes;
         at = at * 6364136223846793005U + 1442695040888963407U)
        out.push_back(static_cast<char>('a' + (at >> 59U) % 26));
    return out;
}

std::string envelope(std::string_view content) {
    return fmt::format(
        R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>)",
        content);
}

std::string fault(const reply& what) {
    return envelope(fmt::format(
        R"(<s:Fault><faultcode>s:Server</faultcode><faultstring>{} {}</faultstring><detail>)"
        R"(<e:SystemError xmlns:e="urn:be:fgov:ehealth:errors:soa:v1" Id="1"><Origin>Server</Origin><Code>SOA-02001</Code>)"
        R"(<Message xml:lang="en">x</Message><e:Environment>Test</e:Environment></e:SystemError></detail></s:Fault>)",
        what.backend, what.reference));
}

}  // namespace

std::string_view to_text(reply_kind value) {
    switch (value) {
        case reply_kind::good: return "good";
        case reply_kind::fault: return "fault";
        case reply_kind::unavailable: return "unavailable";
        case reply_kind::nonsense: return "nonsense";
        case reply_kind::empty: return "empty";
    }
    std::unreachable();
}

int status_of(reply_kind kind) {
    if (kind == reply_kind::fault) return 500;
    return kind == reply_kind::unavailable ? 503 : 200;
}

std::string body_of(const reply& what) {
    switch (what.kind) {
        case reply_kind::good: {
            const std::string content =
                fmt::format("<alive/><answer to=\"{}\" by=\"{}\">{}</answer>", what.reference, what.backend,
                            padding(what.reference, what.padding));
            return what.soap ? envelope(content) : content;
        }
        case reply_kind::fault: return fault(what);
        case reply_kind::unavailable:
            return fmt::format("<html>{} cannot take {} now</html>", what.backend, what.reference);
        case reply_kind::nonsense: return fmt::format("{}: no envelope for {}", what.backend, what.reference);
        case reply_kind::empty: return {};
    }
    std::unreachable();
}

std::string question_body(std::uint64_t reference, std::size_t bytes) {
    return envelope(
        fmt::format("<question number=\"{}\">{}</question>", reference, padding(reference, bytes)));
}

std::string in_chunks(std::string_view body, std::size_t each) {
    std::string out;
    while (!body.empty()) {
        const auto piece = body.substr(0, each);
        out += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
        body.remove_prefix(piece.size());
    }
    return out + "0\r\n\r\n";
}

}  // namespace garde::sim
