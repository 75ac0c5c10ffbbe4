"""Operators: who they are, what they must say, what their orders do, and that all of it is written down."""

import time

import pytest

from harness.consult import consult, fault_code, patient
from harness.garde import SERVICE, TOKENS
from harness.processes import wait_for


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture
def garde(cluster):
    """Automatic at the primary, before and after."""
    if cluster.garde.order("automatic", "test begins").status != 200:
        pytest.fail("cannot go back to automatic")
    cluster.heal()
    yield cluster.garde
    cluster.garde.order("automatic", "test ends")


def ask(garde, ssin=None, fields=()):
    with garde.client() as client:
        return client.ask(consult(ssin or patient(4000)), fields=fields)


def overrides_written(garde):
    return [record["attributes"] for record in garde.journal("override")]


@pytest.mark.parametrize("token", [None, "", "wrong", TOKENS["operator-a"] + "x", TOKENS["operator-a"][:-1]])
def test_without_a_right_token_nothing_is_told_and_nothing_changes(garde, token):
    written = len(overrides_written(garde))
    for reply in (garde.order("emergency", token=token), garde.admin("GET", "/v1/services", token=token)):
        assert reply.status == 401
        assert reply.get("Content-Type") == "application/problem+json"
        assert reply.get("WWW-Authenticate").startswith("Bearer")
        assert SERVICE not in str(reply.document)
    assert ask(garde).mode == "primary"
    assert len(overrides_written(garde)) == written


@pytest.mark.parametrize("document", [{"mode": "emergency"}, {"mode": "emergency", "reason": ""},
                                      {"mode": "emergency", "reason": "   "}, {"mode": "holiday", "reason": "r"},
                                      {"reason": "r"}, {"mode": "emergency", "reason": "r", "expires": "soon"},
                                      {"mode": "emergency", "reason": "r", "unknown": 1}])
def test_an_incomplete_order_is_refused(garde, document):
    reply = garde.admin("POST", f"/v1/services/{SERVICE}/mode", document)
    assert reply.status in (400, 422)
    assert reply.get("Content-Type") == "application/problem+json"
    assert reply.document["status"] == reply.status and reply.document["detail"]
    assert ask(garde).mode == "primary"


def test_refused_orders_are_written_down_with_who_and_why(garde):
    before = len(garde.journal("order-refused"))
    mode = f"/v1/services/{SERVICE}/mode"
    refused = [("POST", mode, {"mode": "holiday", "reason": "r"}, 422), ("DELETE", mode, None, 405),
               ("POST", "/v1/services/nobody/mode", {"mode": "emergency", "reason": "r"}, 404)]
    for method, path, document, status in refused:
        assert garde.admin(method, path, document, token=TOKENS["operator-b"]).status == status
    assert garde.admin("GET", "/v1/nothing").status == 404  # no order
    written = wait_for(lambda: len(all := garde.journal("order-refused")) >= before + 3 and all, "the refusals in the journal", 5)
    told = [record["attributes"] for record in written[before:]]
    assert [(one["by"], one["path"], one["why"][:3]) for one in told] == [
        ("operator-b", path, str(status)) for _, path, _, status in refused]
    assert "emergency" in told[0]["why"]  # what the operator was told: the modes that there are
    assert all(one["configuration"] for one in told)


def test_a_flood_of_strangers_is_a_count(garde):
    garde.stop()
    garde.restart()
    before = len(garde.journal("refused"))
    for _ in range(200):
        assert garde.admin("GET", "/v1/services", token="wrong").status == 401
    garde.stop()
    garde.restart()
    written = [record["attributes"] for record in garde.journal("refused")[before:]]
    assert len(written) <= 3  # the first at once, then one a minute, and the rest at the end
    assert sum(int(one["count"]) for one in written) == 200
    assert {(one["source"], one["why"]) for one in written} == {("127.0.0.1", "wrong-token")}


def test_an_unknown_service_is_not_found(garde):
    assert garde.admin("POST", "/v1/services/nobody/mode", {"mode": "emergency", "reason": "r"}).status == 404
    assert garde.admin("GET", "/v1/nothing").status == 404


