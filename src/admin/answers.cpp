// See answers.hpp.
#include "answers.hpp"

#include "garde/base/hash.hpp"

#include "json_values.hpp"
#include "routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace garde::admin {
namespace {

using continuity::to_text;

json::object texts(const std::map<std::string, std::string>& from) {
    json::object out;
    for (const auto& [key, value] : from) out[key] = value;
    return out;
}

json::object backend_of(const config::backend_settings& settings, const control::backend_view& now) {
    return {{"name", settings.name},
            {"role", settings.role == config::backend_role::primary ? "primary" : "backup"},
            {"verdict", text(to_text(now.state))},
            {"since", to_rfc3339(now.since)},
            {"last_reason", text(to_text(now.last_reason))},
            {"domains", texts(settings.domains)}};
}

json::object exercise_of(const control::exercise_run& run) {
    const auto& ordered = run.ordered;
    return {{"id", run.what->id},
            {"route", ordered.route.empty() ? json::value(nullptr) : json::value(ordered.route)},
            {"caller", ordered.callers ? json::value(ordered.callers->text()) : json::value(nullptr)},
            {"by", ordered.by},
            {"reason", ordered.reason},
            {"since", to_rfc3339(run.since)},
            {"until", to_rfc3339(ordered.until)},
            {"requests", run.what->requests.load(std::memory_order_relaxed)}};
}

json::array exercises_of(const std::vector<control::exercise_run>& all) {
    json::array out;
    for (const auto& one : all) out.push_back(exercise_of(one));
    return out;
}

json::object service_of(const config::service_settings& settings, const control::service_view& now) {
    json::array backends;
    for (std::size_t i = 0; i < now.backends.size(); ++i)
        backends.push_back(backend_of(settings.backends[i], now.backends[i]));
    return {{"name", settings.name},
            {"title", texts(settings.title)},
            {"mode", text(to_text(now.current))},
            {"active_backend",
             now.active_backend.empty() ? json::value(nullptr) : json::value(now.active_backend)},
            {"since", to_rfc3339(now.since)},
            {"recorded", now.recorded == control::durability::durable ? "durable" : "not-yet-durable"},
            {"procedure_active", now.procedure_active},
            {"procedure_since",
             now.procedure_active ? json::value(to_rfc3339(now.procedure_since)) : json::value(nullptr)},
            {"override", override_value(now.order)},
            {"exercises", exercises_of(now.exercises)},
            {"backends", std::move(backends)}};
}

std::string not_stored(const std::string& why) {
    return "The order is in force, but it is not stored: a restart would lose it. The store says: " + why;
}

json::array problems_of(const std::vector<config::problem>& all) {
    json::array out;
    for (const auto& one : all)
        out.push_back(json::object{{"level", text(config::name_of(one.level))},
                                   {"file", one.file.string()},
                                   {"line", one.line},
                                   {"what", one.what},
                                   {"instead", one.instead}});
    return out;
}

}  // namespace

std::string services_document(std::span<const proxy::service_site> services, const control::view& now) {
    json::array all;
    for (std::size_t i = 0; i < now.services.size(); ++i)
        all.push_back(service_of(*services[i].settings, now.services[i]));
    return json::serialize(json::object{{"at", to_rfc3339(now.at)},
                                        {"journal_failing", now.journal_failing},
                                        {"cut_off", now.cut_off},
                                        {"services", std::move(all)}});
}

std::optional<std::string> service_document(std::span<const proxy::service_site> services,
                                            const control::view& now, std::string_view name) {
    for (std::size_t i = 0; i < now.services.size(); ++i)
        if (now.services[i].name == name)
            return json::serialize(service_of(*services[i].settings, now.services[i]));
    return std::nullopt;
}

std::string journal_document(const journal::checkpoint_state& state, const control::view& now) {
    json::array sinks;
    for (const auto& one : state.places)
        sinks.push_back(
            json::object{{"sink", one.name},
                         {"pushed_size", one.pushed_size},
                         {"pushed_at", wall_or_null(one.pushed_at)},
                         {"failing_since", wall_or_null(one.failing_since)},
                         {"why", one.failing_since ? json::value(one.why) : json::value(nullptr)}});
    json::value size = nullptr;
    json::value root = nullptr;
    if (state.head) {
        const auto& bytes = state.head->root;
        size = state.head->size;
        root = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    return json::serialize(json::object{
        {"at", to_rfc3339(now.at)},
        {"failing", now.journal_failing},
        {"size", std::move(size)},
        {"root", std::move(root)},
        {"verifier_key", state.verifier_key.empty() ? json::value(nullptr) : json::value(state.verifier_key)},
        {"sinks", std::move(sinks)},
        {"overflow", json::object{{"sent", state.overflow_sent}, {"dropped", state.overflow_dropped}}}});
}

std::string order_document(const control::mode_request& ordered, const control::mode_result& became) {
    json::object out{
        {"service", ordered.service},
        {"mode", ordered.pinned ? text(to_text(*ordered.pinned)) : json::string_view("automatic")},
        {"by", ordered.by},
        {"stored", became.stored}};
    if (!became.stored) out["warning"] = not_stored(became.store_error);
    return json::serialize(out);
}

std::string procedure_document(const control::procedure_request& ordered,
                               const control::procedure_result& became) {
    json::object out{{"service", ordered.service},
                     {"open", ordered.open},
                     {"by", ordered.by},
                     {"changed", became.changed},
                     {"stored", became.stored}};
    if (!became.stored) out["warning"] = not_stored(became.store_error);
    return json::serialize(out);
}

std::string exercise_document(const control::exercise_request& ordered,
                              const control::exercise_result& became) {
    return json::serialize(json::object{{"service", ordered.ordered.service},
                                        {"begin", ordered.begin},
                                        {"by", ordered.ordered.by},
                                        {"exercises", exercises_of(became.changed)}});
}

std::string erasure_document(const erasure_request& ordered) {
    return json::serialize(json::object{{"before", to_rfc3339(ordered.before)}, {"by", ordered.by}});
}

std::string reload_document(const reload_result& became, std::string_view by) {
    return json::serialize(json::object{{"configuration", became.now},
                                        {"former_configuration", became.former},
                                        {"by", text(by)},
                                        {"problems", problems_of(became.problems)}});
}

net::page_reply reload_refusal(const reload_result& became) {
    if (became.became == reload_result::verdict::busy) {
        auto out = problem_reply(503, "The configuration is not read just now. Ask again in a few seconds.");
        out.fields.push_back({"Retry-After", "5"});
        return out;
    }
    auto out =
        problem_reply(422, fmt::format("The configuration has {} errors; the former one stays in force.",
                                       std::ranges::count(became.problems, config::problem::severity::error,
                                                          &config::problem::level)));
    json::value document = json::parse(out.body);
    document.as_object()["problems"] = problems_of(became.problems);
    out.body = json::serialize(document);
    return out;
}

std::string detail_of(const net::page_reply& problem) {
    json::error_code failed;
    const json::value document = json::parse(problem.body, failed);
    if (failed || !document.is_object()) return {};
    const auto* detail = document.get_object().if_contains("detail");
    return detail != nullptr && detail->is_string() ? std::string(detail->get_string()) : std::string();
}

}  // namespace garde::admin
