"""A network of the benchmark's own, and the black hole in it: packets to and from a port vanish, those of open connections and
of new ones alike, without a word to either side.

The network is a namespace that ends with the last process in it: whatever happens, no rule is left behind."""

import os
import subprocess

from .machine import LIBC, Problem

CLONE_NEWNET = 0x40000000
TABLE = "ip garde_bench"


def enter_own():
    """For this process and all that it starts from now on."""
    if os.geteuid() != 0 or LIBC.unshare(CLONE_NEWNET) != 0:
        raise Problem("a network of its own is needed for the black hole, which takes root's rights; run as root")
    _run(["ip", "link", "set", "lo", "up"])


def swallow(port):
    _run(["nft", "-f", "-"],
         f"table {TABLE} {{\nchain input {{\ntype filter hook input priority 0\ntcp dport {port} drop\ntcp sport {port} drop\n}}\n}}\n")


def release():
    _run(["nft", "delete", "table", *TABLE.split()])


def _run(argv, text=""):
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True)
    except OSError as failed:
        raise Problem(f"cannot run {argv[0]}: {failed}") from failed
    if done.returncode != 0:
        raise Problem(f"{' '.join(argv)} failed: {done.stderr.strip()}")
