"""garde itself: its configuration, its process, and its doors (proxy, admin, status, journal, command line)."""

import datetime
import hashlib
import json
import ssl
import subprocess

from . import journal, paths, toml
from .client import Client, Connection, build_request
from .consult import consult
from .processes import Process, free_port, wait_for
from .sim import PROBE_PROVIDER

SERVICE = "assurability"
TOKENS = {"operator-a": "token-of-operator-a-0123456789", "operator-b": "token-of-operator-b-9876543210"}
CACHE_KEY = "00112233445566778899aabbccddeeff" * 2
LANGUAGES = ("fr", "nl", "de", "en")

PROCEDURE_TEXTS = {
    "fr": "Procédure d'urgence\n\nLe service est interrompu.\n\nPremière étape.\n\nDeuxième étape.\n",
    "nl": "Noodprocedure\n\nDe dienst is onderbroken.\n\nEerste stap.\n\nTweede stap.\n",
    "de": "Notverfahren\n\nDer Dienst ist unterbrochen.\n\nErster Schritt.\n\nZweiter Schritt.\n",
    "en": "Emergency procedure\n\nThe service is interrupted.\n\nFirst step.\n\nSecond step.\n",
}
TITLES = {"fr": "Assurabilité", "nl": "Verzekerbaarheid", "de": "Versicherbarkeit", "en": "Assurability"}

# Quick enough for tests, slow enough for a busy machine with sanitizers.
PROBE = {"type": "soap", "path": "/insurability/v2", "interval": "250ms", "timeout": "200ms", "jitter": "20ms", "rise": 2,
         "fall": 2, "expect_element": "GetInsurabilityForPharmacistResponse"}
SWITCHOVER = {"attempt_timeout": "800ms", "connect_timeout": "400ms", "exchange_timeout": "5s", "hold_down": "1s",
              "degraded_hold_down": "1s", "min_dwell": "200ms", "ejection_time": "1s", "traffic_fall": 3,
              # Most tests ask as one caller, and want to see the way back at once. test_recovery has it as it is by default.
              "distinct_callers": 1, "trial_interval": "100ms", "canary": []}
ROUTES = [
    {"path": "/insurability/v2", "kind": "soap", "replay_safe": True, "cached": True, "cached_callers": ["*"]},
    {"path": "/uncached/v2", "kind": "soap", "replay_safe": True},
    {"path": "/echo", "kind": "http"},
    {"path": "/files/*", "kind": "http", "replay_safe": True},
]


