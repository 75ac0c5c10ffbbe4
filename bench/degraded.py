#!/usr/bin/python3
"""`./dev bench degraded`: what an answer costs while all backends are down, beside nginx with kept answers to POST.

garde has a million answers on the disk, of which it takes into memory what fits there; nginx has fewer, all in the machine's memory,
and is given the identical body each time, without which it has none. One core for the proxies, another for the load; the two are asked
in turn, in rounds. What is filled in stays in the build folder for two days.

Usage: bench/degraded.py BUILD_DIR [--rounds N] [--quick] [--out FOLDER]
"""

import argparse
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.driver import callgrind, degraded, degraded_report, load, report  # noqa: E402
from bench.driver.machine import Problem, allow_descriptors, described, peers_described, two_cores  # noqa: E402
from bench.driver.proxies import Proxy  # noqa: E402

OFFERING = re.compile(r"garde::proxy::exchange::offer_to_cache\(")
WORKER = re.compile(r"garde::proxy::exchange::")
# Of thousands of pharmacies: with few, most of which wait for the disk, each answer would pay for waking somebody up.
CONNECTIONS = 128
COUNTED = {"rate": 60, "seconds": 8}


class Bench:
    """One run: both proxies over what they keep, without backends."""

    def __init__(self, programs, lengths, folder):
        self.programs, self.lengths, self.folder = programs, lengths, folder
        allow_descriptors()
        self.proxy_core, self.load_core = two_cores()
        self.pki = folder / "pki"
        subprocess.run([ROOT / "certs" / "make-dev-pki", self.pki], check=True, stdout=subprocess.DEVNULL)
        self.samples = report.Samples(degraded.PROXIES)
        keep = programs / "bench" / f"degraded-{lengths.entries}"
        keep.mkdir(parents=True, exist_ok=True)
        self.kept = degraded.Kept(programs, self.pki, keep, lengths.entries, degraded.REPLY_BYTES)
        self.notes = []

    def run(self, proxy, name, mode, **options):
        scenario = degraded.asking(self.pki, name, mode, self.lengths, **{"connections": CONNECTIONS, **options})
        sample = load.run(self.programs, proxy, self.load_core, self.folder, scenario)
        answered = sample.report["answered"]
        print(f"   {name}: {proxy.name} {sample.cpu_us_each:.1f} µs, p99 {sample.report['latency_us']['p99'] / 1000:.2f} ms, "
              f"{answered - sample.report['missed']} of {answered} (load's core {sample.load_core_busy:.0%})", flush=True)
        return sample

    def garde(self, kept, words, memory, kind=degraded.GARDE):
        return degraded.Garde(self.programs, self.pki, kept, words, self.proxy_core, self.folder, memory, kind)

    # --- before the rounds

    def sizes_and_start(self, rounds):
        """What is kept through HTTP is of the same size as what was filled in."""
        self.samples.add("garde", {"bytes_on_disk_per_entry/filled": ("B", self.kept.bytes_each)})
        fixture = self.folder / "fixture"
        fixture.mkdir()
        few = degraded.Kept(self.programs, self.pki, fixture, max(2_000, self.lengths.by_http), 0)
        self.samples.add("garde", {"bytes_on_disk_per_entry": ("B", few.bytes_each)})
        for _ in range(rounds):
            took = degraded.start_ms(self.programs, self.pki, self.kept, self.proxy_core, self.folder, self.lengths.memory)
            print(f"   start: {took:.0f} ms", flush=True)
            self.samples.add("garde", {f"start_ms/{degraded.count_text(self.lengths.entries)}": ("ms", took)})

    def kept_by_http(self):
        """A few thousand through HTTP, then the same asked for without backends; and what that costs in memory."""
        empty = degraded.Store(self.folder / "by-http")
        backends = degraded.Backends(self.programs, self.pki, self.load_core, self.folder)
        proxy = self.garde(empty, backends.words, self.lengths.memory)
        try:
            patients = self.lengths.by_http
            before = proxy.process.pss_kib()
            load.run(self.programs, proxy, self.load_core, self.folder, degraded.asking(
                self.pki, "filling", "rate", self.lengths, rate=500, order="turn", patients=patients, warm_up=0.2,
                seconds=patients / 500 * 1.2 + 0.5))
            proxy.wait_for("all is on the disk", lambda: proxy.metric("garde_cache_store_entries") >= patients)
            self.samples.add("garde", {
                "bytes_on_disk_per_entry/http": ("B", proxy.metric("garde_cache_store_used_bytes") / patients),
                "bytes_in_memory_per_entry": ("B", (proxy.process.pss_kib() - before) * 1024 / proxy.metric("garde_cache_entries"))})
            backends.take_away()
            found = self.run(proxy, "kept through HTTP", "closed", order="uniform", patients=patients, count_misses=True)
            self.samples.add("garde", {"hit_ratio/http": ("%", hits(found))})
        finally:
            proxy.stop()
            backends.take_away()

    # --- the rounds

    def fill_nginx(self):
        """An nginx that has its answers, and no backends any more."""
        backends = degraded.Backends(self.programs, self.pki, self.load_core, self.folder)
        proxy = Proxy(degraded.NGINX, self.programs, self.pki, backends.words, self.proxy_core, self.folder)
        try:
            seconds = max(1.0, self.lengths.peer_entries / 1_200)
            done = degraded.fill_by_http(self.programs, proxy, self.load_core, self.folder, self.pki, self.lengths.peer_entries, seconds)
            if done.report["answered"] < self.lengths.peer_entries:
                raise Problem(f"nginx was asked about {done.report['answered']} of {self.lengths.peer_entries} patients only")
        except BaseException:
            proxy.stop()
            raise
        finally:
            backends.take_away()
        kept = [file.stat() for file in (self.folder / "nginx" / "kept").rglob("*") if file.is_file()]
        self.samples.add("nginx", {"bytes_on_disk_per_entry": ("B", sum(file.st_blocks * 512 for file in kept) / len(kept))})
        return proxy

    def play(self, garde, nginx):
        many = {"order": "zipf", "count_misses": True}
        fixed = {**many, "same_bodies": True, "patients": self.lengths.peer_entries}
        steady = {"rate": self.lengths.per_second, "seconds": self.lengths.rate, "connections": 64}
        for proxy, whom in ((garde, {"patients": self.lengths.entries}), (nginx, {"same_bodies": True, "patients": self.lengths.peer_entries})):
            found = self.run(proxy, "drawn of all", "closed", **many, **whom)
            self.samples.add(proxy.name, {"cpu_us_per_answer": ("µs", found.cpu_us_each), "hit_ratio/flattering": ("%", hits(found))})
        found = self.run(garde, "the peer's patients and bodies", "closed", **fixed)
        self.samples.add("garde", {"cpu_us_per_answer/memory": ("µs", found.cpu_us_each)})
        for proxy, patients in ((garde, self.lengths.entries), (nginx, self.lengths.peer_entries)):
            found = self.run(proxy, "realistic", "rate", **many, patients=patients, **steady)
            self.samples.add(proxy.name, {"hit_ratio/realistic": ("%", hits(found))})
        for proxy, bodies in ((garde, {}), (nginx, {"same_bodies": True})):
            found = self.run(proxy, "from memory", "rate", **many, patients=self.lengths.in_memory, **steady, **bodies)
            self.samples.add(proxy.name, latencies(found, "memory"))
        # Memory has the newest; these are the oldest.
        self.kept.forget_pages()
        found = self.run(garde, "from the disk", "rate", order="uniform", count_misses=True, patients=self.lengths.entries // 4,
                         first_patient=self.lengths.entries * 3 // 4, **{**steady, "rate": self.lengths.disk_per_second, "warm_up": 0.5})
        self.samples.add("garde", {**latencies(found, "disk"), "hit_ratio/disk": ("%", hits(found))})

    # --- in normal mode

    def admission(self):
        """Which part of a worker's instructions for a proxied request are its work for the cache."""
        for name in ("cached", "uncached"):
            empty = degraded.Store(self.folder / f"admission-{name}")
            backends = degraded.Backends(self.programs, self.pki, self.load_core, self.folder)
            out = empty.folder / "callgrind.out"
            try:
                proxy = self.garde(empty, backends.words, "16MiB", callgrind.garde("degraded/garde.toml", out))
                try:
                    done = callgrind.count(self.programs, proxy, self.load_core, self.folder, **COUNTED, options={
                        "path": f"/{name}", "patients": 1000, "order": "uniform", "certificate": self.pki / "pharmacy-1.pem",
                        "key": self.pki / "pharmacy-1.key"})
                finally:
                    proxy.stop()
            finally:
                backends.take_away()
            threads = callgrind.profiles(out)
            workers = [thread for thread in threads if thread.runs(WORKER)]
            spent = sum(worker.within(OFFERING) for worker in workers)
            if len(workers) != 1 or not spent:
                raise Problem("the profile has no worker in it, or nothing of the cache: what is it called now?")
            [worker] = workers
            self.samples.add("garde", {f"admission_cpu_percent/{name}": ("%", 100 * spent / worker.total)})
            others = sum(thread.total for thread in threads) - worker.total
            self.notes.append(f"`{name}`: {worker.total / done['answered']:,.0f} instructions a request on the worker, "
                              f"{spent / done['answered']:,.0f} of them for the cache; {others / done['answered']:,.0f} on all other threads")


def hits(sample):
    return 100 * (1 - sample.report["missed"] / sample.report["answered"])


def latencies(sample, where):
    return {f"{part}_ms/{where}": ("ms", sample.report["latency_us"][part] / 1000) for part in ("p50", "p99", "p999")}


def conditions(bench, rounds):
    lengths = bench.lengths
    return [
        f"{rounds} round(s), {described()}",
        "one core for the proxies, one for the load; TLS 1.3, TLS_AES_256_GCM_SHA384, X25519, ECDSA P-256, client certificates; POST of 8 KiB, "
        "answer of 4 KiB; all backends down",
        f"garde: {lengths.entries:,} answers on the disk (filled in by its own code in {bench.kept.found['seconds']} s), "
        f"memory_bytes = {lengths.memory}; each request has a new reference, new times and new signatures",
        f"nginx: {lengths.peer_entries:,} answers, fewer so that all are in the machine's memory; the same body for each patient, but for "
        "`hit_ratio/realistic`",
        f"{CONNECTIONS} connections, each of which asks again as soon as it is answered; 64 where there is a rate",
        f"who is asked about: the n-th most frequent patient 1/n times as often as the first (Zipf); latency at {lengths.per_second} a second "
        f"for both, of {lengths.in_memory:,} patients who are in memory; from the disk at {lengths.disk_per_second} a second, of the "
        f"{lengths.entries // 4:,} oldest, the file's pages dropped from the machine's memory before",
        *bench.notes, peers_described()]


def arguments():
    parser = argparse.ArgumentParser(description="garde without backends, beside nginx")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one short round over few answers, to see that all works; its figures are rough")
    parser.add_argument("--out", type=pathlib.Path, help="default: bench/results; with --quick: quick/ in the build folder")
    return parser.parse_args()


def measure(bench, rounds):
    bench.sizes_and_start(rounds)
    bench.kept_by_http()
    nginx = bench.fill_nginx()
    try:
        garde = bench.garde(bench.kept, degraded.nobody(), bench.lengths.memory)
        try:
            garde.wait_until_memory_is_full()
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", flush=True)
                bench.play(garde, nginx)
        finally:
            garde.stop()
    finally:
        nginx.stop()
    bench.admission()


def main():
    given = arguments()
    programs = given.build.resolve()
    rounds = 1 if given.quick else given.rounds
    out = given.out or (programs / "bench" / "quick" if given.quick else ROOT / "bench" / "results")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory(prefix="garde-bench-") as folder:
        try:
            bench = Bench(programs, degraded.QUICK if given.quick else degraded.FULL, pathlib.Path(folder))
            measure(bench, rounds)
        except Problem as failed:
            return f"bench: {failed}"
        degraded_report.write(out, bench.samples.figures(), conditions(bench, rounds))
    print((out / "degraded.md").read_text())
    print(f"written: {out}/degraded.json, .md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
