"""A primary that is slow for some requests, while its probes pass: with hedging the backup answers those, out of a budget."""

import time

import pytest

from harness.consult import consult
from harness.garde import SERVICE
from harness.processes import wait_for
from test_metrics import Scrape

SLOW_MS = 600  # less than the attempt's time: the primary would answer in the end
ENOUGH = 600  # answers of the usual speed, so that the slow ones of a test stay rare among them
# One caller must not move the mode, whatever it sees, and slowness shall not either.
SWITCHOVER = {"distinct_callers": 50, "failure_rate": "0%", "slow_factor": 0}


def slow(share=1.0):
    return {"kind": "slow", "for": "traffic", "delay_ms": SLOW_MS, "share": share}


class Asking:
    """One connection, so that one worker has it all."""

    def __init__(self, cluster):
        self.cluster, self.garde = cluster, cluster.garde
        self._client = cluster.garde.client()

    def ask(self):
        """The reply, its question, and how long it took."""
        question = consult()
        begun = time.monotonic()
        reply = self._client.ask(question)
        return reply, question, time.monotonic() - begun

    def is_live(self, reply, question):
        return reply.status == 200 and question.matches(reply.body)

    def learn(self):
        """Shows garde what is usual."""
        for _ in range(ENOUGH):
            reply, question, _ = self.ask()
            assert self.is_live(reply, question)

    def hedges(self):
        scrape = Scrape(self.garde)
        return {result: int(scrape.value("garde_hedges_total", service=SERVICE, result=result)) for result in ("won", "lost")}


@pytest.fixture(scope="module")
def hedging(make_cluster):
    asking = Asking(make_cluster(cache=False, switchover={**SWITCHOVER, "hedge": True, "retry_budget": "20%"}))
    asking.learn()
    return asking


@pytest.fixture
def healthy(hedging):
    for site in hedging.cluster.sites:
        site.clear()
        site.reset_counts()
    yield hedging
    for site in hedging.cluster.sites:
        site.clear()


def test_the_backup_answers_what_the_primary_is_slow_for(healthy):
    before = healthy.hedges()
    healthy.cluster.primary.faults(slow(0.25))
    modes = []
    for _ in range(60):
        reply, question, took = healthy.ask()
        assert healthy.is_live(reply, question)
        assert took < 0.75 * SLOW_MS / 1000, f"{reply.mode} took {took:.3f} s"
        modes.append(reply.mode)
        received = healthy.cluster.received(question.reference)
        # The primary's copy may still be waiting for its connection when the backup's answer is there.
        assert received[0] == 1 or (reply.mode == "backup" and received[0] == 0), received
        assert received[1] <= 1 and received[2] == 0, received
    assert 4 <= modes.count("backup") <= 30, modes
    assert set(modes) == {"primary", "backup"}
    assert healthy.hedges()["won"] - before["won"] == modes.count("backup")
    assert healthy.garde.switchovers() == []


def test_a_refusal_because_the_primary_has_seen_it_is_not_what_the_caller_gets(healthy):
    """All sites share what they have seen: the backup refuses the second copy, and the primary's late answer counts."""
    for site in healthy.cluster.sites:
        site.faults({"kind": "replay_guard", "for": "traffic", "scope": "shared"})
    healthy.cluster.primary.faults({"kind": "replay_guard", "for": "traffic", "scope": "shared"}, slow())
    before = healthy.hedges()
    for _ in range(5):
        reply, question, took = healthy.ask()
        assert healthy.is_live(reply, question), reply.head
        assert reply.mode == "primary" and took >= SLOW_MS / 1000
        assert healthy.cluster.received(question.reference) == [1, 1, 0]
    assert healthy.hedges() == {"won": before["won"], "lost": before["lost"] + 5}


def test_a_backup_that_fails_leaves_the_primary_to_answer(healthy):
    healthy.cluster.primary.faults(slow())
    healthy.cluster.backups[0].faults({"kind": "soa_fault", "code": "SOA-02001", "for": "traffic"})
    for _ in range(3):
        reply, question, _ = healthy.ask()
        assert healthy.is_live(reply, question) and reply.mode == "primary"
        assert healthy.cluster.received(question.reference) == [1, 1, 0]


def test_without_hedging_the_primary_is_waited_for(make_cluster):
    asking = Asking(make_cluster(cache=False, switchover=SWITCHOVER))
    asking.learn()
    asking.cluster.primary.faults(slow(0.25))
    times = []
    for _ in range(40):
        reply, question, took = asking.ask()
        assert asking.is_live(reply, question) and reply.mode == "primary"
        assert asking.cluster.received(question.reference) == [1, 0, 0]
        times.append(took)
    assert max(times) >= SLOW_MS / 1000
    assert asking.hedges() == {"won": 0, "lost": 0}


def test_out_of_budget_the_primary_is_waited_for(make_cluster):
    asking = Asking(make_cluster(cache=False, switchover={**SWITCHOVER, "hedge": True, "retry_budget": "1%"}))
    asking.learn()
    primary = asking.cluster.primary
    primary.faults(slow())
    wait_for(lambda: asking.ask()[0].mode == "backup", "garde hedges")

    # Each of these is sent to the backup too, until nothing is left for that.
    primary.faults({"kind": "soa_fault", "code": "SOA-02001", "for": "traffic"})
    asked = 0
    while asking.is_live(*asking.ask()[:2]):
        asked += 1
        assert asked < 2000, "the budget has no end"
    assert asked > 500

    primary.faults(slow())
    spent = asking.hedges()
    for _ in range(5):
        reply, question, took = asking.ask()
        assert asking.is_live(reply, question) and reply.mode == "primary"
        assert took >= SLOW_MS / 1000
        assert asking.cluster.received(question.reference) == [1, 0, 0]
    assert asking.hedges() == spent
