"""What RFC 9110 and 9112 ask of a proxy beyond framing: Expect, HEAD, pipelining, early answers, half-closed and old clients."""

import itertools
import ssl
import threading

import pytest

from harness.client import ConnectionEnded, build_request
from harness.half_closing import HalfClosingConnection
from harness.processes import wait_for
from harness.recorder import RecordedGarde, Recorder, name_the_request

KIB = 1024
COMMIT = 64 * KIB
LARGE = bytes(range(251)) * 2000  # about 500 KB: more than garde collects
MORE_THAN_SOCKETS_HOLD = bytes(14 * KIB * KIB)


@pytest.fixture(scope="module")
def backend():
    recorder = Recorder().start()
    yield recorder
    recorder.stop()


@pytest.fixture(autouse=True)
def fresh_script(backend):
    """Each test begins with the usual answers; at its end nothing unreadable may have arrived."""
    backend.script = name_the_request
    backend.requests.clear()
    yield
    backend.take()


@pytest.fixture(scope="module")
def start_garde(pki, backend, tmp_path_factory):
    made = []

    def start(routes=None, **limits):
        folder = tmp_path_factory.mktemp("garde")
        made.append(RecordedGarde(pki, folder, backend, routes, limits={"commit_bytes": COMMIT, **limits}))
        return made[-1].start()

    yield start
    for garde in made:
        garde.stop()


@pytest.fixture(scope="module")
def garde(start_garde):
    return start_garde(body_bytes="16MiB")


@pytest.fixture(scope="module")
def selective(start_garde):
    """It does not relay everything."""
    return start_garde(routes=[{"path": "/http", "kind": "http"}, {"path": "/soap", "kind": "soap"}])


@pytest.fixture
def connection(garde):
    with garde.connection(timeout=5) as made:
        yield made


def head(method, target, *fields, version="HTTP/1.1"):
    return "\r\n".join([f"{method} {target} {version}", "Host: localhost", *fields, "", ""]).encode()


def asked(backend):
    """(method, target, body) of what arrived since the last look."""
    return [(request.method, request.target, request.body) for request in backend.take()]


# --- Expect: 100-continue (RFC 9110, 10.1.1)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_continue_is_sent_when_the_body_is_awaited(connection, backend, framing):
    announced, body = ("Content-Length: 5", b"hello") if framing == "length" else ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")
    connection.send(head("POST", "/a", "Expect: 100-continue", announced))
    assert connection.read_interim() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert backend.requests == []
    connection.send(body)
    assert connection.read_reply().body == b"POST /a 5"
    (seen,) = backend.take()
    assert seen.body == b"hello" and seen.all("Expect") == []


@pytest.mark.parametrize("version,announced", [("HTTP/1.1", "Content-Length: 0"), ("HTTP/1.1", "X: no body"), ("HTTP/1.0", "Content-Length: 5")])
def test_continue_is_not_sent_when_none_is_awaited(connection, version, announced):
    connection.send(head("POST", "/a", "Expect: 100-continue", announced, version=version))
    if announced.endswith("5"):
        assert connection.nothing_within(0.2)
        connection.send(b"hello")
    assert connection.read_interim().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("fields,status", [(["Content-Length: 100000000"], 413), (["Content-Length: 5", "Content-Length: 5"], 400)])
def test_a_refused_head_gets_its_refusal_instead(connection, backend, fields, status):
    connection.send(head("POST", "/a", "Expect: 100-continue", *fields))
    assert connection.read_interim().startswith(f"HTTP/1.1 {status} ".encode())
    assert asked(backend) == []


def test_continue_is_not_sent_when_the_body_came_with_the_head(connection):
    """What has arrived is not awaited."""
    connection.send(head("POST", "/a", "Expect: 100-continue", "Content-Length: 5") + b"hello")
    assert connection.read_interim().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("method,target,status", [("PUT", "/soap", 405), ("POST", "/no-route", 404)])
def test_what_garde_will_refuse_anyway_is_refused_instead(selective, backend, method, target, status):
    """The head is enough to know; the body would be sent for nothing."""
    with selective.connection(timeout=5) as connection:
        connection.send(head(method, target, "Expect: 100-continue", "Content-Length: 5"))
        assert connection.read_interim().startswith(f"HTTP/1.1 {status} ".encode())
    assert asked(backend) == []


