// See pages.hpp.
#include "pages.hpp"

#include "garde/soap/fault_writer.hpp"

#include "layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace garde::status {
namespace {

using soap::escape;

/// What the procedure adds to the state's sentence.
std::string_view procedure_sentence(const service_state& one, const texts& words) {
    if (!one.service->procedure) return {};
    if (!one.procedure_active()) return lacks_backend(one.state) ? words.not_open : std::string_view();
    switch (one.state) {
        case public_state::limited: return words.follow_if_limited;
        case public_state::unavailable: return words.follow_if_unavailable;
        case public_state::unknown: return words.overall_procedure;
        case public_state::normal:
        case public_state::reserve: break;
    }
    return words.still_open;
}

std::string service_card(const service_state& one, const texts& words) {
    const std::string_view added = procedure_sentence(one, words);
    std::string out = fmt::format(
        "<section class=\"card {}\">\n<div class=\"head\"><h2>{}</h2>{}</div>\n<p>{}{}{}</p>\n",
        class_of(one.state), escape(title_of(*one.service, words.language)), badge(words, one.state),
        words.words_of(one.state).sentence, added.empty() ? "" : " ", added);
    if (one.procedure_active())
        out += fmt::format("<p><a class=\"action\" href=\"procedure/{}?lang={}\">{}</a></p>\n",
                           escape(one.service->settings->name), words.language, words.follow_procedure);
    if (one.since) out += fmt::format("<p class=\"soft\">{} {}</p>\n", words.since, time_element(*one.since));
    if (one.procedure_since)
        out += fmt::format("<p class=\"soft\">{} {}</p>\n", words.open_since,
                           time_element(*one.procedure_since));
    if (one.recorded == control::durability::not_yet_durable)
        out += fmt::format("<p class=\"soft\">{}</p>\n", words.not_yet_recorded);
    return out + "</section>\n";
}

/// Whether the procedure applies, in a sentence.
std::string_view validity(const service_state& one, const texts& words) {
    if (one.procedure_active()) return answers(one.state) ? words.applies_still : words.applies_now;
    if (lacks_backend(one.state)) return words.applies_closed;
    return answers(one.state) ? words.applies_not : words.applies_unknown;
}

}  // namespace

net::page_reply overview_page(std::span<const service_state> all, const texts& words, wall_time at) {
    const bool open = std::ranges::any_of(all, &service_state::procedure_active);
    std::string content = fmt::format("<p class=\"overall\">{}{}{}</p>\n",
                                      node_cut_off(all) ? words.cut_off : words.overall_of(worst(all)),
                                      open ? " " : "", open ? words.overall_procedure : "");
    for (const auto& one : all) content += service_card(one, words);
    return html_reply(200, {.words = words,
                            .title = std::string(words.site_title),
                            .content = std::move(content),
                            .at = at,
                            .renews = renewal::every_30_seconds});
}

net::page_reply procedure_page(const service_state& one, const texts& words, wall_time at) {
    const auto& text = one.service->procedure->text(words.language);
    std::string content = fmt::format(
        "<section class=\"card {}\">\n<div "
        "class=\"head\"><h2>{}</h2>{}</div>\n<p><strong>{}</strong></p>\n</section>\n"
        "<p class=\"overall\">{}</p>\n<h2>{}</h2>\n<ol>\n",
        class_of(one.state), escape(title_of(*one.service, words.language)), badge(words, one.state),
        validity(one, words), escape(text.summary), words.steps);
    for (const auto& step : text.steps) content += fmt::format("<li>{}</li>\n", escape(step));
    content +=
        fmt::format("</ol>\n<p class=\"soft\">{} {}</p>\n", words.version, one.service->procedure->version());
    content +=
        fmt::format("<p class=\"back\"><a href=\"../?lang={}\">{}</a></p>\n", words.language, words.back);
    return html_reply(200, {.words = words, .title = text.title, .content = std::move(content), .at = at});
}

net::page_reply not_found_page(const texts& words, wall_time at) {
    std::string content = fmt::format("<p>{}</p>\n<p class=\"back\"><a href=\"/?lang={}\">{}</a></p>\n",
                                      words.not_found, words.language, words.back);
    return html_reply(404, {.words = words,
                            .title = std::string(words.not_found_title),
                            .content = std::move(content),
                            .at = at});
}

}  // namespace garde::status
