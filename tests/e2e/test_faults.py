"""Each way in which a primary can fail, and what it may not do: lose a request, ask twice what was answered, hide an answer."""

import pytest

from harness.client import Connection
from harness.consult import consult, fault_code, patient
from harness.processes import wait_for

CONSULTS = 6
ATTEMPT_S = 1.0

FAULTS = {
    "refuse": [{"kind": "refuse"}],
    "hang": [{"kind": "hang"}],
    "hang at accept": [{"kind": "hang", "when": "accept"}],
    "slow": [{"kind": "slow", "delay_ms": 2500}],
    "reset at accept": [{"kind": "reset", "when": "accept"}],
    "reset at request": [{"kind": "reset"}],
    "reset at head": [{"kind": "reset", "when": "head"}],
    "503": [{"kind": "http_status", "status": 503}],
    "502": [{"kind": "http_status", "status": 502}],
    "empty 200": [{"kind": "empty_200"}],
    "non-XML 200": [{"kind": "non_xml_200"}],
    "SOA-00001": [{"kind": "soa_fault", "code": "SOA-00001"}],
    "SOA-02001": [{"kind": "soa_fault", "code": "SOA-02001"}],
    "SOA-02002": [{"kind": "soa_fault", "code": "SOA-02002"}],
    "SOA-02002 in a 200": [{"kind": "soa_fault", "code": "SOA-02002", "status": 200}],
    "dies in mid-body": [{"kind": "die_mid_body"}],
    "dies in mid-chunk": [{"kind": "die_mid_chunk"}],
    "short body": [{"kind": "short_body"}],
    "garbage": [{"kind": "garbage"}],
    "probes fine, traffic 503": [{"kind": "http_status", "status": 503, "for": "traffic"}],
    "probes fine, traffic hangs": [{"kind": "hang", "for": "traffic"}],
    "probes fine, traffic dies in mid-body": [{"kind": "die_mid_body", "for": "traffic"}],
    "flapping": [{"kind": "reset", "flap_ms": 60}],
    "flapping port": [{"kind": "refuse", "flap_ms": 100}],
    "every second request": [{"kind": "reset", "share": 0.5}],
}
OWN_ANSWERS = ["SOA-01001", "SOA-01002"] + [f"SOA-0300{n}" for n in range(1, 8)]


@pytest.fixture(scope="module")
def cluster(make_cluster):
    """Quick to forgive, because every test begins with a healthy primary."""
    return make_cluster(switchover={"attempt_timeout": f"{int(ATTEMPT_S * 1000)}ms", "hold_down": "200ms",
                                    "degraded_hold_down": "100ms", "min_dwell": "50ms", "ejection_time": "200ms",
                                    "distinct_callers": 3})


@pytest.fixture
def healthy(cluster):
    cluster.heal()
    return cluster


@pytest.mark.parametrize("name", FAULTS)
def test_no_request_is_lost_and_each_is_answered_once(healthy, name):
    healthy.primary.faults(*FAULTS[name])
    with healthy.garde.client() as client:
        for number in range(CONSULTS):
            question = consult(patient(2000 + number))
            reply = client.ask(question)
            assert reply.status == 200 and question.matches(reply.body), (name, number, reply.head)
            primary, *backups = healthy.answered(question.reference)
            if name == "slow":
                primary = 0  # answered too late to be heard
            assert primary + sum(backups) == 1
            assert (reply.mode == "backup") == (sum(backups) == 1)


@pytest.mark.parametrize("code", OWN_ANSWERS)
def test_what_the_service_itself_says_is_delivered_unchanged(healthy, pki, code):
    garde = healthy.garde
    healthy.primary.faults({"kind": "soa_fault", "code": code, "for": "traffic"})
    before = garde.switchovers()
    with Connection(healthy.primary.port, pki.backend_context()) as direct:
        original = direct.ask(consult())
    with garde.client() as client:
        for _ in range(CONSULTS):
            question = consult()
            reply = client.ask(question)
            assert (reply.status, reply.body) == (original.status, original.body)
            assert reply.mode == "primary" and reply.get("X-Sim-Site") == "dc1"
            assert healthy.received(question.reference) == [1, 0, 0]
    assert garde.switchovers() == before


def test_a_copy_refused_as_replay_is_not_the_truth(healthy):
    """The primary takes the question and dies; the backups share its memory and refuse the copy: that answer says nothing, and the
    caller gets what the cache knows about the patient."""
    question = consult(patient(2100))
    with healthy.garde.client() as client:
        kept = client.ask(question)
        for site in healthy.sites:
            site.faults({"kind": "replay_guard", "scope": "shared", "for": "traffic"},
                        *([{"kind": "die_mid_body", "for": "traffic"}] if site is healthy.primary else []))
        reply = client.ask(consult(patient(2100)))
    assert reply.status == 200 and reply.body == kept.body
    assert "hit" in reply.get("Cache-Status")


def test_refusals_about_one_insurers_patients_move_nothing(healthy):
    for site in healthy.sites:
        site.faults({"kind": "soa_fault", "code": "SOA-03007", "mutuality": "130", "for": "traffic"})
    with healthy.garde.client() as client:
        for number in range(2200, 2216):
            reply = client.ask(consult(patient(number)))
            expected = "SOA-03007" if number % 8 == 0 else None
            assert fault_code(reply.body) == expected
            assert reply.mode == "primary"


@pytest.fixture(scope="module")
def bare(make_cluster):
    """Neither cache nor procedure: garde has nothing of its own to say."""
    return make_cluster(cache=False, procedure=False, switchover={"traffic_fall": 1000})


@pytest.mark.parametrize("fault, status, asked", [({"kind": "soa_fault", "code": "SOA-00001"}, 500, [1, 1, 0]),
                                                  ({"kind": "soa_fault", "code": "SOA-02001"}, 500, [1, 1, 1]),
                                                  ({"kind": "http_status", "status": 503}, 503, [1, 1, 1])])
def test_when_all_fail_the_primarys_own_error_is_returned(bare, pki, fault, status, asked):
    """What the request itself may have brought about is not tried a third time."""
    for site in bare.sites:
        site.faults({**fault, "for": "traffic"})
    with Connection(bare.primary.port, pki.backend_context()) as direct:
        original = direct.ask(consult())
    with bare.garde.client() as client:
        question = consult()
        reply = client.ask(question)
    assert (reply.status, reply.body) == (status, original.body)
    assert reply.get("X-Sim-Site") == "dc1"
    assert bare.received(question.reference) == asked


def test_without_any_backend_a_bare_service_gets_a_gateway_error(bare):
    for site in bare.sites:
        site.faults({"kind": "refuse"})
    with bare.garde.client() as client:
        reply = wait_for(lambda: (r := client.ask(consult())).status == 502 and r, "a gateway error")
    assert reply.get("Content-Type") == "application/problem+json"
    assert "error=" in reply.get("Proxy-Status")
