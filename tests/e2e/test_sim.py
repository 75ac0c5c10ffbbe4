"""The simulated site does what it is told: without this, the other tests would prove little."""

import socket

import pytest

from harness.client import Client, Connection, ConnectionEnded
from harness.consult import consult, fault_code, patient, ssin_of_insurer
from harness.processes import wait_for
from harness.sim import PROBE_PROVIDER, Site


@pytest.fixture(scope="module", params=["plain", "tls"])
def transport(request, pki):
    return {"pki": pki, "tls": pki.backend_context()} if request.param == "tls" else {"pki": None, "tls": None}


@pytest.fixture(scope="module")
def running_site(transport, tmp_path_factory):
    site = Site("dc1", tmp_path_factory.mktemp("sim"), transport["pki"]).start()
    yield site
    site.stop()


@pytest.fixture
def site(running_site):
    running_site.clear()
    running_site.reset_counts()
    return running_site


@pytest.fixture
def connect(site, transport):
    made = []

    def make():
        made.append(Connection(site.port, transport["tls"], timeout=3))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def test_answers_and_counts(site, connect):
    question = consult()
    connection = connect()
    first, second = connection.ask(question), connection.ask(question)
    assert first.status == 200 and question.matches(first.body)
    assert first.body == second.body
    assert first.get("X-Sim-Site") == "dc1" and b"dc1" not in first.body
    assert site.counts(question.reference) == {"reference": question.reference, "received": 2, "answered": 2}
    assert site.counts()["connections"] == 1


def test_documents(connect):
    connection = connect()
    expected = (bytes(range(251)) * 800)[:200_000]
    assert connection.request("GET", "/d?bytes=200000").body == expected
    assert connection.request("GET", "/d?bytes=200000&chunked=1").body == expected
    head = connection.request("HEAD", "/d?bytes=200000")
    assert head.body == b"" and head.get("Content-Length") == "200000"
    assert connection.request("GET", "/d").status == 200


def test_echo_gives_the_bytes_on_the_wire(connect):
    connection = connect()
    raw = b"POST /echo HTTP/1.1\r\nHost: x\r\nX-Odd:   spaces  \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    connection.send(raw + b"GET /d HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.read_reply().body == raw
    assert connection.read_reply().body == b"A simulated document.\n"


def test_bad_messages_get_the_catalogues_faults(connect):
    connection = connect()
    for body, code in ((b"<a>", "SOA-03001"), (b"<a/>", "SOA-03002")):
        reply = connection.request("POST", "/x", (), body)
        assert (reply.status, fault_code(reply.body)) == (500, code)


@pytest.mark.parametrize("kind", ["hang", "reset", "die_mid_body", "die_mid_chunk", "short_body", "short_chunked", "garbage"])
def test_faults_that_break_the_connection(site, connect, kind):
    site.faults({"kind": kind})
    question = consult()
    with pytest.raises((ConnectionEnded, ConnectionResetError, TimeoutError)) as raised:
        connection = connect()
        connection._socket.settimeout(0.3)
        connection.ask(question)
    assert (raised.type is TimeoutError) == (kind == "hang")
    assert site.counts(question.reference) == {"reference": question.reference, "received": 1, "answered": 0}


@pytest.mark.parametrize("when", ["accept", "head", "body"])
def test_reset_at(site, connect, when):
    site.faults({"kind": "reset", "when": when})
    with pytest.raises((ConnectionEnded, ConnectionError)):
        connect().ask(consult())


@pytest.mark.parametrize(
    "fault, status, body",
    [
        ({"kind": "http_status", "status": 503}, 503, b"Simulated failure.\n"),
        ({"kind": "empty_200"}, 200, b""),
        ({"kind": "non_xml_200"}, 200, b"<html><p>Maintenance<br></html>\n"),
    ],
)
def test_faults_that_answer(site, connect, fault, status, body):
    site.faults(fault)
    reply = connect().ask(consult())
    assert (reply.status, reply.body) == (status, body)


def test_slow_goes_with_a_soap_fault(site, connect):
    site.faults({"kind": "slow", "delay_ms": 150}, {"kind": "soa_fault", "code": "SOA-02002"})
    connection = connect()
    connection._socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.ask(consult())
    site.faults({"kind": "slow", "delay_ms": 10}, {"kind": "soa_fault", "code": "SOA-02002"})
    assert fault_code(connect().ask(consult()).body) == "SOA-02002"


def test_refuse_closes_what_is_open_and_opens_again(site, connect, transport):
    connection = connect()
    connection.ask(consult())
    site.faults({"kind": "refuse", "until_ms": 300})
    assert connection.ended()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port), 1)

    def accepts():
        try:
            return connect()
        except ConnectionRefusedError:
            return None

    assert wait_for(accepts, "the site accepts again", 3).ask(consult()).status == 200


def test_probes_stay_fine_while_traffic_fails(site, connect):
    site.faults({"kind": "http_status", "for": "traffic"})
    connection = connect()
    assert connection.ask(consult()).status == 503
    assert connection.ask(consult(provider=PROBE_PROVIDER)).status == 200
    assert connection.request("GET", "/probe").status == 200
    assert connection.request("GET", "/d").status == 503
    assert site.counts()["probes"] == 2


def test_one_insurer_fails(site, connect):
    site.faults({"kind": "soa_fault", "code": "SOA-02001", "mutuality": "130"})
    connection = connect()
    assert fault_code(connection.ask(consult(ssin_of_insurer("130"))).body) == "SOA-02001"
    assert connection.ask(consult(ssin_of_insurer("203"))).status == 200


def test_replay_guard_refuses_the_second_copy(site, connect):
    site.faults({"kind": "replay_guard"})
    question = consult(patient(101))
    connection = connect()
    assert connection.ask(question).status == 200
    assert fault_code(connection.ask(question).body) == "SOA-01001"
    assert connection.ask(consult(patient(101))).status == 200


def test_a_wrong_order_is_refused_and_changes_nothing(site, transport):
    site.faults({"kind": "empty_200"})
    with pytest.raises(AssertionError, match="delay_ms is not known"):
        site.faults({"kind": "hang", "delay_ms": 3})
    with Client(site.port, transport["tls"]) as client:
        assert client.ask(consult()).body == b""
