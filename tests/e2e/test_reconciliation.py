"""After an outage: was what garde had answered right? The service's own word settles it, per caller, and the sums add up."""

import json

import pytest

from harness.consult import consult, patient
from harness.garde import ROUTES, SERVICE
from harness.processes import wait_for
from test_deferral import STATES, listed, metric

QUESTIONS = {"same": patient(9501), "died": patient(9502), "restarted": patient(9503), "of the other": patient(9504), "silent": patient(9505)}


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(ledger=True, routes=ROUTES, switchover={"longest_hold_down": "1s", "longest_ejection": "1s", "switchovers_per_hour": 1000})


def ask(garde, name, caller=1):
    with garde.client(caller) as client:
        return client.ask(consult(QUESTIONS[name]))


def come_to(garde, mode):
    """By questions that are never answered from the cache."""
    with garde.client() as client:
        wait_for(lambda: all(client.ask(consult(), path="/uncached/v2").mode == mode for _ in range(3)), f"mode {mode}", 40)


@pytest.fixture(scope="module")
def after(cluster):
    """An outage in which five questions were answered from the cache; the service is back, and four of them were asked again."""
    garde = cluster.garde
    for name in QUESTIONS:
        for caller in (1, 2):
            assert ask(garde, name, caller).mode == "primary"
    for site in cluster.sites:
        site.faults({"kind": "http_status", "status": 503})
    come_to(garde, "degraded")
    for name in QUESTIONS:
        caller = 2 if name == "of the other" else 1
        assert ask(garde, name, caller).get("Cache-Status").split(";")[1].strip() == "hit"
    answers = lambda: [one for caller in (1, 2) for one in listed(garde, caller).values() if one["kind"] == "answer"]
    wait_for(lambda: len(answers()) == len(QUESTIONS), "the answers are followed", 10)
    garde.restart_after_kill()
    for site in cluster.sites:
        site.clear()
    come_to(garde, "primary")
    ask(garde, "same")
    ask(garde, "restarted")
    ask(garde, "of the other", 1)  # another caller's question says nothing of his
    for site in cluster.sites:
        site.faults({"kind": "deceased", "for": "traffic"})
    ask(garde, "died")
    for site in cluster.sites:
        site.clear()
    wait_for(lambda: sum(one["state"] != "queued" for one in answers()) >= 3, "the service's word is heard", 10)
    return cluster


def states(garde, caller):
    return sorted((one["state"], one.get("result", "")) for one in listed(garde, caller).values() if one["kind"] == "answer")


def test_the_services_own_word_settles_what_was_answered(after):
    assert states(after.garde, 1) == [("confirmed", "same-coverage"), ("confirmed", "same-coverage"), ("contradicted", "deceased"),
                                      ("queued", "")]
    assert states(after.garde, 2) == [("queued", "")]


def test_the_report_adds_up_for_each_caller(after):
    garde = after.garde

    def told():
        report = json.loads(garde.ctl("deferrals", SERVICE, "--json"))
        return report["all"]["queued"] == 2 and report

    report = wait_for(told, "the report has all of it", 10)
    assert report["all"]["issued"] == len(QUESTIONS) == len(report["deferrals"])
    for one in (report["all"], *report["callers"]):
        assert one["issued"] == sum(one[state] for state in STATES)
    assert (report["all"]["confirmed"], report["all"]["contradicted"]) == (2, 1)
    assert sorted(one["issued"] for one in report["callers"]) == [1, 4]
    csv = garde.ctl("deferrals", SERVICE, "--csv")
    assert csv.count("same-coverage") == 2 and "contradicted" in csv and "deceased" in csv
    page = garde.ctl("deferrals", SERVICE, "--html")
    assert "deceased" in page and "<td>all</td>" in page
    for number in QUESTIONS.values():
        for text in (csv, page, json.dumps(report)):
            assert number not in text


def test_each_outage_has_its_report(after):
    garde = after.garde
    outages = json.loads(garde.ctl("deferrals", "--json"))["outages"]
    began = {one["outage"] for one in outages if one["kind"] == "answer"}
    assert len(began) == 1
    report = json.loads(garde.ctl("deferrals", SERVICE, "--outage", began.pop(), "--json"))
    assert report["all"]["issued"] == len(QUESTIONS)
    assert "was kept" in garde.ctl("deferrals", SERVICE, "--outage", "2018-08-09T00:00:00Z", expect=1)
    assert "RFC 3339" in garde.ctl("deferrals", SERVICE, "--outage", "yesterday", expect=1)


def test_it_is_counted_and_no_patient_is_on_the_disk(after):
    garde = after.garde
    wait_for(lambda: metric(garde, "garde_deferrals", service=SERVICE, kind="answer", state="confirmed") == 2, "it is counted", 10)
    assert metric(garde, "garde_answers_not_followed_total") == 0
    for file in garde.data.glob("ledger.sqlite*"):
        for number in QUESTIONS.values():
            assert number.encode() not in file.read_bytes()
