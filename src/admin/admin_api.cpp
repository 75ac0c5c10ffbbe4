// See admin_api.hpp. The decisions are in the pure files beside this one.
#include "garde/admin/admin_api.hpp"

#include "garde/net/arrival.hpp"

#include "answers.hpp"
#include "cache_answers.hpp"
#include "deferral_answers.hpp"
#include "explanation.hpp"
#include "openapi.hpp"
#include "refusals.hpp"
#include "requests.hpp"
#include "routes.hpp"
#include "tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace garde::admin {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

/// Waits for what another thread, or a later message, says: `begin` is given the function that says it.
template <class T, class Begin>
net::task<T> wait_for(net::event_loop& desk, Begin begin) {
    const auto became = std::make_shared<net::arrival<T>>(desk);
    begin([became](T what) { net::arrival<T>::bring(became, std::move(what)); });
    co_return co_await became->wait();
}

net::page_reply unauthorized(refusal_reason why) {
    auto out = problem_reply(401, "Send an operator's token as Authorization: Bearer TOKEN.");
    // RFC 6750, 3.1: no error code for a request that did not try.
    out.fields.push_back({"WWW-Authenticate", why == refusal_reason::no_token
                                                  ? "Bearer realm=\"garde\""
                                                  : "Bearer realm=\"garde\", error=\"invalid_token\""});
    return out;
}

net::page_reply come_again(std::string_view why) {
    auto out = problem_reply(503, why);
    out.fields.push_back({"Retry-After", "5"});
    return out;
}

/// So many refused orders of one operator are written down in full each minute.
constexpr std::size_t refused_orders_a_minute = 30;

net::page_reply no_such_service() {
    return problem_reply(404, "There is no service of this name; see /v1/services.");
}

}  // namespace

struct admin_api::state {
    state(net::event_loop& with_desk, proxy::site_ptr with_served, control::controller& with_control,
          cache::cache_desk& with_cache, emergency::ledger* with_ledger)
        : desk(with_desk),
          served(std::move(with_served)),
          control(with_control),
          kept(with_cache),
          ledger(with_ledger),
          tokens(served->settings().admin.token_sha256_by_name),
          summary(desk.wheel(),
                  [this] { write_summaries(refusals.take_due(now()), refused_orders.take_due(now())); }),
          server(desk, [this](const net::page_request& request) { return answer(request); }) {}

    /// The operator who asks; when it is none, the attempt is counted.
    std::expected<std::string, refusal_reason> authenticate(const net::page_request& request) {
        const auto field = request.head.find("Authorization");
        const auto found =
            field && request.head.count("Authorization") == 1 ? tokens.find(*field) : std::nullopt;
        if (found) return std::string(*found);
        const auto why = field ? refusal_reason::wrong_token : refusal_reason::no_token;
        if (const auto note = refusals.count(now(), request.peer, request.head.path, to_text(why)))
            write_refusal(*note);
        schedule_summaries();
        return std::unexpected(why);
    }

    net::task<net::page_reply> answer(const net::page_request& request) {
        const auto operator_name = authenticate(request);
        if (!operator_name) co_return unauthorized(operator_name.error());
        auto replying = answer_operator(request, *operator_name);
        net::page_reply reply = co_await std::move(replying);
        note_refused_order(request, *operator_name, reply);
        co_return reply;
    }

    net::task<net::page_reply> answer_operator(const net::page_request& request, const std::string& by) {
        const auto where = find_place(request.head.method, request.head.path);
        if (!where) co_return where.error();
        if (where->what == resource::openapi) co_return json_reply(std::string(openapi_document()));
        if (takes_orders(where->what) && !no_orders.empty()) co_return come_again(no_orders);
        auto replying = carry_out(request, *where, by);
        net::page_reply reply = co_await std::move(replying);
        co_return reply;
    }

