#!/usr/bin/python3
"""Checks the layering: a module includes only itself and the modules above it, and a pure module no I/O header and no clock.

Usage: tools/layering.py [ROOT]. Prints each violation as FILE:LINE; exits 1 when there is one.
"""

import pathlib
import re
import sys

# In the order of the design's module table. A module may use those before it.
MODULES = (
    "base http soap caller continuity config net store journal upstream cache emergency proxy control status admin "
    "telemetry app"
).split()

# These decide; they are tested and simulated without a network, a clock or a log.
PURE = {"base", "http", "soap", "continuity"}
IMPURE_INCLUDE = re.compile(r"#include <(boost/asio|spdlog|sys/socket|netinet|fstream|iostream|cstdio|thread)")
IMPURE_CALL = re.compile(r"(system_clock|steady_clock)::now")
# base is where the clock and OpenSSL's primitives are wrapped, and where the queue between threads lives.
EXEMPT = {"src/base/clock.cpp", "include/garde/base/bounded_queue.hpp"}

# Files that are pure inside modules that are not.
PURE_FILES = [
    "cache/key", "cache/policy", "admin/cache_answers", "cache/age_clock", "net/page_bound", "proxy/admission", "proxy/byte_budget",
    "proxy/progress_guard", "app/progress_watch", "control/clock_watch", "proxy/worker_counters", "telemetry/metrics_page",
    "telemetry/cache_metrics", "telemetry/ledger_metrics", "telemetry/openmetrics", "emergency/stand_in_policy",
    "journal/ascii_json", "journal/checkpoint", "journal/note_key", "journal/push_schedule", "journal/record_json",
    "journal/signed_note", "journal/syslog_message", "journal/webhook_message", "journal/merkle_tree", "journal/record_line",
    "journal/personal", "journal/log_checker", "journal/tree_head", "journal/own_events", "app/journal_texts",
]

INCLUDE = re.compile(r'#include "garde/([a-z_]+)/')


def module_of(path):
    parts = path.parts
    for i, part in enumerate(parts[:-1]):
        if part in ("garde", "src") and parts[i + 1] in MODULES:
            return parts[i + 1]
    return None


def is_pure(module, path):
    return module in PURE or any(str(path.with_suffix("")).endswith("/" + name) for name in PURE_FILES)


def violations(root):
    files = sorted(root.glob("include/garde/**/*.hpp")) + sorted(root.glob("src/*/*.[ch]pp"))
    for file in files:
        path = file.relative_to(root)
        module = module_of(path)
        if module is None:
            yield f"{path}:1: not in a module of the table"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            used = INCLUDE.match(line)
            if used and used[1] not in MODULES:
                yield f"{path}:{number}: no such module: {used[1]}"
            elif used and MODULES.index(used[1]) > MODULES.index(module):
                yield f"{path}:{number}: {module} may not use {used[1]}: it comes later in the table"
            if is_pure(module, path) and str(path) not in EXEMPT:
                if IMPURE_INCLUDE.match(line):
                    yield f"{path}:{number}: a pure module includes {line.split()[1]}"
                if IMPURE_CALL.search(line):
                    yield f"{path}:{number}: a pure module asks a clock: take the time as an argument"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(violations(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
