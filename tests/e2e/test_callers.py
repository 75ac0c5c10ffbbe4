"""Callers without a certificate, whose software signs its messages: who gets cached answers, and who does not."""

import base64
import collections
import dataclasses
import json
import os
import random
import re

import pytest
from lxml import etree

from harness.client import Client, Connection
from harness.cluster import Cluster
from harness.consult import Consult, consult, fault_code, patient
from harness.garde import ROUTES
from harness.processes import wait_for
from harness.signing import TokenService, settings_for

ROUNDS = 40


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    folder = tmp_path_factory.mktemp("token-services")
    return TokenService(folder / "trusted"), TokenService(folder / "other", "other")


@pytest.fixture(scope="module")
def pharmacies(services):
    trusted, _ = services
    return [trusted.pharmacy(101, "saml11"), trusted.pharmacy(202, "saml20"), trusted.pharmacy(303, "saml20", "rsa2048")]


@pytest.fixture
def cluster(pki, tmp_path, services):
    cluster = Cluster(pki, tmp_path)
    plain = cluster.garde.settings
    cluster.garde.settings = lambda: {**plain(), "assertions": settings_for(services[0])}
    cluster.start()
    yield cluster
    cluster.stop()


def unverified(garde):
    """A connection without a client certificate."""
    return Client(garde.port, garde.pki.anonymous_context())


def outage(cluster):
    for site in cluster.sites:
        site.faults({"kind": "refuse"})


def is_kept(reply):
    return reply.status == 200 and reply.get("Garde-Consulted-At") is not None


def refused_for(reply):
    """Why there was no cached answer."""
    assert not is_kept(reply), reply.head
    found = re.search(r'detail="?([^";]+)', reply.get("Cache-Status") or "")
    return found and found[1]


def assertions_counted(garde):
    found = re.findall(r'^garde_assertions_total\{result="([a-z-]+)"\} (\d+)', garde.metrics().body.decode(), re.MULTILINE)
    return {result: int(count) for result, count in found if count != "0"}


def test_who_signs_gets_his_own_answers_when_nobody_else_answers(cluster, pharmacies):
    one, two, _ = pharmacies
    with unverified(cluster.garde) as client:
        first = client.ask(one.consult(patient(2001)))
        assert first.status == 200 and first.mode == "primary"
        outage(cluster)
        kept = client.ask(one.consult(patient(2001)))
        assert is_kept(kept) and (kept.mode, kept.body) == ("degraded", first.body)
        assert refused_for(client.ask(two.consult(patient(2001)))) == "no-entry"
        assert refused_for(client.ask(one.consult(patient(2002)))) == "no-entry"
        assert refused_for(client.ask(consult(patient(2001)))) == "assertion-structure"
        assert is_kept(client.ask(one.consult(patient(2001))))
    counted = assertions_counted(cluster.garde)
    assert counted["accepted"] == 5 and sum(counted.values()) == 6


def test_what_was_seen_before_is_not_answered_again(cluster, pharmacies):
    one = pharmacies[0]
    with unverified(cluster.garde) as client:
        asked = one.consult(patient(2003))
        assert client.ask(asked).mode == "primary"
        outage(cluster)
        assert refused_for(client.ask(asked)) == "assertion-replayed"
        again = one.consult(patient(2003))
        assert is_kept(client.ask(again))
        assert refused_for(client.ask(again)) == "assertion-replayed"
        assert cluster.garde.reload().status == 200
        assert refused_for(client.ask(again)) == "assertion-replayed"


def test_news_in_answer_to_a_second_copy_takes_away_what_was_kept(cluster, pharmacies):
    one, two, _ = pharmacies
    with unverified(cluster.garde) as client:
        asked = one.consult(patient(2007))
        for question in (asked, two.consult(patient(2007))):
            assert client.ask(question).mode == "primary"
        cluster.primary.faults({"kind": "deceased", "for": "traffic"})
        assert b"Deceased" in client.ask(asked).body
        outage(cluster)
        assert refused_for(client.ask(one.consult(patient(2007)))) == "no-entry"
        assert is_kept(client.ask(two.consult(patient(2007)))), "what others have is theirs"
    assert assertions_counted(cluster.garde)["replayed"] == 1


