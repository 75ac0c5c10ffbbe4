"""The journal from outside: proofs that an independent verifier accepts, what is shown and exported, what is erased, what tampering
looks like, and a successor that goes on with it."""

import csv
import datetime
import io
import json
import os
import select
import signal
import subprocess

import pytest

from harness import journal, paths
from harness.consult import consult
from harness.garde import SERVICE, TOKENS
from harness.processes import wait_for


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture(scope="module")
def garde(cluster):
    return cluster.garde


@pytest.fixture(scope="module")
def filled(garde):
    """A journal with an order or two in it."""
    for number in range(5):
        assert garde.order("backup", f"order {number}").status == 200
        garde.wait_for_record("override", reason=f"order {number}")
    assert garde.order("automatic", "over").status == 200
    garde.wait_for_record("override-cleared", reason="over")
    return garde


def folder_of(garde):
    return garde.data / "journal"


def words(garde, *more):
    return ("journal", *more, "--folder", folder_of(garde))


def verified(garde, expect=0):
    return json.loads(garde.command(*words(garde, "verify", "--json"), expect=expect))


def test_the_root_is_that_of_rfc_9162(filled):
    found = verified(filled)
    leaves = [journal.leaf_hash(line) for line in journal.lines(folder_of(filled))][: found["size"]]
    assert journal.root_of(leaves).hex() == found["root"]
    assert found["problems"] == [] and found["records"] == found["size"] and found["names_opened"] >= 6


def test_each_record_is_proven_to_a_verifier_that_is_not_ours(filled):
    size = verified(filled)["size"]
    root = None
    for seq in range(1, size + 1):
        proof = json.loads(filled.command(*words(filled, "prove", str(seq), "--size", str(size))))
        root = root or proof["root"]
        path = [bytes.fromhex(one) for one in proof["path"]]
        assert (proof["index"], proof["size"], proof["root"]) == (seq - 1, size, root)
        leaf = proof["leaf"].encode()
        assert json.loads(leaf)["seq"] == seq
        assert journal.included(leaf, seq - 1, size, path, bytes.fromhex(root))
        assert not journal.included(leaf + b" ", seq - 1, size, path, bytes.fromhex(root))
        assert not journal.included(leaf, seq % size, size, path, bytes.fromhex(root))


def test_the_log_is_proven_to_have_grown_only(filled):
    size = verified(filled)["size"]
    for first in (1, 2, 3, size - 1, size):
        proof = json.loads(filled.command(*words(filled, "prove", "--consistency", str(first), str(size))))
        path = [bytes.fromhex(one) for one in proof["path"]]
        roots = [bytes.fromhex(proof[name]) for name in ("first_root", "second_root")]
        assert journal.consistent(first, roots[0], size, roots[1], path)
        assert not journal.consistent(first, bytes(32), size, roots[1], path)
    filled.command(*words(filled, "prove", "--consistency", "0", "1"), expect=1)
    filled.command(*words(filled, "prove"), expect=2)
    assert "no record" in filled.command(*words(filled, "prove", "999999"), expect=1)


def test_it_is_shown_and_exported(filled):
    shown = filled.command(*words(filled, "show", "--event", "override", "--last", "2")).splitlines()
    assert len(shown) == 2 and "order 4" in shown[1] and "by=operator-a" in shown[1]
    [last] = filled.command(*words(filled, "show", "--last", "1", "--json")).splitlines()
    assert json.loads(last)["seq"] == verified(filled)["size"]
    records = [json.loads(line) for line in filled.command(*words(filled, "export")).splitlines()]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    ours = filled.journal()[: len(records)]
    assert [record["event"] for record in records] == [record["event"] for record in ours]
    # That of the configuration is not an attribute there.
    assert [record["attributes"].get("by") for record in records] == [record["attributes"].get("by") for record in ours]
    rows = list(csv.DictReader(io.StringIO(filled.command(*words(filled, "export", "--format", "csv")))))
    assert [int(row["seq"]) for row in rows][: len(records)] == [record["seq"] for record in records]
    assert json.loads(rows[0]["attributes"]) == records[0]["attributes"]


