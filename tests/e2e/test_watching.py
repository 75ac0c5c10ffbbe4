"""How garde watches: backends by two probes that may disagree, and itself by references that it must reach."""

import socket

import pytest

from harness.consult import consult
from harness.garde import SERVICE
from harness.processes import free_port, wait_for

QUICK = {"interval": "250ms", "timeout": "200ms"}


class Reference:
    """An address that answers, or does not, as told."""

    def __init__(self):
        self.port = free_port()
        self._socket = None
        self.answer()

    def answer(self):
        self._socket = socket.create_server(("127.0.0.1", self.port), backlog=4096)

    def be_silent(self):
        self._socket.close()


@pytest.fixture(scope="module")
def reference():
    reference = Reference()
    yield reference
    reference.be_silent()


@pytest.fixture(scope="module")
def cluster(make_cluster, reference):
    return make_cluster(tables={"self_check": {"references": [f"127.0.0.1:{reference.port}"], **QUICK}},
                        service_tables={"shallow_probe": {"type": "tls", **QUICK, "jitter": "20ms"}})


def metric(garde, line):
    return f"\n{line}\n" in garde.metrics().body.decode()


def wait_until_told(garde, mode):
    with garde.client() as client:
        wait_for(lambda: client.ask(consult()) and garde.health()["services"][0]["mode"] == mode, f"the public is told {mode}")


def test_a_node_that_is_cut_off_says_so_instead_of_blaming_the_services(cluster, reference):
    garde = cluster.garde
    cluster.heal()
    assert garde.health()["cut_off"] is False and "cut off" not in garde.ctl("services")
    before = garde.switchovers()
    reference.be_silent()
    for site in cluster.sites:
        site.kill()
    health = wait_for(lambda: (told := garde.health())["cut_off"] and told, "the node says that it is cut off")
    assert health["status"] == "warn"
    assert [(service["mode"], service["since"]) for service in health["services"]] == [("unknown", None)]
    page = garde.status("/?lang=en").body.decode()
    assert "This server is itself cut off from the network" in page and "not available" not in page
    assert garde.admin("GET", "/v1/services").document["cut_off"] is True
    assert "this node is itself cut off" in garde.ctl("services")
    assert metric(garde, "garde_cut_off 1")
    wait_for(lambda: garde.journal("cut-off"), "it is written down")

    reference.answer()
    for site in cluster.sites:
        site.start()
    wait_for(lambda: not garde.health()["cut_off"], "the node is connected again")
    assert metric(garde, "garde_cut_off 0")
    wait_for(lambda: garde.journal("connected-again"), "it is written down")
    assert garde.switchovers() == before, "nobody was blamed"
    cluster.heal()


def test_while_a_reference_answers_it_is_the_services(cluster):
    garde = cluster.garde
    cluster.heal()
    cut_off = len(garde.journal("cut-off"))
    for site in cluster.sites:
        site.kill()
    # Questions are asked meanwhile: what the last backend answered a moment ago speaks for it until one fails.
    wait_until_told(garde, "degraded")
    assert garde.health()["cut_off"] is False
    assert len(garde.journal("cut-off")) == cut_off
    cluster.heal()


def test_while_a_backend_answers_it_is_the_references(cluster, reference):
    garde = cluster.garde
    cluster.heal()
    cut_off = len(garde.journal("cut-off"))
    reference.be_silent()
    cluster.primary.kill()
    wait_until_told(garde, "backup")
    assert garde.health()["cut_off"] is False
    assert len(garde.journal("cut-off")) == cut_off
    reference.answer()
    cluster.heal()


def test_a_web_server_that_lives_without_its_service_is_told(cluster):
    garde = cluster.garde
    cluster.heal()
    disagree = f'garde_probes_disagree{{service="{SERVICE}",backend="dc1",passes="shallow"}}'
    assert metric(garde, f"{disagree} 0")
    cluster.primary.faults({"kind": "http_status", "status": 503, "for": "probe"})
    wait_for(lambda: metric(garde, f"{disagree} 1"), "the probes disagree")
    record = wait_for(lambda: garde.journal("probes-disagree"), "it is written down")[-1]
    told = {"service": SERVICE, "backend": "dc1", "passes": "shallow", "failure": "http-unavailable"}
    assert told.items() <= record["attributes"].items()
    cluster.primary.clear()
    wait_for(lambda: metric(garde, f"{disagree} 0"), "the probes agree again")
    wait_for(lambda: garde.journal("probes-agree-again"), "it is written down")
    cluster.heal()
