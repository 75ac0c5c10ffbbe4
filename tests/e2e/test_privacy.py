"""No national number, name or password in any log, journal or file: searched for in every form that software leaves behind."""

import gzip
import pathlib
import re
import signal
import subprocess
import zlib

import pytest

from harness import secrets
from harness.consult import HOLDER_NAME, PASSWORD, consult, element, patient
from harness.garde import CACHE_KEY, TOKENS
from harness.processes import wait_for

PATIENTS = [patient(number) for number in range(166, 176)]
HOLDER_SSIN = "00000000198"


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(cache_store=True)


@pytest.fixture(scope="module")
def used(cluster):
    """garde after a life with everything in it: answers, an outage, the cache, the procedure, broken messages, orders, a crash, an
    end. Returns what was secret in it."""
    garde = cluster.garde
    known = {f"patient {number}": ssin for number, ssin in enumerate(PATIENTS)}
    known |= {"password": PASSWORD, "holder": HOLDER_NAME, "holder's number": HOLDER_SSIN}
    known |= {f"token of {name}": token for name, token in TOKENS.items()}
    with garde.client() as client:
        for ssin in PATIENTS:
            reply = client.ask(consult(ssin))
            assert reply.status == 200
            known |= {f"name of {ssin[-3:]}": element(reply.body, "LastName"), f"approval of {ssin[-3:]}":
                      element(reply.body, "PaymentApproval")}
        client.request("POST", "/insurability/v2", (), consult(PATIENTS[0]).body[:-30])
        client.request("POST", f"/nowhere/{PATIENTS[0]}", (), consult(PATIENTS[0]).body)
        client.request("GET", f"/files/d?ssin={PATIENTS[1]}")
    with garde.connection() as connection:
        connection.send(f"GET /files/d?ssin={PATIENTS[1]} HTTP/1.1\r\nX-Broken : {PATIENTS[1]}\r\n\r\n".encode())
        connection.read_reply()
    garde.order("emergency", "rehearsal")
    garde.order("emergency", "rehearsal", token="wrong")
    garde.order("automatic", "rehearsal over")
    cluster.primary.faults({"kind": "die_mid_body"})
    for site in cluster.backups:
        site.faults({"kind": "soa_fault", "code": "SOA-02002"})
    with garde.client() as client:
        assert wait_for(lambda: (r := client.ask(consult(PATIENTS[0]))).get("Age") and r, "a cached answer").status == 200
        client.ask(consult(patient(176)))
    known["patient of a miss"] = patient(176)
    known["key of the cache"] = CACHE_KEY
    log = garde.data / "replies.sqlite-wal"
    wait_for(lambda: log.exists() and log.stat().st_size > 10_000, "answers on the disk")
    garde.process.kill()
    garde.restart()
    with garde.client() as client:
        client.ask(consult(PATIENTS[0]))
    garde.stop()
    return known


def places(cluster):
    garde = cluster.garde
    return [garde.data, garde.process.out, garde.process.err]


def test_the_search_finds_what_is_planted(tmp_path):
    secret = {"password": PASSWORD, "patient": PATIENTS[0], "name": "D'Essai & Co"}
    for name, text in secret.items():
        for form, pattern in secrets.forms(text).items():
            file = tmp_path / "planted"
            file.write_bytes(b"before " + pattern + b" behind")
            assert (str(file), name, form) in secrets.search([tmp_path], secret)
            file.write_bytes(b"before " + pattern[:-1] + b" behind")
            assert (str(file), name, form) not in secrets.search([tmp_path], secret)


def test_the_search_finds_base64_inside_longer_texts(tmp_path):
    import base64

    for shift in range(7):
        (tmp_path / "planted").write_bytes(base64.b64encode(b"x" * shift + PATIENTS[0].encode() + b"yz"))
        assert secrets.search([tmp_path], {"patient": PATIENTS[0]})


@pytest.mark.parametrize("kind", ["zlib", "gzip", "zstd", "zstd with garde's dictionary"])
def test_the_search_finds_what_is_packed(tmp_path, kind):
    text = f"<c:Ssin>{PATIENTS[0]}</c:Ssin>".encode() * 3
    options = ["-D", secrets.dictionary()] if "dictionary" in kind else []
    packed = {"zlib": zlib.compress, "gzip": gzip.compress}.get(kind) or (
        lambda raw: subprocess.run(["zstd", "-c", "-q", *options], input=raw, capture_output=True, check=True).stdout)
    (tmp_path / "planted").write_bytes(b"before " + packed(text) + b" behind")
    found = secrets.search([tmp_path], {"patient": PATIENTS[0], "other": PATIENTS[1]})
    assert {name for _, name, _ in found} == {"patient"}, found


def test_no_core_is_left_of_a_garde_that_crashes(make_cluster):
    garde = make_cluster(cache_store=True).garde
    with garde.client() as client:
        client.ask(consult(PATIENTS[0]))
    pid = garde.process.pid
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits), limits
    folders = [pathlib.Path(f"/proc/{pid}/cwd").resolve(), garde.folder, garde.data]
    before = {file for folder in folders for file in folder.glob("core*")}
    garde.process.kill(signal.SIGABRT)
    assert {file for folder in folders for file in folder.glob("core*")} == before
    assert secrets.search([garde.folder], {"patient": PATIENTS[0]}) == []


def test_there_is_something_to_search(cluster, used):
    assert (cluster.garde.data / "replies.sqlite").stat().st_size > 10_000
    assert cluster.garde.journal("start") and cluster.garde.journal("switchover")
    assert "switchover" in cluster.garde.process.errors()


def test_nothing_of_patients_is_left_behind(cluster, used):
    assert secrets.search(places(cluster), used) == []