def test_without_expect_no_continue(connection):
    connection.send(head("POST", "/a", "Content-Length: 5"))
    assert connection.nothing_within(0.2)
    connection.send(b"hello")
    assert connection.read_interim().startswith(b"HTTP/1.1 200 ")


# --- HEAD (RFC 9110, 9.3.2)


@pytest.mark.parametrize("framing", ["Content-Length: 12345", "Transfer-Encoding: chunked", "X-Framing: none"])
def test_head_has_no_body_whatever_its_fields_say(connection, backend, framing):
    def promise(peer):
        if peer.request.method == "HEAD":
            return peer.send(f"HTTP/1.1 200 OK\r\nX-A: 1\r\n{framing}\r\n\r\n".encode())
        return name_the_request(peer)

    backend.script = promise
    connection.send(head("HEAD", "/h") + head("GET", "/next"))
    reply = connection.read_reply("HEAD")
    assert (reply.status, reply.get("X-A")) == (200, "1")
    assert reply.get("Content-Length") == ("12345" if "12345" in framing else None)
    assert connection.read_reply().body == b"GET /next 0"
    assert asked(backend) == [("HEAD", "/h", b""), ("GET", "/next", b"")]


def test_a_backend_that_sends_a_body_to_head_cannot_answer_the_next(connection, backend):
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"

    def too_much(peer):
        if peer.request.method == "HEAD":
            return peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(forged) + forged)
        return name_the_request(peer)

    backend.script = too_much
    for number in range(5):
        assert connection.request("HEAD", "/h").status == 200
        assert connection.request("GET", f"/next/{number}").body == f"GET /next/{number} 0".encode()


# --- pipelining (RFC 9112, 9.3.2)


def test_pipelined_requests_are_each_relayed_once_and_answered_in_order(connection, backend):
    chunks = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    sent = [("GET", "/0", b""), ("POST", "/1", b"x" * 20_000), ("HEAD", "/2", b""), ("POST", "/3", b""), ("GET", "/4", b"")]
    connection.send(
        b"".join(build_request(method, target, (), body or None) for method, target, body in sent)
        + b"POST /5 HTTP/1.1\r\nHost: localhost\r\n" + chunks + b"\r\n" + head("GET", "/6", "Connection: close") + head("GET", "/never")
    )
    bodies = [connection.read_reply(method).body for method, _, _ in [*sent, ("POST", "", b""), ("GET", "", b"")]]
    assert bodies == [b"GET /0 0", b"POST /1 20000", b"", b"POST /3 0", b"GET /4 0", b"POST /5 3", b"GET /6 0"]
    assert connection.ended()
    assert asked(backend) == [*sent, ("POST", "/5", b"abc"), ("GET", "/6", b"")]


def test_many_pipelined_requests(connection, backend):
    targets = [f"/{number}" for number in range(200)]
    connection.send(b"".join(head("GET", target) for target in targets))
    assert [connection.read_reply().body for _ in targets] == [f"GET {target} 0".encode() for target in targets]
    assert [request.target for request in backend.take()] == targets


# --- early answers (RFC 9112, 9.5)


def test_an_answer_before_the_body_was_read(connection, backend):
    def refuse_early(peer):
        peer.answer(b"too much", "413 Content Too Large", [("Connection", "close")])
        peer.close()

    backend.script = refuse_early
    reply = connection.request("POST", "/a", (), LARGE)
    assert (reply.status, reply.body) == (413, b"too much")
    backend.script = name_the_request
    assert connection.request("GET", "/next").body == b"GET /next 0"


def test_an_answer_while_the_body_is_never_read(connection, backend):
    """The backend has said all it has to say; garde must look while it still writes."""
    answered = threading.Event()

    def refuse_unread(peer):
        peer.answer(b"too much", "413 Content Too Large", [("Connection", "close")])
        assert answered.wait(10)
        peer.close()

    backend.script = refuse_unread
    connection.send(build_request("POST", "/a", (), MORE_THAN_SOCKETS_HOLD))
    try:
        reply = connection.read_reply()
    finally:
        answered.set()
    assert (reply.status, reply.body) == (413, b"too much")


# --- half-closed clients (RFC 9112, 9.6)


