// See procedure.hpp.
#include "garde/emergency/procedure.hpp"

#include "garde/base/hash.hpp"
#include "garde/base/utf8.hpp"
#include "garde/soap/fault_writer.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

namespace garde::emergency {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t max_file_bytes = 64 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

result<std::string> read_text(const fs::path& file) {
    std::error_code why;
    if (!fs::is_regular_file(file, why)) {
        if (why) return fail(fmt::format("cannot read {}: {}", file.string(), why.message()));
        return fail(fmt::format("{} is not a file", file.string()));
    }
    std::ifstream in(file, std::ios::binary);
    std::string text(max_file_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) return fail(fmt::format("cannot read {}", file.string()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_file_bytes)
        return fail(
            fmt::format("{} is longer than {} KiB; shorten it", file.string(), max_file_bytes / 1024));
    if (!is_utf8(text)) return fail(fmt::format("{} is not UTF-8; save it as UTF-8", file.string()));
    return text;
}

std::string_view trim(std::string_view line) {
    constexpr std::string_view space = " \t\r";
    const auto begin = line.find_first_not_of(space);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(space) - begin + 1);
}

procedure_text parse(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    procedure_text out;
    std::vector<std::string> blocks;
    bool in_block = false;
    for (bool first = true; !text.empty(); first = false) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (first) {
            out.title = line;
        } else if (line.empty()) {
            in_block = false;
        } else if (in_block) {
            blocks.back().append(" ").append(line);
        } else {
            blocks.emplace_back(line);
            in_block = true;
        }
    }
    if (blocks.empty()) return out;
    out.summary = std::move(blocks.front());
    out.steps.assign(std::make_move_iterator(blocks.begin() + 1), std::make_move_iterator(blocks.end()));
    return out;
}

result<procedure_text> load_text(const fs::path& file) {
    const auto text = read_text(file);
    if (!text) return std::unexpected(text.error());
    auto parsed = parse(*text);
    if (parsed.title.empty())
        return fail(fmt::format("{} has no title; write it on the first line", file.string()));
    if (parsed.summary.empty() || parsed.steps.empty())
        return fail(fmt::format(
            "{} has no {}; after the title write a summary, then the steps, with an empty line before each",
            file.string(), parsed.summary.empty() ? "summary" : "steps"));
    return parsed;
}

/// A line for each text: no text has a line feed.
std::string version_of(const std::map<std::string, procedure_text, std::less<>>& texts) {
    std::string all;
    for (const auto& [language, text] : texts)
        all += fmt::format("{}\n{}\n{}\n{}\n\n", language, text.title, text.summary,
                           fmt::join(text.steps, "\n"));
    return to_hex(sha256(all)).substr(0, 12);
}

json::string to_json(std::string_view text) {
    return json::string(text.data(), text.size());
}

}  // namespace

result<procedure> procedure::load(const config::procedure_settings& from, std::string public_url,
                                  std::string_view service) {
    if (std::ranges::find(languages, from.default_language) == languages.end())
        return fail(fmt::format("the procedure of {} has the default language {}; use one of {}", service,
                                from.default_language, fmt::join(languages, ", ")));
    procedure out;
    out.settings_ = from;
    out.public_url_ = std::move(public_url);
    out.service_ = service;
    for (const auto language : languages) {
        auto text = load_text(from.folder / fmt::format("{}.{}.txt", from.name, language));
        if (!text) return std::unexpected(text.error());
        out.texts_.emplace(language, *std::move(text));
    }
    out.version_ = version_of(out.texts_);
    for (const auto language : languages) {
        auto& in = out.prepared_[std::string(language)];
        for (std::size_t i = 0; i < variants; ++i) in.faults[i] = out.prepare(language, i);
        in.help_link = fmt::format("<{}>; rel=\"help\"", out.link(language));
    }
    return out;
}

const procedure_text& procedure::text(std::string_view language) const {
    const auto found = texts_.find(language);
    return found != texts_.end() ? found->second : texts_.find(settings_.default_language)->second;
}

std::string procedure::link(std::string_view language) const {
    return fmt::format("{}/procedure/{}?lang={}", public_url_, service_, language);
}

