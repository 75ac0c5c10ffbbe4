"""The configuration changes while everybody works: nobody notices but by what changed."""

import copy
import hashlib
import shutil
import ssl

import pytest

from harness.client import Client, Connection, tls_context
from harness.consult import consult, patient
from harness.garde import SERVICE
from harness.load import Load
from harness.pki import Pki
from harness.processes import wait_for

CLIENTS = 8
RATE = 200


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def other_pki(tmp_path_factory):
    """Another authority, as at the renewal of garde's certificate."""
    return Pki.make(tmp_path_factory.mktemp("other-pki"))


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture
def garde(cluster):
    """With the configuration that it was started with, before and after."""
    cluster.garde.write_config()
    assert cluster.garde.reload().status == 200
    yield cluster.garde
    cluster.garde.write_config()
    assert cluster.garde.reload().status == 200


def changed(garde, **changes):
    """The configuration with another hold-down, limits and so on: SECTION=dict."""
    settings = copy.deepcopy(garde.settings())
    for section, values in changes.items():
        target = settings["service"][0].setdefault(section, {}) if section == "switchover" else settings[section]
        target.update(values)
    return settings


def load_on(garde, context):
    clients = [(Client(garde.port, context), [patient(7000 + n * 100 + k) for k in range(10)]) for n in range(CLIENTS)]
    return Load(clients, RATE)


def go_on(load, count):
    """Lets the load ask so many questions more."""
    begun = len(load.all())
    wait_for(lambda: len(load.all()) >= begun + count, f"{count} more questions", 30)


def trusts(port, pki):
    try:
        with Connection(port, pki.anonymous_context()):
            return True
    except ssl.SSLError:
        return False


def test_no_request_fails_whatever_is_reloaded(garde, pki, other_pki):
    context = tls_context(pki.ca, pki.caller())
    context.load_verify_locations(other_pki.ca)
    files = {"certificate": garde.folder / "listener.pem", "key": garde.folder / "listener.key"}
    shutil.copy(pki.garde.certificate, files["certificate"])
    shutil.copy(pki.garde.key, files["key"])
    with load_on(garde, context) as load:
        go_on(load, 50)
        garde.write_config(changed(garde, listener=files, switchover={"hold_down": "7s"}, node={"name": "garde-renamed"}))
        assert garde.reload().status == 200
        go_on(load, 100)
        shutil.copy(other_pki.garde.certificate, files["certificate"])
        shutil.copy(other_pki.garde.key, files["key"])
        assert garde.reload().status == 200
        assert trusts(garde.port, other_pki) and not trusts(garde.port, pki)
        go_on(load, 100)
        garde.config.write_text(garde.config.read_text() + "\nnonsense\n")
        assert garde.reload().status == 422
        go_on(load, 50)
    asked = load.all()
    assert [one for one in asked if not one.live] == []
    assert "garde-test" in asked[0].reply.get("Via") and "garde-renamed" in asked[-1].reply.get("Via")


def test_a_connection_stays_open_and_speaks_of_the_new_configuration(garde):
    with garde.connection() as connection:
        assert "garde-test" in connection.ask(consult()).get("Via")
        garde.write_config(changed(garde, node={"name": "garde-renamed"}))
        assert garde.reload().status == 200
        assert "garde-renamed" in connection.ask(consult()).get("Via")


def test_a_refused_configuration_changes_nothing_and_says_all_that_is_wrong(garde):
    in_force = sha256(garde.config)
    garde.write_config(changed(garde, node={"name": "not a name", "workers": 3}, limits={"idle_time": "soon"}))
    reply = garde.reload()
    assert (reply.status, reply.get("Content-Type")) == (422, "application/problem+json")
    told = [(problem["line"], problem["what"]) for problem in reply.document["problems"] if problem["level"] == "error"]
    assert len(told) == 2  # what cannot be read at all comes first
    checked = garde.command("check", "--config", garde.config, expect=3)
    for line, what in told:
        assert f":{line}: error: {what}" in checked
    with garde.client() as client:
        assert "garde-test" in client.ask(consult()).get("Via")
    refused = garde.wait_for_record("reload-refused", {"refused-configuration": sha256(garde.config)})
    assert (refused["by"], refused["configuration"]) == ("operator-a", in_force)


@pytest.mark.parametrize("section, values", [("node", {"workers": 3}), ("node", {"data_dir": "/nowhere"}),
                                             ("listener", {"address": "127.0.0.1:1"}), ("admin", {"address": "127.0.0.1:1"}),
                                             ("status", {"address": "127.0.0.1:1"}), ("metrics", {"address": "127.0.0.1:1"})])
def test_what_needs_a_new_process_is_refused(garde, section, values):
    garde.write_config(changed(garde, **{section: values}))
    reply = garde.reload()
    assert reply.status == 422
    [problem] = reply.document["problems"]
    assert next(iter(values)) in problem["what"] and "take-over" in problem["instead"]


def test_the_command_line_reloads_and_says_what_is_wrong(garde):
    garde.write_config(changed(garde, node={"name": "garde-renamed"}))
    assert "in force" in garde.ctl("reload")
    garde.write_config(changed(garde, node={"name": "not a name"}))
    said = garde.ctl("reload", expect=3)
    assert str(garde.config) in said and "error" in said


def test_a_hang_up_reloads(garde):
    before = len(garde.journal("reload"))
    garde.write_config(changed(garde, node={"name": "garde-renamed"}))
    garde.process.hang_up()
    # Another's reload may be written down only now.
    assert garde.wait_for_record("reload", since=before, by="SIGHUP")["configuration"] == sha256(garde.config)
    garde.wait_for_mode("primary")


