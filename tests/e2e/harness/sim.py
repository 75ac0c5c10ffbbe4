"""A simulated site of the assurability service: garde-sim and its control port."""

import http.client
import json

from . import paths
from .processes import Process, free_port, wait_for

PROBE_PROVIDER = "99999999999"


class Site:
    """One garde-sim. It keeps its port over restarts."""

    def __init__(self, name, folder, pki=None, replay_folder=None, client_ca=None):
        """Plain without a PKI; with `client_ca` it wants client certificates."""
        self.name = name
        self.port = free_port()
        self._control = None
        argv = [paths.SIM, "--site", name, "--listen", f"127.0.0.1:{self.port}", "--probe-nihii", PROBE_PROVIDER]
        argv += ["--certificate", pki.backend.certificate, "--key", pki.backend.key] if pki else ["--plain"]
        argv += ["--replay-folder", replay_folder] if replay_folder else []
        argv += ["--client-ca", client_ca] if client_ca else []
        self.process = Process(argv, name, folder)

    def start(self):
        self.process.start()

        def ready_line():
            assert self.process.alive, f"{self.name} ended: {self.process.tail()}"
            text = self.process.output()
            return json.loads(text) if text.endswith("\n") else None

        ready = wait_for(ready_line, f"{self.name} is ready")
        self._control = ready["control"]
        return self

    def stop(self):
        code = self.process.stop()
        self.process.check_sanitizers()
        assert code == 0, f"{self.name} exited with {code}"

    def kill(self):
        self.process.kill()

    def faults(self, *faults):
        """Replaces the site's faults; their times begin now."""
        return self._ask("PUT", "/faults", {"faults": list(faults)})

    def clear(self):
        self._ask("DELETE", "/faults")

    def counts(self, reference=None):
        return self._ask("GET", f"/counts?reference={reference}" if reference else "/counts")

    def answered(self, reference):
        """How often the question with this reference got a genuine answer here."""
        return self.counts(reference)["answered"]

    def received(self, reference):
        return self.counts(reference)["received"]

    def reset_counts(self):
        self._ask("POST", "/counts/reset")

    def _ask(self, method, path, document=None):
        connection = http.client.HTTPConnection(self._control, timeout=10)
        try:
            connection.request(method, path, json.dumps(document) if document is not None else None)
            response = connection.getresponse()
            body = json.loads(response.read())
            assert response.status == 200, f"{self.name}: {method} {path}: {response.status} {body}"
            return body
        finally:
            connection.close()
