"""Receipts, as whoever is shown one checks it: offline, with the published keys, by a JOSE library that is not ours."""

import hashlib
import json
import subprocess

import pytest
from jwcrypto import jwk, jws

from harness import journal
from harness.consult import consult, patient
from harness.processes import wait_for


@pytest.fixture(scope="module")
def cluster(make_cluster):
    out = make_cluster()
    for site in out.sites:
        site.kill()
    out.garde.wait_for_switchover("degraded")
    return out


@pytest.fixture
def garde(cluster):
    return cluster.garde


def ask(garde):
    """A question that nobody answers, and its receipt."""
    question = consult(patient(9100))
    with garde.client() as client:
        return question, client.ask(question).get("Garde-Receipt")


def published(garde):
    reply = garde.status("/.well-known/jwks.json")
    assert (reply.status, reply.get("Content-Type")) == (200, "application/jwk-set+json")
    return reply.body.decode()


def verified(receipt, keys):
    """The claims, by jwcrypto."""
    token = jws.JWS()
    token.deserialize(receipt)
    token.allowed_algs = ["ES256"]
    key = jwk.JWKSet.from_json(keys).get_key(token.jose_header["kid"])
    assert key is not None, "no key of this name is published"
    token.verify(key)
    return json.loads(token.payload)


def verify_offline(garde, receipt, keys, expect=0):
    (garde.folder / "receipt.jws").write_text(receipt)
    (garde.folder / "keys.json").write_text(keys)
    return garde.command("receipt", "verify", "--key", garde.folder / "keys.json", garde.folder / "receipt.jws", expect=expect)


def test_a_jose_library_verifies_it_with_the_published_keys(garde):
    question, receipt = ask(garde)
    claims = verified(receipt, published(garde))
    assert claims["request_sha256"] == hashlib.sha256(question.body).hexdigest()
    assert claims["decision"] == "procedure" and claims["mode"] == "degraded"
    assert "Pharmacy One" in claims["caller"]
    assert len(receipt) <= 2048


def test_it_names_no_patient(garde):
    question, receipt = ask(garde)
    text = json.dumps(verified(receipt, published(garde)))
    assert patient(9100) not in text


def test_no_bit_may_be_changed(garde):
    _, receipt = ask(garde)
    keys = published(garde)
    for place in range(5, len(receipt), len(receipt) // 20):
        if receipt[place] == ".":
            continue
        changed = receipt[:place] + ("A" if receipt[place] != "A" else "B") + receipt[place + 1:]
        with pytest.raises((jws.InvalidJWSSignature, jws.InvalidJWSObject, AssertionError, KeyError, UnicodeDecodeError)):
            verified(changed, keys)
        verify_offline(garde, changed, keys, expect=4)


def test_it_says_whom_garde_had_asked(cluster):
    """While the mode is still primary, and its only answer is that there is none."""
    garde = cluster.garde
    cluster.heal()
    for site in cluster.sites:
        site.faults({"kind": "reset", "for": "traffic"})
    try:
        _, receipt = ask(garde)
        attempts = verified(receipt, published(garde))["attempts"]
    finally:
        for site in cluster.sites:
            site.kill()
        garde.wait_for_switchover("degraded")
    assert [one["backend"] for one in attempts] == [site.name for site in cluster.sites[:len(attempts)]]
    assert len(attempts) == 2, "what fails alike at two is not sent to a third"
    assert all(one["result"] == "reset" and one["ms"] >= 0 for one in attempts)


def test_a_key_is_changed_while_garde_serves_and_earlier_receipts_hold(garde):
    _, before = ask(garde)
    old_keys = published(garde)
    new_key = garde.folder / "receipts-new.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", new_key], check=True,
                   capture_output=True)
    new_key.chmod(0o600)
    settings = garde.settings()
    settings["receipts"] |= {"key": str(new_key), "former_keys": [str(garde.pki.receipts_public)]}
    garde.write_config(settings)
    assert garde.reload().status == 200
    try:
        _, after = ask(garde)
        keys = published(garde)
        assert len(json.loads(keys)["keys"]) == 2
        for receipt in (before, after):
            verified(receipt, keys)
            assert "procedure" in verify_offline(garde, receipt, keys)
        assert "not among those given" in verify_offline(garde, after, old_keys, expect=4)
    finally:
        garde.write_config()
        assert garde.reload().status == 200


