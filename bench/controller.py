#!/usr/bin/python3
"""`./dev bench controller`: which part of the instructions of a request is the controller's work, counted by callgrind.

garde runs under callgrind with one worker, as in the throughput bench (bench/peers/garde.toml: probes each second), with steady load;
what is counted begins once it has warmed up. The controller's work is what a worker does to tell it of answers, and all that its own
thread does with that and with what probes find: verdicts, modes, postures. The probes' connections come with time, however many requests
there are: they are told apart. Instructions do not depend on how busy the machine is.

Usage: bench/controller.py BUILD_DIR [--rate N] [--seconds N]
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.driver import callgrind  # noqa: E402
from bench.driver.machine import Problem, described, two_cores  # noqa: E402
from bench.driver.proxies import Origin, Proxy  # noqa: E402

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


def counted(programs, rate, seconds, folder):
    """How many requests were answered meanwhile, and the profiles of all threads."""
    proxy_core, load_core = two_cores()
    pki = folder / "pki"
    subprocess.run([ROOT / "certs" / "make-dev-pki", pki], check=True, stdout=subprocess.DEVNULL)
    origin = Origin(programs, pki, load_core, folder)
    out = folder / "callgrind.out"
    kind = callgrind.garde("garde.toml", out)
    proxy = None
    try:
        proxy = Proxy(kind, programs, pki, origin.words, proxy_core, folder)
        report = callgrind.count(programs, proxy, load_core, folder, rate, seconds, {"path": "/plain/consult"})
    finally:
        if proxy:
            proxy.stop()
        origin.process.stop()
    return report["answered"], callgrind.profiles(out)


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
