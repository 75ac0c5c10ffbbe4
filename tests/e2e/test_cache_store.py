"""Kept answers on the disk: they outlive garde, whatever ends it, and a disk that does not work costs nobody an answer."""

import json
import shutil

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness.consult import consult, patient
from harness.processes import wait_for

PATIENTS = [patient(number) for number in range(301, 311)]


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(cache_store=True)


def metric(garde, name, **labels):
    families = text_string_to_metric_families(garde.metrics().body.decode())
    values = [sample.value for family in families for sample in family.samples if sample.name == name and sample.labels == labels]
    assert len(values) == 1, f"{name} {labels}: {values}"
    return values[0]


def state(garde):
    for name in ("opening", "working", "failing"):
        if metric(garde, "garde_cache_store", garde_cache_store=name):
            return name


def ask_all(garde):
    bodies = {}
    with garde.client() as client:
        for ssin in PATIENTS:
            reply = client.ask(consult(ssin))
            assert reply.status == 200 and reply.get("Cache-Status") is None
            bodies[ssin] = reply.body
    return bodies


def take_sites_down(cluster):
    for site in cluster.sites:
        site.faults({"kind": "soa_fault", "code": "SOA-02002"})
    cluster.garde.wait_for_mode("degraded", 30)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_answers_outlive_garde(cluster, end):
    garde = cluster.garde
    cluster.heal()
    before = metric(garde, "garde_cache_store_written_total")
    bodies = ask_all(garde)
    wait_for(lambda: metric(garde, "garde_cache_store_written_total") >= before + len(PATIENTS), "all is on the disk", 30)
    if end == "kill":
        garde.process.kill()
    else:
        garde.stop()
    garde.restart()
    wait_for(lambda: state(garde) == "working", "the disk is there", 30)
    take_sites_down(cluster)
    with garde.client() as client:
        for ssin, body in bodies.items():
            reply = wait_for(lambda ssin=ssin: (r := client.ask(consult(ssin))).get("Age") and r, "a kept answer")
            assert (reply.status, reply.mode, reply.body) == (200, "degraded", body)
            assert "hit" in reply.get("Cache-Status") and reply.get("Garde-Consulted-At")
    with garde.client(2) as other:
        assert other.ask(consult(PATIENTS[0])).status == 500, "nobody else gets them"
    cluster.heal()


def test_a_purge_reaches_memory_and_disk_and_is_written_down(cluster):
    garde = cluster.garde
    cluster.heal()
    before = metric(garde, "garde_cache_store_written_total")
    ask_all(garde)
    with garde.client(2) as other:
        kept = other.ask(consult(PATIENTS[0])).body
    wait_for(lambda: metric(garde, "garde_cache_store_written_total") > before + len(PATIENTS), "all is on the disk", 30)
    stats = garde.admin("GET", "/v1/cache").document
    assert stats["memory"]["entries"] >= len(PATIENTS) + 1 and stats["disk"]["state"] == "working"

    names = [garde.pki.subject(number) for number in (1, 2)]
    refused = garde.admin("POST", "/v1/cache/purge", {"caller": names[0]})
    assert refused.status == 422 and garde.admin("GET", "/v1/cache").document["memory"]["purged"] == 0
    done = garde.admin("POST", "/v1/cache/purge", {"caller": names[0], "reason": "has left"})
    assert done.status == 200, done.document
    # Whoever looked whether all is well again has asked about a patient, too.
    assert len(PATIENTS) <= done.document["memory"] <= len(PATIENTS) + 1 and done.document["disk"] == "done"
    assert len(PATIENTS) <= done.document["disk_entries"] <= len(PATIENTS) + 1
    record = wait_for(lambda: garde.journal("cache-purged"), "the record")[-1]["attributes"]
    assert (record["by"], record["reason"], record["caller"]) == ("operator-a", "has left", names[0])
    assert record["memory"] == str(done.document["memory"]) and record["disk_entries"] == str(done.document["disk_entries"])

    garde.restart_after_kill()
    wait_for(lambda: state(garde) == "working", "the disk is there", 30)
    take_sites_down(cluster)
    with garde.client() as client, garde.client(2) as other:
        reply = wait_for(lambda: (r := other.ask(consult(PATIENTS[0]))).get("Age") and r, "another's is still there")
        assert reply.body == kept
        assert client.ask(consult(PATIENTS[0])).status == 500
    assert "--reason" in garde.ctl("cache", "purge", "--all", expect=2), "nothing goes without a reason"
    done = json.loads(garde.ctl("cache", "purge", "--all", "--reason", "the end"))
    assert (done["disk"], done["disk_entries"]) == ("done", 1), done
    record = wait_for(lambda: (r := garde.journal("cache-purged")) and len(r) == 2 and r, "the record")[-1]["attributes"]
    assert (record["by"], record["reason"]) == ("operator-a", "the end")
    assert json.loads(garde.ctl("cache", "stats"))["disk"]["entries"] == 0
    with garde.client(2) as other:
        assert other.ask(consult(PATIENTS[0])).status == 500
    cluster.heal()


def test_a_disk_that_cannot_be_used_costs_nobody_an_answer(cluster):
    garde = cluster.garde
    cluster.heal()
    garde.stop()
    file = garde.data / "replies.sqlite"
    for each in garde.data.glob("replies.sqlite*"):
        each.unlink()
    file.mkdir()
    try:
        garde.restart()
        wait_for(lambda: state(garde) == "failing", "the alarm", 30)
        assert "in memory only" in garde.process.errors()
        bodies = ask_all(garde)
        take_sites_down(cluster)
        with garde.client() as client:
            reply = wait_for(lambda: (r := client.ask(consult(PATIENTS[0]))).get("Age") and r, "an answer from memory")
            assert reply.body == bodies[PATIENTS[0]]
    finally:
        shutil.rmtree(file)
    wait_for(lambda: state(garde) == "working", "the disk works again", 30)
    cluster.heal()


def test_a_corrupt_file_is_set_aside(cluster):
    garde = cluster.garde
    cluster.heal()
    garde.stop()
    for each in garde.data.glob("replies.sqlite*"):
        each.unlink()
    (garde.data / "replies.sqlite").write_bytes(b"no database" * 1000)
    garde.restart()
    wait_for(lambda: state(garde) == "working", "a new file is begun", 30)
    assert (garde.data / "replies.sqlite.corrupt-1").exists()
    assert ask_all(garde)
