// See faults.hpp.
#include "faults.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace sim {
namespace {

namespace json = boost::json;

constexpr auto kind_names = std::to_array<std::pair<std::string_view, fault_kind>>({
    {"refuse", fault_kind::refuse},
    {"hang", fault_kind::hang},
    {"slow", fault_kind::slow},
    {"reset", fault_kind::reset},
    {"http_status", fault_kind::http_status},
    {"empty_200", fault_kind::empty_200},
    {"non_xml_200", fault_kind::non_xml_200},
    {"soa_fault", fault_kind::soap_fault},
    {"die_mid_body", fault_kind::die_mid_body},
    {"die_mid_chunk", fault_kind::die_mid_chunk},
    {"short_body", fault_kind::short_body},
    {"short_chunked", fault_kind::short_chunked},
    {"garbage", fault_kind::garbage},
    {"deceased", fault_kind::deceased},
    {"replay_guard", fault_kind::replay_guard},
});
constexpr auto audience_names =
    std::to_array<std::pair<std::string_view, audience>>({{"traffic", audience::traffic},
                                                          {"probe", audience::probe},
                                                          {"orders", audience::orders},
                                                          {"all", audience::all}});
constexpr auto moment_names =
    std::to_array<std::pair<std::string_view, moment>>({{"accept", moment::accept},
                                                        {"request", moment::request},
                                                        {"head", moment::head},
                                                        {"body", moment::body}});
constexpr auto scope_names = std::to_array<std::pair<std::string_view, replay_scope>>(
    {{"site", replay_scope::site}, {"shared", replay_scope::shared}});

/// Reads members of one fault; remembers the first thing that is wrong.
class member_reader {
  public:
    explicit member_reader(const json::object& from) : from_(from) {}

    template <class Enum, std::size_t Size>
    void name(std::string_view key, const std::array<std::pair<std::string_view, Enum>, Size>& names,
              Enum& out) {
        const auto* value = find(key);
        if (value == nullptr) return;
        const auto text = value->is_string() ? std::string_view(value->get_string()) : std::string_view();
        const auto* found = std::ranges::find(names, text, &std::pair<std::string_view, Enum>::first);
        if (found == names.end()) return complain(key, "is none of the known words");
        out = found->second;
    }

    void text(std::string_view key, std::string& out) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (!value->is_string()) return complain(key, "must be a string");
        out = value->get_string();
    }

    void number(std::string_view key, int& out) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (!value->is_int64() || value->get_int64() < 100 || value->get_int64() > 599) {
            return complain(key, "must be a number from 100 to 599");
        }
        out = static_cast<int>(value->get_int64());
    }

    bool time(std::string_view key, milliseconds& out) {
        const auto* value = find(key);
        if (value == nullptr) return false;
        if (!value->is_int64() || value->get_int64() < 0) {
            complain(key, "must be a number of milliseconds");
            return false;
        }
        out = milliseconds(value->get_int64());
        return true;
    }

    void share(std::string_view key, double& out) {
        const auto* value = find(key);
        if (value == nullptr) return;
        boost::system::error_code error;
        const auto number = value->to_number<double>(error);
        if (error || number < 0 || number > 1) return complain(key, "must be a number from 0 to 1");
        out = number;
    }

    void complain(std::string_view key, std::string_view what) {
        if (problem_.empty()) problem_.append(key).append(" ").append(what);
    }

    /// The first problem; empty when there is none.
    std::string finish() {
        for (const auto& member : from_) {
            if (!known_.contains(std::string_view(member.key()))) complain(member.key(), "is not known");
        }
        return problem_;
    }

  private:
    const json::value* find(std::string_view key) {
        known_.insert(key);
        return from_.if_contains(key);
    }

    const json::object& from_;
    std::set<std::string_view> known_;
    std::string problem_;
};

bool before_a_request(const fault& which) {
    return which.kind == fault_kind::refuse || which.when == moment::accept;
}

std::expected<fault, std::string> read_fault(const json::object& from) {
    fault result;
    member_reader read(from);
    if (!from.contains("kind")) read.complain("kind", "is missing");
    read.name("kind", kind_names, result.kind);
    read.name("for", audience_names, result.whom);
    read.text("mutuality", result.mutuality);
    read.time("from_ms", result.from);
    milliseconds until{};
    if (read.time("until_ms", until)) result.until = until;
    read.time("flap_ms", result.flap);
    read.share("share", result.share);
    if (result.kind == fault_kind::slow) {
        read.time("delay_ms", result.delay);
        read.time("jitter_ms", result.jitter);
    }
    if (result.kind == fault_kind::http_status) result.status = 503;
    if (result.kind == fault_kind::http_status || result.kind == fault_kind::soap_fault) {
        read.number("status", result.status);
    }
    if (result.kind == fault_kind::soap_fault) {
        read.text("code", result.code);
        if (result.code.empty()) read.complain("code", "is missing");
    }
    if (result.kind == fault_kind::reset || result.kind == fault_kind::hang) {
        read.name("when", moment_names, result.when);
        if (result.kind == fault_kind::hang && result.when > moment::request) {
            read.complain("when", "of hang must be accept or request");
        }
    }
    if (result.kind == fault_kind::replay_guard) read.name("scope", scope_names, result.scope);
    if (before_a_request(result) && (result.whom != audience::all || !result.mutuality.empty())) {
        read.complain("for", "and mutuality cannot be told before a request");
    }
    if (auto problem = read.finish(); !problem.empty()) return std::unexpected(std::move(problem));
    return result;
}