def test_forgeries_get_nothing(cluster, services, pharmacies):
    one, two, _ = pharmacies
    stranger = services[1].pharmacy(101)
    with unverified(cluster.garde) as client:
        assert client.ask(one.consult(patient(2004))).mode == "primary"
        outage(cluster)
        assert refused_for(client.ask(stranger.consult(patient(2004)))) == "assertion-assertion-signature"
        assert refused_for(client.ask(two.consult(patient(2004), provider="00000101000"))) == "assertion-provider"
        assert refused_for(client.ask(wrapped(two.consult(patient(2005)), one.consult(patient(2004))))) != "no-entry"
        assert is_kept(client.ask(one.consult(patient(2004))))


def wrapped(signed, wanted):
    """The signed question with another Body in its place, and the signed one moved into the header."""
    root = etree.fromstring(signed.body)
    header, body = root.find("{*}Header"), root.find("{*}Body")
    etree.SubElement(header, "wrapper").append(body)
    root.append(etree.fromstring(wanted.body).find("{*}Body"))
    signed.body = etree.tostring(root)
    return signed


def test_callers_on_one_connection_are_never_mixed_up(cluster, pharmacies):
    chance = random.Random(20180806)
    known = {}
    with unverified(cluster.garde) as client:
        for _ in range(ROUNDS):
            who, ssin = chance.randrange(3), patient(3000 + chance.randrange(4))
            reply = client.ask(pharmacies[who].consult(ssin))
            assert reply.mode == "primary"
            known[who, ssin] = reply.body
        outage(cluster)
        for _ in range(ROUNDS):
            who, ssin = chance.randrange(3), patient(3000 + chance.randrange(4))
            reply = client.ask(pharmacies[who].consult(ssin))
            if (who, ssin) in known:
                assert is_kept(reply) and reply.body == known[who, ssin], (who, ssin)
            else:
                assert refused_for(reply) == "no-entry"


class Door:
    """A connection, and whose it is: a certificate's, by its number, or nobody's."""

    def __init__(self, garde, certificate=None):
        self.certificate = certificate
        context = garde.pki.anonymous_context() if certificate is None else garde.pki.caller_context(certificate)
        self.connection = Connection(garde.port, context)


@dataclasses.dataclass
class Asked:
    """A question: `who` is the part of a name that a receipt must have; None is nobody. Two of one `what` have one answer."""

    door: Door
    who: str | None
    what: tuple
    consult: Consult


class Crowd:
    """Callers behind one address, each with questions about the same few patients and, where it can be, in one provider's name."""

    CERTIFICATES = {1: "CN=Pharmacy One,", 2: "CN=Pharmacy Two,"}
    CONSULTED, ALL = 3, 4  # patients

    def __init__(self, garde, pharmacies, stranger, seed):
        self._pharmacies, self._stranger = pharmacies, stranger
        self._chance = random.Random(seed)
        self._doors = [Door(garde, certificate) for certificate in (1, 1, 2, 2, None, None, None)]

    def close(self):
        for door in self._doors:
            door.connection.close()

    def _question(self, door, patients):
        ssin = patient(4000 + self._chance.randrange(patients))
        signer = self._chance.choice([*self._pharmacies, self._stranger, None])
        signed = consult(ssin) if signer is None else signer.consult(ssin)
        provider = signer and signer.number
        if door.certificate is not None:
            who = self.CERTIFICATES[door.certificate]  # whoever else has signed what it sends
        else:
            who = f"PHARMACY {signer.number:08d}," if signer in self._pharmacies else None
        return Asked(door, who, (who, ssin, provider), signed)

    def round(self, patients):
        """Some ask at the same time, and are read in another order: pairs of what was asked and answered."""
        asked = [self._question(door, patients) for door in self._chance.sample(self._doors, self._chance.randint(2, len(self._doors)))]
        for one in asked:
            one.door.connection.send_consult(one.consult)
        self._chance.shuffle(asked)
        return [(one, one.door.connection.read_reply("POST")) for one in asked]


