"""Why a service is in its mode, told to operators; and the emergency procedure, which opens and closes apart from the mode."""

import datetime
import html
import json

import pytest

from harness.consult import consult, fault_code, patient
from harness.garde import LANGUAGES, SERVICE, TOKENS
from harness.processes import wait_for

STILL_OPEN = {
    "fr": "La procédure d’urgence reste ouverte bien que le service réponde\u00a0; sa clôture sera annoncée ici.",
    "nl": "De noodprocedure blijft van kracht, hoewel de dienst antwoordt; haar afsluiting wordt hier bekendgemaakt.",
    "de": "Das Notverfahren bleibt in Kraft, obwohl der Dienst antwortet; sein Ende wird hier bekannt gegeben.",
    "en": "The emergency procedure is still open although the service answers; its closing will be announced here.",
}
NOT_OPEN = {
    "fr": "La procédure d’urgence n’est pas ouverte pour le moment.",
    "nl": "De noodprocedure is momenteel niet van kracht.",
    "de": "Das Notverfahren ist zurzeit nicht in Kraft.",
    "en": "The emergency procedure is not open at the moment.",
}


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(switchover={"canary": ["5%", "25%", "50%"], "canary_step": "1s"})


@pytest.fixture
def garde(cluster):
    """Automatic, all sites well, the procedure closed, before and after."""
    garde = cluster.garde
    assert garde.order("automatic", "test begins").status == 200
    assert garde.order_procedure(False, "test begins").status == 200
    yield garde
    garde.order("automatic", "test ends")
    garde.order_procedure(False, "test ends")


def time_of(text):
    return datetime.datetime.fromisoformat(text)


def page(garde, language, path="/"):
    return html.unescape(garde.status(f"{path}?lang={language}").body.decode())


def procedure_of(garde):
    [service] = garde.health()["services"]
    return service["procedure"]


def backend_of(explanation, name):
    return next(one for one in explanation["backends"] if one["name"] == name)


# --- the procedure, apart from the mode


def test_it_is_opened_and_closed_by_order_while_the_service_answers(garde):
    began = datetime.datetime.now(datetime.timezone.utc)
    reply = garde.order_procedure(True, "écrit « tel quel »", token=TOKENS["operator-b"])
    assert (reply.status, reply.document["changed"], reply.document["stored"]) == (200, True, True)
    wait_for(lambda: procedure_of(garde)["active"], "the procedure is open", 5)
    assert garde.health()["status"] == "warn"
    assert abs((time_of(procedure_of(garde)["since"]) - began).total_seconds()) < 5
    with garde.client() as client:
        assert client.ask(consult()).mode == "primary"
    for language in LANGUAGES:
        assert STILL_OPEN[language] in page(garde, language)
        assert f"procedure/{SERVICE}?lang={language}" in page(garde, language)
    assert "still open although" in page(garde, "en", f"/procedure/{SERVICE}")
    assert "emergency procedure open since" in garde.ctl("services")
    assert any("until an operator closes it" in sentence for sentence in garde.explain()["outlook"])

    assert garde.order_procedure(False, "the last form is in").status == 200
    wait_for(lambda: not procedure_of(garde)["active"], "the procedure is closed", 5)
    assert garde.health()["status"] == "pass"
    for language in LANGUAGES:
        assert STILL_OPEN[language] not in page(garde, language) and "procedure/" not in page(garde, language)
    garde.wait_for_record("procedure-opened", by="operator-b", reason="écrit « tel quel »", service=SERVICE)
    garde.wait_for_record("procedure-closed", by="operator-a", reason="the last form is in")


def test_closed_during_an_outage_nobody_is_sent_there(garde):
    assert garde.order("emergency").status == 200
    wait_for(lambda: procedure_of(garde)["active"], "the procedure opens with the mode", 5)
    assert garde.order_procedure(False, "another way is open").status == 200
    wait_for(lambda: not procedure_of(garde)["active"], "the procedure is closed", 5)
    wait_for(lambda: garde.health()["status"] == "fail", "the outage is announced", 5)
    for language in LANGUAGES:
        text = page(garde, language)
        assert NOT_OPEN[language] in text and "procedure/" not in text
    with garde.client() as client:
        assert fault_code(client.ask(consult()).body) == "SOA-02002"


