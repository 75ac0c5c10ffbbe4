"""Many who ask nothing, many who are slow, and more than there are descriptors for: who asks properly is served."""

import contextlib
import socket
import time

import pytest

from harness.consult import consult
from harness.processes import wait_for

IDLE = 300
SLOW = 200
DESCRIPTORS = 160


@pytest.fixture(scope="module")
def garde(make_cluster):
    return make_cluster(limits={"head_time": "3s", "body_time": "4s", "connections_per_caller": 1000}).garde


def connected(garde, count, stack):
    return [stack.enter_context(garde.connection()) for _ in range(count)]


def drip_until_ended(slow, seconds):
    """A byte each in turn, until garde has ended them all; how many it has not when the time is over."""
    give_up = time.monotonic() + seconds
    while slow and time.monotonic() < give_up:
        for one in list(slow):
            try:
                one.send(b"x")
                if not one.nothing_within(0.001):
                    slow.remove(one)
            except OSError:
                slow.remove(one)
    return len(slow)


def test_idle_and_slow_clients_cost_the_others_nothing(garde):
    with contextlib.ExitStack() as stack:
        connected(garde, IDLE, stack)
        slow = connected(garde, SLOW, stack)
        for number, one in enumerate(slow):
            one.send(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + (b"Content-Length: 100000\r\n\r\n" if number % 2 else b"X: "))
        with garde.client() as client:
            assert client.ask(consult()).mode == "primary"
            assert drip_until_ended(slow, 60) == 0
            assert client.ask(consult()).mode == "primary"
        with garde.client() as fresh:
            assert fresh.ask(consult()).mode == "primary"


@pytest.fixture(scope="module")
def small(make_cluster):
    """With few descriptors."""
    return make_cluster(descriptors=DESCRIPTORS, limits={"connections_per_caller": 1000}).garde


def test_more_connections_than_descriptors(small):
    with small.connection() as kept, contextlib.ExitStack() as crowd:
        assert kept.ask(consult()).mode == "primary"
        for _ in range(2 * DESCRIPTORS):
            crowd.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", small.port), 10)))
        # Who is in is served; operators and the public get through.
        for _ in range(20):
            assert kept.ask(consult()).mode == "primary"
            assert small.status("/v1/health").status == 200
            assert small.admin("GET", "/v1/services").status == 200
    wait_for(lambda: new_connection_is_served(small), "somebody new is served once there is room", 20)


def new_connection_is_served(garde):
    try:
        with garde.client(timeout=5) as client:
            return client.ask(consult()).status == 200
    except OSError:
        return False