def test_no_operator_is_named_in_the_open(filled):
    for file in folder_of(filled).iterdir():
        for name in TOKENS:
            assert name.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_is_followed(filled, end):
    follower = subprocess.Popen([paths.GARDE, *words(filled, "follow", "--json")], stdout=subprocess.PIPE, text=True)
    try:
        # It begins with the records after its own start, whenever that is.
        def ordered_and_seen():
            filled.order("backup", "soon followed")
            return select.select([follower.stdout], [], [], 0.1)[0]

        wait_for(ordered_and_seen, "a line", 30)
        filled.order("backup", "followed")
        line = json.loads(follower.stdout.readline())
        assert line["seq"] > 0 and line["event"]
        while not (line["event"] == "override" and line["attributes"]["reason"] == "followed"):
            line = json.loads(follower.stdout.readline())
        assert line["attributes"]["by"] == "operator-a"
    finally:
        follower.send_signal(end)
        assert follower.wait(10) == 0
        follower.stdout.close()
        filled.order("automatic", "over")


# --- erasure


def test_names_are_erased_by_order_and_everything_else_holds(filled):
    before = verified(filled)
    said = filled.ctl("journal", "erase-names", "--older", "24h", "--reason", "rehearsal")
    assert json.loads(said)["by"] == "operator-a"
    erased = filled.wait_for_record("names-erased", reason="rehearsal")
    assert erased["by"] == "operator-a"
    assert datetime.datetime.fromisoformat(erased["before"][:19]) <= datetime.datetime.utcnow()
    # What is younger than a month stays, so nothing is gone here; that what is older goes, the unit tests show.
    found = verified(filled)
    assert found["problems"] == [] and found["names_erased"] == 0 and found["names_opened"] > before["names_opened"]
    filled.ctl("journal", "erase-names", "--reason", "r", expect=2)


@pytest.mark.parametrize("document", [{}, {"before": "2018-01-01T00:00:00Z"}, {"before": "soon", "reason": "r"},
                                      {"before": "2100-01-01T00:00:00Z", "reason": "r"}, {"before": "2018-01-01T00:00:00", "reason": "r"},
                                      {"before": "2018-01-01T00:00:00Z", "reason": "r", "all": True}])
def test_an_erasure_without_its_time_or_reason_is_refused(filled, document):
    written = len(filled.journal("names-erased"))
    reply = filled.admin("POST", "/v1/journal/erase-names", document)
    assert reply.status == 422 and reply.document["detail"]
    assert filled.admin("POST", "/v1/journal/erase-names", document, token="wrong").status == 401
    assert len(filled.journal("names-erased")) == written


def test_a_lost_key_seals_the_names_and_the_journal_holds(filled):
    key = folder_of(filled) / "names.key"
    aside = filled.folder / "names.key"
    key.rename(aside)
    try:
        assert "by=(sealed)" in filled.command(*words(filled, "show", "--event", "override", "--last", "1"))
        assert verified(filled)["names_sealed"] > 0
        assert "by=operator-a" in filled.command(*words(filled, "show", "--event", "override", "--last", "1", "--names-key", aside))
    finally:
        aside.rename(key)


# --- a life with it


def test_a_successor_goes_on_with_it(filled):
    before = verified(filled)
    filled.take_over()
    wait_for(lambda: filled.journal("start")[-1]["attributes"].get("took-over-from"), "the successor's start is written down")
    after = verified(filled)
    assert after["problems"] == [] and after["size"] > before["size"]
    proof = json.loads(filled.command(*words(filled, "prove", "--consistency", str(before["size"]), str(after["size"]))))
    assert proof["first_root"] == before["root"]


