"""One process takes over from another, dies, or finds a disk that does not work: callers notice nothing."""

import os
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import Client
from harness.consult import consult, patient
from harness.garde import Garde
from harness.load import Load
from harness.processes import wait_for

CLIENTS = 8
RATE = 200


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture
def garde(cluster):
    """Whoever serves: a test may leave another process in charge than the one before it."""
    yield cluster.garde
    cluster.garde.order("automatic", "test ends")
    cluster.heal()


def load_on(garde, pki):
    context = pki.caller_context()
    clients = [(Client(garde.port, context), [patient(8000 + n * 100 + k) for k in range(10)]) for n in range(CLIENTS)]
    return Load(clients, RATE)


def go_on(load, count):
    begun = len(load.all())
    wait_for(lambda: len(load.all()) >= begun + count, f"{count} more questions", 30)


def ended(process):
    return wait_for(lambda: not process.alive, "the former process has ended", 20)


def test_no_request_fails_while_one_process_takes_over_from_another(garde, pki):
    before = len(garde.journal("start"))
    with load_on(garde, pki) as load:
        go_on(load, 100)
        for _ in range(2):
            former = garde.process
            garde.take_over()
            go_on(load, 100)
            ended(former)
            assert former.stop() == 0
            former.check_sanitizers()
            go_on(load, 50)
    asked = load.all()
    assert [one for one in asked if not one.live] == []
    wait_for(lambda: len(garde.journal("start")) == before + 2, "the successor's start is written down")
    events = [record["event"] for record in garde.journal() if record["event"] in ("start", "stop")]
    assert events[-4:] == ["stop", "start", "stop", "start"]
    assert "taken over by process" in garde.journal("stop")[-1]["attributes"]["why"]
    assert garde.journal("start")[-1]["attributes"]["took-over-from"].startswith("process ")
    garde.verify_journal()


def test_orders_and_what_is_known_of_backends_go_along(garde, cluster):
    cluster.primary.kill()
    try:
        garde.wait_for_mode("backup")
        wait_for(lambda: garde.switchovers()[-1:] == [("primary", "backup")], "the switchover is written")
        before = len(garde.switchovers())
        assert garde.order("backup", "goes along", for_s=600).status == 200
        former = garde.process
        garde.take_over()
        ended(former)
        assert former.stop() == 0
        [service] = wait_for(lambda: garde.admin("GET", "/v1/services").document["services"], "the new one answers")
        assert (service["mode"], service["override"]["reason"], service["override"]["by"]) == ("backup", "goes along", "operator-a")
        assert service["backends"][0]["verdict"] == "down"
        assert len(garde.switchovers()) == before
    finally:
        cluster.primary.start()
    garde.restart_after_kill()
    [service] = garde.admin("GET", "/v1/services").document["services"]
    assert service["override"]["reason"] == "goes along"  # the store has it too


def test_a_successor_with_a_bad_configuration_harms_nobody(garde, cluster, pki):
    with load_on(garde, pki) as load:
        go_on(load, 50)
        settings = garde.settings()
        settings["status"]["address"] = f"127.0.0.1:{garde.port}"
        bad = garde.folder / "bad.toml"
        garde.write_config(settings, bad)
        assert "port" in garde.command("run", "--config", bad, "--take-over", expect=3)
        settings = garde.settings()
        settings["status"]["address"] = f"127.0.0.1:{cluster.primary.port}"
        garde.write_config(settings, bad)
        assert "in use" in garde.command("run", "--config", bad, "--take-over", expect=1)
        go_on(load, 50)
        assert wait_for(lambda: garde.order("automatic", "orders are taken again").status == 200, "orders are taken")
    refused = garde.wait_for_record("take-over-refused")
    assert len(garde.journal("take-over-refused")) == 1
    assert "does not serve" in refused["why"] and int(refused["process"]) > 0
    assert [one for one in load.all() if not one.live] == []


def test_a_second_garde_does_not_start_beside_the_first(garde):
    said = garde.command("run", "--config", garde.config, expect=1)
    assert f"process {garde.process.pid}" in said and "--take-over" in said