def test_it_opens_and_closes_with_the_mode_by_itself(garde):
    assert garde.order("emergency").status == 200
    wait_for(lambda: procedure_of(garde)["active"], "the procedure opens with the mode", 5)
    assert garde.order("automatic").status == 200
    wait_for(lambda: not procedure_of(garde)["active"], "the procedure closes with the outage", 5)
    garde.wait_for_record("procedure-opened", by="garde")
    garde.wait_for_record("procedure-closed", by="garde")


def test_what_an_operator_keeps_open_outlives_the_outage(garde):
    assert garde.order("emergency").status == 200
    wait_for(lambda: procedure_of(garde)["active"], "the procedure opens with the mode", 5)
    reply = garde.order_procedure(True, "until tomorrow")
    assert (reply.status, reply.document["changed"]) == (200, False)
    assert garde.order("automatic").status == 200
    garde.wait_for_mode("primary", 5)
    wait_for(lambda: STILL_OPEN["en"] in page(garde, "en"), "the page tells that it is still open", 5)
    garde.wait_for_record("procedure-opened", by="operator-a", reason="until tomorrow", already="yes")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_open_procedure_outlives_garde(garde, end):
    assert garde.order_procedure(True, f"outlives {end}").document["stored"]
    since = wait_for(lambda: procedure_of(garde)["since"], "the procedure is open", 5)
    garde.process.stop() if end == "stop" else garde.process.kill()
    garde.restart()
    again = wait_for(lambda: procedure_of(garde)["since"], "the procedure is open again", 5)
    assert abs((time_of(again) - time_of(since)).total_seconds()) < 1
    garde.wait_for_record("procedure-resumed", by="operator-a", reason=f"outlives {end}")


def test_an_open_procedure_is_taken_over(garde):
    assert garde.order_procedure(True, "goes on").status == 200
    wait_for(lambda: procedure_of(garde)["active"], "the procedure is open", 5)
    former = garde.process
    garde.take_over()
    wait_for(lambda: not former.alive, "the former one has gone", 20)
    assert procedure_of(garde)["active"]


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_a_right_token_nothing_changes(garde, token):
    written = len(garde.journal("procedure-opened"))
    assert garde.order_procedure(True, token=token).status == 401
    assert garde.admin("GET", f"/v1/services/{SERVICE}/explanation", token=token).status == 401
    assert not garde.explain()["procedure_active"]
    assert len(garde.journal("procedure-opened")) == written
    wait_for(lambda: garde.journal("refused"), "the refusal in the journal", 5)


@pytest.mark.parametrize("document", [{"open": True}, {"open": True, "reason": " "}, {"open": "yes", "reason": "r"},
                                      {"reason": "r"}, {"open": True, "reason": "r", "mode": "emergency"}])
def test_an_incomplete_order_is_refused(garde, document):
    reply = garde.admin("POST", f"/v1/services/{SERVICE}/procedure", document)
    assert reply.status == 422 and reply.document["detail"]
    assert not garde.explain()["procedure_active"]


def test_an_unknown_service_is_not_found(garde):
    assert garde.admin("POST", "/v1/services/nobody/procedure", {"open": True, "reason": "r"}).status == 404
    assert garde.admin("GET", "/v1/services/nobody/explanation").status == 404
    assert "404" in garde.ctl("explain", "nobody", expect=1)


def test_the_command_line_opens_and_closes(garde):
    garde.ctl("procedure", "open", SERVICE, "--reason", "by hand")
    assert garde.explain()["procedure_active"]
    garde.ctl("procedure", "close", SERVICE, "--reason", "enough")
    assert not garde.explain()["procedure_active"]
    garde.ctl("procedure", "ajar", SERVICE, "--reason", "r", expect=2)
    garde.ctl("procedure", "open", SERVICE, expect=2)


def test_a_service_without_procedure_has_none_to_open(make_cluster):
    garde = make_cluster(procedure=False).garde
    reply = garde.order_procedure(True)
    assert reply.status == 422 and "[service.procedure]" in reply.document["detail"]
    assert garde.order("emergency").status == 200
    garde.wait_for_mode("emergency", 5)
    assert not garde.explain()["procedure_active"] and garde.journal("procedure-opened") == []


