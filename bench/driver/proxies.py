"""The proxies under test and the origin behind them: their committed configurations filled in, started, stopped."""

import json
import pathlib
import re
import subprocess

from .machine import Problem, Process, free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
FIXTURES = ROOT / "tests" / "fixtures"

# The file of each proxy's configuration, and how it is started with it.
PROXIES = {
    "garde": ("garde.toml", lambda programs, file: [programs / "garde", "run", "--config", file]),
    "haproxy": ("haproxy.cfg", lambda programs, file: ["/usr/sbin/haproxy", "-db", "-f", file]),
    "nginx": ("nginx.conf", lambda programs, file: ["/usr/sbin/nginx", "-e", "stderr", "-c", file]),
}


class Origin:
    """garde-origin on the load's core."""

    def __init__(self, programs, pki, core, folder):
        argv = [programs / "bench" / "garde-origin", "--certificate", pki / "backend.pem", "--key", pki / "backend.key",
                "--reply", FIXTURES / "consult-reply.xml"]
        self.process = Process("origin", argv, core, folder, stdout=subprocess.PIPE)
        line = self.process.popen.stdout.readline()
        if not line:
            raise self.process.fail("did not start")
        self.ports = json.loads(line)


class Proxy:
    """One proxy, fresh."""

    def __init__(self, name, programs, pki, origin, core, folder):
        self.name = name
        self.port = free_port()
        template, command = PROXIES[name]
        own = folder / name
        own.mkdir(exist_ok=True)
        words = {
            "port": self.port, "admin_port": free_port(), "status_port": free_port(), "pki": pki, "folder": own,
            "probe": ROOT / "conf" / "probes" / "assurability.xml",
            "plain_1": origin.ports["plain"][0], "plain_2": origin.ports["plain"][1],
            "tls_1": origin.ports["tls"][0], "tls_2": origin.ports["tls"][1],
        }
        text = re.sub(r"@([a-z_0-9]+)@", lambda found: str(words[found[1]]), (PEERS / template).read_text())
        file = own / template
        file.write_text(text)
        (own / "haproxy.pem").write_bytes((pki / "garde.pem").read_bytes() + (pki / "garde.key").read_bytes())
        self.process = Process(name, command(programs, file), core, folder, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(self.process, self.port)
        except Problem:
            self.process.stop()
            raise

    def stop(self):
        self.process.stop()
