"""What is not well-formed gets a clear error and its connection closed; others notice nothing, and no site ever sees it."""

import json
import socket
import threading

import pytest

from harness.client import Connection, ConnectionEnded, build_request
from harness.consult import consult, fault_code, patient
from harness.processes import wait_for

BODY_LIMIT = 1024 * 1024


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(limits={"handshake_time": "1s", "head_time": "1s", "body_time": "2s"})


@pytest.fixture(scope="module", autouse=True)
def neighbour(cluster):
    """A well-behaved client on a connection of its own, all the while; every answer it gets must be right."""
    stop = threading.Event()
    wrong, count = [], [0]

    def ask_on():
        with cluster.garde.connection() as connection:
            while not stop.wait(0.01):
                question = consult(patient(3000 + count[0] % 50))
                try:
                    reply = connection.ask(question)
                    if reply.status != 200 or reply.mode != "primary" or not question.matches(reply.body):
                        wrong.append(reply)
                except Exception as problem:
                    wrong.append(problem)
                    return
                count[0] += 1

    thread = threading.Thread(target=ask_on, daemon=True)
    thread.start()
    yield lambda: (count[0], wrong)
    stop.set()
    thread.join(20)
    assert not wrong
    assert count[0] > 0


@pytest.fixture(autouse=True)
def neighbour_is_served(neighbour):
    """Each test ends with the neighbour being answered once more."""
    yield
    before = neighbour()[0]
    wait_for(lambda: neighbour()[0] > before or neighbour()[1], "the neighbour is answered", 5)
    assert neighbour()[1] == []


def refused(cluster, raw, statuses):
    """Sends raw bytes; they must be refused with one of the statuses, a problem document, and the end of the connection."""
    with cluster.garde.connection(timeout=5) as connection:
        connection.send(raw)
        reply = connection.read_reply()
        assert reply.status in statuses, reply.head
        assert reply.get("Content-Type") == "application/problem+json"
        problem = json.loads(reply.body)
        assert problem["status"] == reply.status and problem["title"]
        assert connection.ended()
    return problem


# --- TLS


