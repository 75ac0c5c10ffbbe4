"""The journal's signed checkpoints: where they go, who can verify them, and what becomes of a place that is down."""

import base64
import json
import os
import shutil
import stat

import pytest

from harness import journal, secrets
from harness.garde import Garde
from harness.processes import wait_for
from harness.receivers import SyslogReceiver, WebhookReceiver, verify_checkpoint
from harness.recorder import RecordedGarde, Recorder

ORIGIN = "garde-test.example/journal"
SECRET = b"webhook-secret-of-32-bytes-long!"
URL_SECRET = "path-that-nobody-may-know"


@pytest.fixture(scope="module")
def recorder():
    one = Recorder().start()
    yield one
    one.stop()


class Signing:
    """garde with checkpoints that go everywhere, and all receivers."""

    def __init__(self, pki, folder, recorder):
        self.pki, self.folder = pki, folder
        self.syslog = SyslogReceiver(pki.garde, pki.client_ca).start()
        self.webhook = WebhookReceiver(pki.garde, SECRET).start()
        self.copy = folder / "other-disk" / "checkpoint"
        self.copy.parent.mkdir()
        self.key = folder / "journal.key"
        secret = folder / "webhook.secret"
        secret.write_text("whsec_" + base64.b64encode(SECRET).decode() + "\n")
        secret.chmod(0o600)
        self.table = {
            "key": self.key, "origin": ORIGIN, "every": "1s", "file": self.copy,
            "webhook": {"url": f"https://localhost:{self.webhook.port}/{URL_SECRET}", "secret_file": secret, "ca": pki.ca},
            "syslog": {"address": f"127.0.0.1:{self.syslog.port}", "ca": pki.ca, "certificate": pki.caller().certificate,
                       "key": pki.caller().key},
        }
        self.garde = RecordedGarde(pki, folder, recorder, tables={"journal": {"checkpoints": self.table}})
        self.verifier = self.garde.command("journal", "key", self.key, "--name", ORIGIN).strip()
        self.garde.start()

    def stop(self):
        self.syslog.stop()
        self.webhook.stop()

    def state(self):
        reply = self.garde.admin("GET", "/v1/journal")
        assert reply.status == 200, reply.head
        return reply.document

    def place(self, name):
        return next(place for place in self.state()["sinks"] if place["sink"] == name)

    def order(self):
        """Something urgent: the journal grows by a record that goes out at once. Its size from then on."""
        before = len(self.garde.journal("override"))
        assert self.garde.order("primary").status == 200
        wait_for(lambda: len(self.garde.journal("override")) > before, "the order is in the journal")
        return [record["seq"] for record in self.garde.journal("override")][-1]

    def verified(self, note):
        return verify_checkpoint(note, self.verifier)

    def wait_for_everywhere(self, size):
        def everywhere():
            places = self.state()["sinks"]
            return all(place["pushed_size"] >= size and not place["failing_since"] for place in places) and places

        return wait_for(everywhere, f"checkpoints of {size} records everywhere", 30)


@pytest.fixture
def signing(pki, tmp_path, recorder):
    one = Signing(pki, tmp_path, recorder)
    yield one
    try:
        if one.garde.process.started:
            one.garde.stop()
    finally:
        one.stop()


def metric(garde, name):
    lines = [line for line in garde.metrics().body.decode().splitlines() if line.startswith(name)]
    return {line[len(name) : line.rindex(" ")]: line[line.rindex(" ") + 1 :] for line in lines}


def test_an_order_is_in_a_checkpoint_everywhere_at_once(signing):
    size = signing.order()
    signing.wait_for_everywhere(size)
    for note in (
        signing.copy.read_text(),
        (signing.garde.data / "journal" / "checkpoint").read_text(),
        signing.garde.status("/.well-known/garde/checkpoint").body.decode(),
        signing.webhook.taken()[-1]["data"]["checkpoint"],
        signing.syslog.of("checkpoint")[-1].document["checkpoint"],
    ):
        found = signing.verified(note)
        assert found.origin == ORIGIN and found.size >= size
        leaves = [journal.leaf_hash(line) for line in journal.lines(signing.garde.data / "journal")]
        assert found.root == journal.root_of(leaves[: found.size])


