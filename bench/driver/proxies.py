"""The proxies under test and the origin behind them: their committed configurations filled in, started, stopped."""

import dataclasses
import datetime
import json
import pathlib
import re
import subprocess

from .machine import Problem, Process, free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
FIXTURES = ROOT / "tests" / "fixtures"
PROBE = ROOT / "conf" / "probes" / "assurability.xml"


@dataclasses.dataclass(frozen=True)
class Kind:
    """A proxy as a benchmark knows it."""

    name: str
    template: str  # its configuration, in bench/peers
    command: object  # (folder of programs, configuration) -> argv
    words: dict = dataclasses.field(default_factory=dict)  # for its template, beside what all get


def garde(template):
    return Kind("garde", template, lambda programs, file: [programs / "garde", "run", "--config", file])


def haproxy(template, name="haproxy", **words):
    return Kind(name, template, lambda programs, file: ["/usr/sbin/haproxy", "-db", "-f", file], words)


def nginx(template):
    return Kind("nginx", template, lambda programs, file: ["/usr/sbin/nginx", "-e", "stderr", "-c", file])


# Of what is compared, each benchmark's own.
THROUGHPUT = (garde("garde.toml"), haproxy("haproxy.cfg"), nginx("nginx.conf"))
FAILOVER = (garde("failover/garde.toml"),
            haproxy("failover/haproxy.cfg", balance="first", backup=""),
            haproxy("failover/haproxy.cfg", "haproxy-backup", balance="roundrobin", backup="backup"),
            nginx("failover/nginx.conf"))


def _one_line(file):
    """The probe's question of today without comments and line ends, for a configuration that takes it as a word."""
    text = re.sub(r"<!--.*?-->", "", file.read_text(), flags=re.DOTALL).replace("{date}", datetime.date.today().isoformat())
    return re.sub(r">\s+<", "><", text).strip()


class Origin:
    """garde-origin on the load's core."""

    def __init__(self, programs, pki, core, folder, *options):
        argv = [programs / "bench" / "garde-origin", "--certificate", pki / "backend.pem", "--key", pki / "backend.key",
                "--reply", FIXTURES / "consult-reply.xml", *options]
        self.process = Process("origin", argv, core, folder, stdout=subprocess.PIPE)
        line = self.process.popen.stdout.readline()
        if not line:
            raise self.process.fail("did not start")
        ports = json.loads(line)
        self.words = {f"{kind}_{number}": port for kind in ("plain", "tls") for number, port in enumerate(ports[kind], 1)}


class Proxy:
    """One proxy, fresh."""

    def __init__(self, kind, programs, pki, words, core, folder):
        """`words` are those of the template that name the backends."""
        self.name = kind.name
        self.port = free_port()
        own = folder / kind.name
        own.mkdir(exist_ok=True)
        known = {"port": self.port, "admin_port": free_port(), "status_port": free_port(), "pki": pki, "folder": own,
                 "probe": PROBE, "probe_text": _one_line(PROBE), **words, **kind.words}
        self.words = known
        text = re.sub(r"@([a-z_0-9]+)@", lambda found: str(known[found[1]]), (PEERS / kind.template).read_text())
        file = own / pathlib.PurePath(kind.template).name
        file.write_text(text)
        (own / "haproxy.pem").write_bytes((pki / "garde.pem").read_bytes() + (pki / "garde.key").read_bytes())
        self.process = Process(kind.name, kind.command(programs, file), core, folder, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(self.process, self.port)
        except Problem:
            self.process.stop()
            raise

    def stop(self):
        self.process.stop()