def test_reading_changes_nothing_and_shows_the_modes(garde):
    reply = garde.admin("GET", "/v1/services")
    assert reply.status == 200
    [service] = reply.document["services"]
    assert (service["name"], service["mode"]) == (SERVICE, "primary")
    assert [backend["name"] for backend in service["backends"]] == ["dc1", "dc2", "dc3"]


def test_emergency_gives_the_procedure_although_all_is_well(garde):
    assert ask(garde).status == 200  # now kept in the cache
    assert garde.order("emergency", "rehearsal of the procedure").status == 200
    reply = ask(garde)
    assert (reply.status, fault_code(reply.body), reply.mode) == (500, "SOA-02002", "emergency")
    assert garde.order("automatic", "rehearsal over").status == 200
    assert garde.wait_for_mode("primary", 3)


def test_degraded_answers_from_the_cache_first(garde):
    kept = ask(garde)
    wait_for(lambda: garde.order("degraded").status == 200 and ask(garde).body == kept.body, "a cached answer", 3)
    assert ask(garde, patient(4001)).status == 500


@pytest.mark.parametrize("mode", ["backup", "primary"])
def test_a_pinned_backend_is_asked(garde, mode):
    assert garde.order(mode).status == 200
    assert ask(garde).mode == mode


def test_a_pin_falls_back_unless_it_is_strict(cluster, garde):
    cluster.primary.faults({"kind": "http_status", "for": "traffic"})
    garde.order("primary")
    assert ask(garde, patient(4002)).mode == "backup"
    garde.order("primary", strict=True)
    reply = ask(garde, patient(4003))
    assert reply.status != 200 and reply.mode != "backup"


def test_transparent_is_a_plain_pipe(cluster, garde):
    """Primary only, its answers as they are, no failing over, no cache."""
    ask(garde, patient(4004))
    assert garde.order("transparent").status == 200
    question = consult(patient(4004))
    cluster.primary.faults({"kind": "http_status", "status": 503, "for": "traffic"})
    with garde.client() as client:
        reply = client.ask(question)
    assert (reply.status, reply.body, reply.mode) == (503, b"Simulated failure.\n", "transparent")
    assert cluster.received(question.reference) == [1, 0, 0]


def test_an_order_expires(garde):
    begun = time.monotonic()
    assert garde.order("emergency", for_s=1).status == 200
    assert ask(garde).mode == "emergency"
    garde.wait_for_mode("primary", 5)
    assert time.monotonic() - begun >= 1.0


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_order_outlives_garde(garde, end):
    assert garde.order("emergency", f"outlives {end}").status == 200
    garde.process.stop() if end == "stop" else garde.process.kill()
    garde.restart()
    assert ask(garde).mode == "emergency"
    [service] = garde.admin("GET", "/v1/services").document["services"]
    assert service["override"]["reason"] == f"outlives {end}"
    assert service["override"]["by"] == "operator-a"


def test_orders_are_written_down_with_who_and_why(garde):
    garde.order("emergency", "écrit « tel quel »", token=TOKENS["operator-b"])
    record = garde.wait_for_record("override", reason="écrit « tel quel »")
    assert record["by"] == "operator-b" and record["service"] == SERVICE and record["mode"] == "emergency"
    garde.wait_for_record("switchover", to="emergency", by="operator-b")
    for file in (garde.data / "journal").iterdir():
        assert TOKENS["operator-b"].encode() not in file.read_bytes(), file
    garde.verify_journal()


def test_the_command_line_does_the_same(garde):
    assert SERVICE in garde.ctl("services")
    garde.ctl("mode", SERVICE, "emergency", "--reason", "by hand", "--for", "10m")
    assert ask(garde).mode == "emergency"
    text = garde.ctl("services")
    assert "emergency" in text and "by hand" in text and "operator-a" in text
    garde.ctl("mode", SERVICE, "automatic", "--reason", "enough")
    garde.wait_for_mode("primary", 3)


def test_the_command_line_fails_loudly(garde):
    file = garde.folder / "wrong.token"
    file.write_text("wrong\n")
    file.chmod(0o600)
    text = garde.command("ctl", "services", "--url", f"https://localhost:{garde.admin_port}", "--token-file", file, "--ca",
                         garde.pki.ca, expect=1)
    assert "401" in text or "token" in text
    assert "mode" in garde.ctl("mode", SERVICE, "holiday", "--reason", "r", expect=1)