@pytest.fixture(params=[True, False], ids=["with close_notify", "without"])
def notify(request):
    return request.param


@pytest.fixture
def half_closing(garde, pki):
    with HalfClosingConnection(garde.port, pki.caller_context()) as made:
        yield made


def test_a_client_that_has_said_all_it_has_to_say(half_closing, backend, notify):
    half_closing.send(build_request("POST", "/a", (), b"hello"))
    half_closing.half_close(notify)
    assert half_closing.read_reply().body == b"POST /a 5"
    assert half_closing.ended()
    assert asked(backend) == [("POST", "/a", b"hello")]


def test_a_client_that_ends_while_it_waits(half_closing, backend, notify):
    """Its end arrives before the backend has answered."""
    arrived, ended = threading.Event(), threading.Event()

    def answer_late(peer):
        arrived.set()
        assert ended.wait(5)
        name_the_request(peer)

    backend.script = answer_late
    half_closing.send(head("GET", "/a"))
    assert arrived.wait(5)
    half_closing.half_close(notify)
    ended.set()
    assert half_closing.read_reply().body == b"GET /a 0"
    assert half_closing.ended()


def test_half_a_request_and_the_end(garde, half_closing, backend, notify):
    half_closing.send(build_request("POST", "/a", (), b"hello")[:-1])
    half_closing.half_close(notify)
    assert half_closing.ended()
    with garde.connection() as other:
        assert other.request("GET", "/other").status == 200
    assert asked(backend) == [("GET", "/other", b"")]


# --- old clients (RFC 9112, 9.3)


def test_http_10_without_keep_alive(connection):
    connection.send(b"GET /a HTTP/1.0\r\n\r\n")
    reply = connection.read_reply()
    assert (reply.status, reply.body, reply.get("Connection")) == (200, b"GET /a 0", "close")
    assert connection.ended()


def test_http_10_with_keep_alive(connection):
    for number in range(3):
        connection.send(b"POST /%d HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi" % number)
        reply = connection.read_reply()
        assert (reply.body, reply.get("Connection")) == (b"POST /%d 2" % number, "keep-alive")


def test_connection_close_is_kept(connection):
    connection.send(head("GET", "/a", "Connection: close"))
    reply = connection.read_reply()
    assert (reply.body, reply.get("Connection")) == (b"GET /a 0", "close")
    assert connection.ended()


# --- statuses (RFC 9110, 15)


def test_interim_responses_of_the_backend_are_not_its_answer(connection, backend):
    def think_first(peer):
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        name_the_request(peer)

    backend.script = think_first
    for number in range(2):
        assert connection.request("POST", f"/{number}", (), b"x").body == f"POST /{number} 1".encode()


def test_an_upgrade_that_nobody_asked_for_is_no_answer(connection, backend):
    backend.script = lambda peer: peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
    assert connection.request("GET", "/a").status == 502
    backend.script = name_the_request
    assert connection.request("GET", "/b").body == b"GET /b 0"


@pytest.mark.parametrize("status,fields", [("204 No Content", ""), ("304 Not Modified", "Content-Length: 5\r\n"), ("304 Not Modified", "")])
def test_statuses_without_body(connection, backend, status, fields):
    backend.script = lambda peer: peer.send(f"HTTP/1.1 {status}\r\nETag: \"x\"\r\n{fields}\r\n".encode())
    reply = connection.request("GET", "/a")
    assert (f"{reply.status} {reply.reason}", reply.get("ETag"), reply.body) == (status, '"x"', b"")
    assert reply.get("Content-Length") == ("5" if fields else None)
    assert reply.get("Transfer-Encoding") is None
    backend.script = name_the_request
    assert connection.request("GET", "/b").body == b"GET /b 0"


def test_a_chunked_request_in_many_pieces(connection, backend):
    connection.send(head("POST", "/a", "Transfer-Encoding: chunked"))
    for number in range(50):
        connection.send(b"%x;n=%d\r\n" % (number + 1, number))
        connection.send(b"x" * (number + 1) + b"\r\n")
    connection.send(b"0\r\n\r\n")
    assert connection.read_reply().body == b"POST /a 1275"
    (seen,) = backend.take()
    assert (seen.all("Content-Length"), seen.all("Transfer-Encoding")) == (["1275"], [])


# --- large answers


