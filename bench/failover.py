#!/usr/bin/python3
"""`./dev bench failover`: what becomes of requests when the primary fails, with garde and with HAProxy and nginx as well as they can
be configured; all with the same time-outs, certificates and backends.

Each run is a fresh proxy on one core, fresh backends and steady open-loop load on another: first without a fault, then with one on
the primary, then without again. Within a round each fault is run with one proxy after the other.

Usage: bench/failover.py BUILD_DIR [--rounds N] [--quick] [--only FAULT]… [--out FOLDER]
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.driver import failover_report, faults, network, report, trial  # noqa: E402
from bench.driver.machine import Problem, allow_descriptors, described, peers_described, take_precedence, two_cores  # noqa: E402
from bench.driver.proxies import FAILOVER  # noqa: E402

START_LIMIT_S = 30  # of one run, beside what it measures; repetitions come out of it too


class Bench:
    """What was found so far."""

    def __init__(self, around, lengths):
        self.around, self.lengths = around, lengths
        self.samples = report.Samples(failover_report.PROXIES)
        self.repeated = []

    def tell(self, why):
        self.repeated.append(why)
        print(f"   repeated: {why}", flush=True)

    def play(self, fault, kinds, number):
        turn = number % len(kinds)
        for kind in kinds[turn:] + kinds[:turn]:
            found = trial.run(self.around, kind, fault, self.lengths, self.tell).figures(fault.name)
            self.samples.add(kind.name, found)
            said = ", ".join(f"{name.partition('/')[0]} {value:.0f}" for name, (_, value) in found.items())
            print(f"   {fault.name} {kind.name}: {said}", flush=True)


def conditions(lengths, rounds, repeated):
    """How it was measured, for the report."""
    return [
        f"{rounds} round(s), {described()}",
        "one core for the proxy, one for load and backends, all before whatever else the machine does (SCHED_FIFO); TLS to the proxy and to the backends; a primary and a backup",
        f"{lengths.rate} consults of 8 KiB a second in open loop from {lengths.callers} addresses on {lengths.connections} keep-alive "
        "connections; latency counts from when each was due",
        f"service time {trial.SERVICE_MS} ms; for all proxies: attempt {trial.ATTEMPT_MS} ms, connecting 500 ms, a probe each 500 ms "
        "within 400 ms, 2 that fail or pass change the verdict (nginx cannot probe)",
        f"{lengths.before:g} s without a fault, {lengths.fault:g} s with it (`flapping` {3 * faults.FLAP_SECONDS} s), {lengths.after:g} s "
        "without; what failed or was late afterwards counts too",
        peers_described(),
        *(f"repeated: {line}" for line in repeated),
    ]


def stop_on_time(*_):
    sys.exit("bench: the time for all rounds is over; the machine is too busy, or something hangs")


def arguments():
    names = [fault.name for fault in faults.ALL]
    parser = argparse.ArgumentParser(description="garde, HAProxy and nginx when the primary fails")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round of shorter runs")
    parser.add_argument("--only", action="append", choices=names, metavar="FAULT",
                        help="this fault, or these; figures of others that are there stay: " + ", ".join(names))
    parser.add_argument("--out", type=pathlib.Path, help="default: bench/results; with --quick: quick/ in the build folder")
    return parser.parse_args()


def main():
    given = arguments()
    programs = given.build.resolve()
    rounds = 1 if given.quick else given.rounds
    lengths = trial.QUICK if given.quick else trial.FULL
    out = given.out or (programs / "bench" / "quick" if given.quick else ROOT / "bench" / "results")
    chosen = [fault for fault in faults.ALL if not given.only or fault.name in given.only]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    signal.signal(signal.SIGALRM, stop_on_time)
    signal.alarm(int(rounds * len(FAILOVER) * sum(lengths.total(fault) + START_LIMIT_S for fault in chosen)))
    with tempfile.TemporaryDirectory(prefix="garde-bench-") as name:
        folder = pathlib.Path(name)
        try:
            network.enter_own()
            take_precedence()
            allow_descriptors()
            pki = folder / "pki"
            subprocess.run([ROOT / "certs" / "make-dev-pki", pki], check=True, stdout=subprocess.DEVNULL)
            bench = Bench(trial.Surroundings(programs, pki, folder, *two_cores()), lengths)
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", flush=True)
                for fault in chosen:
                    bench.play(fault, FAILOVER, number)
        except Problem as failed:
            return f"bench: {failed}"
    found = bench.samples.figures()
    if given.only:
        found = failover_report.with_earlier(out, found)
    failover_report.write(out, found, conditions(lengths, rounds, bench.repeated))
    print((out / "failover.md").read_text())
    print(f"written: {out}/failover.json, .md, .svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
