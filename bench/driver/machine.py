"""The machine: which cores there are, what processes used of them, and their memory. Linux only: all of it from /proc."""

import ctypes
import os
import pathlib
import platform
import random
import resource
import signal
import socket
import subprocess
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
# HAProxy's 6,000 connections (bench/peers/haproxy.cfg) take two each, and some; the others need fewer.
DESCRIPTORS = 13_000
LIBC = ctypes.CDLL(None)


class Problem(Exception):
    """The benchmark cannot go on; the text says why and what to do."""


def two_cores():
    """The proxy's core, and that of load and origin."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Problem("two cores are needed: one for the proxy, one for load and origin")
    if not pathlib.Path(f"/proc/self/task/{os.getpid()}/children").exists():
        raise Problem("this kernel does not tell which processes a process has started (CONFIG_PROC_CHILDREN)")
    return cores[0], cores[1]


def allow_descriptors():
    """For this process and all that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < DESCRIPTORS:
        raise Problem(f"{DESCRIPTORS} file descriptors are needed for the idle connections; allowed are {hard} (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY and soft < DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))


def take_precedence():
    """This process and all that it starts run before whatever else runs on the machine, by the real-time scheduler."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except PermissionError as failed:
        raise Problem("may not use the real-time scheduler, without which others on this machine delay what is measured; run as root") from failed


def _first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()[0]


def _processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def described():
    """The day and the machine, for a report."""
    return f"{time.strftime('%Y-%m-%d', time.gmtime())}; {_processor()}, Linux {platform.release()}"


def peers_described():
    return _first_line("/usr/sbin/haproxy", "-v") + "; " + _first_line("/usr/sbin/nginx", "-v")


_ports_given = set()


def free_port():
    """A port that nobody listens on, below the range from which the kernel takes ports for outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _ports_given:
            _ports_given.add(port)
            return port


class Process:
    """A program on one core, its standard error in a file. It ends when this process does, however that happens."""

    def __init__(self, name, argv, core, folder, death_signal=signal.SIGTERM, **pipes):
        """`death_signal` is what it gets when this process ends."""
        self.name = name
        self.errors = folder / f"{name}.err"

        def prepare():
            os.sched_setaffinity(0, {core})
            LIBC.prctl(PR_SET_PDEATHSIG, death_signal)

        with self.errors.open("ab") as errors:
            try:
                self.popen = subprocess.Popen([str(word) for word in argv], stderr=errors, preexec_fn=prepare, text=True, **pipes)
            except OSError as failed:
                raise Problem(f"cannot start {name}: {failed}") from failed

    def tail(self):
        return "\n".join(self.errors.read_text(errors="replace").splitlines()[-15:])

    def fail(self, what):
        return Problem(f"{self.name} {what}\n{self.tail()}")

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe:
                pipe.close()

    def cpu_ns(self):
        """Of all its processes and threads that run, so far."""
        return sum(_thread_ns(task) for pid in self._pids() for task in _tasks(pid))

    def pss_kib(self):
        """Memory of all its processes, shared pages by their part."""
        return sum(_pss_kib(pid) for pid in self._pids())

    def _pids(self):
        """Itself and its descendants."""
        out = [self.popen.pid]
        for pid in out:
            for task in _tasks(pid):
                try:
                    out += [int(child) for child in (task / "children").read_text().split()]
                except OSError:
                    continue
        return out


def _tasks(pid):
    try:
        return list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _thread_ns(task):
    """From the scheduler, in nanoseconds; where the kernel does not tell, in ticks."""
    try:
        return int((task / "schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        pass
    try:
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 10**9 // CLOCK_TICKS
    except OSError:
        return 0


def _pss_kib(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except PermissionError as failed:
        raise Problem(f"cannot read the memory of process {pid}: garde hides its own from all but root; run as root") from failed
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


class CoreClock:
    """How busy a core was since this was made, as a part of 1; time that the hypervisor took counts as busy."""

    def __init__(self, core):
        self.core = core
        self.began = self._read()

    def busy(self):
        now = self._read()
        total = sum(now) - sum(self.began)
        idle = now[3] + now[4] - self.began[3] - self.began[4]
        return 1 - idle / total if total > 0 else 0.0

    def _read(self):
        for line in pathlib.Path("/proc/stat").read_text().splitlines():
            if line.startswith(f"cpu{self.core} "):
                return [int(word) for word in line.split()[1:9]]
        raise Problem(f"/proc/stat knows no core {self.core}")


def wait_for_port(process, port, seconds=15):
    """Until something listens; Problem when the process ends before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.popen.poll() is not None:
            raise process.fail(f"ended with exit code {process.popen.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise process.fail("does not listen")
