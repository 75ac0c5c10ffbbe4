"""Kept answers of routes that say themselves what tells their questions apart."""

import contextlib
import itertools

import pytest
from harness.garde import Garde
from harness.processes import wait_for
from harness.recorder import Recorder

ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
RECIPE = {"kind": "soap", "replay_safe": True, "cached": True, "cached_callers": ["*"], "cache_key": ["/Ask/Number"],
          "cache_ignored": ["/Ask/Reference"]}
ROUTES = [{"path": "/own", **RECIPE}, {"path": "/shared", **RECIPE, "cache_scope": "public"}]


class RecipeGarde(Garde):
    def settings(self):
        tables = super().settings()
        service = tables["service"][0]
        del service["backend"][0]["ca"]
        service["backend"][0]["tls"] = False
        service["probe"] = {"type": "tcp", "interval": "1s", "timeout": "900ms", "fall": 100}
        return tables


@pytest.fixture
def backend():
    numbers = itertools.count()

    def answer(peer):
        peer.read_body()
        body = ENVELOPE.format(f"<Answer>{next(numbers)}</Answer>")
        peer.answer(body.encode(), fields=[("Content-Type", "text/xml; charset=utf-8")])

    with_answers = Recorder(script=answer).start()
    yield with_answers
    with contextlib.suppress(OSError):  # a test may have stopped it
        with_answers.stop()


@pytest.fixture
def garde(pki, tmp_path, backend):
    made = RecipeGarde(pki, tmp_path, [backend], routes=ROUTES).start()
    yield made
    made.stop()


def ask(garde, path, body, caller=1):
    with garde.client(caller) as client:
        return client.request("POST", path, [("Content-Type", "text/xml; charset=utf-8")], ENVELOPE.format(body).encode())


def question(number, reference):
    return f'<q:Ask xmlns:q="urn:q"><q:Number>{number}</q:Number><q:Reference>{reference}</q:Reference></q:Ask>'


def rewritten(number, reference):
    return f'<Ask xmlns="urn:q">\n  <Reference>{reference}</Reference><!-- --><Number> {number} </Number>\n</Ask>'


def test_what_the_key_tells_apart_is_kept_and_callers_share_what_is_public(garde, backend):
    own = ask(garde, "/own", question(7, "a"))
    shared = ask(garde, "/shared", question(7, "a"))
    other = ask(garde, "/own", question(8, "a"))
    unfit = ask(garde, "/own", "<Ask xmlns='urn:q'><Number>9</Number><More/></Ask>")
    assert {reply.mode for reply in (own, shared, other, unfit)} == {"primary"}
    assert len({reply.body for reply in (own, shared, other, unfit)}) == 4
    backend.stop()

    kept = wait_for(lambda: (r := ask(garde, "/own", rewritten(7, "b"))).get("Age") and r, "a kept answer")
    assert (kept.status, kept.body) == (200, own.body)
    assert ask(garde, "/own", rewritten(8, "b")).body == other.body
    assert ask(garde, "/shared", rewritten(7, "b")).body == shared.body
    assert ask(garde, "/shared", rewritten(7, "b"), caller=2).body == shared.body
    refused = [ask(garde, "/own", rewritten(7, "b"), caller=2), ask(garde, "/own", question(10, "b")),
               ask(garde, "/shared?language=fr", question(7, "b")), ask(garde, "/shared", question(7, "b"), caller=None),
               ask(garde, "/own", "<Ask xmlns='urn:q'><Number>9</Number><More/></Ask>")]
    assert [reply.status for reply in refused] == [500] * 5
    assert "request-unknown-element" in refused[-1].get("Cache-Status")
