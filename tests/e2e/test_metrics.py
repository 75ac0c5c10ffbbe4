"""GET /metrics: read by a strict parser of the format, true, and without anything personal."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness.consult import HOLDER_NAME, consult, patient
from harness.garde import SERVICE
from harness.processes import wait_for


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture(scope="module")
def garde(cluster):
    return cluster.garde


class Scrape:
    """One answer, as families by name and values by series."""

    def __init__(self, garde):
        self.reply = garde.metrics()
        assert self.reply.status == 200, self.reply.head
        self.text = self.reply.body.decode()
        self.families = {family.name: family for family in text_string_to_metric_families(self.text)}
        self.values = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name, **labels):
        return self.values[name, frozenset(labels.items())]

    def state(self, name, **labels):
        """The state of a state set that is on."""
        on = [
            dict(of)[name]
            for (sample, of), value in self.values.items()
            if sample == name and value == 1 and labels.items() <= dict(of).items()
        ]
        assert len(on) == 1, on
        return on[0]


def test_it_is_openmetrics(garde):
    scrape = Scrape(garde)
    assert scrape.reply.get("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert scrape.text.endswith("# EOF\n")
    assert scrape.families["garde_exchange_duration_seconds"].type == "histogram"
    assert scrape.families["garde_exchange_duration_seconds"].unit == "seconds"
    for family in scrape.families.values():
        assert family.documentation and family.type != "unknown", family.name


def test_other_paths_and_methods(garde):
    assert garde.metrics("/").status == 404
    assert garde.metrics("/metrics", "POST").status == 405
    head = garde.metrics("/metrics", "HEAD")
    assert head.status == 200 and head.body == b""


def test_the_process(garde):
    scrape = Scrape(garde)
    assert scrape.value("garde_build_info", version="0.1.0") == 1
    assert 10 < scrape.value("process_open_fds") < scrape.value("process_max_fds")
    assert scrape.value("process_resident_memory_bytes") > 1_000_000
    assert scrape.value("process_cpu_seconds_total") > 0


def test_the_limits_in_force(garde):
    scrape = Scrape(garde)
    limit = scrape.value("garde_connections_limit")
    assert 1 < limit < scrape.value("process_max_fds")
    assert 1 < scrape.value("garde_requests_limit") < limit
    assert scrape.value("garde_buffered_limit_bytes") >= 16 * 1024 * 1024


def test_workers_are_watched(garde):
    scrape = Scrape(garde)
    for worker in ("0", "1"):
        assert scrape.value("garde_worker_stalled", worker=worker) == 0


def test_modes_and_verdicts_follow_an_order(cluster, garde):
    garde.wait_for_mode("primary")
    primary = cluster.sites[0].name
    wait_for(lambda: Scrape(garde).state("garde_backend_verdict", service=SERVICE, backend=primary) == "up", "it is up", 10)
    scrape = Scrape(garde)
    assert scrape.state("garde_service_mode", service=SERVICE) == "primary"
    assert scrape.state("garde_service_override", service=SERVICE) == "automatic"
    garde.order("backup")
    wait_for(lambda: Scrape(garde).state("garde_service_mode", service=SERVICE) == "backup", "the order is shown", 5)
    assert Scrape(garde).state("garde_service_override", service=SERVICE) == "backup"
    garde.order("automatic")
    garde.wait_for_mode("primary")


def test_nothing_personal(garde):
    ssin = patient(4242)
    with garde.client() as client:
        assert client.ask(consult(ssin)).status == 200
        garde.order("backup", reason="very-secret-reason")
        text = Scrape(garde).text
        garde.order("automatic")
    for secret in (ssin, HOLDER_NAME, "operator-a", "very-secret-reason", "CN=", "127.0.0.1"):
        assert secret not in text


def test_requests_are_counted(garde):
    garde.wait_for_mode("primary")
    answered = {"service": SERVICE, "answered_by": "primary", "mode": "primary"}
    before = Scrape(garde)
    with garde.client() as client:
        for _ in range(3):
            assert client.ask(consult()).mode == "primary"
    after = Scrape(garde)
    assert after.value("garde_requests_total", **answered) - before.value("garde_requests_total", **answered) == 3
    handshakes = [one.value("garde_handshakes_total", result="full") for one in (before, after)]
    assert handshakes[1] > handshakes[0]
    wait_for(lambda: Scrape(garde).value("garde_requests_in_flight", service=SERVICE) == 0, "none is in flight any more", 10)


def test_who_is_over_a_limit_is_turned_away_early_and_the_others_are_served(make_cluster):
    garde = make_cluster(limits={"connections_per_caller": 2}).garde
    with garde.client(caller=1) as first, garde.client(caller=1) as second, garde.client(caller=1) as third:
        assert first.ask(consult()).status == 200
        assert second.ask(consult()).status == 200
        turned_away = third.ask(consult())
        assert turned_away.status == 503
        assert 2 <= int(turned_away.get("Retry-After")) <= 9
        with garde.client(caller=2) as other:
            assert other.ask(consult()).status == 200
    assert garde.status("/v1/health").status == 200
    assert Scrape(garde).value("garde_shed_total", limit="connections-of-caller") == 1
