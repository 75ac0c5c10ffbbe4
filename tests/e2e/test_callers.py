"""Callers without a certificate, whose software signs its messages: who gets cached answers, and who does not."""

import random
import re

import pytest
from lxml import etree

from harness.client import Client
from harness.cluster import Cluster
from harness.consult import consult, patient
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
