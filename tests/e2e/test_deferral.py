"""Requests that no backend answers are kept, asked again once the service is back, and settled once; nobody is promised what is not kept."""

import hashlib
import json
import os
import uuid

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness.client import Connection
from harness.consult import consult, patient
from harness.garde import ROUTES, SERVICE
from harness.processes import wait_for

DEFERRALS = "/.well-known/garde/deferrals"
KEPT = {"kind": "http", "deferred": "message", "deferred_callers": ["*"], "stays_valid": "1h"}
DEFERRING_ROUTES = [
    {"path": "/orders", **KEPT, "idempotency_header": "Idempotency-Key"},
    {"path": "/orders/*", **KEPT},
    {**ROUTES[0], "deferred": "message", "deferred_callers": ["*"], "stays_valid": "1h"},
    {"path": "/echo", "kind": "http"},
]
STATES = ("queued", "sent", "confirmed", "contradicted", "expired", "handed-back", "ambiguous")
RULES = [{"name": "keep", "decide": "defer"}]


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(ledger=True, routes=DEFERRING_ROUTES, switchover={"longest_hold_down": "1s", "longest_ejection": "1s", "switchovers_per_hour": 1000}, service_tables={"stand_in": [
        {"name": "fresh", "decide": "cache"}, *RULES]})


@pytest.fixture
def outage(cluster):
    """No site answers until the test heals it."""
    heal(cluster)
    take_down(cluster)
    return cluster


def heal(cluster):
    """Every site is up, and the service back at the primary. Another caller asks: who failed in traffic comes back by trials."""
    for site in cluster.sites:
        site.clear()
    cluster.garde.wait_for_mode("primary", 40, caller=2)


def take_down(cluster):
    for site in cluster.sites:
        site.faults({"kind": "http_status", "status": 503})
    cluster.garde.wait_for_mode("degraded", 30, caller=2)


def order(garde, caller=1, body=None, path="/orders", fields=()):
    """An order that nobody has sent before; the answer with its deferral."""
    body = body or f"order {uuid.uuid4()}"
    with garde.client(caller) as client:
        reply = client.request("POST", path, [("Content-Type", "text/plain"), *fields], body.encode())
    reply.sent = body
    deferral = reply.get("Garde-Deferral")
    reply.deferral = deferral.split(";")[0] if deferral else None
    return reply


def deferrals(garde, caller=1, fields=()):
    with garde.client(caller) as client:
        reply = client.request("GET", DEFERRALS, list(fields))
    return reply


def listed(garde, caller=1):
    reply = deferrals(garde, caller)
    assert reply.status == 200, reply.head
    return {one["id"]: one for one in json.loads(reply.body)["deferrals"]}


def wait_for_state(garde, deferral, state, caller=1, seconds=40):
    return wait_for(lambda: (one := listed(garde, caller).get(deferral)) and one["state"] == state and one, f"{deferral} is {state}", seconds)


def carried_out(cluster, key):
    return sum(site.answered(key) for site in cluster.sites)


def metric(garde, name, **labels):
    families = text_string_to_metric_families(garde.metrics().body.decode())
    return sum(s.value for f in families for s in f.samples if s.name == name and labels.items() <= s.labels.items())


def test_an_order_is_kept_and_carried_out_once_the_service_is_back(outage):
    garde = outage.garde
    reply = order(garde, fields=[("Accept-Language", "nl")])
    assert (reply.status, reply.mode) == (503, "degraded")
    assert reply.deferral and "kind=message" in reply.get("Garde-Deferral")
    assert f"<{DEFERRALS}/{reply.deferral}>; rel=\"status\"" in reply.get("Link")
    told = json.loads(reply.body)["deferral"]
    assert told["id"] == reply.deferral and told["notice"].startswith("Uw vraag wordt bewaard")
    one = listed(garde)[reply.deferral]
    assert (one["state"], one["service"], one["attempts"]) == ("queued", SERVICE, 0)
    assert one["request_sha256"] == hashlib.sha256(reply.sent.encode()).hexdigest()
    heal(outage)
    settled = wait_for_state(garde, reply.deferral, "confirmed")
    assert settled["result"] == "201"
    assert carried_out(outage, reply.deferral) == 1