/// A number in [0, 1) that depends on nothing but its arguments (splitmix64).
double draw(std::uint64_t seed, std::uint64_t number, std::uint64_t salt) {
    std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (number + 1) + 0xd1b54a32d192ed03ULL * (salt + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) * 0x1.0p-53;
}

bool meets(const fault& which, const request_facts& facts) {
    if (which.whom == audience::orders && !facts.order) return false;
    const bool by_probe = which.whom == audience::probe || which.whom == audience::traffic;
    if (by_probe && (which.whom == audience::probe) != facts.probe) return false;
    return which.mutuality.empty() || which.mutuality == facts.mutuality;
}

}  // namespace

std::expected<std::vector<fault>, std::string> read_faults(std::string_view text) {
    boost::system::error_code error;
    const auto document = json::parse(text, error);
    if (error) return std::unexpected("not JSON: " + error.message());
    const auto* object = document.if_object();
    const auto* member = object == nullptr ? nullptr : object->if_contains("faults");
    const auto* list = member == nullptr ? nullptr : member->if_array();
    if (list == nullptr) return std::unexpected("an object with a list named faults is needed");
    std::vector<fault> result;
    for (const auto& entry : *list) {
        const auto where = "fault " + std::to_string(result.size() + 1) + ": ";
        if (!entry.is_object()) return std::unexpected(where + "must be an object");
        auto one = read_fault(entry.get_object());
        if (!one) return std::unexpected(where + one.error());
        result.push_back(std::move(*one));
    }
    return result;
}

bool active_at(const fault& which, milliseconds since) {
    if (since < which.from || (which.until && since >= *which.until)) return false;
    if (which.flap <= milliseconds(1)) return true;
    return (since - which.from) % which.flap < which.flap / 2;
}

bool refusing_at(std::span<const fault> faults, milliseconds since) {
    return std::ranges::any_of(
        faults, [&](const fault& one) { return one.kind == fault_kind::refuse && active_at(one, since); });
}

std::optional<milliseconds> next_refusal_change(std::span<const fault> faults, milliseconds since) {
    std::optional<milliseconds> next;
    const auto offer = [&](milliseconds at) {
        if (at > since && (!next || at < *next)) next = at;
    };
    for (const auto& one : faults) {
        if (one.kind != fault_kind::refuse || (one.until && since >= *one.until)) continue;
        offer(one.from);
        if (one.until) offer(*one.until);
        if (one.flap > milliseconds(1) && since >= one.from) {
            const auto period_begin = since - (since - one.from) % one.flap;
            offer(period_begin + one.flap / 2);
            offer(period_begin + one.flap);
        }
    }
    return next;
}

connection_effect effect_on_connection(std::span<const fault> faults, milliseconds since,
                                       std::uint64_t number, std::uint64_t seed) {
    for (std::size_t i = 0; i < faults.size(); ++i) {
        const auto& one = faults[i];
        if (one.when != moment::accept || !active_at(one, since) || draw(seed, number, i) >= one.share)
            continue;
        return one.kind == fault_kind::hang ? connection_effect::hang : connection_effect::reset;
    }
    return connection_effect::none;
}

effects effects_on_request(std::span<const fault> faults, milliseconds since, const request_facts& facts,
                           std::uint64_t seed) {
    effects result;
    for (std::size_t i = 0; i < faults.size(); ++i) {
        const auto& one = faults[i];
        if (before_a_request(one) || !active_at(one, since) || !meets(one, facts)) continue;
        if (draw(seed, facts.number, i) >= one.share) continue;
        if (one.kind == fault_kind::slow) {
            const auto extra =
                draw(seed, facts.number, i + faults.size()) * static_cast<double>(one.jitter.count());
            result.delay += one.delay + milliseconds(static_cast<std::int64_t>(extra));
        } else if (one.kind == fault_kind::replay_guard) {
            if (result.replay_guard == nullptr) result.replay_guard = &one;
        } else if (result.decisive == nullptr) {
            result.decisive = &one;
        }
    }
    return result;
}

}  // namespace sim
