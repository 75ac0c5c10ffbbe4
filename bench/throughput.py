#!/usr/bin/python3
"""`./dev bench throughput`: what garde costs beside HAProxy and nginx, all with the same certificate, suites and backends.

The proxies run on one core, load and origin on another. Within a round each scenario is run with one proxy after the other, so
that what drifts in the machine drifts for all. All proxies of a round are fresh.

Usage: bench/throughput.py BUILD_DIR [--rounds N] [--quick] [--out FOLDER]
"""

import argparse
import contextlib
import math
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.driver import figures, load, report, throughput_report  # noqa: E402
from bench.driver.machine import Problem, allow_descriptors, described, peers_described, two_cores  # noqa: E402
from bench.driver.proxies import THROUGHPUT, Origin, Proxy  # noqa: E402

ROUND_LIMIT_S = 165  # 7 rounds end within 20 minutes, whatever hangs
ATTEMPTS = 3
PAUSE_S = 2  # a proxy that took a backend for dead needs some probes to find it alive


class Bench:
    """One run: the machine's two cores, the origin, and what was found."""

    def __init__(self, programs, lengths, folder):
        self.programs, self.lengths, self.folder = programs, lengths, folder
        allow_descriptors()
        self.proxy_core, self.load_core = two_cores()
        self.pki = folder / "pki"
        subprocess.run([ROOT / "certs" / "make-dev-pki", self.pki], check=True, stdout=subprocess.DEVNULL)
        self.origin = Origin(programs, self.pki, self.load_core, folder)
        self.samples = report.Samples(figures.PROXIES)
        self.repeated = []

    @contextlib.contextmanager
    def proxies(self):
        """All proxies, fresh; ended at the end."""
        started = []
        try:
            for kind in THROUGHPUT:
                started.append(Proxy(kind, self.programs, self.pki, self.origin.words, self.proxy_core, self.folder))
            yield started
        finally:
            for proxy in started:
                proxy.stop()

    def sample(self, proxy, scenario):
        """On a machine that others use, now and then a request fails: said, and tried again."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return load.run(self.programs, proxy, self.load_core, self.folder, scenario)
            except Problem as failed:
                if attempt == ATTEMPTS or proxy.process.popen.poll() is not None:
                    raise
                self.repeated.append(f"{scenario.name}: {' '.join(str(failed).split())}")
                print(f"   repeated: {self.repeated[-1]}", flush=True)
                time.sleep(PAUSE_S)

    def half_loads(self):
        """For each kind of backends the rate that is half of what the slowest proxy can do."""
        out = {}
        with self.proxies() as proxies:
            for backends in figures.PATHS:
                scenario = figures.pilot(backends, self.lengths)
                least = min(self.sample(proxy, scenario).per_second for proxy in proxies)
                out[backends] = math.floor(least / 2 / 50) * 50 or 50
        return out

    def play(self, proxies, scenario, number):
        turn = number % len(proxies)
        said = []
        for proxy in proxies[turn:] + proxies[:turn]:
            sample = self.sample(proxy, scenario)
            found = scenario.figures(sample)
            self.samples.add(proxy.name, found)
            first = next(value for unit, value in found.values())
            said.append(f"{proxy.name} {first:.2f} (load's core {sample.load_core_busy:.0%})")
        print(f"   {scenario.name}: {', '.join(sorted(said))}", flush=True)

    def round(self, number, rates):
        with self.proxies() as proxies:
            self.play(proxies, figures.idle(self.lengths), number)
        with self.proxies() as proxies:
            for scenario in figures.all_others(rates, self.lengths):
                self.play(proxies, scenario, number)


def conditions(bench, rates, rounds):
    """How it was measured, for the table."""
    out = [
        f"{rounds} round(s), {described()}",
        "one core for the proxies, one for load and origin; TLS 1.3, TLS_AES_256_GCM_SHA384, X25519, ECDSA P-256; POST of 8 KiB, "
        "answer of 4 KiB (`large`: 1 MiB); a handshake figure is a new connection with one request",
        f"half load: {rates['tls-plain']} requests/s to plain backends, {rates['tls-tls']} to TLS backends, the same for all",
        f"{bench.lengths.idle_connections} idle connections",
        peers_described(),
    ]
    return out + [f"repeated because a request failed: {line}" for line in bench.repeated]


def stop_on_time(*_):
    raise Problem("the time for all rounds is over; the machine is too busy, or something hangs")


def arguments():
    parser = argparse.ArgumentParser(description="garde beside HAProxy and nginx")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works; its figures are rough")
    parser.add_argument("--out", type=pathlib.Path, help="default: bench/results; with --quick: quick/ in the build folder")
    return parser.parse_args()


def main():
    given = arguments()
    programs = given.build.resolve()
    rounds = 1 if given.quick else given.rounds
    lengths = figures.QUICK if given.quick else figures.FULL
    out = given.out or (programs / "bench" / "quick" if given.quick else ROOT / "bench" / "results")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    signal.signal(signal.SIGALRM, stop_on_time)
    signal.alarm(rounds * ROUND_LIMIT_S + 30)
    with tempfile.TemporaryDirectory(prefix="garde-bench-") as folder:
        try:
            bench = Bench(programs, lengths, pathlib.Path(folder))
        except Problem as failed:
            return f"bench: {failed}"
        try:
            rates = bench.half_loads()
            print(f"half load: {rates['tls-plain']}/s to plain backends, {rates['tls-tls']}/s to TLS backends", flush=True)
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", flush=True)
                bench.round(number, rates)
        except Problem as failed:
            return f"bench: {failed}"
        finally:
            bench.origin.process.stop()
        found = bench.samples.figures()
        throughput_report.write(out, found, conditions(bench, rates, rounds))
    print((out / "throughput.md").read_text())
    print(f"written: {out}/throughput.json, .md, .svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
