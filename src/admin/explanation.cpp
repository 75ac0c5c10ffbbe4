// See explanation.hpp.
#include "explanation.hpp"

#include "json_values.hpp"
#include "outlook.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace garde::admin {
namespace {

using continuity::backend_index;
using continuity::to_number;
using continuity::to_text;

class writer {
  public:
    explicit writer(const control::service_explanation& of) : of_(of) {}

    [[nodiscard]] json::object document() const {
        const auto& what = of_.what;
        json::array backends;
        for (std::size_t i = 0; i < what.backends.size(); ++i)
            backends.push_back(backend(of_.backends[i], what.backends[i]));
        json::array sentences;
        for (const auto& one : outlook(of_)) sentences.emplace_back(one);
        return {{"service", of_.name},
                {"at", to_rfc3339(of_.at)},
                {"mode", text(to_text(what.now.current))},
                {"active_backend", name_or_null(what.now.active)},
                {"since", time(what.since)},
                {"override", override_value(of_.order)},
                {"last_switchover", last_switchover()},
                {"backends", std::move(backends)},
                {"asked", asked()},
                {"suspect_domains", domains(what.suspects)},
                {"canary", canary()},
                {"admitted_percent", what.admitted_percent},
                {"share_until", time_or_null(what.share_until)},
                {"hold_down_ms", what.hold_down.count()},
                {"relapses", what.relapses},
                {"frozen", what.frozen_until.has_value()},
                {"frozen_until", time_or_null(what.frozen_until)},
                {"cut_off", what.cut_off},
                {"procedure_active", what.procedure_active},
                {"procedure_since", time_or_null(what.procedure_since)},
                {"procedure_closes", time_or_null(what.procedure_closes)},
                {"next_due", time_or_null(what.next_due)},
                {"outlook", std::move(sentences)}};
    }

  private:
    [[nodiscard]] std::string time(steady_time at) const { return to_rfc3339(of_.on_wall(at)); }
    [[nodiscard]] json::value time_or_null(const std::optional<steady_time>& at) const {
        return at ? json::value(time(*at)) : json::value(nullptr);
    }
    [[nodiscard]] json::value name_or_null(const std::optional<backend_index>& backend) const {
        return backend ? json::value(of_.backends[to_number(*backend)]) : json::value(nullptr);
    }

    [[nodiscard]] json::array asked() const {
        json::array out;
        for (const auto one : of_.what.attempts) out.emplace_back(of_.backends[to_number(one)]);
        return out;
    }

    /// Times that are over tell nothing: without a failure there is no first symptom.
    [[nodiscard]] json::object evidence(const continuity::evidence& observed) const {
        const bool amiss = observed.last_reason != continuity::reason::none;
        return {{"failed_probes", observed.probe_failures},
                {"failed_attempts", observed.traffic_failures},
                {"distinct_callers", observed.callers},
                {"requests_touched", observed.requests_touched},
                {"last_reason", text(to_text(observed.last_reason))},
                {"first_symptom", amiss && observed.first_symptom != steady_time{}
                                      ? json::value(time(observed.first_symptom))
                                      : json::value(nullptr)}};
    }

    /// What still counts; what has lapsed is only remembered.
    [[nodiscard]] json::array domains(const std::vector<continuity::suspected_domain>& all) const {
        json::array out;
        for (const auto& one : all)
            if (!one.lapsed)
                out.push_back(
                    json::object{{"kind", one.kind},
                                 {"name", one.name.empty() ? json::value(nullptr) : json::value(one.name)},
                                 {"since", time(one.since)}});
        return out;
    }

    [[nodiscard]] json::object backend(const std::string& name,
                                       const continuity::backend_explanation& of) const {
        return {{"name", name},
                {"verdict", text(to_text(of.state))},
                {"since", time(of.since)},
                {"evidence", evidence(of.observed)},
                {"doubtful", !of.doubts.empty()},
                {"doubted_for", domains(of.doubts)},
                {"needs_trial", of.needs_trial},
                {"trials_passed", of.trials_passed},
                {"trials_wanted", of.rules.rise},
                {"next_trial", time_or_null(of.next_trial)},
                {"ejected_until", time_or_null(of.ejected_until)},
                {"usual_ms", of.usual ? json::value(of.usual->count()) : json::value(nullptr)},
                {"failing_insurer", of.insurer_failing ? json::value(std::to_underlying(*of.insurer_failing))
                                                       : json::value(nullptr)}};
    }

    [[nodiscard]] json::value canary() const {
        if (!of_.what.returning) return nullptr;
        return json::object{{"backend", of_.backends[to_number(of_.what.returning->backend)]},
                            {"percent", of_.what.returning->percent}};
    }

    [[nodiscard]] json::value last_switchover() const {
        if (!of_.what.last) return nullptr;
        const auto& last = *of_.what.last;
        json::array all;
        for (const auto& one : last.evidence)
            all.push_back(json::object{{"backend", of_.backends[to_number(one.backend)]},
                                       {"verdict", text(to_text(one.state))},
                                       {"evidence", evidence(one.observed)}});
        return json::object{
            {"from", text(to_text(last.from.current))},
            {"to", text(to_text(last.to.current))},
            {"from_backend", name_or_null(last.from.active)},
            {"to_backend", name_or_null(last.to.active)},
            {"cause", text(to_text(last.why))},
            {"by", last.by},
            {"reason", last.reason},
            {"first_symptom", time(last.first_symptom)},
            {"detected", time(last.detected)},
            {"decided", time(last.decided)},
            {"in_effect", of_.in_effect ? json::value(to_rfc3339(*of_.in_effect)) : json::value(nullptr)},
            {"requests_touched", last.requests_touched},
            {"backends", std::move(all)}};
    }

    const control::service_explanation& of_;
};

}  // namespace

std::string explanation_document(const control::service_explanation& of) {
    return json::serialize(writer(of).document());
}

}  // namespace garde::admin