def test_what_the_service_refuses_is_contradicted(outage):
    reply = order(outage.garde, body="refuse")
    heal(outage)
    assert wait_for_state(outage.garde, reply.deferral, "contradicted")["result"] == "409"


def test_the_callers_own_key_is_kept(outage):
    key = str(uuid.uuid4())
    reply = order(outage.garde, fields=[("Idempotency-Key", key)])
    heal(outage)
    wait_for_state(outage.garde, reply.deferral, "confirmed")
    assert carried_out(outage, key) == 1


def test_everybody_finds_his_own_only(outage):
    garde = outage.garde
    mine, others = order(garde, 1), order(garde, 2)
    assert mine.deferral in listed(garde, 1) and mine.deferral not in listed(garde, 2)
    assert others.deferral in listed(garde, 2) and others.deferral not in listed(garde, 1)
    with garde.client(2) as client:
        assert client.request("GET", f"{DEFERRALS}/{mine.deferral}").status == 404
        assert json.loads(client.request("GET", f"{DEFERRALS}/{others.deferral}").body)["state"] == "queued"
        assert client.request("GET", f"{DEFERRALS}/nonsense").status == 404
        assert client.request("PUT", DEFERRALS, (), b"x").get("Allow") == "GET, HEAD, POST"
    assert deferrals(garde, None).status == 403


def test_who_has_not_shown_who_he_is_gets_the_procedure_alone(outage):
    reply = order(outage.garde, None)
    assert reply.status == 503 and reply.deferral is None
    assert "deferral" not in json.loads(reply.body)


def test_reading_is_never_deferred(outage):
    with outage.garde.client() as client:
        reply = client.request("GET", "/orders")
    assert reply.status == 503 and reply.get("Garde-Deferral") is None


def test_a_list_tells_news(outage):
    garde = outage.garde
    order(garde)
    first = deferrals(garde)
    tag = first.get("ETag")
    same = deferrals(garde, fields=[("If-None-Match", tag)])
    assert (same.status, same.body, same.get("ETag")) == (304, b"", tag)
    with garde.connection() as waiting:
        waiting.send(f"GET {DEFERRALS} HTTP/1.1\r\nHost: a\r\nIf-None-Match: {tag}\r\nPrefer: wait=20\r\n\r\n".encode())
        assert waiting.nothing_within(0.3)
        order(garde)
        news = waiting.read_reply()
    assert news.status == 200 and news.get("ETag") != tag


def test_a_message_that_expires_is_noted_and_handed_back(outage):
    garde = outage.garde
    question = consult(patient(871))
    with garde.client() as client:
        reply = client.ask(question)
    assert reply.status == 500 and "kind=reference" in reply.get("Garde-Deferral")
    deferral = reply.get("Garde-Deferral").split(";")[0]
    assert listed(garde)[deferral]["reference"] == question.reference
    assert "Votre demande est not" in reply.body.decode()
    asked = outage.received(question.reference)
    heal(outage)
    wait_for_state(garde, deferral, "handed-back")
    assert outage.received(question.reference) == asked, "only its sender may ask it again"


def test_a_kept_answer_goes_before_a_deferral(cluster):
    heal(cluster)
    question = patient(872)
    with cluster.garde.client() as client:
        first = client.ask(consult(question))
        take_down(cluster)
        again = client.ask(consult(question))
    assert again.body == first.body and again.get("Garde-Deferral") is None


def claims_of(text):
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


def test_the_receipt_names_rule_policy_and_deferral(outage):
    garde = outage.garde
    reply = order(garde)
    file = garde.folder / "receipt"
    file.write_text(reply.get("Garde-Receipt"))
    keys = garde.folder / "keys.json"
    keys.write_bytes(garde.status("/.well-known/jwks.json").body)
    claims = claims_of(garde.command("receipt", "verify", "--key", keys, file))
    assert (claims["decision"], claims["rule"], claims["deferral"]) == ("defer", "keep", reply.deferral)
    assert len(claims["policy"]) == 12


def test_kept_is_kept_whatever_ends_garde(outage):
    garde = outage.garde
    kept = [order(garde).deferral for _ in range(5)]
    garde.restart_after_kill()
    after = listed(garde)
    assert all(after[one]["state"] == "queued" for one in kept)
    heal(outage)
    for one in kept:
        wait_for_state(garde, one, "confirmed")
        assert carried_out(outage, one) == 1