class Garde:
    """One garde in a folder of its own, in front of these sites: the first is the primary."""

    def __init__(self, pki, folder, sites, *, probe=None, switchover=None, limits=None, cache=True, cache_store=False,
                 procedure=True, backend_client=None, descriptors=None, ledger=False, routes=None, tables=None, service_tables=None):
        """`backend_client` is the certificate that garde shows to its backends, if any; `descriptors` the most it may have; `tables` and
        `service_tables` are further tables of the file and of its service."""
        self.pki = pki
        self.folder = folder
        self.config = folder / "garde.toml"
        self.data = folder / "data"
        self._sites = sites
        self._changes = {"probe": probe or {}, "switchover": switchover or {}, "limits": limits or {}}
        self._tables, self._service_tables = tables or {}, service_tables or {}
        self.metrics_port = free_port()
        self._cache, self._procedure, self._backend_client = cache, procedure, backend_client
        self._cache_store, self._ledger = cache_store, ledger
        self._routes = ROUTES if routes is None else routes
        self._argv = [paths.GARDE, "run", "--config", self.config]
        if descriptors:
            self._argv = ["/bin/sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *self._argv]
        self._processes = 1
        self.process = Process(self._argv, "garde", folder)
        self._write_files()

    # --- life

    def start(self):
        for _ in range(4):
            self.port, self.admin_port, self.status_port = free_port(), free_port(), free_port()
            self.metrics_port = free_port()
            self.write_config()
            self.process.start()
            if wait_for(self._ready_or_ended, "garde is ready", 20) == "ready":
                return self
            code = self.process.stop()
            # Somebody else may have taken a port since it was found free.
            assert "in use" in self.process.tail(), f"garde ended with {code}:\n{self.process.tail()}"
        raise AssertionError("no free ports")

    def restart(self):
        """On the same ports and the same data."""
        self.process.start()
        assert wait_for(self._ready_or_ended, "garde is ready again", 20) == "ready", self.process.tail()

    def restart_after_kill(self):
        self.process.kill()
        self.restart()

    def take_over(self):
        """Another process takes over; the former one is left to end by itself."""
        self._processes += 1
        successor = Process([*self._argv, "--take-over"], f"garde-{self._processes}", self.folder)
        successor.start()
        wait_for(lambda: "garde is ready" in successor.output() or not successor.alive, "the successor is ready", 30)
        assert successor.alive, f"the successor ended:\n{successor.tail()}"
        self.process = successor

    def activated(self, socket, name):
        """A process that finds this listening socket as systemd hands it over; not started."""
        self._processes += 1
        hand_in = f'exec 3<&{socket.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES={name}; exec "$@"'
        return Process(["/bin/bash", "-c", hand_in, "bash", *self._argv], f"garde-{self._processes}", self.folder,
                       (socket.fileno(),))

    def stop(self):
        code = self.process.stop()
        self.process.check_sanitizers()
        assert code == 0, f"garde exited with {code}:\n{self.process.tail()}"

    def _ready_or_ended(self):
        if not self.process.alive:
            return "ended"
        try:
            with Connection(self.port, timeout=2):
                return "ready" if self.status("/v1/health").status == 200 else None
        except (OSError, ssl.SSLError):
            return None

    # --- doors

    def client(self, caller=1, timeout=15.0):
        """A pharmacy's client; caller None has no certificate."""
        context = self.pki.anonymous_context() if caller is None else self.pki.caller_context(caller)
        return Client(self.port, context, timeout)

    def connection(self, caller=1, timeout=15.0):
        return Connection(self.port, self.pki.caller_context(caller), timeout)

    def status(self, path, fields=(), method="GET"):
        with Connection(self.status_port) as connection:
            return connection.request(method, path, fields)

    def metrics(self, path="/metrics", method="GET"):
        with Connection(self.metrics_port) as connection:
            return connection.request(method, path, ())

    def health(self):
        return json.loads(self.status("/v1/health").body)

    def admin(self, method, path, document=None, token=TOKENS["operator-a"]):
        """An admin request; token None sends none. The answer's JSON is in `.document`."""
        fields = [("Authorization", f"Bearer {token}")] if token is not None else []
        body = None
        if document is not None:
            fields.append(("Content-Type", "application/json"))
            body = json.dumps(document).encode()
        with Connection(self.admin_port, self.pki.anonymous_context()) as connection:
            connection.send(build_request(method, path, fields, body))
            reply = connection.read_reply(method)
        reply.document = json.loads(reply.body) if reply.body else None
        return reply

    def order(self, mode, reason="rehearsal", token=TOKENS["operator-a"], for_s=None, **more):
        """Orders a mode (or `automatic`), for so many seconds if given."""
        if for_s is not None:
            expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=for_s)
            more["expires"] = expires.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self.admin("POST", f"/v1/services/{SERVICE}/mode", {"mode": mode, "reason": reason, **more}, token)

    def order_procedure(self, open, reason="rehearsal", token=TOKENS["operator-a"]):
        """Orders the emergency procedure open or closed, apart from the mode."""
        return self.admin("POST", f"/v1/services/{SERVICE}/procedure", {"open": open, "reason": reason}, token)

    def explain(self):
        """Why the service is in its mode, as the admin API says it."""
        reply = self.admin("GET", f"/v1/services/{SERVICE}/explanation")
        assert reply.status == 200, reply.head
        return reply.document

    def reload(self, token=TOKENS["operator-a"]):
        return self.admin("POST", "/v1/reload", {}, token)

    def command(self, *words, expect=0):
        """Runs the command line tool; returns its output."""
        done = subprocess.run([paths.GARDE, *words], capture_output=True, text=True, timeout=60, cwd=self.folder)
        text = done.stdout + done.stderr
        assert done.returncode == expect, f"garde {' '.join(map(str, words))} exited with {done.returncode}:\n{text}"
        return text

    def ctl(self, *words, token="operator-a", expect=0):
        file = self.folder / f"{token}.token"
        file.write_text(TOKENS[token] + "\n")
        file.chmod(0o600)
        return self.command("ctl", *words, "--url", f"https://localhost:{self.admin_port}", "--token-file", file, "--ca",
                            self.pki.ca, expect=expect)

    # --- what happened

    def journal(self, event=None):
        """The journal's records so far; `event` picks one kind."""
        return [record for record in journal.records(self.data / "journal") if event in (None, record["event"])]

    def wait_for_record(self, event, wanted=None, since=0, seconds=5.0, **more):
        """The attributes of the latest record of this event with these attributes, when it is written down: that happens after what
        it tells is in effect. `since`: how many of that event there were before."""
        wanted = {**(wanted or {}), **more}

        def found():
            for record in reversed(self.journal(event)[since:]):
                if wanted.items() <= record["attributes"].items():
                    return record["attributes"]
            return None

        return wait_for(found, f"{event} with {wanted} in the journal", seconds)

    def switchovers(self):
        """The journal's switchovers as (from, to)."""
        return [(r["attributes"]["from"], r["attributes"]["to"]) for r in self.journal("switchover")]

    def verify_journal(self):
        return self.command("journal", "verify", "--folder", self.data / "journal")

    def wait_for_switchover(self, mode, seconds=15.0):
        """Until the journal says that the mode is this one."""
        wait_for(lambda: (self.switchovers() or [(None, "primary")])[-1][1] == mode, f"mode {mode} in the journal", seconds)

    def wait_for_mode(self, mode, seconds=15.0, caller=1):
        """Asks new questions until a few in a row are answered in this mode: a single one may be a trial's."""
        with self.client(caller) as client:
            return wait_for(lambda: all(client.ask(consult()).mode == mode for _ in range(3)), f"answers in mode {mode}", seconds, 0.05)

    # --- configuration

    def settings(self):
        """The configuration as nested tables; tests may change it before write_config."""
        backends = []
        pair = self._backend_client
        client = {"client_certificate": pair.certificate, "client_key": pair.key} if pair else {}
        for order, site in enumerate(self._sites):
            backends.append({
                "name": site.name, "role": "backup" if order else "primary", **({"order": order} if order else {}),
                "address": f"127.0.0.1:{site.port}", "server_name": f"{site.name}.sim.test", "ca": self.pki.backend_ca,
                **client,
                "domains": {"site": site.name, "storage": f"storage-{site.name}", "network": f"network-{site.name}",
                            "power": f"power-{site.name}", "supplier": f"supplier-{site.name}"},
            })
        routes = [{key: value for key, value in route.items() if self._cache or not key.startswith("cached")} for route in self._routes]
        service = {
            "name": SERVICE, "title": TITLES, "backend": backends, "route": routes,
            "probe": {**PROBE, "body_file": "probe.xml", **self._changes["probe"]},
            "switchover": {**SWITCHOVER, **self._changes["switchover"]},
        }
        if self._cache:
            service["cache"] = {"max_age": "30d"}
        if self._procedure:
            service["procedure"] = {"folder": "procedures", "name": SERVICE, "default_language": "fr", "retry_after": "60s"}
        service.update(self._service_tables)
        tls = {"certificate": self.pki.garde.certificate, "key": self.pki.garde.key}
        store = {"cache_store": {"key": self.folder / "cache.key"}} if self._cache_store else {}
        if self._ledger:
            store["ledger"] = {"key": self.folder / "cache.key"}
        return {
            "node": {"name": "garde-test", "data_dir": self.data, "workers": 2, "log_level": "debug"},
            "listener": {"address": f"127.0.0.1:{self.port}", **tls, "clients": "optional", "client_ca": self.pki.client_ca},
            "limits": self._changes["limits"],
            "admin": {"address": f"127.0.0.1:{self.admin_port}", **tls, "tokens": "admin-tokens"},
            "status": {"address": f"127.0.0.1:{self.status_port}", "public_url": f"http://localhost:{self.status_port}"},
            "metrics": {"address": f"127.0.0.1:{self.metrics_port}"},
            "receipts": {"key": self.pki.receipts_key, "issuer": "https://garde.example"},
            **self._tables,
            **store,
            "service": [service],
        }

    def write_config(self, settings=None, file=None):
        (file or self.config).write_text(toml.dump(settings or self.settings()))

    def _write_files(self):
        self.folder.joinpath("probe.xml").write_bytes(consult("00000000001", provider=PROBE_PROVIDER).body)
        texts = self.folder / "procedures"
        texts.mkdir()
        for language in LANGUAGES:
            (texts / f"{SERVICE}.{language}.txt").write_text(PROCEDURE_TEXTS[language])
        key = self.folder / "cache.key"
        key.write_text(CACHE_KEY + "\n")
        key.chmod(0o600)
        tokens = self.folder / "admin-tokens"
        tokens.write_text("".join(f"{name} {hashlib.sha256(token.encode()).hexdigest()}\n" for name, token in TOKENS.items()))
        tokens.chmod(0o600)
