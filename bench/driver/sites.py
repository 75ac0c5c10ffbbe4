"""The backends of the failover bench: garde-sim with a service time, so that requests are in flight when a fault strikes, and all
that can happen to it."""

import http.client
import json
import select
import signal
import subprocess

from . import network
from .machine import Problem, Process, free_port

PROBE_PROVIDER = "99999999999"  # conf/probes/assurability.xml
START_SECONDS = 15


class Site:
    """One garde-sim. It keeps its port over restarts."""

    def __init__(self, name, programs, pki, core, folder, service_ms):
        self.name = name
        self.port = free_port()
        self._core, self._folder = core, folder
        self._argv = [programs / "tests" / "tools" / "garde-sim", "--site", name, "--listen", f"127.0.0.1:{self.port}",
                      "--certificate", pki / "backend.pem", "--key", pki / "backend.key", "--probe-nihii", PROBE_PROVIDER]
        self._service = {"kind": "slow", "delay_ms": service_ms}
        self._suspended = False
        self._spent_ns = 0  # by processes that were killed
        self._start()

    def order(self, *faults):
        """From now on, in place of those before."""
        body = json.dumps({"faults": [self._service, *faults]})
        connection = http.client.HTTPConnection(self._control, timeout=10)
        try:
            connection.request("PUT", "/faults", body)
            answer = connection.getresponse()
            if answer.status != 200:
                raise Problem(f"{self.name} does not take {body}: {answer.read().decode()}")
        finally:
            connection.close()

    def cpu_ns(self):
        return self._spent_ns + self.process.cpu_ns()

    def kill(self):
        self._spent_ns += self.process.cpu_ns()
        self.process.popen.kill()
        self.process.stop()

    def restart(self):
        self._start()

    def suspend(self):
        self._suspended = True
        self.process.popen.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.popen.send_signal(signal.SIGCONT)
        self._suspended = False

    def cut_off(self):
        network.swallow(self.port)

    def connect_again(self):
        network.release()

    def stop(self):
        if self._suspended:
            self.resume()
        self.process.stop()

    def _start(self):
        # Killed when this process ends: a suspended one would not hear of anything milder.
        self.process = Process(self.name, self._argv, self._core, self._folder, death_signal=signal.SIGKILL, stdout=subprocess.PIPE)
        ready, _, _ = select.select([self.process.popen.stdout], [], [], START_SECONDS)
        line = self.process.popen.stdout.readline() if ready else ""
        if not line:
            self.process.stop()
            raise self.process.fail("did not start")
        self._control = json.loads(line)["control"]
        self.order()
