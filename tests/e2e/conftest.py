"""Fixtures of the end-to-end tests: keys once per session, a cluster (three sites and garde) once per module."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import processes  # noqa: E402
from harness.cluster import Cluster  # noqa: E402
from harness.pki import Pki  # noqa: E402


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki.make(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def make_cluster(pki, tmp_path_factory):
    """Starts a cluster with these changes to its configuration (see Cluster); all are stopped, and checked, at the module's end."""
    made = []

    def make(**changes):
        made.append(Cluster(pki, tmp_path_factory.mktemp("cluster"), **changes))
        return made[-1].start()

    yield make
    problems = []
    for cluster in made:
        try:
            cluster.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the last lines of every running process to the report of a failure."""
    report = (yield).get_result()
    if report.failed:
        for process in processes.running():
            report.sections.append((f"tail of {process.name}", process.tail()))
