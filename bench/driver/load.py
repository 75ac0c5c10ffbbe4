"""One run of garde-load against one proxy, with the proxy's processor time and memory taken where nothing is under way."""

import json
import select
import subprocess

from .machine import CoreClock, Process
from .proxies import FIXTURES

PATIENCE_S = 30


class Sample:
    """What garde-load found, and what the proxy and the load's core did meanwhile."""

    def __init__(self, report, cpu_ns, pss_kib, load_core_busy):
        self.report = report
        self.cpu_ns = cpu_ns
        self.pss_kib = pss_kib  # how much more the proxy's memory is after than before
        self.load_core_busy = load_core_busy

    @property
    def cpu_us_each(self):
        return self.cpu_ns / 1000 / self.report["answered"]

    @property
    def per_second(self):
        return self.report["answered"] / self.report["seconds"]


def run(programs, proxy, core, folder, scenario):
    """The scenario's Sample; Problem when a request failed or something hangs."""
    argv = [programs / "bench" / "garde-load", scenario.mode, "--to", proxy.port, "--request", FIXTURES / "consult-request.xml"]
    for name, value in scenario.options.items():
        if name == "mode":
            continue
        argv += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
    load = Process("load", argv, core, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        next_line(load, proxy, PATIENCE_S)  # it has warmed up
        sample = _measure(load, proxy, core, scenario)
        load.popen.stdin.close()
        load.popen.wait(PATIENCE_S)
        return sample
    finally:
        load.stop()


def _measure(load, proxy, core, scenario):
    memory = scenario.mode == "hold"
    clock = CoreClock(core)
    pss_before = proxy.process.pss_kib() if memory else 0
    cpu_before = proxy.process.cpu_ns()
    load.popen.stdin.write("\n")
    load.popen.stdin.flush()
    report = json.loads(next_line(load, proxy, float(scenario.options["seconds"]) + PATIENCE_S))
    cpu_ns = proxy.process.cpu_ns() - cpu_before
    busy = clock.busy()
    pss_kib = proxy.process.pss_kib() - pss_before if memory else 0
    if report["failed"] or report["unfinished"] or report["not_resumed"] or not report["answered"]:
        raise load.fail(f"against {proxy.name}: {json.dumps(report)}\n{proxy.process.tail()}")
    return Sample(report, cpu_ns, pss_kib, busy)


def next_line(load, proxy, seconds):
    """What garde-load says next; Problem when it does not within so long."""
    out = load.popen.stdout
    ready, _, _ = select.select([out], [], [], seconds)
    line = out.readline() if ready else ""
    if not line:
        raise load.fail(f"against {proxy.name} {'ended early' if ready else 'does not end'}; {proxy.name} says: {proxy.process.tail()}")
    return line