def caller_on_receipt(reply):
    payload = reply.get("Garde-Receipt").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["caller"]


def test_callers_behind_one_address_are_never_mixed_up(cluster, services, pharmacies):
    """Each gets his own answers or none, whoever asks beside him and on the same connection; receipts name him."""
    seed = int(os.environ.get("GARDE_SEED") or random.SystemRandom().randrange(2**32))
    print(f"GARDE_SEED={seed} repeats it")
    crowd = Crowd(cluster.garde, pharmacies, services[1].pharmacy(101), seed)
    own = {}  # the answers to the last round in which it was asked
    counts = collections.Counter()
    try:
        for _ in range(ROUNDS):
            answers = {}
            for asked, reply in crowd.round(crowd.CONSULTED):
                assert reply.mode == "primary" and asked.consult.matches(reply.body)
                if asked.who is not None:
                    answers.setdefault(asked.what, set()).add(reply.body)
            own.update(answers)
        outage(cluster)
        for _ in range(2 * ROUNDS):
            for asked, reply in crowd.round(crowd.ALL):
                seen = (seed, asked.what, reply.head)
                name = caller_on_receipt(reply)
                assert name == "unverified" if asked.who is None else asked.who in name, (name, *seen)
                if asked.what in own:
                    assert is_kept(reply) and reply.body in own[asked.what], seen
                else:
                    assert not is_kept(reply) and fault_code(reply.body) == "SOA-02002", seen
                counts[asked.door.certificate is not None, asked.who is not None, is_kept(reply)] += 1
    finally:
        crowd.close()
    for certificate, named, answered in ((True, True, True), (True, True, False), (False, True, True), (False, True, False),
                                         (False, False, False)):
        assert counts[certificate, named, answered] > 0, counts


@pytest.fixture
def limited(pki, tmp_path):
    """Pharmacy 1 may have one request at a time, and pharmacy 2 as many as everybody."""
    cluster = Cluster(pki, tmp_path)
    plain = cluster.garde.settings
    cluster.garde.settings = lambda: {**plain(), "caller": [
        {"name": "one", "known_as": ["CN=Pharmacy One,O=Invented Pharmacy 1,C=BE"], "requests": 1}]}
    cluster.start()
    yield cluster
    cluster.stop()


def requests_under_way(garde):
    return int(re.search(r'^garde_requests_in_flight\{service="assurability"\} (\d+)', garde.metrics().body.decode(),
                         re.MULTILINE)[1])


def turned_away(garde):
    return int(re.search(r'^garde_shed_total\{limit="requests-of-caller"\} (\d+)', garde.metrics().body.decode(),
                         re.MULTILINE)[1])


@pytest.mark.parametrize("caller, statuses", [(1, [200, 503]), (2, [200, 200])])
def test_a_caller_may_have_a_limit_of_his_own(limited, caller, statuses):
    garde = limited.garde
    limited.primary.faults({"kind": "slow", "delay_ms": 500, "for": "traffic"})
    with garde.connection(caller) as one, garde.connection(caller) as two, garde.connection(3 - caller) as other:
        one.send_consult(consult())
        wait_for(lambda: requests_under_way(garde) == 1, "the first is under way", 10, 0.01)
        second = two.ask(consult())
        assert other.ask(consult()).status == 200, "nobody else feels it"
        assert [one.read_reply("POST").status, second.status] == statuses
        assert turned_away(garde) == statuses.count(503)
        limited.primary.faults()
        wait_for(lambda: requests_under_way(garde) == 0, "nothing is under way", 10)
        assert two.ask(consult()).status == 200, "one at a time, again"