def chunks_of(body, size=10_000):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[at : at + size] for at in range(0, len(body), size)))


ANSWERS = {
    "length": (f"Content-Length: {len(LARGE)}", LARGE, b""),
    "chunked": ("Transfer-Encoding: chunked", chunks_of(LARGE), b"0\r\n\r\n"),
    "until close": ("X-Framing: none", LARGE, b""),
}


def large_answer(framing, ending=True):
    field, body, end = ANSWERS[framing]

    def answer(peer):
        peer.send(f"HTTP/1.1 200 OK\r\n{field}\r\n\r\n".encode() + (body + end if ending else body[: len(body) // 2]))
        if framing == "until close" or not ending:
            peer.close()

    return answer


@pytest.mark.parametrize("framing", ANSWERS)
def test_a_large_answer_for_http_11(connection, backend, framing):
    backend.script = large_answer(framing)
    reply = connection.request("GET", "/large")
    assert reply.body == LARGE
    assert reply.get("Transfer-Encoding") == (None if framing == "length" else "chunked")
    assert reply.get("Content-Length") == (str(len(LARGE)) if framing == "length" else None)
    backend.script = name_the_request
    assert connection.request("GET", "/next").body == b"GET /next 0"


@pytest.mark.parametrize("framing", ANSWERS)
def test_a_large_answer_for_http_10(connection, backend, framing):
    backend.script = large_answer(framing)
    connection.send(b"GET /large HTTP/1.0\r\n\r\n")
    reply = connection.read_reply()
    assert reply.body == LARGE
    assert reply.get("Transfer-Encoding") is None
    assert connection.ended()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_answer_that_breaks_off_breaks_the_callers_connection(connection, backend, framing):
    backend.script = large_answer(framing, ending=False)
    with pytest.raises((ConnectionEnded, ssl.SSLError, ConnectionError)):
        connection.request("GET", "/large")


def test_half_an_answer_does_not_look_whole_to_http_10(garde, pki, backend):
    """Only the connection's end says that the answer is complete: here it may not end in order."""
    backend.script = large_answer("chunked", ending=False)
    strict = pki.caller_context()
    strict.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # which Python sets: an end without close_notify would pass for one
    with HalfClosingConnection(garde.port, strict) as connection:
        connection.send(b"GET /large HTTP/1.0\r\n\r\n")
        with pytest.raises((ConnectionEnded, ssl.SSLError, ConnectionError)):
            connection.read_reply()


# --- slow clients


def drip(connection, data):
    """Sends a byte whenever nothing came for a moment, until something comes; the rest of `data`."""
    for at in itertools.count():
        connection.send(data[at : at + 1])
        if not connection.nothing_within(0.05):
            return data[at:]


@pytest.fixture(scope="module")
def hasty(start_garde):
    return start_garde(head_time="500ms", body_time="500ms")


@pytest.mark.parametrize("slow", ["head", "body"])
def test_a_client_that_drips_is_ended(hasty, backend, slow):
    before = head("POST", "/slow", "Content-Length: 100000") if slow == "body" else b""
    data = b"x" * 100_000 if slow == "body" else b"GET /slow HTTP/1.1\r\nX: " + b"y" * 10_000
    with hasty.connection(timeout=10) as connection:
        connection.send(before)
        rest = drip(connection, data)
        assert len(rest) > 0
        assert connection.read_reply().status == 408
        assert connection.ended()
    with hasty.connection() as other:
        assert other.request("GET", "/other").status == 200
    assert asked(backend) == [("GET", "/other", b"")]


def test_a_client_that_is_slow_within_the_limits_is_served(garde, connection):
    for byte in head("GET", "/slow"):
        connection.send(bytes([byte]))
        assert connection.nothing_within(0.001) or byte == ord("\n")
    assert connection.read_reply().body == b"GET /slow 0"


def test_all_connections_to_the_backend_end_when_their_callers_are_served(garde, backend):
    """Nothing above left garde waiting: it can still take and answer more than it keeps open."""
    callers = [garde.connection() for _ in range(20)]
    for caller in callers:
        caller.send(head("GET", "/last"))
    assert [caller.read_reply().body for caller in callers] == [b"GET /last 0"] * 20
    for caller in callers:
        caller.close()
    wait_for(lambda: len(backend.requests) == 20, "all twenty arrived once")