def test_orders_and_what_is_known_of_backends_stay(garde, cluster):
    cluster.primary.kill()
    try:
        garde.wait_for_mode("backup")
        wait_for(lambda: garde.switchovers()[-1:] == [("primary", "backup")], "the switchover is written")
        before = len(garde.switchovers())
        assert garde.order("backup", "stays").status == 200
        garde.write_config(changed(garde, switchover={"hold_down": "2s"}))
        assert garde.reload().status == 200
        [service] = garde.admin("GET", "/v1/services").document["services"]
        assert (service["mode"], service["override"]["reason"]) == ("backup", "stays")
        assert service["backends"][0]["verdict"] == "down"
        assert len(garde.switchovers()) == before
    finally:
        cluster.primary.start()
        garde.order("automatic", "test ends")
        cluster.heal()


def test_who_may_ask_changes_with_the_tokens(garde):
    tokens = garde.folder / "admin-tokens"
    kept = tokens.read_text()
    tokens.write_text("".join(line for line in kept.splitlines(keepends=True) if line.startswith("operator-a")))
    try:
        assert garde.reload().status == 200
        assert garde.admin("GET", "/v1/services", token="token-of-operator-b-9876543210").status == 401
    finally:
        tokens.write_text(kept)


def test_kept_answers_outlive_a_reload(garde, cluster):
    question = patient(7990)
    with garde.client() as client:
        live = client.ask(consult(question))
        assert garde.reload().status == 200
        garde.order("degraded", "asks the cache")
        try:
            kept = client.ask(consult(question))
        finally:
            garde.order("automatic", "test ends")
    assert kept.get("Cache-Status") and kept.body == live.body
    cluster.heal()


def test_services_come_and_go_while_requests_are_in_flight(garde, pki):
    """The newcomer stands first in the file: nothing may go by the service's number."""
    before, with_other = garde.settings(), copy.deepcopy(garde.settings())
    other = copy.deepcopy(with_other["service"][0])
    other.update(name="other", route=[{"path": "/other/*", "kind": "http"}])
    for table in ("cache", "procedure"):
        other.pop(table)
    with_other["service"].insert(0, other)
    with load_on(garde, pki.caller_context()) as load:
        go_on(load, 30)
        for settings in (with_other, before, with_other):
            garde.write_config(settings)
            assert garde.reload().status == 200
            go_on(load, 60)
        with garde.client() as client:
            assert client.request("GET", "/other/d").status in (200, 404)  # as the backend says
        assert 'garde_requests_in_flight{service="other"}' in garde.metrics().body.decode()
    assert [one for one in load.all() if not one.live] == []


def ask_when_nothing_is_under_way(garde, connection):
    """A request counts as under way until garde has put it aside, a moment after its answer has come."""
    idle = f'garde_requests_in_flight{{service="{SERVICE}"}} 0\n'.encode()
    wait_for(lambda: idle in garde.metrics().body, "no request is under way", 10)
    return connection.ask(consult())


def test_limits_follow(garde):
    garde.write_config(changed(garde, limits={"requests_per_caller": 1, "connections_per_caller": 2}))
    assert garde.reload().status == 200
    # Those of the test before count until garde has seen their ends.
    wait_for(lambda: b"garde_connections_open 0\n" in garde.metrics().body, "nobody is connected", 10)
    with garde.connection() as one, garde.connection() as two, garde.connection() as three:
        replies = [ask_when_nothing_is_under_way(garde, each) for each in (one, two, three)]
        assert sorted(reply.status for reply in replies) == [200, 200, 503]


def test_the_status_site_follows(garde):
    settings = garde.settings()
    settings["service"][0]["title"] = {**settings["service"][0]["title"], "en": "Renamed for all"}
    garde.write_config(settings)
    assert garde.reload().status == 200
    [service] = garde.health()["services"]
    assert service["name"] == SERVICE and service["title"]["en"] == "Renamed for all"


def test_the_journal_verifies(garde):
    garde.verify_journal()


def test_every_record_says_under_which_configuration_it_came_about(garde):
    former = sha256(garde.config)
    garde.write_config(changed(garde, node={"name": "garde-renamed"}))
    assert garde.reload().status == 200
    assert garde.order("backup", "under the new one").status == 200
    wait_for(lambda: garde.switchovers()[-1:] == [("primary", "backup")], "the switchover is written", 5)
    assert garde.order("automatic", "over").status == 200
    wait_for(lambda: garde.switchovers()[-1:] == [("backup", "primary")], "the switch back is written", 5)
    records = garde.journal()
    assert all(record["attributes"].get("configuration") for record in records)
    place = max(n for n, record in enumerate(records) if record["event"] == "reload")
    assert records[place]["attributes"]["former-configuration"] == former
    assert {record["attributes"]["configuration"] for record in records[place:]} == {sha256(garde.config)}


def test_another_key_for_receipts_and_other_operators_are_written_down(garde, pki, other_pki):
    start = garde.wait_for_record("start")
    assert len(start["receipt-key"]) == 16
    garde.write_config(changed(garde, receipts={"key": other_pki.receipts_key}))
    tokens = garde.folder / "admin-tokens"
    content = tokens.read_text()
    tokens.write_text(content + "operator-c " + hashlib.sha256(b"token-of-operator-c").hexdigest() + "\n")
    try:
        assert garde.reload().status == 200
        garde.wait_for_record("key-rotated", {"key": "receipts", "from": start["receipt-key"], "by": "operator-a"})
        garde.wait_for_record("operators-changed", added="operator-c")
    finally:
        tokens.write_text(content)
