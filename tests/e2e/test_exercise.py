"""Emergency mode as an exercise: for one pharmacy or one route, marked everywhere, while everybody else notices nothing."""

import datetime

import pytest

from harness.consult import consult, fault_code
from harness.garde import ROUTES, SERVICE
from harness.processes import wait_for
from test_receipts import published, verified

ROUTE = ROUTES[0]["path"]


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture
def garde(cluster):
    """At the primary, without exercises, before and after."""
    cluster.heal()
    yield cluster.garde
    cluster.garde.order("automatic", "test ends")
    end(cluster.garde)


def begin(garde, seconds=600, **scope):
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    reply = garde.admin("POST", f"/v1/services/{SERVICE}/exercise",
                        {"begin": True, "reason": "spring", "expires": until.isoformat().replace("+00:00", "Z"), **scope})
    assert reply.status == 200, reply.document
    return reply.document["exercises"][0]["id"]


def end(garde):
    reply = garde.admin("POST", f"/v1/services/{SERVICE}/exercise", {"begin": False, "reason": "done"})
    assert reply.status == 200, reply.document
    return reply.document["exercises"]


def ask(garde, caller=1, fields=()):
    with garde.client(caller) as client:
        return client.ask(consult(), fields=fields)


def in_effect(garde, caller=1):
    """The first answer of an exercise: an order is in force once the workers have read it."""
    return wait_for(lambda: (reply := ask(garde, caller)).get("Garde-Exercise") and reply, "an exercise's answer", 5)


def drill(garde, event, of):
    wait_for(lambda: any(r["attributes"]["id"] == of for r in garde.journal(event)), f"{event} of {of}", 5)
    return next(r for r in garde.journal(event) if r["attributes"]["id"] == of)


def test_one_pharmacy_rehearses_and_nobody_else_notices(garde):
    switchovers = len(garde.journal("switchover"))
    second = garde.pki.subject(2)
    one = begin(garde, caller=second)
    rehearsed = in_effect(garde, caller=2)
    assert (rehearsed.status, rehearsed.mode, fault_code(rehearsed.body)) == (500, "emergency", "SOA-02002")
    assert rehearsed.get("Garde-Exercise") == one
    assert "EXERCI".encode() in rehearsed.body
    claims = verified(rehearsed.get("Garde-Receipt"), published(garde))
    assert (claims["exercise"], claims["mode"], claims["decision"], claims["attempts"]) == (one, "emergency", "procedure", [])
    assert "Pharmacy Two" in claims["caller"]
    for caller in (1, None):
        reply = ask(garde, caller)
        assert (reply.status, reply.mode, reply.get("Garde-Exercise")) == (200, "primary", None)
    assert one in garde.ctl("services")
    page = garde.status("/").body.decode()
    assert "spring" not in page and one not in page, "the public is told of outages, not of exercises"

    over = end(garde)
    assert [(run["id"], run["caller"], run["by"]) for run in over] == [(one, second, "operator-a")]
    wait_for(lambda: ask(garde, 2).mode == "primary", "the primary's answer again", 5)
    begun, ended = drill(garde, "exercise-begun", one), drill(garde, "exercise-ended", one)
    assert begun["drill"] and ended["drill"]
    assert int(ended["attributes"]["requests"]) == over[0]["requests"] >= 1
    assert (ended["attributes"]["cause"], ended["attributes"]["by"]) == ("order", "operator-a")
    assert len(garde.journal("switchover")) == switchovers
    garde.verify_journal()


def test_its_answers_are_in_the_callers_language_and_counted_apart(garde):
    begin(garde, route=ROUTE)
    in_effect(garde)
    assert "OEFENING: ".encode() in ask(garde, fields=[("Accept-Language", "nl")]).body
    text = garde.metrics().body.decode()
    rows = [line for line in text.splitlines() if line.startswith("garde_requests_total{") and 'answered_by="exercise"' in line]
    assert any(float(line.rsplit(" ", 1)[1]) >= 1 for line in rows), "\n".join(rows) or text[:2000]


def test_it_ends_with_its_time(garde):
    one = begin(garde, seconds=2, route=ROUTE)
    in_effect(garde)
    assert drill(garde, "exercise-ended", one)["attributes"]["cause"] == "time"
    assert ask(garde).mode == "primary"


def test_a_real_outage_goes_first(garde):
    begin(garde, route=ROUTE)
    in_effect(garde)
    garde.order("emergency", "in earnest")
    real = wait_for(lambda: (reply := ask(garde)).get("Garde-Exercise") is None and reply, "an answer in earnest", 5)
    assert (real.mode, fault_code(real.body)) == ("emergency", "SOA-02002")
    assert "EXERCI".encode() not in real.body
    garde.order("automatic", "over")
    in_effect(garde)


def test_an_operator_needs_one_line_to_begin_and_one_to_end_it(garde):
    assert "begun: " in garde.ctl("exercise", "begin", SERVICE, "--route", ROUTE, "--for", "10m", "--reason", "spring")
    in_effect(garde)
    said = garde.ctl("exercise", "end", SERVICE, "--reason", "done")
    assert "ended: " in said and ROUTE in said
    assert "no exercise" in garde.ctl("exercise", "end", SERVICE, "--reason", "done")
    assert "--for" in garde.ctl("exercise", "begin", SERVICE, "--route", ROUTE, "--reason", "r", expect=2)
    assert "has no route" in garde.ctl("exercise", "begin", SERVICE, "--route", "/no", "--for", "1m", "--reason", "r", expect=1)


def test_it_does_not_outlive_garde(garde):
    one = begin(garde, route=ROUTE)
    in_effect(garde)
    garde.stop()
    garde.restart()
    assert drill(garde, "exercise-ended", one)["attributes"]["cause"] == "stop"
    assert ask(garde).mode == "primary"
