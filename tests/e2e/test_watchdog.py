"""One worker stands still, as in a debugger: the others serve everybody, the journal and the metrics say so, and it comes back."""

import os
import pathlib

import pytest

from harness.consult import consult
from harness.processes import wait_for
from harness.stall import stalled, threads_named


@pytest.fixture(scope="module")
def garde(make_cluster):
    return make_cluster().garde


def stalled_workers(garde):
    """How many the metrics show."""
    lines = garde.metrics().body.decode().splitlines()
    return sum(line.startswith("garde_worker_stalled{") and line.endswith(" 1") for line in lines)


def two_workers(garde):
    found = threads_named(garde.process.pid, "worker")
    return found if len(found) == 2 else None


def ask_on_a_new_connection(garde):
    with garde.client(timeout=10) as client:
        return client.ask(consult()).status


def test_a_stalled_worker_costs_nobody_a_connection(garde):
    workers = wait_for(lambda: two_workers(garde), "both have their names", 10)
    with stalled(workers[0]):
        # The kernel gives half of these to the one that stands still; the watchdog passes them on.
        assert [ask_on_a_new_connection(garde) for _ in range(12)] == [200] * 12
        wait_for(lambda: garde.journal("worker-stalled"), "the stall is in the journal", 10)
        assert stalled_workers(garde) == 1
        assert garde.status("/v1/health").status == 200
        assert [ask_on_a_new_connection(garde) for _ in range(12)] == [200] * 12
    wait_for(lambda: garde.journal("worker-recovered"), "the recovery is in the journal", 15)
    assert len(garde.journal("worker-stalled")) == 1
    assert stalled_workers(garde) == 0
    assert [ask_on_a_new_connection(garde) for _ in range(12)] == [200] * 12


def test_workers_go_first(garde):
    """The threads that probe, keep answers and show pages never take the core from a worker when they wake."""
    wait_for(lambda: two_workers(garde), "both have their names", 10)
    by_priority = {}
    for thread in pathlib.Path(f"/proc/{garde.process.pid}/task").iterdir():
        name, nice = (thread / "comm").read_text().strip(), os.getpriority(os.PRIO_PROCESS, int(thread.name))
        by_priority.setdefault(nice, []).append(name)
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert by_priority[mine].count("worker") == 2
    behind = [name for nice, names in by_priority.items() if nice == min(19, mine + 10) for name in names]
    assert len(behind) >= 3 and "worker" not in behind or mine == 19