    /// What was carried out, the controller and the reload write down themselves; a configuration with errors
    /// too.
    void note_refused_order(const net::page_request& request, const std::string& by,
                            const net::page_reply& told) {
        const auto& head = request.head;
        if (head.method == "GET" || head.method == "HEAD" || told.status < 400) return;
        if (head.path == reload_path && told.status == 422) return;
        const std::string why = fmt::format("{} {}", told.status, detail_of(told));
        if (const auto note = refused_orders.count(now(), by, head.path, why)) write_refused_order(*note);
        schedule_summaries();
    }

    net::task<net::page_reply> carry_out(const net::page_request& request, const place& where,
                                         const std::string& by) {
        switch (where.what) {
            case resource::reload: return reload(by);
            case resource::mode: return order_mode(request, where.service, by);
            case resource::procedure: return order_procedure(request, where.service, by);
            case resource::exercise: return order_exercise(request, where.service, by);
            case resource::erase_names: return erase_names(request, by);
            case resource::explanation: return explain(std::string(where.service));
            case resource::cache: return tell_cache();
            case resource::purge: return purge(request, by);
            case resource::deferrals: return tell_deferrals();
            case resource::kept: return reconcile(std::string(where.service), request.head.target);
            case resource::stand_in: return explain_stand_in(request, where.service);
            case resource::openapi:
            case resource::journal:
            case resource::services:
            case resource::service: break;
        }
        return tell(where);
    }

    net::task<net::page_reply> tell(const place& where) const { co_return read(where); }

    [[nodiscard]] net::page_reply read(const place& where) const {
        if (!view)
            return problem_reply(503, "garde is starting: nothing is known yet. Ask again in a second.");
        if (where.what == resource::services) return json_reply(services_document(served->services(), *view));
        if (where.what == resource::journal) return json_reply(journal_document(journal_state(), *view));
        auto document = service_document(served->services(), *view, where.service);
        return document ? json_reply(std::move(*document)) : no_such_service();
    }

    /// Nothing when there is none of this name.
    [[nodiscard]] const config::service_settings* find(std::string_view name) const {
        const auto found = std::ranges::find_if(
            served->services(), [name](const auto& one) { return one.settings->name == name; });
        return found == served->services().end() ? nullptr : found->settings;
    }

    net::task<net::page_reply> order_mode(const net::page_request& request, std::string_view name,
                                          const std::string& by) {
        const auto* service = find(name);
        if (service == nullptr) co_return no_such_service();
        const auto order = parse_mode_request(request.head.find("Content-Type").value_or(""), request.body,
                                              *service, by, wall_now());
        if (!order) co_return problem_reply(order.error().status, order.error().detail);
        auto give = [this, &order](std::function<void(control::mode_result)> then) {
            control.order(*order, std::move(then));
        };
        auto waiting = wait_for<control::mode_result>(desk, std::move(give));
        const control::mode_result became = co_await std::move(waiting);
        if (!became.known_service) co_return no_such_service();
        co_return json_reply(order_document(*order, became));
    }

    net::task<net::page_reply> order_procedure(const net::page_request& request, std::string_view name,
                                               const std::string& by) {
        const auto* service = find(name);
        if (service == nullptr) co_return no_such_service();
        const auto order = parse_procedure_request(request.head.find("Content-Type").value_or(""),
                                                   request.body, *service, by);
        if (!order) co_return problem_reply(order.error().status, order.error().detail);
        auto give = [this, &order](std::function<void(control::procedure_result)> then) {
            control.order(*order, std::move(then));
        };
        auto waiting = wait_for<control::procedure_result>(desk, std::move(give));
        const control::procedure_result became = co_await std::move(waiting);
        if (!became.known_service) co_return no_such_service();
        co_return json_reply(procedure_document(*order, became));
    }

    net::task<net::page_reply> order_exercise(const net::page_request& request, std::string_view name,
                                              const std::string& by) {
        const auto* service = find(name);
        if (service == nullptr) co_return no_such_service();
        const auto order = parse_exercise_request(request.head.find("Content-Type").value_or(""),
                                                  request.body, *service, by, wall_now());
        if (!order) co_return problem_reply(order.error().status, order.error().detail);
        auto give = [this, &order](std::function<void(control::exercise_result)> then) {
            control.order(*order, std::move(then));
        };
        auto waiting = wait_for<control::exercise_result>(desk, std::move(give));
        const control::exercise_result became = co_await std::move(waiting);
        if (!became.known_service) co_return no_such_service();
        if (became.too_many)
            co_return problem_reply(409,
                                    fmt::format("{} exercises of this service are under way; end them first.",
                                                control::exercise_book::most_of_a_service));
        co_return json_reply(exercise_document(*order, became));
    }

