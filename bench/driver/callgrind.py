"""garde under callgrind: instructions that a request costs, by function and thread. They do not depend on how busy the machine is."""

import json
import subprocess

from . import load
from .machine import Problem, Process
from .proxies import FIXTURES, Kind


def garde(template, out):
    """A kind of proxy that counts once it is told to; `out` is where callgrind writes."""
    return Kind("garde", template, lambda programs, file: [
        "/usr/bin/valgrind", "--tool=callgrind", "--separate-threads=yes", "--instr-atstart=no", f"--callgrind-out-file={out}",
        programs / "garde", "run", "--config", file])


def profiles(out):
    """Of all threads, once the proxy has ended."""
    return [Profile(path) for path in sorted(out.parent.glob(f"{out.name}*-*"))]


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


def _control(proxy, order):
    done = subprocess.run(["/usr/bin/callgrind_control", order, str(proxy.process.popen.pid)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Problem(f"callgrind_control {order}: {done.stderr.strip()}")


def count(programs, proxy, core, folder, rate, seconds, options):
    """garde-load's report on what was asked while instructions were counted. `options`: of garde-load, further ones."""
    argv = [programs / "bench" / "garde-load", "rate", "--to", proxy.port, "--request", FIXTURES / "consult-request.xml",
            "--connections", 32, "--rate", rate, "--seconds", seconds, "--warm-up", 3]
    for name, value in options.items():
        argv += [f"--{name.replace('_', '-')}", value]
    asking = Process("load", argv, core, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        load.next_line(asking, proxy, 60)
        _control(proxy, "--instr=on")
        asking.popen.stdin.write("\n")
        asking.popen.stdin.flush()
        report = json.loads(load.next_line(asking, proxy, seconds + 60))
        _control(proxy, "--instr=off")
        asking.popen.stdin.close()
        asking.popen.wait(load.PATIENCE_S)
    finally:
        asking.stop()
    if report["failed"] or report["unfinished"]:
        raise Problem(f"requests failed under callgrind: {report['first_failure'] or 'unfinished'}; try a lower --rate")
    return report