def test_an_attempt_without_an_end_goes_again_where_the_service_knows_the_key(outage):
    garde = outage.garde
    reply = order(garde)
    # The order is carried out, and nobody hears of it.
    for site in outage.sites:
        site.faults({"kind": "reset", "when": "request", "for": "orders"})
    garde.wait_for_mode("primary", 40, caller=2)
    wait_for(lambda: carried_out(outage, reply.deferral) == 1, "the order is carried out", 40)
    heal(outage)
    wait_for_state(garde, reply.deferral, "confirmed")
    assert carried_out(outage, reply.deferral) == 1
    assert sum(site.received(reply.deferral) for site in outage.sites) > 1


def test_a_full_disk_promises_nothing_and_answers_go_on(outage):
    garde = outage.garde
    ledger = garde.data / "ledger.sqlite"
    garde.stop()
    blocked = garde.data / "aside"
    ledger.rename(blocked)
    ledger.mkdir()  # a file that cannot be opened
    try:
        garde.restart()
        garde.wait_for_mode("degraded", 30, caller=2)
        reply = order(garde)
        assert reply.status == 503 and reply.deferral is None
        assert json.loads(reply.body)["steps"]
        assert metric(garde, "garde_deferrals_refused_total", reason="disk") >= 1
        assert metric(garde, "garde_ledger_failing") == 1
        assert deferrals(garde).status == 503
    finally:
        os.rmdir(ledger)
        blocked.rename(ledger)
    wait_for(lambda: order(garde).deferral, "requests are kept again", 20)
    assert metric(garde, "garde_ledger_failing") == 0


def test_nothing_of_a_request_can_be_read_on_the_disk(outage):
    garde = outage.garde
    secret = f"secret {uuid.uuid4()}"
    assert order(garde, body=secret).deferral
    for file in garde.data.glob("ledger.sqlite*"):
        assert secret.encode() not in file.read_bytes()


def test_operators_see_what_became_of_all_of_them(outage):
    garde = outage.garde
    kept = [order(garde, caller).deferral for caller in (1, 2, 1)]
    heal(outage)
    for one, caller in zip(kept, (1, 2, 1)):
        wait_for_state(garde, one, "confirmed", caller)
    told = wait_for(lambda: (now := json.loads(garde.ctl("deferrals", "--json")))["outages"] and now, "they are counted")
    for one in told["outages"]:
        assert one["issued"] == sum(one[state] for state in STATES), one
    report = json.loads(garde.ctl("deferrals", SERVICE, "--json"))
    assert {one["id"] for one in report["deferrals"]} >= set(kept)
    assert report["all"]["issued"] == sum(one["issued"] for one in report["callers"]) == len(report["deferrals"])
    rows = garde.ctl("deferrals", SERVICE, "--csv").splitlines()
    assert len(rows) == len(report["deferrals"]) + 1
    assert "<td>all</td>" in garde.ctl("deferrals", SERVICE, "--html")
    assert f"{SERVICE}, outage of" in garde.ctl("deferrals", SERVICE)


def test_operators_can_ask_which_rule_would_decide(cluster):
    garde = cluster.garde
    words = ("explain-request", SERVICE, "--subject", "CN=Any", "--issuer", "CN=CA")
    assert "decides: defer, by keep" in garde.ctl(*words, "--deferrable")
    assert "decides: cache, by fresh" in garde.ctl(*words, "--deferrable", "--consult-age", "3d")
    told = garde.ctl(*words, "--mode", "emergency", "--consult-age", "3d")
    assert "fresh (cache): does not fit: mode" in told and "decides: procedure, by default" in told


def test_what_is_kept_is_counted(outage):
    garde = outage.garde
    before = metric(garde, "garde_deferrals_kept_total")
    order(garde)
    assert metric(garde, "garde_deferrals_kept_total") == before + 1
    wait_for(lambda: metric(garde, "garde_deferrals", service=SERVICE, kind="message", state="queued") >= 1, "it is counted")
    assert metric(garde, "garde_requests_total", answered_by="deferred") >= 1
