"""The benchmarks: what counts as a figure, when a bound holds, that their files can be read; and that the failover bench tells good
from bad, by short runs with a fault of the service."""

import dataclasses
import json
import sys
import xml.etree.ElementTree

import pytest

from harness import paths

sys.path.insert(0, str(paths.PROJECT))

from bench.driver import degraded, degraded_report, failover_report, faults, load, machine, proxies, report, throughput_report, trial  # noqa: E402
from bench.driver.figures import PROXIES  # noqa: E402
from bench.driver.outcomes import Judged, Request, Spell  # noqa: E402

NAME = "cpu_us_per_request/tls-plain"  # at most 0.95, aim 0.80


def samples(garde, haproxy=(100, 100, 100), nginx=(200, 200, 200), name=NAME):
    out = report.Samples(PROXIES)
    for proxy, values in (("garde", garde), ("haproxy", haproxy), ("nginx", nginx)):
        for value in values:
            out.add(proxy, {name: ("µs", value)})
    return out


def compared(**values):
    [one] = throughput_report.comparisons(samples(**values).figures())
    return one


def test_a_figure_is_the_median_of_its_rounds_with_their_range():
    garde = samples(garde=(30, 10, 90)).figures()[0]
    assert garde == {"name": NAME, "proxy": "garde", "unit": "µs", "median": 30, "min": 10, "max": 90}


@pytest.mark.parametrize("garde, verdict", [
    ((80, 80, 80), "yes, and the aim"),
    ((81, 81, 81), "yes"),
    ((95, 95, 95), "yes"),
    ((95, 96, 97), "ranges overlap"),
    ((96, 96, 97), "**no**"),  # within the peer's range, but not within 0.95 of it
])
def test_a_bound_holds_against_the_better_peer_or_by_overlap(garde, verdict):
    assert compared(garde=garde).verdict == verdict
    assert compared(garde=garde, haproxy=(200, 200, 200), nginx=(100, 100, 100)).verdict == verdict


def test_where_more_is_better_the_better_peer_has_more():
    one = compared(garde=(150, 150, 150), name="requests_per_second/tls-plain")
    assert (one.better_peer["proxy"], one.ratio, one.verdict) == ("nginx", 0.75, "")


def test_a_figure_that_a_round_says_nothing_about_is_left_out():
    found = samples(garde=(1, None, 1))
    assert [figure["proxy"] for figure in found.figures()] == ["haproxy", "nginx"]
    assert throughput_report.comparisons(found.figures())[0].ratio is None


def test_the_files_can_be_read(tmp_path):
    found = report.Samples(PROXIES)
    for name in throughput_report.BOUNDS:
        for proxy in ("garde", "haproxy", "nginx"):
            found.add(proxy, {name: ("µs", 1234.5)})
    throughput_report.write(tmp_path, found.figures(), ["a <condition> & another"])
    assert len(json.loads((tmp_path / "throughput.json").read_text())) == 3 * len(throughput_report.BOUNDS)
    assert all(f"`{name}`" in (tmp_path / "throughput.md").read_text() for name in throughput_report.BOUNDS)
    chart = xml.etree.ElementTree.parse(tmp_path / "throughput.svg").getroot()
    assert chart.tag.endswith("svg") and len(chart) > 3 * len(throughput_report.BOUNDS)


# --- failover: from requests to figures

SPELL = Spell(before=10.0, begun=10.1, ending=15.0, after=15.1)


def request(due, took=0.09, status=200, what="reply", site="dc1"):
    return Request(due, due + took, status, what, site)


def business(due, status=500, site="dc1"):
    return request(due, status=status, what="SOA-03001", site=site)


def judged(*requests, wanted=faults.REPLY):
    return Judged(requests, SPELL, wanted, slow_s=1.08)


def failed(*requests, wanted=faults.REPLY):
    return judged(*requests, wanted=wanted).figures("x")["failed/x"][1]


def test_only_a_whole_reply_with_status_200_is_good():
    assert failed(request(11), request(12, site="dc2")) == 0
    for bad in (request(11, status=500), request(11, what="other"), request(11, what="SOA-02002"), business(11),
                request(11, status=0, what="the connection broke", site="")):
        assert failed(bad) == 1, bad


def test_a_business_fault_is_the_answer_while_it_lasts_and_no_backup_may_overrule_it():
    wanted = faults.BUSINESS_FAULT
    assert failed(business(10.2), business(14.8), wanted=wanted) == 0
    for bad in (request(11), request(11, site="dc2"), business(11, site="dc2"), business(11, status=200)):
        assert failed(bad, wanted=wanted) == 1, bad
    for at_the_edge in (10.05, 14.95):
        assert failed(request(at_the_edge), business(at_the_edge), wanted=wanted) == 0
    assert failed(request(16), business(16), wanted=wanted) == 1


