"""No request reaches the backend in two readings: it is refused and nothing arrives, or exactly one arrives, strictly readable."""

import itertools

import pytest

from framing_cases import BODY_LIMIT, CASES, HEAD_LIMIT, Relayed
from harness.client import ConnectionEnded
from harness.recorder import RecordedGarde, Recorder

ONE_HOP = ("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect")


@pytest.fixture(scope="module")
def backend():
    recorder = Recorder().start()
    yield recorder
    recorder.stop()


@pytest.fixture(scope="module")
def garde(pki, backend, tmp_path_factory):
    limits = {"head_bytes": HEAD_LIMIT, "body_bytes": BODY_LIMIT, "commit_bytes": "64KiB"}
    made = RecordedGarde(pki, tmp_path_factory.mktemp("garde"), backend, limits=limits).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def neighbour(garde, backend):
    """Asks on a connection of its own and checks that the answer is to its own question; it shares garde's backend connections."""
    numbers = itertools.count()
    with garde.connection(timeout=5) as connection:

        def ask():
            target = f"/neighbour/{next(numbers)}"
            reply = connection.request("GET", target)
            assert (reply.status, reply.body) == (200, f"GET {target} 0".encode())
            return target

        yield ask


def exchange(garde, case):
    """Sends the case's bytes; (the reply, whether the connection ended behind it)."""
    with garde.connection(timeout=5) as connection:
        try:
            connection.send(case.raw)
        except ConnectionError:
            pass  # refused before all of it was sent; the answer is there
        reply = connection.read_reply()
        ended = case.expected in (400, 413, 414, 431, 501, 505) and connection.ended()
    return reply, ended


def check_reading(seen, wanted):
    assert (seen.method, seen.target, seen.body) == (wanted.method, wanted.target, wanted.body)
    assert seen.all("Host") == ["recorder.sim.test"]
    for name in (*ONE_HOP, *wanted.absent):
        assert seen.all(name) == [], name
    announced = seen.all("Content-Length")
    assert announced == [str(len(wanted.body))] or (announced == [] and wanted.body == b"")
    for name, value in wanted.fields:
        assert seen.all(name) == [value]


def test_the_table_is_large_and_its_names_are_unique():
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_reading_or_none(garde, backend, neighbour, case):
    reply, ended = exchange(garde, case)
    asked = neighbour()
    *seen, last = backend.take()
    assert (last.method, last.target) == ("GET", asked)
    if isinstance(case.expected, Relayed):
        assert len(seen) == 1, seen
        check_reading(seen[0], case.expected)
        assert reply.status == 200
        assert reply.body == f"{seen[0].method} {seen[0].target} {len(seen[0].body)}".encode()
    else:
        assert seen == []
        assert reply.status == case.expected, reply.head + reply.body
        assert ended


@pytest.mark.parametrize("case", [case for case in CASES if isinstance(case.expected, Relayed)], ids=lambda case: case.name)
def test_one_reading_byte_by_byte(garde, backend, neighbour, case):
    """However the bytes arrive, the backend gets the same ones."""
    with garde.connection(timeout=5) as connection:
        for at in range(len(case.raw)):
            connection.send(case.raw[at : at + 1])
        assert connection.read_reply(case.expected.method).status == 200
    neighbour()
    seen, _ = backend.take()
    check_reading(seen, case.expected)


def test_what_follows_a_refused_request_is_dropped(garde, backend, neighbour):
    """Even a good request behind a bad one: where it begins is what nobody can tell."""
    with garde.connection(timeout=5) as connection:
        connection.send(b"GET /bad HTTP/1.1\r\nHost : localhost\r\n\r\nGET /good HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.read_reply().status == 400
        assert connection.ended()
        with pytest.raises((ConnectionEnded, OSError)):
            connection.request("GET", "/later")
    asked = neighbour()
    assert [request.target for request in backend.take()] == [asked]
