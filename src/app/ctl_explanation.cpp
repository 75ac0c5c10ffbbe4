// See ctl_explanation.hpp.
#include "ctl_explanation.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace garde::app {
namespace {

namespace json = boost::json;

/// The member; null when there is none.
const json::value& member(const json::object& of, std::string_view name) {
    static const json::value nothing;
    const auto* found = of.if_contains(json::string_view(name.data(), name.size()));
    return found == nullptr ? nothing : *found;
}

/// A string as it is, a number in digits, else nothing.
std::string text_of(const json::object& of, std::string_view name) {
    const auto& value = member(of, name);
    if (value.is_string()) return std::string(value.get_string());
    return value.is_number() ? json::serialize(value) : std::string();
}

bool truth_of(const json::object& of, std::string_view name) {
    const auto& value = member(of, name);
    return value.is_bool() && value.get_bool();
}

bool counted(const json::object& of, std::string_view name) {
    const auto& value = member(of, name);
    return value.is_number() && value.to_number<double>() > 0;
}

/// The objects of an array.
std::vector<const json::object*> objects_of(const json::object& of, std::string_view name) {
    std::vector<const json::object*> out;
    if (const auto* all = member(of, name).if_array())
        for (const auto& one : *all)
            if (const auto* object = one.if_object()) out.push_back(object);
    return out;
}

/// "2018-08-09 09:00:01 UTC" of RFC 3339 in UTC.
std::string moment(const std::string& time) {
    if (time.size() < 19) return time;
    return fmt::format("{} {} UTC", time.substr(0, 10), time.substr(11, 8));
}

/// With milliseconds, the day left out: for what lies close together.
std::string instant(const std::string& time) {
    return time.size() < 23 ? "unknown" : time.substr(11, 12);
}

std::string with_backend(const json::object& of, const char* mode, const char* backend) {
    const std::string on = text_of(of, backend);
    return text_of(of, mode) + (on.empty() ? "" : " (" + on + ")");
}

std::string evidence_text(const json::object& backend) {
    const auto* evidence = member(backend, "evidence").if_object();
    if (evidence == nullptr || text_of(*evidence, "last_reason") == "none") return "nothing amiss";
    std::vector<std::string> parts;
    constexpr std::array<std::pair<const char*, const char*>, 4> numbers{
        {{"failed_probes", "failed probes in a row"},
         {"failed_attempts", "failed attempts in a row"},
         {"distinct_callers", "callers lately"},
         {"requests_touched", "requests touched"}}};
    for (const auto& [name, words] : numbers)
        if (counted(*evidence, name)) parts.push_back(text_of(*evidence, name) + " " + words);
    parts.push_back("last " + text_of(*evidence, "last_reason"));
    return fmt::format("{}", fmt::join(parts, ", "));
}

/// What a backend's line says besides its verdict.
std::string remarks(const json::object& backend) {
    std::string out = evidence_text(backend);
    if (counted(backend, "usual_ms")) out += fmt::format("; usually {} ms", text_of(backend, "usual_ms"));
    if (truth_of(backend, "doubtful")) out += "; in doubt";
    if (const auto until = text_of(backend, "ejected_until"); !until.empty())
        out += "; out until " + moment(until);
    if (const auto insurer = text_of(backend, "failing_insurer"); !insurer.empty())
        out += "; insurer " + insurer + " fails";
    return out;
}

std::size_t longest_name(const std::vector<const json::object*>& backends, const char* member_name) {
    std::size_t out = 0;
    for (const auto* one : backends) out = std::max(out, text_of(*one, member_name).size());
    return out;
}

/// One line a backend, its columns as wide as the widest.
void describe_backends(const json::object& of, const char* name, bool with_since, std::string& out) {
    const auto all = objects_of(of, "backends");
    const auto width = longest_name(all, name);
    for (const auto* one : all)
        out += fmt::format("  {:{}}  {:10}  {}{}\n", text_of(*one, name), width, text_of(*one, "verdict"),
                           with_since ? "since " + moment(text_of(*one, "since")) + "  " : "",
                           with_since ? remarks(*one) : evidence_text(*one));
}

void describe_switchover(const json::object& last, std::string& out) {
    out += fmt::format("\nwhat brought it: {} by {}, {} -> {}\n", text_of(last, "cause"), text_of(last, "by"),
                       with_backend(last, "from", "from_backend"), with_backend(last, "to", "to_backend"));
    if (const auto reason = text_of(last, "reason"); !reason.empty()) out += "  reason  " + reason + "\n";
    out +=
        fmt::format("  {}: first symptom {}, detected {}, decided {}, in effect {}; {} requests touched\n",
                    moment(text_of(last, "decided")).substr(0, 10), instant(text_of(last, "first_symptom")),
                    instant(text_of(last, "detected")), instant(text_of(last, "decided")),
                    instant(text_of(last, "in_effect")), text_of(last, "requests_touched"));
    describe_backends(last, "backend", false, out);
}

void describe_state(const json::object& of, std::string& out) {
    out += fmt::format("{}: {} since {}\n", text_of(of, "service"),
                       with_backend(of, "mode", "active_backend"), moment(text_of(of, "since")));
    if (const auto* order = member(of, "override").if_object()) {
        const auto until = text_of(*order, "until");
        out += fmt::format("  pinned to {} by {}: {}{}\n", text_of(*order, "mode"), text_of(*order, "by"),
                           text_of(*order, "reason"), until.empty() ? "" : "; until " + moment(until));
    }
    if (truth_of(of, "procedure_active"))
        out += fmt::format("  emergency procedure open since {}\n", moment(text_of(of, "procedure_since")));
    const auto due = text_of(of, "next_due");
    out += fmt::format("  next due: {}\n", due.empty() ? "nothing" : moment(due));
}

}  // namespace

std::string describe_explanation(const std::string& text) {
    boost::system::error_code failed;
    const json::value read = json::parse(text, failed);
    if (failed || !read.is_object()) return text + '\n';
    const auto& of = read.get_object();
    std::string out;
    describe_state(of, out);
    if (const auto* last = member(of, "last_switchover").if_object()) describe_switchover(*last, out);
    out += "\nbackends now:\n";
    describe_backends(of, "name", true, out);
    out += "\nwhat comes next:\n";
    if (const auto* sentences = member(of, "outlook").if_array())
        for (const auto& one : *sentences)
            if (one.is_string()) out += fmt::format("  - {}\n", std::string_view(one.get_string()));
    return out;
}

}  // namespace garde::app
