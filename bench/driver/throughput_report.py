"""The throughput bench's files in bench/results: ratios, the bounds, a table and a chart."""

from dataclasses import dataclass

from . import report
from .figures import LOAD_CORE_BUSY_LIMIT, PROXIES


@dataclass(frozen=True)
class Bound:
    """As parts of the better peer's median."""

    at_most: float
    aim: float


BOUNDS = {
    "cpu_us_per_request/tls-plain": Bound(0.95, 0.80),
    "cpu_us_per_request/tls-tls": Bound(0.95, 0.80),
    "cpu_us_per_handshake/full": Bound(1.00, 0.85),
    "cpu_us_per_handshake/resumed": Bound(1.00, 0.85),
    "kib_per_idle_connection": Bound(1.00, 0.80),
    "p999_ms/half-load": Bound(1.00, 0.70),
}

TITLES = {
    "cpu_us_per_request/tls-plain": "CPU per request, TLS→plain",
    "cpu_us_per_request/tls-tls": "CPU per request, TLS→TLS",
    "cpu_us_per_handshake/full": "CPU per full handshake",
    "cpu_us_per_handshake/resumed": "CPU per resumed handshake",
    "kib_per_idle_connection": "memory per idle connection",
    "p999_ms/half-load": "p99.9 at half load",
}


class Comparison:
    """One figure of all proxies."""

    def __init__(self, name, figures):
        self.name = name
        self.by_proxy = {figure["proxy"]: figure for figure in figures if figure["name"] == name}
        self.bound = BOUNDS.get(name)
        peers = [figure for proxy, figure in self.by_proxy.items() if proxy != "garde"]
        most_is_best = name.startswith("requests_per_second")
        pick = max if most_is_best else min
        self.better_peer = pick(peers, key=lambda figure: figure["median"]) if peers else None

    @property
    def ratio(self):
        """garde's median as a part of the better peer's; None where one of them is missing."""
        garde = self.by_proxy.get("garde")
        if not garde or not self.better_peer:
            return None
        return garde["median"] / self.better_peer["median"]

    @property
    def verdict(self):
        """Whether the bound holds: the median is within it, or the rounds' ranges overlap, the peer's scaled by the bound."""
        if not self.bound or self.ratio is None:
            return ""
        if self.ratio <= self.bound.aim:
            return "yes, and the aim"
        if self.ratio <= self.bound.at_most:
            return "yes"
        if self.by_proxy["garde"]["min"] <= self.bound.at_most * self.better_peer["max"]:
            return "ranges overlap"
        return "**no**"


def comparisons(figures):
    names = dict.fromkeys(figure["name"] for figure in figures)
    ordered = [name for name in BOUNDS if name in names] + [name for name in names if name not in BOUNDS]
    return [Comparison(name, figures) for name in ordered]


def markdown(figures, conditions):
    """`conditions`: lines that say how it was measured."""
    head = ["figure", "unit", *(report.TITLES[proxy] for proxy in PROXIES), "ratio", "at most", "aim", "holds"]
    rows = []
    for one in comparisons(figures):
        cells = [report.cell(one.by_proxy.get(proxy)) for proxy in PROXIES]
        unit = next(iter(one.by_proxy.values()))["unit"]
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else "–"
        bound = [f"{one.bound.at_most:.2f}", f"{one.bound.aim:.2f}"] if one.bound else ["", ""]
        rows.append([f"`{one.name}`", unit, *cells, ratio, *bound, one.verdict])
    lines = ["# Throughput", "", "Made by `./dev bench throughput`; medians over the rounds, with the smallest and the largest.",
             "The ratio is garde's median to the better peer's. A bound holds where the ratio is within it or the rounds'",
             "ranges overlap (the peer's scaled by the bound).", "", *report.table(head, rows), "",
             f"Requests per second are given only where the load's core was under {LOAD_CORE_BUSY_LIMIT:.0%} busy in every "
             "round: beyond that the load is the bottleneck.", *report.conditions_section(conditions)]
    return "\n".join(lines)


WIDTH, LEFT, BAR_SPACE = 900, 230, 480


def _group(one, top):
    """One figure: a bar for each proxy with its range, and a mark where the bound is."""
    scale = BAR_SPACE / max(figure["max"] for figure in one.by_proxy.values())
    out = [report.group_title(TITLES[one.name], LEFT - 12, top, len(PROXIES)),
           *report.bars(one.by_proxy, PROXIES, LEFT, top, scale)]
    if one.better_peer and one.bound:
        x = LEFT + one.bound.at_most * one.better_peer["median"] * scale
        bottom = top + len(PROXIES) * report.BAR + 2
        out.append(f'<path d="M{x:.1f} {top - 4}V{bottom}" stroke="#dc2626" stroke-width="1.5" stroke-dasharray="3 2"/>')
    return out


def svg(figures):
    """The bounded figures as bars, each group on its own scale."""
    step = len(PROXIES) * report.BAR + report.GAP
    shown = [one for one in comparisons(figures) if one.bound]
    content = [line for index, one in enumerate(shown) for line in _group(one, 66 + index * step)]
    return report.chart(WIDTH, 70 + len(shown) * step, "What a proxy costs: less is better",
                        "medians; thin line: smallest to largest round; dashed: what garde may cost at most", content)


def write(folder, figures, conditions):
    report.write(folder, "throughput", figures, markdown(figures, conditions), svg(figures))
