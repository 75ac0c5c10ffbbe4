"""What one caller cannot bring about, and how a primary comes back: in steps, whoever asks meanwhile."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.consult import consult, patient
from harness.load import Load
from harness.processes import wait_for

INSURER = "130"
POISONED = [number for number in range(3000, 3400) if number % 8 == 0]  # patients of this insurer, as garde-sim has them
OTHERS = [number for number in range(3000, 3400) if number % 8]


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster(switchover={"attempt_timeout": "400ms", "distinct_callers": 3, "traffic_fall": 5, "hold_down": "1s",
                                    "degraded_hold_down": "500ms", "trial_interval": "200ms", "canary": ["5%", "25%", "50%"],
                                    "canary_step": "500ms", "ramp_step": "500ms"})


def last_verdict(garde, backend):
    told = [record["attributes"]["to"] for record in garde.journal("verdict") if record["attributes"]["backend"] == backend]
    return told[-1] if told else "up"


@pytest.mark.parametrize("poison", ["reset", "hang"])
def test_one_poisonous_request_moves_nothing(cluster, poison):
    """It takes down the connection, or the time, of every backend that it reaches; a hundred times, from one caller, who asks on ten
    connections at once."""
    garde = cluster.garde
    cluster.heal()
    for site in cluster.sites:
        site.faults({"kind": poison, "mutuality": INSURER, "for": "traffic"})
    before = garde.journal("switchover") + garde.journal("verdict")
    done = threading.Event()
    asked = []

    def others():
        with garde.client(2) as client:
            while not done.is_set():
                question = consult(patient(OTHERS[len(asked) % len(OTHERS)]))
                asked.append((question, client.ask(question)))

    def poisonous(number):
        questions = [consult(patient(POISONED[(10 * number + turn) % len(POISONED)])) for turn in range(10)]
        with garde.client(1) as client:
            for question in questions:
                client.ask(question)
        return questions

    aside = threading.Thread(target=others)
    aside.start()
    try:
        with ThreadPoolExecutor(10) as pool:
            sent = [question for questions in pool.map(poisonous, range(10)) for question in questions]
        assert len(sent) == 100
        for question in sent:
            assert sum(count > 0 for count in cluster.received(question.reference)) <= 2, "what fails alike at two is not sent to a third"
    finally:
        done.set()
        aside.join()
        for site in cluster.sites:
            site.clear()
    assert garde.journal("switchover") + garde.journal("verdict") == before
    assert len(asked) > 20
    assert all(reply.mode == "primary" and question.matches(reply.body) for question, reply in asked)


def test_a_recovered_primary_sees_a_ramp(cluster):
    """Everything is down; then the primary is back, and everybody asks at once and again."""
    garde = cluster.garde
    cluster.heal()
    for site in cluster.sites:
        site.kill()
    garde.wait_for_switchover("degraded")
    clients = [(garde.client(number % 2 + 1), [patient(4000 + number)]) for number in range(500)]
    with Load(clients, 250) as load:
        cluster.primary.start()
        started = time.monotonic()
        garde.wait_for_switchover("primary")
        changed = time.monotonic()
        wait_for(lambda: load.all()[-1].begun > changed + 3.0, "the shares have grown")
    asked = load.all()

    def share(begin, end):
        these = [one for one in asked if begin <= one.begun < end]
        return sum(one.live for one in these) / len(these)

    assert not any(one.failed for one in asked)
    assert share(started, changed) <= 0.15, "the hold-down lets through a few"
    assert share(changed, changed + 0.4) <= 0.3, "no wall at the moment of the return"
    assert share(changed + 2.0, changed + 3.0) == 1.0


def test_a_return_to_the_primary_begins_with_a_few(cluster):
    garde = cluster.garde
    cluster.heal()
    wait_for(lambda: all(last_verdict(garde, site.name) == "up" for site in cluster.backups), "the backups are up again")
    cluster.primary.kill()
    with Load([(garde.client(number % 2 + 1), [patient(5000 + number)]) for number in range(20)], 200) as load:
        garde.wait_for_switchover("backup")
        cluster.primary.start()
        garde.wait_for_switchover("primary")
        changed = time.monotonic()
        wait_for(lambda: load.all()[-1].begun > changed + 0.5, "half a second later")
    asked = load.all()
    assert all(one.live for one in asked)
    canaries = [one for one in asked if changed - 1.3 <= one.begun < changed - 0.2]
    by_primary = sum(one.reply.mode == "primary" for one in canaries) / len(canaries)
    assert 0.02 <= by_primary <= 0.7, "shares of traffic go back before the mode does"
