"""Original bytes in, original bytes out; only the head changes, and only as the standards say."""

import os

import pytest

SIZES = [0, 1, 1000, 16_383, 16_384, 16_385, 65_536, 262_143, 262_144, 262_145, 1_000_000, 2_000_000]
PATTERN = bytes(range(251)) * 8001


@pytest.fixture(scope="module")
def cluster(make_cluster, pki):
    """Here the sites want to know who asks them."""
    return make_cluster(client_ca=pki.client_ca, backend_client=pki.caller(2))


@pytest.fixture(scope="module")
def client(cluster):
    with cluster.garde.client() as client:
        yield client


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("framing", ["", "&chunked=1"])
def test_downloads_are_byte_identical(client, size, framing):
    reply = client.request("GET", f"/files/d?bytes={size}{framing}")
    assert reply.status == 200
    assert reply.body == PATTERN[:size]


@pytest.mark.parametrize("size", [0, 1000, 2_000_000])
def test_head_promises_the_size_and_sends_nothing(client, size):
    reply = client.request("HEAD", f"/files/d?bytes={size}")
    assert (reply.status, reply.get("Content-Length"), reply.body) == (200, str(size), b"")
    assert client.request("GET", "/files/d?bytes=10").body == PATTERN[:10]


@pytest.mark.parametrize("size", [0, 1, 16_384, 70_000, 1_000_000])
def test_uploads_are_byte_identical(client, size):
    body = os.urandom(size)
    seen = client.request("POST", "/echo", [("Content-Type", "application/octet-stream")], body).body
    head, _, arrived = seen.partition(b"\r\n\r\n")
    assert arrived == body
    assert f"Content-Length: {size}".lower().encode() in head.lower()


def test_a_chunked_upload_arrives_whole_and_newly_framed(cluster):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b"a" * 10, b"b" * 5000, b"\x00\r\n0\r\n"))
    with cluster.garde.connection() as connection:
        connection.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        seen = connection.read_reply().body
    head, _, arrived = seen.partition(b"\r\n\r\n")
    assert arrived == b"a" * 10 + b"b" * 5000 + b"\x00\r\n0\r\n"
    assert b"content-length: 5016" in head.lower() and b"transfer-encoding" not in head.lower()


def test_an_upload_in_very_many_chunks(cluster):
    parts = [os.urandom(1 + n % 97) for n in range(10_000)]
    with cluster.garde.connection() as connection:
        connection.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.send(b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")
        reply = connection.read_reply()
    assert reply.status == 200
    assert reply.body.partition(b"\r\n\r\n")[2] == b"".join(parts)


def fields_of(head):
    lines = head.decode("latin-1").split("\r\n")[1:]
    return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]


def test_the_head_for_the_backend(client):
    sent = [("X-First", "1"), ("X-Second", "a, b"), ("X-Second", "c"), ("Connection", "X-Hop"), ("X-Hop", "drop me"),
            ("Keep-Alive", "timeout=5"), ("TE", "trailers"), ("Upgrade", "h2c"), ("Proxy-Authorization", "Basic eA=="),
            ("X-Forwarded-For", "192.0.2.7"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    seen = client.request("POST", "/echo?q=%20x", sent, b"x").body
    head = seen.partition(b"\r\n\r\n")[0]
    fields = fields_of(head)
    names = [name.lower() for name, _ in fields]
    assert head.startswith(b"POST /echo?q=%20x HTTP/1.1\r\n")
    assert [value for name, value in fields if name in ("X-First", "X-Second")] == ["1", "a, b", "c"]
    for gone in ("x-hop", "keep-alive", "te", "upgrade", "transfer-encoding"):
        assert gone not in names
    assert names.count("host") == 1 and ("Host", "dc1.sim.test") in fields
    assert any(name.lower() == "via" and "garde-test" in value for name, value in fields)
    assert [value for name, value in fields if name.lower() == "x-forwarded-for"][-1].endswith("127.0.0.1")
    assert ("traceparent", sent[-1][1]) in [(name.lower(), value) for name, value in fields]


def test_a_trace_begins_here_when_none_was_begun(client):
    fields = fields_of(client.request("POST", "/echo", (), b"x").body.partition(b"\r\n\r\n")[0])
    parents = [value for name, value in fields if name.lower() == "traceparent"]
    assert len(parents) == 1 and parents[0].startswith("00-") and len(parents[0]) == 55


def test_the_head_for_the_caller(client):
    reply = client.request("GET", "/files/d")
    assert reply.mode == "primary"
    assert reply.get("X-Sim-Site") == "dc1"
    assert reply.get("Server") == "garde-sim"
    assert "garde-test" in reply.get("Via")
    assert len(reply.all("Date")) == 1 and len(reply.all("Content-Length")) == 1
    assert reply.body == b"A simulated document.\n"


def test_pipelined_requests_are_answered_in_order(cluster):
    with cluster.garde.connection() as connection:
        connection.send(b"".join(b"GET /files/d?bytes=%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in (10, 20, 30)))
        assert [len(connection.read_reply().body) for _ in range(3)] == [10, 20, 30]


def test_a_large_answer_that_breaks_off_is_not_made_to_look_whole(cluster):
    """Over the commit limit nothing can be taken back: the caller must see that the answer ended early."""
    cluster.primary.faults({"kind": "die_mid_body", "for": "traffic"})
    try:
        with cluster.garde.connection() as connection, pytest.raises(Exception, match="bytes came|reset|ended"):
            connection.request("GET", "/files/d?bytes=2000000")
    finally:
        cluster.primary.clear()


def test_unknown_paths_and_methods(client):
    assert client.request("GET", "/nowhere").status == 404
    reply = client.request("GET", "/insurability/v2")
    assert (reply.status, reply.get("Allow")) == (405, "POST")
