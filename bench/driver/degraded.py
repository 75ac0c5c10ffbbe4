"""The degraded bench's parts: kept answers filled in, backends that are there and then are not, and what is asked of whom."""

import dataclasses
import http.client
import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.request

from . import load
from .machine import Problem, free_port
from .proxies import FIXTURES, Origin, Proxy, garde, nginx

PROXIES = ("garde", "nginx")
SERVICE = "assurability"
PATH = "/cached"
REPLY_BYTES = 4096
GARDE = garde("degraded/garde.toml")
NGINX = nginx("degraded/nginx.conf")
START_LIMIT_S = 60


@dataclasses.dataclass(frozen=True)
class Lengths:
    """How much and how long, in seconds."""

    entries: int  # kept by garde
    peer_entries: int  # kept by nginx: fewer, so that all of its files are in the machine's memory
    by_http: int  # kept by garde through HTTP, to compare
    in_memory: int  # patients who are all asked about while it warms up, and so are in memory
    warm_up: float
    closed: float
    rate: float
    per_second: int  # the rate for p50, p99, p99.9
    disk_per_second: int
    memory: str  # garde's memory_bytes


FULL = Lengths(entries=1_000_000, peer_entries=20_000, by_http=3_000, in_memory=1_000, warm_up=6, closed=5, rate=8, per_second=2_000,
               disk_per_second=500, memory="1GiB")
QUICK = Lengths(entries=20_000, peer_entries=1_000, by_http=300, in_memory=200, warm_up=0.7, closed=0.7, rate=1.2, per_second=300,
                disk_per_second=100, memory="16MiB")


def count_text(entries):
    """1000000 is 1M: a figure's name says how many there were."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if entries >= size and entries % size == 0:
            return f"{entries // size}{letter}"
    return str(entries)


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One run of garde-load, as load.run() takes it."""

    name: str
    options: dict

    @property
    def mode(self):
        return self.options["mode"]


class Store:
    """A data folder without answers, and a key."""

    def __init__(self, folder):
        self.folder, self.key, self.file = folder, folder / "cache.key", folder / "data" / "replies.sqlite"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if not self.key.exists():
            self.key.touch(mode=0o600)
            self.key.write_text(secrets.token_hex(32) + "\n")


class Kept(Store):
    """One with answers, filled in once and used as long as they are young enough."""

    def __init__(self, programs, pki, folder, entries, reply_bytes):
        super().__init__(folder)
        done = folder / "filled.json"
        age_s = time.time() - done.stat().st_mtime if done.exists() else float("inf")
        if age_s > 2 * 86400:  # filled answers are 25 days old at most, and 30 are allowed
            for file in self.file.parent.glob("*"):
                file.unlink()
            print(f"   filling in {entries:,} answers", flush=True)
            began = time.monotonic()
            argv = [programs / "bench" / "garde-filler", "--file", self.file, "--key", self.key, "--certificate", pki / "pharmacy-1.pem",
                    "--request", FIXTURES / "consult-request.xml", "--reply", FIXTURES / "consult-reply.xml", "--service", SERVICE,
                    "--reply-bytes", str(reply_bytes), "--entries", str(entries)]
            filled = subprocess.run(argv, capture_output=True, text=True)
            if filled.returncode:
                raise Problem(filled.stderr.strip())
            found = {**json.loads(filled.stdout), "seconds": round(time.monotonic() - began, 1)}
            done.write_text(json.dumps(found))
        self.found = json.loads(done.read_text())

    @property
    def bytes_each(self):
        return self.found["bytes"] / self.found["entries"]

    def forget_pages(self):
        """What the machine has of the file in its memory goes, so that the disk is asked."""
        os.sync()
        for file in self.file.parent.glob("replies.sqlite*"):
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


class Backends:
    """Two that answer, until they are taken away."""

    def __init__(self, programs, pki, core, folder):
        self.origin = Origin(programs, pki, core, folder, "--echo")
        self.words = self.origin.words

    def take_away(self):
        self.origin.process.stop()


def nobody():
    """Words for backends that are not there."""
    return {"plain_1": free_port(), "plain_2": free_port()}


class Garde(Proxy):
    """garde over kept answers."""

    def __init__(self, programs, pki, kept, words, core, folder, memory, kind=GARDE):
        metrics_port = free_port()
        own = {"data": kept.folder / "data", "cache_key": kept.key, "memory": memory, "metrics_port": metrics_port}
        super().__init__(kind, programs, pki, {**words, **own}, core, folder)
        self.metrics_port = metrics_port

    def metric(self, name):
        """The sum over all labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30) as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def wait_for(self, what, holds, seconds=120):
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise self.process.fail(f"does not come to this: {what}")
            time.sleep(0.05)

    def wait_until_memory_is_full(self):
        """Filling it from the disk costs processor time that is no answer's."""
        seen = [-1]

        def settled():
            before, now = seen[0], self.metric("garde_cache_entries")
            seen[0] = now
            time.sleep(0.5)
            return now == before and now > 0

        self.wait_for("its memory is filled", settled)


def asking(pki, name, mode, lengths, **options):
    """`options`: of garde-load, beside what all have."""
    common = {"mode": mode, "path": PATH, "connections": 32, "warm_up": lengths.warm_up, "seconds": lengths.closed,
              "certificate": pki / "pharmacy-1.pem", "key": pki / "pharmacy-1.key", "answer_bytes": REPLY_BYTES}
    return Scenario(name, {**common, **options})


def fill_by_http(programs, proxy, core, folder, pki, patients, seconds):
    """All are asked about while there are backends; each question is the same for a patient, as nginx needs it."""
    fill = {"order": "turn", "same_bodies": True, "patients": patients, "warm_up": 0.3, "seconds": seconds}
    return load.run(programs, proxy, core, folder, Scenario("filling", {**asking(pki, "", "closed", FULL).options, **fill}))


class Consult:
    """One question on one connection, for what is measured once."""

    def __init__(self, pki):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.load_cert_chain(pki / "pharmacy-1.pem", pki / "pharmacy-1.key")

    def is_answered(self, port, patient):
        """From the cache; False also when nobody listens yet."""
        body = (FIXTURES / "consult-request.xml").read_text()
        body = body.replace("<c:CareReceiver>\n          <c:Ssin>00000000101<", f"<c:CareReceiver>\n          <c:Ssin>{patient:011}<")
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=self.context, timeout=10)
        try:
            connection.request("POST", PATH, body.encode(), {"Content-Type": "text/xml; charset=utf-8"})
            answer = connection.getresponse()
            return answer.status == 200 and len(answer.read()) == REPLY_BYTES and "hit" in (answer.headers["Cache-Status"] or "")
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def start_ms(programs, pki, kept, core, folder, memory):
    """From the start of the process to the first answer that only the disk has, and which the machine has to read from it."""
    kept.forget_pages()
    consult = Consult(pki)
    began = time.monotonic()
    proxy = Garde(programs, pki, kept, nobody(), core, folder, memory)
    try:
        while not consult.is_answered(proxy.port, kept.found["entries"] - 17):
            if time.monotonic() - began > START_LIMIT_S:
                raise proxy.process.fail(f"has no answer from the disk after {START_LIMIT_S} s")
            time.sleep(0.01)
        return (time.monotonic() - began) * 1000
    finally:
        proxy.stop()