def test_what_receivers_get_says_the_same_in_the_open(signing):
    signing.wait_for_everywhere(signing.order())
    hook = signing.webhook.taken()[-1]
    assert hook["type"] == "checkpoint"
    message = signing.syslog.of("checkpoint")[-1]
    assert (message.priority, message.host) == (13 * 8 + 5, "garde-test")
    for data in (hook["data"], message.document):
        found = signing.verified(data["checkpoint"])
        assert (data["origin"], data["size"], base64.b64decode(data["root"])) == (found.origin, found.size, found.root)


def test_usual_growth_goes_out_within_its_time(signing):
    signing.wait_for_everywhere(len(signing.garde.journal("start")))


def test_the_end_is_in_the_last_checkpoint(signing):
    signing.wait_for_everywhere(1)
    signing.garde.stop()
    last = signing.garde.journal()[-1]
    assert last["event"] == "stop"
    for note in (signing.copy.read_text(), signing.webhook.taken()[-1]["data"]["checkpoint"],
                 signing.syslog.of("checkpoint")[-1].document["checkpoint"]):
        assert signing.verified(note).size == last["seq"]


def test_a_place_that_is_down_delays_no_other_and_gets_the_newest_when_it_is_back(signing):
    signing.wait_for_everywhere(signing.order())
    signing.syslog.stop()
    signing.webhook.status = 500
    got = len(signing.webhook.taken()), len(signing.syslog.of("checkpoint"))
    first = signing.order()
    wait_for(lambda: signing.place("syslog")["failing_since"] and signing.place("webhook")["failing_since"], "both fail")
    assert "Connection refused" in signing.place("syslog")["why"]
    assert signing.place("webhook")["why"] == "the receiver answered with status 500"
    wait_for(lambda: signing.verified(signing.copy.read_text()).size >= first, "the file is ahead")
    newest = signing.order()
    assert metric(signing.garde, "garde_checkpoint_failing") == {
        '{sink="local"}': "0", '{sink="file"}': "0", '{sink="webhook"}': "1", '{sink="syslog"}': "1"}
    told = signing.garde.ctl("journal", "status")
    assert "FAILING" in told and "Connection refused" in told and URL_SECRET not in told
    signing.webhook.status = 204
    signing.syslog.start()
    signing.wait_for_everywhere(newest)
    new = signing.webhook.taken()[got[0] :], signing.syslog.of("checkpoint")[got[1] :]
    assert signing.verified(new[0][0]["data"]["checkpoint"]).size >= newest, "an older one is overtaken"
    assert signing.verified(new[1][0].document["checkpoint"]).size >= newest
    sizes = metric(signing.garde, "garde_checkpoint_pushed_size")
    assert all(int(size) >= newest for size in sizes.values()) and len(sizes) == 4


def test_a_checkpoint_from_elsewhere_shows_a_log_that_was_put_back_and_one_that_was_rewritten(signing):
    garde, folder = signing.garde, signing.garde.data / "journal"
    proof = ("--checkpoint", signing.copy, "--key", signing.verifier)
    signing.wait_for_everywhere(signing.order())
    garde.stop()
    older = signing.folder / "older"
    shutil.copytree(folder, older)
    garde.restart()
    for _ in range(3):
        size = signing.order()
    signing.wait_for_everywhere(size)
    garde.stop()
    assert "intact" in garde.command("journal", "verify", "--folder", folder, *proof)
    # By itself the older copy is as good as ever.
    garde.command("journal", "verify", "--folder", older)
    assert "rolled back or truncated" in garde.command("journal", "verify", "--folder", older, *proof, expect=4)
    # Another garde goes on from there: its log is whole, and another one.
    seen = signing.folder / "seen"
    shutil.copy(signing.copy, seen)
    shutil.rmtree(folder)
    shutil.copytree(older, folder)
    garde.restart()
    while signing.order() <= size:
        pass
    garde.stop()
    garde.command("journal", "verify", "--folder", folder)
    told = garde.command("journal", "verify", "--folder", folder, "--checkpoint", seen, "--key", signing.verifier, expect=4)
    assert "fork" in told
    # And a checkpoint that somebody else has signed proves nothing.
    seen.write_text(seen.read_text().rstrip("\n")[:-4] + "AAA=\n")
    told = garde.command("journal", "verify", "--folder", folder, "--checkpoint", seen, "--key", signing.verifier, expect=4)
    assert "proves nothing" in told