def test_limits_of_callers_follow_a_reload(limited):
    garde = limited.garde
    limited.primary.faults({"kind": "slow", "delay_ms": 500, "for": "traffic"})
    with garde.connection(2) as one, garde.connection(2) as two:
        settings = garde.settings()
        del settings["caller"]
        settings["group"] = [{"name": "small", "members": ["URI:urn:garde:dev:pharmacy:*"], "requests": 1}]
        garde.write_config(settings)
        assert garde.reload().status == 200
        one.send_consult(consult())
        wait_for(lambda: requests_under_way(garde) == 1, "the first is under way", 10, 0.01)
        assert two.ask(consult()).status == 503
        assert one.read_reply("POST").status == 200


def test_without_the_configuration_nobody_is_believed(pki, tmp_path, pharmacies):
    cluster = Cluster(pki, tmp_path).start()
    try:
        with unverified(cluster.garde) as client:
            assert client.ask(pharmacies[0].consult(patient(2006))).mode == "primary"
            outage(cluster)
            assert refused_for(client.ask(pharmacies[0].consult(patient(2006)))) is None
        assert assertions_counted(cluster.garde) == {}
    finally:
        cluster.stop()


def test_who_signs_finds_what_was_noted_of_his_own(make_cluster, services, pharmacies):
    """Without a certificate: by another message that he has signed, once."""
    routes = [{**route, "deferred": "message", "deferred_callers": ["*"], "stays_valid": "1h"} if route["path"] == "/uncached/v2" else route
              for route in ROUTES]
    cluster = make_cluster(ledger=True, routes=routes, tables={"assertions": settings_for(services[0])},
                           service_tables={"stand_in": [{"name": "note", "decide": "defer"}]})
    one, two, _ = pharmacies
    path = "/.well-known/garde/deferrals"
    with unverified(cluster.garde) as client:
        outage(cluster)
        asked = one.consult(patient(2011))
        noted = client.ask(asked, "/uncached/v2")
        assert "kind=reference" in noted.get("Garde-Deferral")
        assert client.ask(consult(patient(2012)), "/uncached/v2").get("Garde-Deferral") is None
        token = one.consult(patient(2013))
        mine = client.request("POST", path, [("Content-Type", "text/xml")], token.body)
        assert mine.status == 200
        (entry,) = json.loads(mine.body)["deferrals"]
        assert entry["reference"] == asked.reference and entry["state"] in ("queued", "handed-back")
        assert client.request("POST", path, (), token.body).status == 403, "seen before"
        others = client.request("POST", path, (), two.consult(patient(2014)).body)
        assert json.loads(others.body)["deferrals"] == []
        assert client.request("GET", path).status == 403


def test_who_signs_his_messages_gets_the_proofs_of_his_own_receipts(cluster, pharmacies):
    garde = cluster.garde
    outage(cluster)
    garde.wait_for_switchover("degraded")
    asker, other, _ = pharmacies
    with unverified(garde) as client:
        receipt = client.ask(asker.consult(patient(9700))).get("Garde-Receipt")
        payload = receipt.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert f"{asker.number:08d}" in claims["caller"]
        path = f"/.well-known/garde/receipts/{claims['jti']}/proof"

        def asked_by(pharmacy):
            body = pharmacy.consult(patient(9701)).body
            return client.request("POST", path, [("Content-Type", "text/xml; charset=utf-8")], body)

        def proven():
            reply = asked_by(asker)
            assert reply.status in (200, 503), reply.body
            return reply.status == 200 and reply

        proof = json.loads(wait_for(proven, "the proof of a receipt", 5).body)
        assert (proof["receipt"], json.loads(proof["leaf"])["event"]) == (claims["jti"], "receipts")
        assert asked_by(other).status == 404
        assert client.request("GET", path).status == 404
        assert client.request("POST", path, [("Content-Type", "text/xml")], consult(patient(9701)).body).status == 404