def test_where_there_is_nobody_to_take_over_from_it_starts(garde):
    garde.process.kill()
    garde.take_over()
    garde.wait_for_mode("primary")


def test_fewer_and_more_workers_than_the_predecessor_had(garde, pki):
    with load_on(garde, pki) as load:
        go_on(load, 50)
        for workers in (1, 3, 2):
            settings = garde.settings()
            settings["node"]["workers"] = workers
            garde.write_config(settings)
            former = garde.process
            garde.take_over()
            ended(former)
            assert former.stop() == 0
            go_on(load, 100)
    assert [one for one in load.all() if not one.live] == []


def test_who_is_about_to_ask_while_it_ends_is_answered_and_told_that_it_was_the_last_time(garde):
    with garde.connection() as connection, garde.connection() as idle:
        assert connection.ask(consult()).get("Connection") != "close"
        garde.process.terminate()
        wait_for(lambda: "ending (signal" in garde.process.tail(), "it has heard", 10)
        reply = connection.ask(consult())
        assert (reply.status, reply.get("Connection")) == (200, "close")
        assert idle.ended()
    assert garde.process.stop() == 0
    garde.restart()


def test_connections_wait_in_a_socket_that_systemd_holds(garde, pki):
    """As systemd does it: the socket is descriptor 3, and connections are made before there is a garde."""
    garde.process.kill()
    with socket.create_server(("127.0.0.1", garde.port), backlog=64) as held:
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(ask_once, garde) for _ in range(8)]
            ordinary, garde.process = garde.process, garde.activated(held, "listener")
            garde.process.start()
            replies = [one.result(30) for one in waiting]
    assert [(reply.status, reply.mode) for reply in replies] == [(200, "primary")] * 8
    wait_for(lambda: garde.health()["status"] == "pass", "it serves the rest of its addresses")
    garde.stop()
    garde.process = ordinary
    garde.restart()


def ask_once(garde):
    with garde.client() as client:
        return client.ask(consult())


def test_it_serves_again_at_once_after_it_was_killed(garde):
    garde.restart_after_kill()
    with garde.client() as client:
        assert client.ask(consult()).mode == "primary"
    garde.verify_journal()


def test_a_store_that_is_locked_holds_up_nobody(garde):
    garde.process.kill()
    locked = sqlite3.connect(garde.data / "garde.sqlite")
    locked.execute("PRAGMA locking_mode = EXCLUSIVE")
    locked.execute("BEGIN EXCLUSIVE")
    try:
        garde.restart()
        with garde.client() as client:
            assert client.ask(consult()).mode == "primary"
        reply = garde.order("degraded", "not kept yet")
        assert (reply.status, reply.document["stored"]) == (200, False)
        garde.wait_for_mode("degraded")
    finally:
        locked.close()


def test_a_journal_that_hangs_holds_up_nobody_and_is_shown(garde):
    """Opening a pipe for reading waits until somebody writes: so does a disk that hangs."""
    garde.process.kill()
    head = garde.data / "journal" / "head"
    aside = head.with_suffix(".aside")
    head.rename(aside)
    os.mkfifo(head)
    try:
        garde.restart()
        with garde.client() as client:
            assert client.ask(consult()).mode == "primary"
        wait_for(lambda: garde.admin("GET", "/v1/services").document["journal_failing"], "the journal's trouble is shown")
    finally:
        code = garde.process.stop()  # which does not wait for the disk for ever
        aside.rename(head)
    assert code == 0
    garde.restart()
    garde.verify_journal()


def test_a_data_folder_that_cannot_be_used_does_not_stop_the_start(garde, cluster, pki, tmp_path):
    other = Garde(pki, tmp_path, cluster.sites)
    other.data.write_text("no folder")
    settings_of = other.settings
    other.settings = lambda: {**settings_of(), "node": {**settings_of()["node"], "data_dir": other.folder / "data" / "below"}}
    other.start()
    try:
        with other.client() as client:
            assert client.ask(consult()).mode == "primary"
        wait_for(lambda: other.admin("GET", "/v1/services").document["journal_failing"], "the journal's trouble is shown")
    finally:
        other.stop()