    net::task<net::page_reply> erase_names(const net::page_request& request, const std::string& by) {
        const auto order = parse_erasure_request(request.head.find("Content-Type").value_or(""), request.body,
                                                 by, wall_now());
        if (!order) co_return problem_reply(order.error().status, order.error().detail);
        if (view && view->journal_failing)
            co_return come_again(
                "The journal cannot be written, and nothing is erased before that is recorded. Ask again "
                "later.");
        auto give = [this, &order](std::function<void(bool)> then) {
            erasures(order->before, order->by, order->reason, std::move(then));
        };
        auto waiting = wait_for<bool>(desk, std::move(give));
        const bool recorded = co_await std::move(waiting);
        if (!recorded)
            co_return come_again(
                "The order could not be written down, and nothing was erased. Ask again later.");
        co_return json_reply(erasure_document(*order));
    }

    net::task<net::page_reply> explain(std::string name) {
        using explained = std::optional<control::service_explanation>;
        auto question = [this, &name](std::function<void(explained)> then) {
            control.explain(name, std::move(then));
        };
        auto waiting = wait_for<explained>(desk, std::move(question));
        const explained told = co_await std::move(waiting);
        co_return told ? json_reply(explanation_document(*told)) : no_such_service();
    }

    net::task<net::page_reply> reload(const std::string& by) {
        auto read = [this, &by](std::function<void(reload_result)> then) { reloads(by, std::move(then)); };
        auto waiting = wait_for<reload_result>(desk, std::move(read));
        const reload_result became = co_await std::move(waiting);
        if (became.became != reload_result::verdict::adopted) co_return reload_refusal(became);
        co_return json_reply(reload_document(became, by));
    }

    net::task<net::page_reply> tell_cache() const {
        co_return json_reply(cache_document(kept.totals(), kept.tier()));
    }

    static net::page_reply no_ledger() {
        return problem_reply(404, "No request is kept to be asked again: the configuration has no [ledger].");
    }

    net::task<net::page_reply> tell_deferrals() const {
        co_return ledger == nullptr ? no_ledger() : json_reply(deferrals_document(ledger->totals()));
    }

    /// Of the outage that ?outage= names, else of the newest one in which requests for this service were
    /// kept.
    net::task<net::page_reply> reconcile(std::string name, std::string_view target) {
        if (ledger == nullptr) co_return no_ledger();
        if (find(name) == nullptr) co_return no_such_service();
        const auto wanted = http::query_value(target, "outage");
        const auto named = parse_rfc3339(wanted);
        if (!wanted.empty() && !named)
            co_return problem_reply(422, "\"outage\" must be a time as /v1/deferrals gives it (RFC 3339).");
        const auto outage = find_outage(ledger->totals(), name, named);
        if (!outage)
            co_return problem_reply(404, "No request for this service was kept then, or within thirty days.");
        using reported = result<std::vector<emergency::deferral_entry>>;
        auto ask = [this, &name, &outage](std::function<void(reported)> then) {
            ledger->report(name, *outage, std::move(then));
        };
        auto waiting = wait_for<reported>(desk, std::move(ask));
        const reported entries = co_await std::move(waiting);
        if (!entries) co_return come_again("The ledger cannot be read: " + entries.error().message);
        co_return json_reply(reconciliation_document(name, *outage, *entries));
    }

    net::task<net::page_reply> explain_stand_in(const net::page_request& request,
                                                std::string_view name) const {
        const auto& all = served->services();
        const auto found =
            std::ranges::find_if(all, [name](const auto& one) { return one.settings->name == name; });
        if (found == all.end()) co_return no_such_service();
        const auto asked =
            parse_stand_in_question(request.head.find("Content-Type").value_or(""), request.body);
        if (!asked) co_return problem_reply(asked.error().status, asked.error().detail);
        co_return json_reply(stand_in_document(found->stand_in, *asked));
    }

