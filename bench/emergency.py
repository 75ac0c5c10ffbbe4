#!/usr/bin/python3
"""`./dev bench emergency`: what an emergency answer costs, with its receipt, beside an answer from the cache and one signature.

In turn, in rounds, on one core: garde without receipts gives answers that it has; garde with receipts hands out the procedure, in
emergency mode by order, and in degraded mode to questions that it has no answer to; and OpenSSL signs by itself.

Usage: bench/emergency.py BUILD_DIR [--rounds N] [--quick] [--out FOLDER]
"""

import argparse
import json
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.driver import degraded, load, report  # noqa: E402
from bench.driver.machine import Problem, allow_descriptors, described, two_cores  # noqa: E402
from bench.driver.proxies import garde  # noqa: E402

KIND = garde("emergency/garde.toml")
PROXIES = ("garde",)
ENTRIES = 2_000
MEMORY = "64MiB"
SIGNATURES = 1.3  # beside a cached answer an emergency answer may cost so many


def bound(cached, signature):
    return cached + SIGNATURES * signature


def receipts(pki):
    return f'[receipts]\nkey = "{pki}/receipts.key"\nissuer = "garde-bench"'


class Bench:
    """Two gardes without backends, over the same answers."""

    def __init__(self, programs, lengths, folder):
        self.programs, self.lengths, self.folder = programs, lengths, folder
        allow_descriptors()
        self.proxy_core, self.load_core = two_cores()
        self.pki = folder / "pki"
        subprocess.run([ROOT / "certs" / "make-dev-pki", self.pki], check=True, stdout=subprocess.DEVNULL)
        self.samples = report.Samples(PROXIES)

    def start(self, name, receipts_table):
        own = self.folder / name
        own.mkdir()
        kept = degraded.Kept(self.programs, self.pki, own, ENTRIES, degraded.REPLY_BYTES)
        words = {**degraded.nobody(), "receipts": receipts_table, "procedures": ROOT / "conf" / "procedures"}
        proxy = degraded.Garde(self.programs, self.pki, kept, words, self.proxy_core, own, MEMORY, KIND)
        proxy.wait_until_memory_is_full()
        return proxy

    def asked(self, proxy, name, hit, **whom):
        """Of all answers as many as `hit` says came from the cache."""
        scenario = degraded.asking(self.pki, name, "closed", self.lengths, order="uniform", count_misses=True, awake=True,
                                   **whom)
        found = load.run(self.programs, proxy, self.load_core, self.folder, scenario)
        missed = found.report["missed"] / found.report["answered"]
        if missed != (0 if hit else 1):
            raise Problem(f"{name}: {missed:.1%} were not answered from the cache")
        print(f"   {name}: {found.cpu_us_each:.1f} µs", flush=True)
        return found.cpu_us_each

    def signature(self):
        done = subprocess.run(["taskset", "-c", str(self.proxy_core), self.programs / "bench" / "bench-signature"], check=True,
                              capture_output=True, text=True)
        return json.loads(done.stdout)["us"]

    def order_emergency(self, proxy):
        token = (self.pki / "admin.token").read_text().strip()
        order = urllib.request.Request(
            f"https://localhost:{proxy.words['admin_port']}/v1/services/{degraded.SERVICE}/mode", method="POST",
            data=json.dumps({"mode": "emergency", "reason": "bench"}).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(order, context=ssl.create_default_context(cafile=self.pki / "ca.pem"), timeout=10) as done:
            done.read()

    def play(self, without, by_order, by_miss):
        cached = self.asked(without, "from the cache", True, patients=ENTRIES)
        emergency = self.asked(by_order, "the procedure, by order", False, patients=ENTRIES)
        missed = self.asked(by_miss, "the procedure, after a miss", False, patients=ENTRIES, first_patient=ENTRIES)
        signed = self.signature()
        self.samples.add("garde", {
            "cpu_us_per_cached_answer": ("µs", cached), "cpu_us_per_emergency_answer": ("µs", emergency),
            "cpu_us_per_emergency_answer/miss": ("µs", missed), "cpu_us_per_signature": ("µs", signed),
            "emergency_over_bound": ("ratio", emergency / bound(cached, signed)),
            "emergency_over_bound/miss": ("ratio", missed / bound(cached, signed))})


def markdown(figures, conditions):
    rows = []
    for figure in figures:
        held = ""
        if figure["name"].startswith("emergency_over_bound"):
            held = "≤ 1: " + ("yes" if figure["median"] <= 1 else "ranges overlap" if figure["min"] <= 1 else "**no**")
        rows.append([f"`{figure['name']}`", figure["unit"], report.cell(figure), held])
    return "\n".join(["# Emergency answers", "", "Made by `./dev bench emergency`; medians over the rounds, with the smallest and the largest. The "
                      f"bound is a cached answer and {SIGNATURES} signatures.", "",
                      *report.table(["figure", "unit", "garde", "bound"], rows), *report.conditions_section(conditions)])


def write(folder, figures, conditions):
    folder.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join("  " + json.dumps(figure, ensure_ascii=False) for figure in figures)
    (folder / "emergency.json").write_text(f"[\n{rows}\n]\n")
    (folder / "emergency.md").write_text(markdown(figures, conditions))


def main():
    parser = argparse.ArgumentParser(description="emergency answers beside cached ones")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works; its figures are rough")
    parser.add_argument("--out", type=pathlib.Path, help="default: bench/results; with --quick: quick/ in the build folder")
    given = parser.parse_args()
    programs = given.build.resolve()
    rounds = 1 if given.quick else given.rounds
    out = given.out or (programs / "bench" / "quick" if given.quick else ROOT / "bench" / "results")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    lengths = degraded.QUICK if given.quick else degraded.FULL
    with tempfile.TemporaryDirectory(prefix="garde-bench-") as folder:
        running = []
        try:
            bench = Bench(programs, lengths, pathlib.Path(folder))
            for name, table in (("cached", ""), ("by-order", receipts(bench.pki)), ("by-miss", receipts(bench.pki))):
                running.append(bench.start(name, table))
            bench.order_emergency(running[1])
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", flush=True)
                bench.play(*running)
        except Problem as failed:
            return f"bench: {failed}"
        finally:
            for proxy in running:
                proxy.stop()
        write(out, bench.samples.figures(), [
            f"{rounds} round(s), {described()}",
            "one core for garde, one for the load; TLS 1.3, client certificates; POST of 8 KiB, cached answers of 4 KiB; no backend is left",
            "the load never sleeps: else an answer would pay for waking it, the slower ones more often than the faster",
            "processor time of all threads: an emergency answer's has the question's reading, the miss, the fault, the receipt, its hash and "
            "its record in the journal in it"])
    print((out / "emergency.md").read_text())
    print(f"written: {out}/emergency.json, .md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