def test_plain_text_on_the_tls_port(cluster):
    with socket.create_connection(("127.0.0.1", cluster.garde.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        try:
            while data := plain.recv(4096):
                answer += data
        except ConnectionResetError:
            pass
    assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer


@pytest.mark.parametrize("hello", [b"\x16\x03\x01\xff\xff" + b"\x00" * 300, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
                                   b"\x80" * 64, b"\x00", bytes(range(256)) * 4])
def test_garbage_instead_of_a_client_hello(cluster, hello):
    with socket.create_connection(("127.0.0.1", cluster.garde.port), 5) as plain:
        plain.sendall(hello)
        try:
            while plain.recv(4096):
                pass
        except ConnectionResetError:
            pass


# --- framing: what two parsers could read in two ways

SMUGGLED = object()  # replaced by a whole consult with its own reference

FRAMINGS = {
    "length and chunked": ["POST /echo HTTP/1.1", "Host: x", "Content-Length: 6", "Transfer-Encoding: chunked", "", "0", "", SMUGGLED],
    "two different lengths": ["POST /echo HTTP/1.1", "Host: x", "Content-Length: 0", "Content-Length: 5", "", SMUGGLED],
    "a list of lengths": ["POST /echo HTTP/1.1", "Host: x", "Content-Length: 0, 5", "", SMUGGLED],
    "a signed length": ["POST /echo HTTP/1.1", "Host: x", "Content-Length: +0", "", SMUGGLED],
    "a hex length": ["POST /echo HTTP/1.1", "Host: x", "Content-Length: 0x0", "", SMUGGLED],
    "a huge length": ["POST /echo HTTP/1.1", "Host: x", "Content-Length: 99999999999999999999999", "", SMUGGLED],
    "chunked is not last": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked, identity", "", "0", "", SMUGGLED],
    "an unknown coding": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: xchunked", "", "0", "", SMUGGLED],
    "chunked twice": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "", "0", "", SMUGGLED],
    "chunked in HTTP/1.0": ["POST /echo HTTP/1.0", "Host: x", "Transfer-Encoding: chunked", "", "0", "", SMUGGLED],
    "space before the colon": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding : chunked", "", "0", "", SMUGGLED],
    "a folded line": ["POST /echo HTTP/1.1", "Host: x", "X-A: b", " Transfer-Encoding: chunked", "", "0", "", SMUGGLED],
    "a bare CR in a field": ["POST /echo HTTP/1.1", "Host: x", "X-A: b\rTransfer-Encoding: chunked", "", "0", "", SMUGGLED],
    "a bare LF in a field": ["POST /echo HTTP/1.1", "Host: x", "X-A: b\nContent-Length: 0", "", SMUGGLED],
    "a NUL in a field": ["GET /files/d HTTP/1.1", "Host: x", "X-A: b\0c", "", SMUGGLED],
    "no host": ["GET /files/d HTTP/1.1", "", SMUGGLED],
    "two hosts": ["GET /files/d HTTP/1.1", "Host: x", "Host: y", "", SMUGGLED],
    "a chunk size with a sign": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "+0", "", SMUGGLED],
    "a chunk size that overflows": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "1" + "0" * 16, "", SMUGGLED],
    "a chunk size that is none": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "zz", "", SMUGGLED],
    "a chunk longer than it says": ["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "1", "abc", "0", "", SMUGGLED],
    "no HTTP at all": ["hello there", "", SMUGGLED],
    "a space in the target": ["GET /files/d e HTTP/1.1", "Host: x", "", SMUGGLED],
    "another version": ["GET /files/d HTTP/9.9", "Host: x", "", SMUGGLED],
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_ambiguous_framing_is_refused_and_smuggles_nothing(cluster, name):
    hidden = consult(patient(3100))
    head = "\r\n".join(line for line in FRAMINGS[name] if line is not SMUGGLED).encode("latin-1") + b"\r\n"
    refused(cluster, head + build_request("POST", "/insurability/v2", [("Content-Type", "text/xml")], hidden.body),
            {400, 413, 501, 505})
    assert cluster.received(hidden.reference) == [0, 0, 0]


def test_a_head_over_the_limit(cluster):
    refused(cluster, b"GET /files/d HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n", {431})


def test_a_target_over_the_limit(cluster):
    refused(cluster, b"GET /files/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431})


def test_a_head_that_never_ends_is_given_up(cluster):
    refused(cluster, b"GET /files/d HTTP/1.1\r\nHost: x\r\n", {408})


def test_a_body_that_never_ends_is_given_up_and_not_sent_on(cluster):
    question = consult(patient(3101))
    whole = build_request("POST", "/insurability/v2", [("Content-Type", "text/xml")], question.body)
    refused(cluster, whole[:-10], {408})
    assert cluster.received(question.reference) == [0, 0, 0]


def test_a_caller_that_goes_away_in_mid_body(cluster):
    question = consult(patient(3102))
    with cluster.garde.connection() as connection:
        connection.send(build_request("POST", "/insurability/v2", [("Content-Type", "text/xml")], question.body)[:-10])
    assert cluster.received(question.reference) == [0, 0, 0]


# --- bodies


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_over_the_limit(cluster, framing):
    if framing == "length":
        head = b"POST /insurability/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * BODY_LIMIT)
        refused(cluster, head, {413})
        return
    head = b"POST /insurability/v2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with cluster.garde.connection(timeout=5) as connection:
        connection.send(head)
        try:
            for _ in range(2 * BODY_LIMIT // 0x10000):
                connection.send(chunk)
            connection.send(b"0\r\n\r\n")
        except OSError:
            pass  # garde may have stopped listening to it already
        reply = connection.read_reply()
        assert reply.status == 413, reply.body


def test_two_megabytes_sent_at_once_still_get_their_answer(cluster):
    body = b"a" * (2 * BODY_LIMIT)
    with Connection(cluster.garde.port, cluster.garde.pki.caller_context(), 5) as connection:
        try:
            connection.send(build_request("POST", "/insurability/v2", (), body))
        except OSError:
            pass
        reply = connection.read_reply()
    assert reply.status == 413 and json.loads(reply.body)["status"] == 413


NOT_CONSULTS = {
    "text": (b"this is no XML", "SOA-03001"),
    "cut off": (consult().body[:-20], "SOA-03001"),
    "a DTD": (consult(doctype='<!DOCTYPE x [<!ENTITY a "b">]>').body, "SOA-03004"),
    "an entity bomb": (consult(doctype='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>').body, "SOA-03004"),
    "another payload": (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>',
                        "SOA-03005"),
    "deep nesting": (b"<a>" * 5000 + b"</a>" * 5000, "SOA-0300"),
}


@pytest.mark.parametrize("name", NOT_CONSULTS)
def test_a_body_that_garde_cannot_read_is_the_services_to_refuse(cluster, name):
    """garde relays what it does not understand; the answer is the service's own fault."""
    body, code = NOT_CONSULTS[name]
    with cluster.garde.client() as client:
        reply = client.request("POST", "/insurability/v2", [("Content-Type", "text/xml")], body)
    assert reply.status == 500
    assert fault_code(reply.body).startswith(code)
    assert reply.mode == "primary"


def test_a_client_that_vanishes_at_every_step(cluster):
    whole = build_request("POST", "/insurability/v2", [("Content-Type", "text/xml")], consult(patient(3103)).body)
    for size in (0, 1, 20, 200, 4000, len(whole)):
        with cluster.garde.connection() as connection:
            connection.send(whole[:size])
    with cluster.garde.connection() as connection:
        try:
            assert connection.ask(consult(patient(3103))).status == 200
        except ConnectionEnded:
            pytest.fail("garde closed a good connection")