# --- why the service is in its mode; last, because the return takes its time


def test_where_all_is_well_it_is_said_who_would_take_over(cluster, garde):
    wait_for(lambda: all(one["verdict"] == "up" for one in garde.explain()["backends"]), "all are up", 10)
    explanation = garde.explain()
    assert (explanation["mode"], explanation["active_backend"]) == ("primary", "dc1")
    assert explanation["outlook"] == ["When dc1 is down, dc2 takes over at once."]


def test_the_loss_of_the_primary_is_explained_with_its_evidence(cluster, garde):
    with garde.client() as client:
        assert client.ask(consult(patient(6000))).status == 200
        cluster.primary.kill()
        assert client.ask(consult(patient(6001))).status == 200

    def in_backup():
        explanation = garde.explain()
        return explanation["mode"] == "backup" and explanation["last_switchover"]["in_effect"] and explanation

    explanation = wait_for(in_backup, "the mode is backup, and all workers serve it", 10)
    assert (explanation["mode"], explanation["active_backend"]) == ("backup", "dc2")
    last = explanation["last_switchover"]
    assert (last["from"], last["from_backend"], last["to"], last["to_backend"]) == ("primary", "dc1", "backup", "dc2")
    assert (last["cause"], last["by"]) == ("detection", "garde")
    times = [time_of(last[name]) for name in ("first_symptom", "detected", "decided", "in_effect")]
    assert times == sorted(times)
    [lost] = [one for one in last["backends"] if one["backend"] == "dc1"]
    assert lost["verdict"] == "down" and lost["evidence"]["last_reason"] == "connect-failed"
    assert lost["evidence"]["failed_probes"] + lost["evidence"]["failed_attempts"] >= 2
    assert last["requests_touched"] == lost["evidence"]["requests_touched"]
    assert "When dc2 is down, dc3 takes over at once." in explanation["outlook"]
    assert any(sentence.startswith("dc1 is down") for sentence in explanation["outlook"])

    # The same as the journal's record.
    record = garde.wait_for_record("switchover", to="backup", by="garde")
    for name in ("first-symptom", "detected", "decided", "in-effect"):
        assert abs((time_of(record[name]) - time_of(last[name.replace("-", "_")])).total_seconds()) < 0.05, name
    assert int(record["requests-touched"]) == last["requests_touched"]


def test_a_person_reads_the_same(cluster, garde):
    text = garde.ctl("explain", SERVICE)
    assert f"{SERVICE}: backup (dc2) since" in text
    assert "detection by garde, primary (dc1) -> backup (dc2)" in text
    assert "connect-failed" in text and "When dc2 is down, dc3 takes over at once." in text
    as_json = json.loads(garde.ctl("explain", SERVICE, "--json"))
    assert as_json.keys() == garde.explain().keys()


def test_the_way_back_is_told_and_comes_true(cluster, garde):
    cluster.primary.start()

    def return_is_due():
        explanation = garde.explain()
        told = [one for one in explanation["outlook"] if one.startswith("dc1 is up: traffic returns to it")]
        return told and explanation

    explanation = wait_for(return_is_due, "the return is announced", 10, 0.02)
    due, up_since = time_of(explanation["next_due"]), time_of(backend_of(explanation, "dc1")["since"])
    assert abs((due - up_since).total_seconds() - explanation["hold_down_ms"] / 1000) < 0.05
    canary = wait_for(lambda: (one := garde.explain())["canary"] and one, "the return begins", 10, 0.05)
    assert canary["canary"]["backend"] == "dc1" and canary["mode"] == "backup"
    assert time_of(canary["share_until"]) > time_of(canary["at"])
    assert any(one.startswith("dc1 is coming back: it has") for one in canary["outlook"])
    back = wait_for(lambda: (one := garde.explain())["mode"] == "primary" and one, "the mode is primary", 40, 0.1)
    assert (back["active_backend"], back["last_switchover"]["cause"]) == ("dc1", "recovery")
    assert back["outlook"] == ["When dc1 is down, dc2 takes over at once."]
