// What the journal costs: records a second with group commit on this machine's disk, what an append costs its
// caller, how long a log of a million records takes to be verified, in how much memory, and to be opened.
//
// Usage: bench-journal FOLDER FILE: makes its logs in FOLDER, which should be on the disk that counts, and
// removes them; writes the figures into FILE as JSON, and to standard output as a table.
//        bench-journal verify FOLDER: one verification, its seconds and peak memory on standard output.
#include "garde/journal/journal.hpp"
#include "garde/journal/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace garde;
namespace fs = std::filesystem;

constexpr std::uint64_t rounds = 10;
constexpr std::uint64_t records_a_round = 100'000;
constexpr std::uint64_t most_waiting = 4'000;
constexpr int openings = 9;

double cpu_us() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

double seconds_since(steady_time begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

[[noreturn]] void end_with(const std::string& why) {
    fmt::print(stderr, "bench-journal: {}\n", why);
    std::exit(1);
}

/// As a failover of a service writes them; every tenth is an operator's.
journal::record sample(std::uint64_t number) {
    const bool ordered = number % 10 == 0;
    return {
        .at = wall_now(),
        .event = "switchover",
        .attributes = {{"service", "assurability"},
                       {"from", "primary"},
                       {"to", "backup"},
                       {"from-backend", "dc1"},
                       {"to-backend", "dc2"},
                       {"cause", ordered ? "override-set" : "detection"},
                       {"by", ordered ? fmt::format("operator-{}", number % 70) : "garde"},
                       {"evidence", "dc1 down: 3 failed probes and 2 failed attempts in a row, last timeout"},
                       {"requests-touched", std::to_string(number % 97)}},
        .configuration = "0f5d0c0e6a7f4c0e8d1f2a3b4c5d6e7f0f5d0c0e6a7f4c0e8d1f2a3b4c5d6e7f"};
}

struct figure {
    const char* unit = "";
    std::vector<double> values;
};
using figures = std::map<std::string, figure>;

void add(figures& to, const std::string& name, const char* unit, double value) {
    to[name].unit = unit;
    to[name].values.push_back(value);
}

/// Ten rounds into one log, never more waiting than the queue takes.
void write_million(const fs::path& folder, figures& into) {
    journal::writer log({.folder = folder});
    std::atomic<std::uint64_t> durable{0};
    std::uint64_t appended = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        double appending = 0;
        for (std::uint64_t i = 0; i < records_a_round; ++i) {
            auto made = sample(appended);
            const double before = cpu_us();
            log.append(std::move(made), [&durable](bool is) {
                if (!is) end_with("a record was refused");
                durable.fetch_add(1);
                durable.notify_one();
            });
            appending += cpu_us() - before;
            ++appended;
            for (auto seen = durable.load(); appended - seen >= most_waiting; seen = durable.load())
                durable.wait(seen);
        }
        for (auto seen = durable.load(); seen < appended; seen = durable.load()) durable.wait(seen);
        add(into, "records_per_s_with_group_commit", "1/s",
            static_cast<double>(records_a_round) / seconds_since(begin));
        add(into, "append_on_the_callers_thread_us", "us", appending / static_cast<double>(records_a_round));
    }
}

/// From nothing until one record is durable; then for one more.
void open_log(const fs::path& folder, const std::string& of, figures& into) {
    for (int i = 0; i < openings; ++i) {
        auto begin = std::chrono::steady_clock::now();
        journal::writer log({.folder = folder});
        for (const auto* what : {"open_and_first_record_durable_", "single_record_durable_"}) {
            std::promise<bool> durable;
            log.append(sample(1), [&durable](bool is) { durable.set_value(is); });
            if (!durable.get_future().get()) end_with("a record could not be written");
            add(into, what + of + "_ms", "ms", seconds_since(begin) * 1e3);
            begin = std::chrono::steady_clock::now();
        }
    }
}

int verify(const fs::path& folder) {
    const auto begin = std::chrono::steady_clock::now();
    const auto found = journal::verify(folder);
    if (!found) end_with(found.error().message);
    if (!found->problems.empty()) end_with(found->problems.front());
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    fmt::print("{} {} {}\n", seconds_since(begin), found->records,
               static_cast<double>(used.ru_maxrss) / 1024);
    return 0;
}

/// In a process of its own, whose memory is all for this.
void verify_elsewhere(const std::string& self, const fs::path& folder, figures& into) {
    for (int i = 0; i < 3; ++i) {
        // NOLINTNEXTLINE(cert-env33-c): a program that runs itself, under names that it was given
        FILE* from = ::popen(fmt::format("'{}' verify '{}'", self, folder.string()).c_str(), "r");
        double seconds = 0;
        double records = 0;
        double mib = 0;
        if (from == nullptr || std::fscanf(from, "%lf %lf %lf", &seconds, &records, &mib) != 3 ||
            ::pclose(from) != 0)
            end_with("the verification failed");
        add(into, "verify_s_per_million", "s", seconds / records * 1e6);
        add(into, "verify_peak_memory_mib", "MiB", mib);
    }
}

std::string as_json(figures& all) {
    std::string out = "[";
    for (auto& [name, one] : all) {
        std::ranges::sort(one.values);
        out +=
            fmt::format(R"({}{{"name": "{}", "unit": "{}", "median": {:.3f}, "min": {:.3f}, "max": {:.3f}}})",
                        out.size() > 1 ? ",\n " : "\n ", name, one.unit, one.values[one.values.size() / 2],
                        one.values.front(), one.values.back());
    }
    return out + "\n]\n";
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        fmt::print(stderr, "usage: bench-journal FOLDER FILE | bench-journal verify FOLDER\n");
        return 2;
    }
    if (std::string_view(arguments[1]) == "verify") return verify(arguments[2]);
    const fs::path folder = arguments[1];
    fs::remove_all(folder);
    figures all;
    open_log(folder / "empty", "in_a_small_log", all);
    write_million(folder / "million", all);
    verify_elsewhere(arguments[0], folder / "million", all);
    open_log(folder / "million", "in_a_million", all);
    fs::remove_all(folder);
    const auto text = as_json(all);
    for (const auto& [name, one] : all)
        fmt::print("{:50} {:>12.3f} {}\n", name, one.values[one.values.size() / 2], one.unit);
    std::ofstream out(arguments[2]);
    out << text;
    return out.good() ? 0 : 1;
}