def test_a_retry_has_the_same_id(signing):
    signing.wait_for_everywhere(signing.order())
    signing.webhook.status = 503
    signing.webhook.ids.clear()
    signing.order()
    wait_for(lambda: len(signing.webhook.ids) != len(set(signing.webhook.ids)), "the same id twice")
    signing.webhook.status = 204


def test_a_disk_that_is_gone_fails_and_works_again(signing):
    signing.wait_for_everywhere(signing.order())
    shutil.move(signing.copy.parent, signing.folder / "away")
    size = signing.order()
    wait_for(lambda: signing.place("file")["failing_since"], "the file fails")
    assert "No such file or directory" in signing.place("file")["why"]
    wait_for(lambda: signing.place("webhook")["pushed_size"] >= size, "the webhook does not wait for it")
    shutil.move(signing.folder / "away", signing.copy.parent)
    signing.wait_for_everywhere(size)
    assert signing.verified(signing.copy.read_text()).size >= size


def test_who_is_not_trusted_gets_nothing_and_is_told_why(signing, pki):
    signing.wait_for_everywhere(1)
    signing.table["webhook"]["ca"] = pki.backend_ca
    signing.table["syslog"]["ca"] = pki.backend_ca
    signing.garde.write_config()
    assert signing.garde.reload().status == 200
    wait_for(lambda: signing.place("webhook")["failing_since"] and signing.place("syslog")["failing_since"], "both fail")
    assert "certificate" in signing.place("webhook")["why"]
    assert "not to be trusted" in signing.place("syslog")["why"]
    got = len(signing.webhook.taken())
    size = signing.order()
    wait_for(lambda: signing.place("file")["pushed_size"] >= size, "the others go on")
    assert len(signing.webhook.taken()) == got


def test_a_receiver_that_refuses_garde_is_noticed(signing):
    signing.wait_for_everywhere(1)
    del signing.table["syslog"]["certificate"], signing.table["syslog"]["key"]
    signing.garde.write_config()
    assert signing.garde.reload().status == 200
    wait_for(lambda: signing.place("syslog")["failing_since"], "the receiver's refusal is seen")
    assert signing.place("syslog")["why"].startswith(("the receiver has refused", "cannot send"))


def test_a_reload_moves_places_and_changes_keys(signing, pki):
    signing.wait_for_everywhere(signing.order())
    elsewhere = signing.folder / "elsewhere"
    signing.table["file"] = elsewhere
    del signing.table["webhook"]
    signing.garde.write_config()
    assert signing.garde.reload().status == 200
    wait_for(elsewhere.exists, "the new place has a checkpoint")
    assert [place["sink"] for place in signing.state()["sinks"]] == ["local", "file", "syslog"]
    former = signing.copy.read_text()
    signing.table["key"] = signing.folder / "new.key"
    signing.verifier = signing.garde.command("journal", "key", signing.table["key"], "--name", ORIGIN).strip()
    signing.garde.write_config()
    assert signing.garde.reload().status == 200
    assert signing.state()["verifier_key"] == signing.verifier
    signing.wait_for_everywhere(signing.order())
    signing.verified(elsewhere.read_text())
    assert signing.copy.read_text() == former
    signing.garde.write_config({key: value for key, value in signing.garde.settings().items() if key != "journal"})
    assert signing.garde.reload().status == 200
    state = signing.state()
    assert state["sinks"] == [] and state["verifier_key"] is None and state["size"] > 0
    assert signing.garde.status("/.well-known/garde/checkpoint").status == 404
    assert "not signed" in signing.garde.ctl("journal", "status")


