// See layout.hpp.
#include "layout.hpp"

#include "garde/base/hash.hpp"
#include "garde/soap/fault_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace garde::status {
namespace {

using soap::escape;

/// White on each of these colours, and each text colour on its ground, has a contrast of at least 4.5 to 1
/// (WCAG 2.2, AA).
constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--ink:#1b2430;--soft:#4b5764;--line:#d3dae1;--link:#0b57a4}
@media (prefers-color-scheme:dark){:root{--ground:#11161c;--card:#1a2129;--ink:#e8edf2;--soft:#aab5c0;--line:#37424d;--link:#8cc4ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:46rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.25rem}
h1{font-size:1.75rem;line-height:1.2;margin:1rem 0}
h2{font-size:1.25rem;line-height:1.3;margin:0}
p{margin:.6rem 0}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0;padding:0;list-style:none}
nav a{display:inline-block;padding:.35rem 0}
nav a[aria-current]{color:inherit;font-weight:700;text-decoration:none}
.overall{font-size:1.125rem;margin:0 0 1.25rem}
.card{background:var(--card);border:1px solid var(--line);border-left:.5rem solid var(--tone);border-radius:.5rem;padding:1rem 1.25rem;margin:0 0 1rem}
.head{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between}
.badge{display:inline-block;background:var(--tone);color:#fff;font-weight:600;border:1px solid transparent;border-radius:1rem;padding:.1rem .8rem}
.soft,footer{color:var(--soft);font-size:.9375rem}
.action{display:inline-block;font-weight:600;padding:.35rem 0}
ol{padding-left:1.75rem}
li{margin:.6rem 0;overflow-wrap:anywhere}
nav li{margin:0}
footer p{border-top:1px solid var(--line);margin:2rem 0 0;padding:.6rem 0 2rem}
.normal{--tone:#17663a}.reserve{--tone:#0b57a4}.unknown{--tone:#4b5764}.limited{--tone:#8a4b00}.unavailable{--tone:#a4161a}
@media print{body{background:#fff;color:#000;font-size:12pt}nav,.back{display:none}.badge{background:none;color:#000;border-color:#000}.card{break-inside:avoid}.soft,footer{color:#000}}
)css";

/// Nothing may be loaded or run; the one style is allowed by its hash (CSP Level 3, 2.3.1).
const std::string& content_security_policy() {
    static const std::string policy = [] {
        const auto digest = sha256(style);
        const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
        return fmt::format(
            "default-src 'none'; style-src 'sha256-{}='; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'",
            to_base64url(bytes));
    }();
    return policy;
}

std::string language_links(const texts& current) {
    std::string out = fmt::format("<nav aria-label=\"{}\"><ul>", current.languages);
    for (const auto& other : all_texts())
        out += fmt::format("<li><a href=\"?lang={0}\" hreflang=\"{0}\" lang=\"{0}\"{1}>{2}</a></li>",
                           other.language, other.language == current.language ? " aria-current=\"true\"" : "",
                           other.own_name);
    return out + "</ul></nav>\n";
}

struct state_look {
    std::string_view name;
    std::string_view sign;
};

/// By public_state. The sign tells the states apart without colours.
constexpr std::array<state_look, 5> looks{
    {{"normal", "✓"}, {"reserve", "⇄"}, {"unknown", "?"}, {"limited", "!"}, {"unavailable", "✕"}}};

}  // namespace

std::string_view class_of(public_state state) {
    return looks[static_cast<std::size_t>(state)].name;
}

std::string badge(const texts& words, public_state state) {
    return fmt::format("<span class=\"badge\"><span aria-hidden=\"true\">{}</span> {}</span>",
                       looks[static_cast<std::size_t>(state)].sign, words.words_of(state).badge);
}

std::string time_element(wall_time at) {
    const std::string text = to_rfc3339(at);
    return fmt::format("<time datetime=\"{}\">{} {} UTC</time>", text, text.substr(0, 10),
                       text.substr(11, 8));
}

net::page_reply html_reply(int status, const page& what) {
    const texts& words = what.words;
    const bool renews = what.renews == renewal::every_30_seconds;
    net::page_reply out{
        .status = status, .content_type = "text/html; charset=utf-8", .fields = {}, .body = {}};
    out.fields = {{"Cache-Control", "no-cache"},
                  {"Content-Language", std::string(words.language)},
                  {"Content-Security-Policy", content_security_policy()},
                  {"Referrer-Policy", "no-referrer"},
                  {"Vary", "Accept-Language"}};
    out.body = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{}"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n{}<h1>{}</h1>\n"
        "</header>\n<main>\n{}</main>\n<footer><p>{} {}. {}</p></footer>\n</body>\n</html>\n",
        words.language, renews ? "<meta http-equiv=\"refresh\" content=\"30\">\n" : "", escape(what.title),
        style, language_links(words), escape(what.title), what.content, words.made_at, time_element(what.at),
        renews ? words.refreshes : "");
    return out;
}

}  // namespace garde::status
