"""One run of the failover bench: a fresh proxy before fresh backends, steady load, a fault on the primary, and its end."""

import dataclasses
import json
import subprocess
import time

from .load import next_line
from .machine import Problem, Process
from .outcomes import Judged, Request, Spell
from .proxies import FIXTURES, Proxy
from .sites import Site

ATTEMPT_MS = 1000  # as bench/peers/failover says, for all
SERVICE_MS = 80
LATEST_ANSWER_S = 5  # garde-load waits so long after its last request
PATIENCE_S = 30

ATTEMPTS = 6


@dataclasses.dataclass(frozen=True)
class Lengths:
    """In seconds, but for the load."""

    warm_up: float
    before: float
    fault: float
    after: float
    rate: int  # requests a second
    connections: int
    callers: int = 40

    def total(self, fault):
        return self.before + self.fault_of(fault) + self.after

    def fault_of(self, fault):
        return max(self.fault, fault.least_seconds)


# Enough connections for requests that all wait for several attempts.
FULL = Lengths(warm_up=2, before=1, fault=5, after=5, rate=150, connections=800)
QUICK = Lengths(warm_up=1.5, before=0.5, fault=3, after=3, rate=150, connections=800)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What all runs have in common."""

    programs: object
    pki: object
    folder: object
    proxy_core: int
    load_core: int


class Direct:
    """No proxy: the load goes to the primary. What a fault then does is what a proxy has to keep from its callers."""

    name = "direct"

    def __init__(self, site):
        self.port = site.port
        self.process = site.process

    def stop(self):
        """There is nothing of its own."""


def run(around, kind, fault, lengths, tell):
    """The requests of a run, Judged; `kind` of proxy, or None for none.

    Now and then a machine is late before any fault: why a run says nothing about the proxy goes to `tell`, and it is tried again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _run_once(around, kind, fault, lengths)
        except Problem as failed:
            if attempt == ATTEMPTS:
                raise
            tell(str(failed).splitlines()[0])


def _run_once(around, kind, fault, lengths):
    sites = []
    proxy = None
    try:
        for name in ("dc1", "dc2"):
            sites.append(Site(name, around.programs, around.pki, around.load_core, around.folder, SERVICE_MS))
        ports = {site.name: site.port for site in sites}
        proxy = Proxy(kind, around.programs, around.pki, ports, around.proxy_core, around.folder) if kind else Direct(sites[0])
        judged = _under_load(around, proxy, sites, fault, lengths)
        if kind and proxy.process.popen.poll() is not None:
            raise proxy.process.fail(f"ended in the run of {fault.name} with exit code {proxy.process.popen.returncode}")
    finally:
        if proxy:
            proxy.stop()
        for site in sites:
            site.stop()
    early = judged.early_trouble()
    if early:
        raise Problem(f"{fault.name}, {proxy.name}: {len(early)} request(s) failed, slow or not answered by the primary "
                      f"before the fault, such as {early[0]}")
    return judged


def _under_load(around, proxy, sites, fault, lengths):
    """The requests, Judged."""
    argv = [around.programs / "bench" / "garde-load", "record", "--to", proxy.port, "--path", "/consult",
            "--request", FIXTURES / "consult-request.xml", "--connections", lengths.connections, "--callers", lengths.callers,
            "--rate", lengths.rate, "--warm-up", lengths.warm_up, "--seconds", lengths.total(fault)]
    load = Process("load", argv, around.load_core, around.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        next_line(load, proxy, lengths.warm_up + LATEST_ANSWER_S + PATIENCE_S)  # it has warmed up
        load.popen.stdin.write("\n")
        load.popen.stdin.flush()
        spell = _strike_and_heal(sites[0], fault, lengths)
        report = json.loads(next_line(load, proxy, lengths.after + LATEST_ANSWER_S + PATIENCE_S))
        load.popen.stdin.close()
        load.popen.wait(PATIENCE_S)
    finally:
        load.stop()
    requests = tuple(Request(due / 1e6, end / 1e6, status, what, site) for due, end, status, what, site in report["requests"])
    if len(requests) < lengths.rate * lengths.total(fault) * 0.99:
        raise load.fail(f"reported {len(requests)} requests only")
    return Judged(requests, spell, fault.wanted, (ATTEMPT_MS + SERVICE_MS) / 1000)


def _strike_and_heal(primary, fault, lengths):
    time.sleep(lengths.before)
    before = time.monotonic()
    fault.strike(primary)
    begun = time.monotonic()
    time.sleep(lengths.fault_of(fault))
    ending = time.monotonic()
    fault.heal(primary)
    return Spell(before, begun, ending, time.monotonic())