def test_a_former_key_that_is_none_is_refused(garde):
    settings = garde.settings()
    settings["receipts"] |= {"former_keys": [str(garde.pki.ca), str(garde.folder / "none.pem")]}
    garde.write_config(settings)
    try:
        said = garde.command("check", "--config", garde.config, expect=3)
        assert "[receipts] former_keys" in said and "none.pem" in said
    finally:
        garde.write_config()


# --- proofs


def proof_of(garde, receipt, caller=1):
    """Of the journal, once its record is written: nobody who hands out a receipt waits for that."""
    receipt_id = verified(receipt, published(garde))["jti"]
    with garde.client(caller) as client:
        def proven():
            reply = client.request("GET", f"/.well-known/garde/receipts/{receipt_id}/proof")
            assert reply.status in (200, 503), reply.body
            if reply.status == 503:
                assert reply.get("Retry-After") == "1"
            return reply.status == 200 and reply

        return wait_for(proven, "the proof of a receipt", 5)


def test_its_proof_is_accepted_by_a_verifier_that_is_not_ours(garde):
    _, receipt = ask(garde)
    reply = proof_of(garde, receipt)
    proof = json.loads(reply.body)
    signed = receipt.rpartition(".")[0]
    commitment = journal.encode(hashlib.sha256(signed.encode()).digest())
    record = json.loads(proof["leaf"])
    assert record["event"] == "receipts" and f":{commitment}" in record["attributes"]["receipts"]
    path = [bytes.fromhex(node) for node in proof["path"]]
    root = bytes.fromhex(proof["root"])
    assert journal.included(proof["leaf"].encode(), proof["index"], proof["size"], path, root)
    leaves = [journal.leaf_hash(line) for line in journal.lines(garde.data / "journal")][: proof["size"]]
    assert journal.root_of(leaves) == root
    garde.verify_journal()


def test_its_proof_is_checked_offline_and_with_a_single_changed_byte_it_fails(garde):
    _, receipt = ask(garde)
    document = proof_of(garde, receipt).body.decode()
    keys = published(garde)
    (garde.folder / "receipt.jws").write_text(receipt)
    (garde.folder / "keys.json").write_text(keys)

    def verify(proof, expect=0):
        (garde.folder / "proof.json").write_text(proof)
        return garde.command("receipt", "verify", "--key", garde.folder / "keys.json", "--proof", garde.folder / "proof.json",
                             garde.folder / "receipt.jws", expect=expect)

    assert "in the journal as record" in verify(document)
    original = json.loads(document)
    for member, value in (("root", "0" * 64), ("seq", original["seq"] - 1), ("path", original["path"][:-1]),
                          ("leaf", original["leaf"].replace('"count":"1"', '"count":"2"'))):
        assert "does not hold" in verify(json.dumps(original | {member: value}), expect=4)
    _, other = ask(garde)
    (garde.folder / "receipt.jws").write_text(other)
    assert "does not hold this receipt" in verify(document, expect=4)


def test_each_caller_gets_the_proofs_of_his_own_receipts(garde):
    _, receipt = ask(garde)
    proof_of(garde, receipt)
    receipt_id = verified(receipt, published(garde))["jti"]
    for caller in (2, None):
        with garde.client(caller) as client:
            assert client.request("GET", f"/.well-known/garde/receipts/{receipt_id}/proof").status == 404
    with garde.client() as client:
        assert client.request("GET", "/.well-known/garde/receipts/AAAAAAAAAAAAAAAAAAAAAAAA/proof").status == 404
        assert client.request("GET", "/.well-known/garde/receipts/none/proof").status == 404


def test_whoever_has_the_receipt_of_somebody_unverified_gets_its_proof(garde):
    with garde.client(None) as client:
        receipt = client.ask(consult(patient(9100))).get("Garde-Receipt")
    assert verified(receipt, published(garde))["caller"] == "unverified"
    proof_of(garde, receipt, caller=None)
    proof_of(garde, receipt, caller=2)


def test_nobody_can_tell_from_the_journal_who_asked(garde):
    _, receipt = ask(garde)
    claims = verified(receipt, published(garde))
    proof_of(garde, receipt)
    written = b"\n".join(journal.lines(garde.data / "journal"))
    for told in (claims["jti"], claims["request_sha256"], receipt[:60]):
        assert told.encode() not in written
    for record in map(json.loads, journal.lines(garde.data / "journal")):
        if record["event"] == "receipts":
            assert set(record["attributes"]) == {"count", "receipts"} and set(record["hidden"]) == {"callers"}
