// garde-load: puts load on one HTTPS server on this machine and reports what came of it, as JSON.
//
//   garde-load MODE --to PORT …
//
// It connects and warms up, prints `ready`, and waits for a line on its standard input. Then it measures,
// prints one line of JSON, and keeps its connections open until its standard input ends. Whoever accounts for
// the server's work can so do it at moments when nothing is under way.
#include "bench/common/consult.hpp"
#include "campaign.hpp"
#include "recording.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <sys/prctl.h>

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using bodies = bench::message_reader::bodies;

struct options {
    std::string mode;
    std::uint16_t port = 0;
    std::string path = "/";
    std::string request;
    std::size_t request_bytes = 8192;
    std::uint64_t answer_bytes = 4096;
    std::size_t connections = 32;
    std::uint8_t callers = 0;
    std::uint64_t rate = 1000;
    double seconds = 3;
    double warm_up = 1;
    std::string certificate;
    std::string key;
    std::uint64_t patients = 0;
    std::uint64_t first_patient = 0;
    bench::draw::order order = bench::draw::order::turn;
    bool same_bodies = false;
    bool count_misses = false;
    bool awake = false;
};

std::chrono::nanoseconds to_time(double seconds) {
    return duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::unique_ptr<load::campaign> make_campaign(const options& with, const load::target& to) {
    if (with.mode == "closed") return load::make_closed_loop(to, with.connections);
    if (with.mode == "rate")
        return std::make_unique<load::fixed_rate>(to, with.connections, bench::pace(with.rate));
    if (with.mode == "record")
        return std::make_unique<load::recording>(to, with.connections, bench::pace(with.rate));
    if (with.mode == "hold") return load::make_hold(to, with.connections);
    return load::make_handshakes(to, with.connections);
}

/// What a right answer is. Of a recording every answer is, so that the connection stays as it does in real
/// software.
load::answer_check make_check(const options& with, std::uint64_t& missed) {
    if (with.mode == "record") return [](const bench::message_reader&) { return std::string(); };
    return [bytes = with.answer_bytes, &missed,
            counts = with.count_misses](const bench::message_reader& answer) -> std::string {
        if (counts && answer.status() >= 500) {
            ++missed;
            return {};
        }
        if (answer.status() != 200) return "an answer has status " + std::to_string(answer.status());
        if (answer.body_bytes() != bytes)
            return "an answer has " + std::to_string(answer.body_bytes()) + " bytes";
        return {};
    };
}

load::question_writer make_writer(const options& with, bench::question& question) {
    if (with.patients == 0) return [&question](std::uint64_t index) { return question.fresh(index); };
    return [&question, from = bench::draw(with.order, with.patients, with.first_patient),
            same = with.same_bodies](std::uint64_t index) mutable {
        const auto patient = from.next();
        return question.about(patient, same ? patient : index);
    };
}

/// Its own use of the processor, in seconds.
double cpu_time() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double to_us(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e3;
}

std::string to_json(const bench::histogram& of) {
    return fmt::format(
        R"({{"mean":{:.1f},"p50":{:.1f},"p90":{:.1f},"p99":{:.1f},"p999":{:.1f},"max":{:.1f}}})",
        to_us(of.mean()), to_us(of.quantile(0.5)), to_us(of.quantile(0.9)), to_us(of.quantile(0.99)),
        to_us(of.quantile(0.999)), to_us(of.max()));
}

std::int64_t to_clock_us(load::steady_time at) {
    return duration_cast<microseconds>(at.time_since_epoch()).count();
}

/// Each question as [due, end, status, what, site], times in microseconds of CLOCK_MONOTONIC. All texts are
/// our own or have been looked at: nothing in them needs escaping.
void report_lines(const load::recording& from) {
    fmt::print(R"("requests":[)");
    const char* separator = "";
    for (const auto& one : from.lines()) {
        fmt::print(R"({}[{},{},{},"{}","{}"])", separator, to_clock_us(one.due), to_clock_us(one.end),
                   one.status, one.what, one.site);
        separator = ",";
    }
    fmt::print("],");
}

void report(const options& with, const load::campaign& by, const load::outcome& out, std::uint64_t missed,
            double cpu_s) {
    fmt::print("{{");
    if (const auto* kept = dynamic_cast<const load::recording*>(&by)) report_lines(*kept);
    // first_failure is one of our own sentences: nothing in it needs escaping.
    fmt::print(
        R"("mode":"{}","answered":{},"missed":{},"failed":{},"unfinished":{},"closed_idle":{},"handshakes":{},)"
        R"("not_resumed":{},"first_failure":"{}","seconds":{:.6f},"cpu_s":{:.6f},"latency_us":{},)"
        R"("send_lag_us":{}}})"
        "\n",
        with.mode, out.answered, missed, out.failed, out.unfinished, out.closed_idle, out.handshakes,
        out.not_resumed, out.first_failure, static_cast<double>(out.took.count()) / 1e9, cpu_s,
        to_json(out.latency), to_json(out.send_lag));
    std::fflush(stdout);
}

/// Until a line or the end.
void wait_for_line() {
    for (int c = std::getchar(); c != '\n' && c != EOF;) c = std::getchar();
}

void wait_for_end() {
    while (std::getchar() != EOF) {
    }
}

std::expected<void, std::string> run(const options& with) {
    std::ifstream file(with.request, std::ios::binary);
    // A longer or shorter certificate in the signature is how such messages differ in size.
    const auto body =
        bench::resized(bench::without_indentation(std::string(std::istreambuf_iterator<char>(file), {})),
                       "ds:X509Certificate", with.request_bytes);
    if (!body) return std::unexpected(with.request + ": " + body.error());
    auto question = bench::question::make(with.path, *body);
    if (!question) return std::unexpected(with.request + ": " + question.error());
    const auto resume = with.mode == "resumed" ? load::tickets::used : load::tickets::unused;
    const auto tls = load::client_tls(resume);
    if (!tls) return std::unexpected(tls.error());
    if (!with.certificate.empty())
        if (auto shown = bench::show_certificate(tls->get(), with.certificate, with.key); !shown)
            return std::unexpected(shown.error());

    std::uint64_t missed = 0;
    bench::poller poller;
    if (with.awake) poller.stay_awake();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(with.port);
    const auto campaign =
        make_campaign(with, {.poller = poller,
                             .tls = tls->get(),
                             .address = address,
                             .write = make_writer(with, *question),
                             .check = make_check(with, missed),
                             .bodies = with.mode == "record" ? bodies::kept : bodies::counted,
                             .resume = resume,
                             .callers = with.callers});
    if (with.mode != "hold") {
        const auto warm = campaign->run(to_time(with.warm_up));
        if (warm.answered == 0)
            return std::unexpected("nothing was answered in warming up: " + warm.first_failure);
    }
    fmt::print("ready\n");
    std::fflush(stdout);
    wait_for_line();
    missed = 0;
    const double before = cpu_time();
    const auto out = campaign->run(to_time(with.seconds));
    report(with, *campaign, out, missed, cpu_time() - before);
    wait_for_end();
    return {};
}

void add_patients(CLI::App& app, options& with) {
    using order = bench::draw::order;
    const std::map<std::string, order> orders{
        {"turn", order::turn}, {"uniform", order::uniform}, {"zipf", order::zipf}};
    app.add_option("--patients", with.patients,
                   "ask about so many, each message another in reference, times and signatures; without it: "
                   "about another one each time")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
    app.add_option("--first-patient", with.first_patient, "the number of the first of them");
    app.add_option("--order", with.order, "of patients: turn, uniform or zipf")
        ->transform(CLI::CheckedTransformer(orders));
    app.add_flag("--same-bodies", with.same_bodies, "each patient's message is always the same");
    app.add_flag("--awake", with.awake, "never sleep, so that waking this program costs the proxy nothing");
    app.add_flag("--count-misses", with.count_misses,
                 "an answer of status 5xx counts as missed, not as failed");
    auto* certificate = app.add_option("--certificate", with.certificate, "show this one: PEM, leaf first");
    app.add_option("--key", with.key, "of the certificate, PEM")->needs(certificate);
}

}  // namespace