def test_killed_in_the_middle_of_writing_it_goes_on(filled):
    before = verified(filled)
    segment = sorted(folder_of(filled).glob("log-*.jsonl"))[-1]
    filled.process.kill()
    with segment.open("ab") as file:
        file.write(b'{"seq":')
    filled.restart()
    cut = filled.wait_for_record("tail-cut")
    assert cut["bytes"] == "7"
    after = verified(filled)
    assert after["problems"] == [] and after["size"] > before["size"]


def test_what_was_edited_is_found(filled):
    filled.process.stop()
    segment = sorted(folder_of(filled).glob("log-*.jsonl"))[-1]
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b"order 3", b"order 4"))
    assert "was edited" in filled.command(*words(filled, "verify"), expect=4)
    segment.write_bytes(whole)
    filled.verify_journal()
    filled.restart()


def test_the_log_of_before_is_set_aside(filled):
    filled.process.stop()
    (folder_of(filled) / "journal.jsonl").write_text("an old log\n")
    filled.restart()
    aside = filled.wait_for_record("old-log-set-aside")
    assert aside["file"] == "journal.jsonl.old"
    # It is recorded first.
    wait_for((folder_of(filled) / aside["file"]).exists, "the file is aside")
    assert (folder_of(filled) / aside["file"]).read_text() == "an old log\n"
    filled.verify_journal()


def test_a_disk_that_hangs_while_it_is_written_delays_no_request_probe_or_switchover(cluster, filled):
    """Opening a pipe for writing waits until somebody reads: so does a disk that hangs, in the middle of a commit."""
    cluster.heal()
    pipe = folder_of(filled) / "head.tmp"
    os.mkfifo(pipe)
    try:
        before = len(filled.journal("switchover"))
        assert filled.order_procedure(True, "written while it hangs").status == 200
        wait_for(lambda: filled.admin("GET", "/v1/services").document["journal_failing"], "the journal's trouble is shown")
        cluster.primary.kill()
        filled.wait_for_mode("backup")
        # By probes alone: nothing else tells that it is back.
        wait_for(lambda: filled.explain()["backends"][0]["verdict"] == "down", "probes see that the primary is down")
        # The disk answers nothing before the end of this test: whoever waited for it would wait for ever.
        with filled.client() as client:
            assert all(client.ask(consult()).mode == "backup" for _ in range(100))
        cluster.primary.start()
        wait_for(lambda: filled.explain()["backends"][0]["verdict"] == "up", "probes see that the primary is back", 20)
        assert filled.admin("GET", "/v1/services").document["journal_failing"]
    finally:
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        pipe.unlink()
        os.close(reader)
    filled.wait_for_record("procedure-opened", reason="written while it hangs")
    filled.wait_for_record("switchover", since=before, to="backup")
    assert int(filled.wait_for_record("written-late")["count"]) >= 2
    filled.order_procedure(False, "over")
    filled.verify_journal()


def test_small_files_and_short_retention(make_cluster):
    garde = make_cluster(tables={"journal": {"segment_bytes": "4KiB", "keep_segments": 2, "keep_names_for": "30d"}}).garde
    for number in range(30):
        assert garde.order("automatic" if number % 2 else "backup", f"{number} " + "x" * 400).status == 200
    garde.wait_for_record("segments-removed")
    wait_for(lambda: len(list(folder_of(garde).glob("log-*.jsonl"))) <= 3, "old files are removed", 5)
    found = verified(garde)
    assert found["problems"] == [] and found["records_removed"] > 0
    proof = json.loads(garde.command(*words(garde, "prove", str(found["size"]))))
    assert journal.included(proof["leaf"].encode(), proof["index"], proof["size"], [bytes.fromhex(one) for one in proof["path"]],
                            bytes.fromhex(proof["root"]))
    assert SERVICE in garde.command(*words(garde, "show", "--last", "5"))
    with garde.client() as client:
        assert client.ask(consult()).mode in ("primary", "backup")
