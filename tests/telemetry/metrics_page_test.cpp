// What /metrics says: every number in its place, and the form of the whole.
#include "garde/telemetry/metrics_page.hpp"

#include "garde/telemetry/metrics_site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace garde::telemetry {
namespace {

using namespace std::chrono_literals;
using continuity::backend_index;
using testing::HasSubstr;
using testing::Not;

class metrics : public testing::Test {
  protected:
    void SetUp() override {
        services_.resize(2);
        services_[0].name = "consult";
        services_[0].backends.resize(2);
        services_[0].backends[0].name = "dc1";
        services_[0].backends[1].name = "dc2";
        services_[1].name = "archive";
        services_[1].backends.resize(1);
        services_[1].backends[0].name = "dc9";
        view_.services.resize(1);
        auto& consult = view_.services[0];
        consult.name = "consult";
        consult.current = continuity::mode::backup;
        consult.order = control::override_view{.pinned = continuity::override_mode::transparent,
                                               .by = "secret-operator",
                                               .reason = "secret-reason",
                                               .since = {},
                                               .until = std::nullopt};
        consult.backends = {{.name = "dc1", .state = continuity::verdict::down},
                            {.name = "dc2",
                             .state = continuity::verdict::up,
                             .probes = continuity::agreement::only_shallow_passes}};
    }

    [[nodiscard]] std::string page() const {
        proxy::counter_totals totals(proxy::backends_by_service(services_));
        worker_.add_to(totals);
        return metrics_page({.services = services_,
                             .counters = totals,
                             .process = process_,
                             .now = &view_,
                             .load = load_,
                             .assertions = assertions_,
                             .cache = cache_,
                             .cache_store = cache_store_,
                             .checkpoints = checkpoints_,
                             .workers = workers_});
    }