int main(int argc, char** argv) {
    options with;
    CLI::App app("Load for one HTTPS server on this machine. See the head of bench/load/main.cpp.");
    app.add_option("mode", with.mode,
                   "closed: each connection asks again at once; rate: at a fixed rate, latency from when "
                   "each request was "
                   "due; full: a new connection for each request; resumed: the same with the last one's "
                   "ticket; hold: "
                   "idle connections after one request each; record: as rate, with a line about each request")
        ->required()
        ->check(CLI::IsMember({"closed", "rate", "full", "resumed", "hold", "record"}));
    app.add_option("--to", with.port, "port on 127.0.0.1")->required();
    app.add_option("--path", with.path, "of the POST");
    app.add_option("--request", with.request, "the consult (tests/fixtures/consult-request.xml)")->required();
    app.add_option("--request-bytes", with.request_bytes, "how long its body is made");
    app.add_option("--answer-bytes", with.answer_bytes, "how long the body of a right answer is");
    app.add_option("--connections", with.connections)->check(CLI::PositiveNumber);
    app.add_option("--callers", with.callers, "connect from so many addresses, 127.0.1.1 and up")
        ->check(CLI::Range(1, 254));
    app.add_option("--rate", with.rate, "requests per second")->check(CLI::PositiveNumber);
    app.add_option("--seconds", with.seconds, "of measuring; hold: at most so long for connecting");
    app.add_option("--warm-up", with.warm_up, "seconds before");
    add_patients(app, with);
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_TIMERSLACK, 1);  // else the kernel sends us up to 50 µs late
    if (const auto ran = run(with); !ran) {
        fmt::print(stderr, "garde-load: {}\n", ran.error());
        return 1;
    }
    return 0;
}