    net::task<net::page_reply> purge(const net::page_request& request, const std::string& by) {
        const auto order =
            parse_purge_request(request.head.find("Content-Type").value_or(""), request.body, wall_now());
        if (!order) co_return problem_reply(order.error().status, order.error().detail);
        const auto became = std::make_shared<net::arrival<cache::purge_result>>(desk);
        const bool taken = kept.purge(order->what, [became](cache::purge_result what) {
            net::arrival<cache::purge_result>::bring(became, what);
        });
        if (!taken)
            co_return come_again("The cache has too much to do just now. Ask again in a few seconds.");
        const cache::purge_result done = co_await became->wait();
        control.write(
            {.at = wall_now(), .event = "cache-purged", .attributes = purge_attributes(*order, done, by)});
        co_return json_reply(purge_document(*order, done, by));
    }

    void write_refusal(const refusal_note& note) {
        control.write({.at = wall_now(),
                       .event = "refused",
                       .attributes = {{"source", note.source},
                                      {"path", note.path},
                                      {"why", note.why},
                                      {"count", std::to_string(note.count)}}});
    }

    void write_refused_order(const refusal_note& note) {
        control.write({.at = wall_now(),
                       .event = "order-refused",
                       .attributes = {{"by", note.source},
                                      {"path", note.path},
                                      {"why", note.why},
                                      {"count", std::to_string(note.count)}}});
    }

    void write_summaries(const std::vector<refusal_note>& attempts, const std::vector<refusal_note>& orders) {
        for (const auto& note : attempts) write_refusal(note);
        for (const auto& note : orders) write_refused_order(note);
        schedule_summaries();
    }

    void schedule_summaries() {
        auto due = refusals.next_due();
        if (const auto other = refused_orders.next_due(); other && (!due || *other < *due)) due = other;
        if (due)
            summary.set(*due);
        else
            summary.cancel();
    }

    net::event_loop& desk;
    proxy::site_ptr served;
    control::controller& control;
    cache::cache_desk& kept;
    emergency::ledger* ledger;  ///< null where no request is kept
    reload_order reloads;
    std::function<journal::checkpoint_state()> journal_state;
    erase_order erasures;
    token_book tokens;
    control::view_ptr view;
    std::string no_orders;  ///< why; empty: they are taken
    refusal_log refusals;
    refusal_log refused_orders{refused_orders_a_minute};  ///< by operator
    net::deadline summary;
    net::page_server server;
};

admin_api::admin_api(net::event_loop& desk, proxy::site_ptr served, control::controller& control,
                     cache::cache_desk& cache, emergency::ledger* ledger)
    : state_(std::make_unique<state>(desk, std::move(served), control, cache, ledger)) {}

admin_api::~admin_api() = default;

void admin_api::on_reload(reload_order what) {
    state_->reloads = std::move(what);
}

void admin_api::on_journal(std::function<journal::checkpoint_state()> what) {
    state_->journal_state = std::move(what);
}

void admin_api::on_erase_names(erase_order what) {
    state_->erasures = std::move(what);
}

void admin_api::listen(net::socket socket) {
    state_->server.listen(std::move(socket), state_->served->admin_tls());
}

void admin_api::refuse_orders(std::string why) {
    state_->no_orders = std::move(why);
}

void admin_api::take_orders() {
    state_->no_orders.clear();
}

void admin_api::show(control::view_ptr now) {
    if (now->served != state_->served) {
        state_->served = now->served;
        state_->tokens = token_book(state_->served->settings().admin.token_sha256_by_name);
        state_->server.use(state_->served->admin_tls());
    }
    state_->view = std::move(now);
}

void admin_api::stop() {
    state_->server.stop();
    state_->write_summaries(state_->refusals.take_all(), state_->refused_orders.take_all());
}

}  // namespace garde::admin