    std::vector<config::service_settings> services_;
    std::vector<std::size_t> shape_{2, 1};
    proxy::worker_counters worker_{shape_};
    process_facts process_{.open_descriptors = 12,
                           .descriptor_limit = 20'000,
                           .resident_bytes = 4096,
                           .threads = 5,
                           .cpu_seconds = 0.5,
                           .started = wall_time(1'500'000'000s)};
    control::view view_;
    std::optional<journal::checkpoint_state> checkpoints_;
    std::optional<load_now> load_;
    std::optional<caller::assertion_counts> assertions_;
    std::optional<cache::cache_totals> cache_;
    std::optional<cache::tier_totals> cache_store_;
    std::vector<worker_health> workers_;
};

TEST_F(metrics, counts_stand_in_their_places) {
    worker_.node().accepted.add(3);
    worker_.node().ended[proxy::connection_end::idle].add();
    worker_.node().handshakes[proxy::handshake_result::resumed].add(2);
    worker_.node().refusals[proxy::refusal::framing].add(4);
    worker_.node().sheds[proxy::shed::requests_of_caller].add(5);
    worker_.node().bytes[proxy::flow::from_backends].add(4096);
    worker_.request(0, proxy::answer_kind::cached, proxy::served_mode::degraded);
    worker_.backend(0, backend_index{1}).attempts[continuity::reason::none].add(6);
    worker_.backend(1, backend_index{0}).attempts[continuity::reason::connect_failed].add(7);
    worker_.backend(0, backend_index{0}).pool[proxy::pool_event::reused].add(8);
    worker_.hedged(1, proxy::hedge_result::won);
    worker_.exchange_took(1, 4ms);
    const std::string text = page();
    for (const auto* line : {
             "garde_connections_accepted_total 3\n",
             "garde_connections_open 2\n",
             "garde_connections_ended_total{reason=\"idle\"} 1\n",
             "garde_connections_ended_total{reason=\"broken\"} 0\n",
             "garde_handshakes_total{result=\"resumed\"} 2\n",
             "garde_refused_requests_total{reason=\"framing\"} 4\n",
             "garde_shed_total{limit=\"requests-of-caller\"} 5\n",
             "garde_transferred_bytes_total{direction=\"from-backends\"} 4096\n",
             "garde_requests_total{service=\"consult\",answered_by=\"cached\",mode=\"degraded\"} 1\n",
             "garde_hedges_total{service=\"archive\",result=\"won\"} 1\n",
             "garde_hedges_total{service=\"archive\",result=\"lost\"} 0\n",
             "garde_attempts_total{service=\"consult\",backend=\"dc2\",result=\"answered\"} 6\n",
             "garde_attempts_total{service=\"archive\",backend=\"dc9\",result=\"connect-failed\"} 7\n",
             "garde_backend_connections_total{service=\"consult\",backend=\"dc1\",event=\"reused\"} 8\n",
             "garde_exchange_duration_seconds_bucket{service=\"archive\",le=\"0.005\"} 1\n",
             "garde_exchange_duration_seconds_count{service=\"consult\"} 0\n",
             "process_open_fds 12\n",
             "process_start_time_seconds 1500000000\n",
         })
        EXPECT_THAT(text, HasSubstr(std::string("\n") + line));
}

TEST_F(metrics, modes_orders_and_verdicts_without_who_and_why) {
    const std::string text = page();
    EXPECT_THAT(text, HasSubstr("garde_service_mode{service=\"consult\",garde_service_mode=\"backup\"} 1\n"));
    EXPECT_THAT(text,
                HasSubstr("garde_service_mode{service=\"consult\",garde_service_mode=\"primary\"} 0\n"));
    EXPECT_THAT(
        text,
        HasSubstr("garde_service_override{service=\"consult\",garde_service_override=\"transparent\"} 1\n"));
    EXPECT_THAT(
        text,
        HasSubstr("garde_service_override{service=\"consult\",garde_service_override=\"automatic\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("{service=\"consult\",backend=\"dc1\",garde_backend_verdict=\"down\"} 1\n"));
    const std::string disagree = "garde_probes_disagree{service=\"consult\",backend=";
    EXPECT_THAT(text, HasSubstr(disagree + "\"dc2\",passes=\"shallow\"} 1\n"));
    EXPECT_THAT(text, HasSubstr(disagree + "\"dc2\",passes=\"deep\"} 0\n"));
    EXPECT_THAT(text, Not(HasSubstr(disagree + "\"dc1\""))) << "it has no shallow probe";
    EXPECT_THAT(text, HasSubstr("garde_journal_failing 0\n"));
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    view_.journal_failing = true;
    EXPECT_THAT(page(), HasSubstr("garde_journal_failing 1\n"));
    EXPECT_THAT(text, HasSubstr("garde_cut_off 0\n"));
    view_.cut_off = true;
    EXPECT_THAT(page(), HasSubstr("garde_cut_off 1\n"));
}

TEST_F(metrics, load_and_workers_where_they_are_known) {
    EXPECT_THAT(page(), Not(HasSubstr("garde_worker_stalled")));
    load_ = load_now{.limits = {.connections = 100, .requests = 50, .buffer_bytes = 1 << 20},
                     .requests = 3,
                     .requests_by_service = {2, 1},
                     .buffered_bytes = 777};
    workers_ = {worker_health::alive, worker_health::stalled};
    const std::string text = page();
    EXPECT_THAT(text, HasSubstr("garde_requests_in_flight{service=\"archive\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("garde_buffered_bytes 777\n"));
    EXPECT_THAT(text, HasSubstr("garde_connections_limit 100\n"));
    EXPECT_THAT(text, HasSubstr("garde_worker_stalled{worker=\"0\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("garde_worker_stalled{worker=\"1\"} 1\n"));
}

TEST_F(metrics, before_the_first_view_the_counts_are_there) {
    proxy::counter_totals totals(shape_);
    const std::string text = metrics_page(
        {.services = services_, .counters = totals, .process = process_, .load = {}, .workers = {}});
    EXPECT_THAT(text, HasSubstr("garde_connections_open 0\n"));
    EXPECT_THAT(text, Not(HasSubstr("garde_service_mode")));
}

TEST_F(metrics, the_cache_tells_what_it_keeps_refuses_and_serves) {
    EXPECT_THAT(page(), Not(HasSubstr("garde_cache_entries"))) << "no service has one";
    cache_.emplace();
    cache_->kept.entries = 4;
    cache_->kept.evicted = 5;
    cache_->kept.unreadable_questions[static_cast<std::size_t>(soap::consult_error::dtd)] = 6;
    cache_->offers[static_cast<std::size_t>(cache::refusal::deceased)] = 7;
    cache_->misses["too-old"] = 8;
    cache_->count_served(std::chrono::hours{2});
    cache_->count_served(std::chrono::days{31});
    cache_->clock = cache::clock_trust::behind;
    const auto text = page();
    EXPECT_THAT(text, HasSubstr("garde_cache_entries 4\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_gone_total{reason=\"evicted\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_questions_unread_total{reason=\"dtd\"} 6\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_offers_total{refusal=\"deceased\"} 7\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_misses_total{detail=\"too-old\"} 8\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_hits_total{age_within=\"6h\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_hits_total{age_within=\"more\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_clock{garde_cache_clock=\"behind\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_clock{garde_cache_clock=\"good\"} 0\n"));
}

TEST_F(metrics, the_caches_disk_is_told_where_there_is_one) {
    EXPECT_THAT(page(), Not(HasSubstr("garde_cache_store")));
    cache_store_.emplace();
    cache_store_->state = cache::tier_state::failing;
    cache_store_->bytes = 9;
    cache_store_->late = 10;
    const auto text = page();
    EXPECT_THAT(text, HasSubstr("garde_cache_store{garde_cache_store=\"failing\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_store_used_bytes 9\n"));
    EXPECT_THAT(text, HasSubstr("garde_cache_store_lookups_total{result=\"late\"} 10\n"));
}

TEST_F(metrics, assertions_are_counted_by_what_came_of_them) {
    EXPECT_THAT(page(), Not(HasSubstr("garde_assertions"))) << "they are not looked at";
    assertions_.emplace();
    assertions_->accepted = 3;
    assertions_->refused[static_cast<std::size_t>(caller::assertion_refusal::replayed)] = 2;
    const std::string text = page();
    EXPECT_THAT(text, HasSubstr("garde_assertions_total{result=\"accepted\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("garde_assertions_total{result=\"replayed\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("garde_assertions_total{result=\"provider\"} 0\n"));
}

TEST_F(metrics, every_sample_follows_its_family_and_no_series_is_there_twice) {
    load_ = load_now{.limits = {}, .requests = 0, .requests_by_service = {0, 0}, .buffered_bytes = 0};
    workers_ = {worker_health::alive};
    std::set<std::string> families;
    std::set<std::string> series;
    std::string family;
    std::string last;
    std::istringstream lines(page());
    for (std::string line; std::getline(lines, line); last = line) {
        if (line.starts_with("# TYPE ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(families.insert(family).second) << line;
        } else if (!line.starts_with('#')) {
            EXPECT_TRUE(line.starts_with(family)) << line;
            EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
        }
    }
    EXPECT_EQ(last, "# EOF");
    EXPECT_GT(families.size(), 25U);
}

TEST_F(metrics, how_far_checkpoints_have_got_is_told_by_place) {
    EXPECT_THAT(page(), Not(HasSubstr("garde_checkpoint"))) << "without any place";
    checkpoints_.emplace().head = journal::tree_head{.size = 12, .root = {}};
    checkpoints_->places = {
        {.name = "file", .pushed_size = 12, .pushed_at = {}, .failing_since = {}, .why = {}},
        {.name = "syslog",
         .pushed_size = 7,
         .pushed_at = {},
         .failing_since = wall_time{},
         .why = "secret-host refused"}};
    checkpoints_->overflow_sent = 3;
    const auto text = page();
    for (const auto* line :
         {"garde_journal_size 12\n", "garde_journal_overflow_total{result=\"sent\"} 3\n",
          "garde_journal_overflow_total{result=\"dropped\"} 0\n",
          "garde_checkpoint_pushed_size{sink=\"file\"} 12\n",
          "garde_checkpoint_pushed_size{sink=\"syslog\"} 7\n", "garde_checkpoint_failing{sink=\"file\"} 0\n",
          "garde_checkpoint_failing{sink=\"syslog\"} 1\n"})
        EXPECT_THAT(text, HasSubstr(line));
    EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST(metrics_site, answers_get_and_head_of_its_path_only) {
    int gathered = 0;
    const auto gather = [&gathered] {
        ++gathered;
        return std::string("# EOF\n");
    };
    EXPECT_EQ(answer_metrics("GET", "/", gather).status, 404);
    EXPECT_EQ(answer_metrics("POST", "/metrics", gather).status, 405);
    EXPECT_EQ(gathered, 0);
    const auto reply = answer_metrics("GET", "/metrics", gather);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    EXPECT_EQ(reply.body, "# EOF\n");
    EXPECT_EQ(answer_metrics("HEAD", "/metrics", gather).status, 200);
}

TEST(process, says_something_of_itself) {
    const auto facts = read_process_facts(wall_now());
    EXPECT_GE(facts.open_descriptors, 3U);
    EXPECT_GE(facts.descriptor_limit, facts.open_descriptors);
    EXPECT_GT(facts.resident_bytes, 1024U * 1024);
    EXPECT_GE(facts.threads, 1U);
    EXPECT_GT(facts.cpu_seconds, 0.0);
}

}  // namespace
}  // namespace garde::telemetry