def test_records_go_to_syslog_while_the_disk_is_dead(signing):
    signing.wait_for_everywhere(signing.order())
    # A disk that refuses: the head cannot be replaced any more.
    obstacle = signing.garde.data / "journal" / "head.tmp"
    obstacle.mkdir()
    assert signing.garde.order("transparent", "while the disk is dead").status == 200
    wait_for(lambda: signing.state()["failing"], "the journal fails")
    assert signing.garde.order("automatic", "still dead, écrit").status == 200

    def reasons():
        return [message.document["attributes"].get("reason") for message in signing.syslog.of("record")]

    wait_for(lambda: {"while the disk is dead"} <= set(reasons()), "what was being written is at syslog")
    wait_for(lambda: any(message.document["event"] == "override-cleared" for message in signing.syslog.of("record")),
             "what came later is, too")
    assert all(message.priority == 13 * 8 + 4 for message in signing.syslog.of("record"))
    assert metric(signing.garde, "garde_journal_overflow_total")['{result="dropped"}'] == "0"
    wait_for(lambda: signing.garde.process.errors().count("while the disk is dead") == 1, "it is in garde's own log, once")
    obstacle.rmdir()
    wait_for(lambda: not signing.state()["failing"], "the journal works again")
    wait_for(lambda: [r for r in signing.garde.journal("override") if r["attributes"]["reason"] == "while the disk is dead"],
             "it was written late")


def test_nothing_secret_is_told(signing):
    signing.syslog.stop()
    signing.webhook.status = 500
    signing.order()
    wait_for(lambda: signing.place("webhook")["failing_since"], "the webhook fails")
    told = json.dumps(signing.state()) + signing.garde.ctl("journal", "status")
    signing.garde.stop()
    signing.syslog.start()
    known = {"secret of the webhook": SECRET.decode(), "its URL": URL_SECRET, "the key": signing.key.read_text().splitlines()[1]}
    assert not any(secret in told for secret in known.values())
    assert secrets.search([signing.garde.data, signing.garde.process.out, signing.garde.process.err], known) == []


def test_keys_are_made_once_for_their_owner_alone(pki, tmp_path, recorder):
    garde = Garde(pki, tmp_path, [])
    file = tmp_path / "journal.key"
    made = garde.command("journal", "key", file, "--name", ORIGIN)
    assert made.startswith(ORIGIN + "+") and made.count("\n") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert "not overwritten" in garde.command("journal", "key", file, "--name", ORIGIN, expect=1)
    assert file.read_bytes() == before
    assert garde.command("journal", "verifier", "--key", file, "--name", ORIGIN) == made
    assert "blanks" in garde.command("journal", "verifier", "--key", file, "--name", "two words", expect=1)
    assert "Ed25519" in garde.command("journal", "verifier", "--key", pki.garde.key, "--name", ORIGIN, expect=1)
    assert not os.path.exists(tmp_path / "none")
    assert "cannot make" in garde.command("journal", "key", tmp_path / "none" / "key", "--name", ORIGIN, expect=1)


def test_check_says_what_stays_unseen(signing):
    checked = signing.garde.command("check", "--config", signing.garde.config, expect=3)  # its ports are taken
    assert "same file system as data_dir" in checked
    assert f"signed as {ORIGIN}" in checked and f"a webhook of localhost:{signing.webhook.port}" in checked
    assert URL_SECRET not in checked
    places = json.loads(signing.garde.command("check", "--config", signing.garde.config, "--json", expect=3))["checkpoints"]
    assert places["origin"] == ORIGIN and len(places["places"]) == 3
    signing.garde.write_config({key: value for key, value in signing.garde.settings().items() if key != "journal"})
    assert "not signed and goes nowhere else" in signing.garde.command("check", "--config", signing.garde.config, expect=3)