std::string_view deferral_notice(std::string_view language, deferral_kind kind) {
    struct notices {
        std::string_view language, message, reference;
    };
    static constexpr std::array<notices, 4> all{
        {{"fr",
          "Votre demande est conservée ; elle sera reposée automatiquement dès que le service répondra.",
          "Votre demande est notée ; votre logiciel pourra la reposer dès que le service répondra."},
         {"nl", "Uw vraag wordt bewaard en automatisch opnieuw gesteld zodra de dienst weer antwoordt.",
          "Uw vraag is genoteerd; uw software kan ze opnieuw stellen zodra de dienst weer antwoordt."},
         {"de",
          "Ihre Anfrage wird aufbewahrt und automatisch erneut gestellt, sobald der Dienst wieder antwortet.",
          "Ihre Anfrage ist vermerkt; Ihre Software kann sie erneut stellen, sobald der Dienst wieder "
          "antwortet."},
         {"en", "Your request is kept, and will be asked again by itself as soon as the service answers.",
          "Your request is noted; your software can ask it again as soon as the service answers."}}};
    const auto* found = std::ranges::find(all, language, &notices::language);
    if (found == all.end()) found = &all.back();
    return kind == deferral_kind::message ? found->message : found->reference;
}

std::string_view exercise_notice(std::string_view language) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> all{
        {{"fr", "EXERCICE : le service fonctionne ; votre demande n'a pas été transmise."},
         {"nl", "OEFENING: de dienst werkt; uw vraag is niet doorgestuurd."},
         {"de", "ÜBUNG: Der Dienst arbeitet; Ihre Anfrage wurde nicht weitergeleitet."},
         {"en", "EXERCISE: the service works; your request was not passed on."}}};
    const auto* found = std::ranges::find(all, language, [](const auto& one) { return one.first; });
    return (found == all.end() ? all.back() : *found).second;
}

std::size_t procedure::variant_of(const circumstances& under) {
    const std::size_t kept = !under.kept ? 0 : under.kept->kind == deferral_kind::message ? 1 : 2;
    return kept + (under.exercise ? variants / 2 : 0);
}

procedure::prepared_fault procedure::prepare(std::string_view language, std::size_t variant) const {
    const auto& own = text(language);
    const bool exercise = variant >= variants / 2;
    const auto opening = [&](std::string_view in) {
        return exercise ? fmt::format("{}\n{}", exercise_notice(in), text(in).summary) : text(in).summary;
    };
    std::string message = opening(language);
    for (std::size_t i = 0; i < own.steps.size(); ++i)
        message += fmt::format("\n{}. {}", i + 1, own.steps[i]);
    if (const auto kept = variant % (variants / 2); kept != 0) {
        const auto kind = kept == 1 ? deferral_kind::message : deferral_kind::reference;
        message += fmt::format("\n{}", deferral_notice(language, kind));
    }
    // No escaped text has it.
    constexpr std::string_view place = "<id>";
    soap::temporary_fault fault{.id = {},
                                .environment = settings_.environment,
                                .messages = {{std::string(language), std::move(message)}},
                                .contact = link(language)};
    for (const auto other : languages)
        if (other != language) fault.messages.push_back({std::string(other), opening(other)});
    const auto whole = soap::write_temporary_fault(fault, place);
    const auto at = whole.find(place);
    return {.before = whole.substr(0, at), .behind = whole.substr(at + place.size())};
}

const procedure::prepared& procedure::prepared_in(std::string_view language) const {
    const auto found = prepared_.find(language);
    return found != prepared_.end() ? found->second : prepared_.find(settings_.default_language)->second;
}

const std::string& procedure::help_link(std::string_view language) const {
    return prepared_in(language).help_link;
}

spliced_text procedure::soap_fault(std::string_view language, std::string_view id,
                                   const circumstances& under) const {
    const auto& fault = prepared_in(language).faults[variant_of(under)];
    return {.before = fault.before, .word = soap::escape(id), .behind = fault.behind};
}

std::string procedure::problem_document(std::string_view language, std::string_view id,
                                        const circumstances& under) const {
    const auto& own = text(language);
    json::array steps;
    for (const auto& step : own.steps) steps.emplace_back(to_json(step));
    json::object document;
    document["type"] = to_json(fmt::format("{}/procedure/{}", public_url_, service_));
    document["title"] = to_json(own.title);
    document["status"] = 503;
    document["detail"] = to_json(own.summary);
    document["instance"] = to_json(id);
    document["procedure"] = to_json(link(language));
    document["version"] = to_json(version_);
    document["steps"] = std::move(steps);
    if (under.exercise) document["exercise"] = to_json(exercise_notice(language));
    if (const auto& kept = under.kept)
        document["deferral"] = json::object{{"id", to_json(kept->id)},
                                            {"kind", to_json(to_text(kept->kind))},
                                            {"valid_until", to_json(to_rfc3339(kept->valid_until))},
                                            {"notice", to_json(deferral_notice(language, kept->kind))}};
    return json::serialize(document);
}

}  // namespace garde::emergency