def test_times_count_from_the_faults_begin_and_latency_from_when_a_request_was_due():
    found = judged(
        request(8, took=1.9, status=503),  # over before the fault: not its doing
        request(9.5, took=1.6),
        request(10.5, status=503),
        request(11, took=0.5),
        request(13, took=1.0),
        request(14, took=1.2),
        request(16, took=0.1),
    ).figures("x")
    assert {name: (unit, round(value, 6)) for name, (unit, value) in found.items()} == {
        "failed/x": ("requests", 1), "slow/x": ("requests", 2), "longest_ms/x": ("ms", 1600), "first_good_ms/x": ("ms", 1500),
        "normal_ms/x": ("ms", 4000),
    }


def test_a_run_with_trouble_before_its_fault_says_nothing():
    assert not judged(request(8), request(11, status=503)).early_trouble()
    for trouble in (request(8, status=503), request(8, took=1.5), request(8, site="dc2")):
        assert judged(trouble, request(11)).early_trouble() == [trouble]


def verdict(kind, garde, peer, failed_garde=(0, 0, 0), failed_peer=(0, 0, 0)):
    out = report.Samples(failover_report.PROXIES)
    for proxy, values, lost in (("garde", garde, failed_garde), ("nginx", peer, failed_peer)):
        for value, count in zip(values, lost, strict=True):
            out.add(proxy, {"failed/x": ("requests", count), f"{kind}/x": ("requests" if kind == "slow" else "ms", value)})
    return failover_report.verdict(kind, "x", report.by_name(out.figures()))


def test_garde_must_lose_nothing_and_not_be_worse_than_the_best_peer():
    assert verdict("slow", (5, 5, 5), (5, 5, 5)) == "yes"
    assert verdict("slow", (8, 8, 8), (5, 5, 5)) == "yes"  # within what a run can tell apart
    assert verdict("slow", (9, 9, 9), (5, 5, 5)) == "**worse**"
    assert verdict("slow", (5, 9, 9), (5, 5, 6)) == "ranges overlap"
    assert verdict("slow", (9, 9, 9), (5, 5, 5), failed_peer=(7, 7, 7)) == "yes"  # failing is quick
    assert verdict("longest_ms", (90, 90, 1300), (2000, 2000, 2000)) == "**no**"
    one_lost = report.by_name([{"name": "failed/x", "proxy": "garde", "unit": "requests", "median": 0, "min": 0, "max": 1}])
    assert failover_report.verdict("failed", "x", one_lost) == "**no**"


def test_failover_files_can_be_read_and_keep_what_was_not_measured_again(tmp_path):
    def measured(value, *names):
        out = report.Samples(failover_report.PROXIES)
        for name in names:
            for proxy in failover_report.PROXIES:
                out.add(proxy, {f"{kind}/{name}": (unit, value) for kind, (_, unit, _) in failover_report.KINDS.items()})
        return out.figures()

    everything = measured(0, *(fault.name for fault in faults.ALL))
    failover_report.write(tmp_path, everything, ["a <condition> & another"])
    again = failover_report.with_earlier(tmp_path, measured(1, "flapping"))
    failover_report.write(tmp_path, again, [])
    found = json.loads((tmp_path / "failover.json").read_text())
    assert [(f["name"], f["proxy"]) for f in found] == [(f["name"], f["proxy"]) for f in
                                                        failover_report.with_earlier(tmp_path, everything)]
    assert {f["name"].partition("/")[2] for f in found if f["median"] == 1} == {"flapping"}
    assert all(f"`{f['name']}`" in (tmp_path / "failover.md").read_text() for f in found)
    chart = xml.etree.ElementTree.parse(tmp_path / "failover.svg").getroot()
    assert chart.tag.endswith("svg") and len(chart) > 2 * len(found) / len(failover_report.KINDS)


# --- failover: short runs

SHORT = trial.Lengths(warm_up=0.5, before=0.4, fault=1.2, after=0.8, rate=50, connections=80)


@pytest.fixture
def around(pki, tmp_path):
    return trial.Surroundings(paths.BUILD, pki.folder, tmp_path, *machine.two_cores())


def short_run(around, kind, name):
    """Whatever others do on the machine meanwhile: no figure is compared here."""
    [fault] = [fault for fault in faults.ALL if fault.name == name]
    return trial.run(around, kind, fault, SHORT, print)


def in_the_spell(run):
    return [request for request in run.requests if run.spell.met_whole(request)]


