"""kill -9 again and again while many requests a second are kept, and while they are asked again: what a caller was told of is kept, and
settled exactly once where the service knows the key; where it does not, whatever nobody can tell is told as such."""

import random
import threading
import uuid

import pytest

from harness.client import ConnectionEnded
from harness.processes import wait_for
from test_deferral import KEPT, STATES, heal, listed, take_down

SENDERS = 4
KILLS = 5
# Between two kills: so many are told of, one after the other by four senders, which is hundreds a second.
BETWEEN = (15, 60)
SETTLED = ("confirmed", "contradicted", "expired", "handed-back", "ambiguous")


class Sender(threading.Thread):
    """One pharmacy's software that orders without a pause, and remembers what it was told."""

    def __init__(self, garde, told):
        super().__init__(daemon=True)
        self.garde, self.told = garde, told
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            try:
                with self.garde.client(1, timeout=5.0) as client:
                    while not self.over.is_set():
                        body = f"order-{uuid.uuid4()}"
                        reply = client.request("POST", "/orders", [("Content-Type", "text/plain")], body.encode())
                        deferral = reply.get("Garde-Deferral")
                        if deferral:
                            self.told[deferral.split(";")[0]] = body
            except (ConnectionEnded, OSError):  # it was killed
                self.over.wait(0.02)


def kept_over_kills(cluster):
    """What callers were told of, by id, while garde was killed five times."""
    garde, told = cluster.garde, {}
    senders = [Sender(garde, told) for _ in range(SENDERS)]
    for one in senders:
        one.start()
    for _ in range(KILLS):
        wanted = len(told) + random.randint(*BETWEEN)
        wait_for(lambda: len(told) >= wanted, f"{wanted} are told of", 60, pause=0.001)
        garde.restart_after_kill()
    for one in senders:
        one.over.set()
    for one in senders:
        one.join(20)
    return told


@pytest.fixture(scope="module", params=["with a key", "without a key"])
def crashed(request, make_cluster):
    route = {"path": "/orders", **KEPT, **({"idempotency_header": "Idempotency-Key"} if request.param == "with a key" else {})}
    cluster = make_cluster(ledger=True, routes=[route, {"path": "/insurability/v2", "kind": "soap", "replay_safe": True}],
                           switchover={"longest_hold_down": "1s", "longest_ejection": "1s", "switchovers_per_hour": 1000},
                           service_tables={"stand_in": [{"name": "keep", "decide": "defer"}]})
    take_down(cluster)
    cluster.told = kept_over_kills(cluster)
    cluster.has_key = request.param == "with a key"
    return cluster


def test_what_callers_were_told_of_is_there_and_settled_once(crashed):
    garde, told = crashed.garde, crashed.told
    there = listed(garde)
    assert set(told) <= set(there), f"{len(set(told) - set(there))} of {len(told)} are lost"
    assert all(there[one]["state"] == "queued" for one in told)

    # Killed while they are asked again, too.
    for site in crashed.sites:
        site.clear()
    for part in (0.2, 0.5):
        wait_for(lambda: sum(one["state"] in SETTLED for one in listed(garde).values()) >= part * len(there), "some are settled", 90)
        garde.restart_after_kill()
    heal(crashed)
    after = wait_for(lambda: (now := listed(garde)) and all(one["state"] in SETTLED for one in now.values()) and now, "all are settled", 180)

    done = {one: sum(site.answered(one if crashed.has_key else told[one]) for site in crashed.sites) for one in told}
    if crashed.has_key:
        assert {after[one]["state"] for one in told} == {"confirmed"}
        assert set(done.values()) == {1}, "each exactly once"
    else:
        # What a backend may have seen when it came is only noted: its sender asks again.
        assert {after[one]["state"] for one in told} <= {"confirmed", "ambiguous", "handed-back"}
        assert all(times <= 1 for times in done.values()), "none twice"
        assert all(done[one] == 1 for one in told if after[one]["state"] == "confirmed")

    def counted():
        rows = garde.admin("GET", "/v1/deferrals").document["outages"]
        sums = {state: sum(row[state] for row in rows) for state in ("issued", *STATES)}
        return sums["queued"] + sums["sent"] == 0 and sums

    sums = wait_for(counted, "they are counted", 10)
    assert sums["issued"] == sum(sums[state] for state in STATES) == len(after)
    assert sums["ambiguous"] == sum(one["state"] == "ambiguous" for one in after.values())
