"""The benchmark's arithmetic: what counts as a figure, when a bound holds, and that its files can be read. No program runs."""

import json
import sys
import xml.etree.ElementTree

import pytest

from harness import paths

sys.path.insert(0, str(paths.PROJECT))

from bench.driver import report  # noqa: E402

NAME = "cpu_us_per_request/tls-plain"  # at most 0.95, aim 0.80


def samples(garde, haproxy=(100, 100, 100), nginx=(200, 200, 200), name=NAME):
    out = report.Samples()
    for proxy, values in (("garde", garde), ("haproxy", haproxy), ("nginx", nginx)):
        for value in values:
            out.add(proxy, {name: ("µs", value)})
    return out


def compared(**values):
    [one] = report.comparisons(samples(**values).figures())
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
    assert report.comparisons(found.figures())[0].ratio is None


def test_the_files_can_be_read(tmp_path):
    found = report.Samples()
    for name in report.BOUNDS:
        for proxy in ("garde", "haproxy", "nginx"):
            found.add(proxy, {name: ("µs", 1234.5)})
    report.write(tmp_path, found.figures(), ["a <condition> & another"])
    assert len(json.loads((tmp_path / "throughput.json").read_text())) == 3 * len(report.BOUNDS)
    assert all(f"`{name}`" in (tmp_path / "throughput.md").read_text() for name in report.BOUNDS)
    chart = xml.etree.ElementTree.parse(tmp_path / "throughput.svg").getroot()
    assert chart.tag.endswith("svg") and len(chart) > 3 * len(report.BOUNDS)