def test_with_garde_nobody_notices_that_the_primary_was_killed(around):
    [garde] = [kind for kind in proxies.FAILOVER if kind.name == "garde"]
    run = short_run(around, garde, "sigkill")
    found = run.figures("sigkill")
    assert set(found) == {f"{kind}/sigkill" for kind in failover_report.KINDS}
    assert found["failed/sigkill"] == ("requests", 0), [r for r in run.touched if not run.good(r)]
    assert found["longest_ms/sigkill"][1] > trial.SERVICE_MS
    assert {request.site for request in in_the_spell(run)} == {"dc2"}
    assert len(run.requests) == 120  # all that were due: 50 a second for 2.4 s


@pytest.mark.parametrize("name", ["503-probes-fine", "death-in-body", "truncated-chunks", "soap-fault-in-200", "garbage-in-200"])
def test_without_a_proxy_all_that_meets_the_fault_has_failed(around, name):
    run = short_run(around, None, name)
    met = [request for request in run.requests if run.spell.begun < request.due < run.spell.ending - 0.2]
    assert len(met) > SHORT.rate / 2 and not any(run.good(request) for request in met)
    assert run.figures(name)[f"failed/{name}"][1] >= len(met)
    assert run.figures(name)[f"first_good_ms/{name}"][1] > 1000 * SHORT.fault


def test_a_business_fault_is_good_only_where_it_was_expected(around):
    run = short_run(around, None, "business-fault-in-500")
    assert run.figures("x")["failed/x"] == ("requests", 0)
    met = in_the_spell(run)
    assert {(request.status, request.what) for request in met} == {(500, "SOA-03001")}
    assert dataclasses.replace(run, wanted=faults.REPLY).figures("x")["failed/x"][1] >= len(met) > SHORT.rate / 2


# --- without backends


def degraded_verdict(name, garde, nginx=None):
    out = report.Samples(degraded_report.PROXIES)
    for proxy, values in (("garde", garde), ("nginx", nginx)):
        for value in values or ():
            out.add(proxy, {name: ("", value)})
    return degraded_report.verdict(name, report.by_name(out.figures())[name])


def test_the_bounds_without_backends():
    assert degraded_verdict("cpu_us_per_answer", (70, 70, 70), (100, 100, 100)).endswith("yes")
    assert degraded_verdict("cpu_us_per_answer", (69, 71, 72), (100, 100, 100)).endswith("ranges overlap")
    assert degraded_verdict("cpu_us_per_answer", (71, 71, 72), (100, 100, 100)).endswith("**no**")
    for name, good, bad in (("hit_ratio/realistic", 99.9, 99.8), ("p99_ms/memory", 1.9, 2), ("p99_ms/disk", 9.9, 10),
                            ("bytes_on_disk_per_entry", 600, 601), ("start_ms/1M", 1000, 1001), ("admission_cpu_percent/cached", 3, 3.1),
                            ("admission_cpu_percent/uncached", 0, 0.1)):
        assert degraded_verdict(name, (good,)).endswith("yes"), name
        assert degraded_verdict(name, (bad,)).endswith("**no**"), name
    assert degraded_verdict("p50_ms/memory", (1,)) == ""


def test_a_figure_says_of_how_many_entries_it_is():
    assert degraded.count_text(degraded.FULL.entries) == "1M" and degraded.count_text(degraded.QUICK.entries) == "20k"
    assert degraded.count_text(1500) == "1500"


def test_degraded_files_can_be_read(tmp_path):
    out = report.Samples(degraded_report.PROXIES)
    out.add("garde", {name: ("ms", 1) for name in degraded_report.BOUNDS})
    degraded_report.write(tmp_path, out.figures(), ["a condition"])
    assert len(json.loads((tmp_path / "degraded.json").read_text())) == len(degraded_report.BOUNDS)
    assert "a condition" in (tmp_path / "degraded.md").read_text()


def test_what_is_filled_in_is_answered_and_nothing_else(pki, tmp_path):
    entries = 300
    proxy_core, load_core = machine.two_cores()
    kept = degraded.Kept(paths.BUILD, pki.folder, tmp_path / "kept", entries, degraded.REPLY_BYTES)
    assert kept.found["entries"] == entries and 400 < kept.bytes_each < 2000
    garde = degraded.Garde(paths.BUILD, pki.folder, kept, degraded.nobody(), proxy_core, tmp_path, "16MiB")
    try:
        garde.wait_until_memory_is_full()
        assert garde.metric("garde_cache_entries") == entries
        short = dataclasses.replace(degraded.QUICK, warm_up=0.2, closed=0.5)

        def missed(**options):
            scenario = degraded.asking(pki.folder, "", "closed", short, count_misses=True, **options)
            found = load.run(paths.BUILD, garde, load_core, tmp_path, scenario).report
            assert found["answered"] > 0
            return found["missed"] / found["answered"]

        assert missed(order="zipf", patients=entries) == 0
        assert missed(order="uniform", patients=entries, first_patient=entries) == 1
        assert 0.3 < missed(order="uniform", patients=2 * entries) < 0.7
    finally:
        garde.stop()
