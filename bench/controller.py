#!/usr/bin/python3
"""`./dev bench controller`: which part of the instructions of a request is the controller's work, counted by callgrind.

garde runs under callgrind with one worker, as in the throughput bench (bench/peers/garde.toml: probes each second), with steady load;
what is counted begins once it has warmed up. The controller's work is what a worker does to tell it of answers, and all that its own
thread does with that and with what probes find: verdicts, modes, postures. The probes' connections come with time, however many requests
there are: they are told apart. Instructions do not depend on how busy the machine is.

Usage: bench/controller.py BUILD_DIR [--rate N] [--seconds N]
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.driver import load  # noqa: E402
from bench.driver.machine import Problem, Process, described, two_cores  # noqa: E402
from bench.driver.proxies import FIXTURES, Kind, Origin, Proxy  # noqa: E402

BOUND = 0.02
CONTROL_THREAD = re.compile(r"garde::control::prober::run\(")
CONNECTIONS = re.compile(r"garde::net::watched_socket::on_events\(")
PROBED = re.compile(r"garde::control::controller::on(_shallow)?_probe\(")
TELLING = re.compile(r"garde::proxy::worker::(answered|outrun|showed|flush_answered)\b")


def arguments():
    parser = argparse.ArgumentParser(description="the controller's part of a request's instructions")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rate", type=int, default=100, help="requests a second")
    parser.add_argument("--seconds", type=int, default=10, help="of counting")
    return parser.parse_args()


class Profile:
    """One thread's file of callgrind's."""

    def __init__(self, path):
        self.total = 0
        self.by_function = {}  # its own instructions
        self.calls = []  # (caller, callee, instructions with all that it calls)
        names = {}

        def named(text):
            number, _, name = text.partition(" ")
            return names.setdefault(number, name) if name else names.get(number, number)

        function, callee = "", None
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("fn="):
                function = named(line[3:])
            elif line.startswith("cfn="):
                callee = named(line[4:])
            elif line.startswith("totals: "):
                self.total = int(line.split()[1])
            elif line[:1] in "+-*0123456789" and line:
                cost = int(line.split()[1])
                if callee is None:
                    self.by_function[function] = self.by_function.get(function, 0) + cost
                else:
                    self.calls.append((function, callee, cost))
                    callee = None

    def runs(self, pattern):
        return any(pattern.search(name) for name in self.by_function)

    def within(self, pattern):
        """Instructions in the functions that match and in all that they call."""
        return sum(cost for caller, callee, cost in self.calls if pattern.search(callee) and not pattern.search(caller))


def counted(programs, rate, seconds, folder):
    """How many requests were answered meanwhile, and the profiles of all threads."""
    proxy_core, load_core = two_cores()
    pki = folder / "pki"
    subprocess.run([ROOT / "certs" / "make-dev-pki", pki], check=True, stdout=subprocess.DEVNULL)
    origin = Origin(programs, pki, load_core, folder)
    out = folder / "callgrind.out"
    kind = Kind("garde", "garde.toml", lambda programs, file: [
        "/usr/bin/valgrind", "--tool=callgrind", "--separate-threads=yes", "--instr-atstart=no", f"--callgrind-out-file={out}",
        programs / "garde", "run", "--config", file])
    proxy = None
    try:
        proxy = Proxy(kind, programs, pki, origin.words, proxy_core, folder)
        argv = [programs / "bench" / "garde-load", "rate", "--to", proxy.port, "--path", "/plain/consult", "--request",
                FIXTURES / "consult-request.xml", "--connections", 32, "--rate", rate, "--seconds", seconds, "--warm-up", 3]
        asking = Process("load", argv, load_core, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            load.next_line(asking, proxy, 60)
            control(proxy, "--instr=on")
            asking.popen.stdin.write("\n")
            asking.popen.stdin.flush()
            report = json.loads(load.next_line(asking, proxy, seconds + 60))
            control(proxy, "--instr=off")
            asking.popen.stdin.close()
            asking.popen.wait(load.PATIENCE_S)
        finally:
            asking.stop()
    finally:
        if proxy:
            proxy.stop()
        origin.process.stop()
    if report["failed"] or report["unfinished"]:
        raise Problem(f"requests failed under callgrind: {report['first_failure'] or 'unfinished'}; try a lower --rate")
    return report["answered"], [Profile(path) for path in sorted(folder.glob("callgrind.out*-*"))]


def control(proxy, order):
    done = subprocess.run(["/usr/bin/callgrind_control", order, str(proxy.process.popen.pid)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Problem(f"callgrind_control {order}: {done.stderr.strip()}")


def main():
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="garde-bench-") as folder:
        answered, threads = counted(given.build, given.rate, given.seconds, pathlib.Path(folder))
    total = sum(one.total for one in threads)
    control = [one for one in threads if one.runs(CONTROL_THREAD)]
    connections = sum(one.within(CONNECTIONS) - one.within(PROBED) for one in control)
    own = sum(one.total for one in control) - connections
    telling = sum(one.within(TELLING) for one in threads if one not in control)
    if len(control) != 1 or not connections or not telling:
        raise Problem("the profile has no controller in it: what is it called now?")
    part = (own + telling) / (total - connections)
    print(f"{answered} requests at {given.rate} a second; {described()}\n"
          f"{(total - connections) / answered:,.0f} instructions a request in all threads; the controller's thread {own / answered:,.0f}, "
          f"what workers tell it {telling / answered:,.0f}: together {part:.2%} (bound: {BOUND:.0%})\n"
          f"beside them, the connections of probes: {connections / given.seconds:,.0f} instructions a second")
    return 0 if part <= BOUND else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as failed:
        sys.exit(f"bench: {failed}")
