"""Processes under test: started with their output in files, stopped by their own id, checked for what sanitizers say."""

import random
import re
import signal
import socket
import subprocess
import threading
import time

SANITIZER_REPORT = re.compile(r"ERROR: (?:Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer")
_ports_given = set()
_running = []


class TimedOut(AssertionError):
    """What was waited for did not happen."""


def wait_for(happened, what, seconds=10.0, pause=0.02):
    """Calls `happened` until it returns something true, and returns that; TimedOut after `seconds`."""
    idle = threading.Event()
    deadline = time.monotonic() + seconds
    while True:
        result = happened()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise TimedOut(f"not within {seconds} s: {what}")
        idle.wait(pause)


def free_port():
    """A port that nobody listens on, below the range from which the kernel takes ports for outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        if port in _ports_given:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _ports_given.add(port)
        return port


def running():
    """Everything that was started and not stopped yet, for reports of failures."""
    return list(_running)


class Process:
    """One program. Its standard output and error go to NAME.out and NAME.err in the folder, appended over restarts."""

    def __init__(self, argv, name, folder, pass_fds=()):
        self.argv = [str(word) for word in argv]
        self.name = name
        self.out = folder / f"{name}.out"
        self.err = folder / f"{name}.err"
        self._pass_fds = pass_fds
        self._child = None
        self._out_begin = 0

    def start(self):
        assert not self.alive, f"{self.name} runs already"
        with open(self.out, "ab") as out, open(self.err, "ab") as err:
            self._out_begin = out.tell()
            self._child = subprocess.Popen(self.argv, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                           pass_fds=self._pass_fds)
        _running.append(self)

    @property
    def started(self):
        """True until it is stopped or killed from here, even if it has ended by itself meanwhile."""
        return self._child is not None

    @property
    def alive(self):
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self):
        return self._child.pid

    def output(self):
        """What it wrote to its standard output since its last start."""
        with open(self.out, "rb") as file:
            file.seek(self._out_begin)
            return file.read().decode("utf-8", "replace")

    def errors(self):
        return self.err.read_text("utf-8", "replace") if self.err.exists() else ""

    def tail(self, lines=40):
        return "\n".join((self.output() + "\n" + self.errors()).splitlines()[-lines:])

    def kill(self, how=signal.SIGKILL):
        """By default as a power failure would do it."""
        self._child.send_signal(how)
        self._forget(self._child.wait(10))

    def terminate(self):
        """SIGTERM, without waiting for what comes of it."""
        self._child.terminate()

    def hang_up(self):
        self._child.send_signal(signal.SIGHUP)

    def suspend(self):
        self._child.send_signal(signal.SIGSTOP)

    def resume(self):
        self._child.send_signal(signal.SIGCONT)

    def stop(self, limit=15.0):
        """SIGTERM and its exit code; one that does not end in time is killed and is an error."""
        if self._child is None:
            return 0
        self._child.terminate()
        try:
            return self._forget(self._child.wait(limit))
        except subprocess.TimeoutExpired:
            text = self.tail()
            self.kill()
            raise AssertionError(f"{self.name} did not end within {limit} s of SIGTERM:\n{text}") from None

    def check_sanitizers(self):
        found = SANITIZER_REPORT.search(self.errors())
        assert not found, f"{self.name}: {self.errors()[max(0, found.start() - 200):][:6000]}"

    def _forget(self, code):
        self._child = None
        if self in _running:
            _running.remove(self)
        return code
