"""From samples to the files in bench/results: medians and spread, ratios, the bounds, a table and a chart."""

import json
import statistics
from dataclasses import dataclass
from xml.sax.saxutils import escape

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


class Samples:
    """All values of all rounds, by figure and proxy."""

    def __init__(self):
        self.values = {}
        self.units = {}

    def add(self, proxy, figures):
        """`figures`: name -> (unit, value); None means that this round says nothing."""
        for name, (unit, value) in figures.items():
            self.units[name] = unit
            self.values.setdefault(name, {}).setdefault(proxy, []).append(value)

    def figures(self):
        """One object a figure and proxy. A figure that any round says nothing about is left out."""
        out = []
        for name, by_proxy in self.values.items():
            for proxy in PROXIES:
                values = by_proxy.get(proxy)
                if not values or None in values:
                    continue
                out.append({"name": name, "proxy": proxy, "unit": self.units[name],
                            "median": round(statistics.median(values), 4), "min": round(min(values), 4),
                            "max": round(max(values), 4)})
        return out


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


def _number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cell(figure):
    if not figure:
        return "–"
    return f"{_number(figure['median'])} ({_number(figure['min'])}–{_number(figure['max'])})"


def markdown(figures, conditions):
    """`conditions`: lines that say how it was measured."""
    lines = ["# Throughput", "", "Made by `./dev bench throughput`; medians over the rounds, with the smallest and the largest.",
             "The ratio is garde's median to the better peer's. A bound holds where the ratio is within it or the rounds'",
             "ranges overlap (the peer's scaled by the bound).", "",
             "| figure | unit | garde | HAProxy | nginx | ratio | at most | aim | holds |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for one in comparisons(figures):
        cells = [_cell(one.by_proxy.get(proxy)) for proxy in PROXIES]
        unit = next(iter(one.by_proxy.values()))["unit"]
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else "–"
        bound = [f"{one.bound.at_most:.2f}", f"{one.bound.aim:.2f}"] if one.bound else ["", ""]
        lines.append("| " + " | ".join([f"`{one.name}`", unit, *cells, ratio, *bound, one.verdict]) + " |")
    lines += ["", f"Requests per second are given only where the load's core was under {LOAD_CORE_BUSY_LIMIT:.0%} busy in every "
              "round: beyond that the load is the bottleneck.", "", "## Conditions", "", *[f"- {line}" for line in conditions], ""]
    return "\n".join(lines)


COLOURS = {"garde": "#1d4ed8", "haproxy": "#9ca3af", "nginx": "#d1d5db"}
WIDTH, LEFT, BAR_SPACE, BAR, GAP = 900, 230, 480, 16, 26


def _group(one, top):
    """One figure: a bar for each proxy with its range, and a mark where the bound is."""
    longest = max(figure["max"] for figure in one.by_proxy.values())
    scale = BAR_SPACE / longest
    out = [f'<text x="{LEFT - 12}" y="{top + 1.5 * BAR + 5}" text-anchor="end" font-weight="bold">{escape(TITLES[one.name])}</text>']
    y = top
    for proxy in PROXIES:
        figure = one.by_proxy.get(proxy)
        if figure:
            middle = y + BAR / 2 - 1
            out += [f'<rect x="{LEFT}" y="{y}" width="{figure["median"] * scale:.1f}" height="{BAR - 2}" fill="{COLOURS[proxy]}"/>',
                    f'<path d="M{LEFT + figure["min"] * scale:.1f} {middle}H{LEFT + figure["max"] * scale:.1f}" stroke="#111827"/>',
                    f'<text x="{LEFT + figure["max"] * scale + 8:.1f}" y="{middle + 4}">{proxy} {_number(figure["median"])} '
                    f'{escape(figure["unit"])}</text>']
        y += BAR
    if one.better_peer and one.bound:
        x = LEFT + one.bound.at_most * one.better_peer["median"] * scale
        out.append(f'<path d="M{x:.1f} {top - 4}V{y + 2}" stroke="#dc2626" stroke-width="1.5" stroke-dasharray="3 2"/>')
    return out


def svg(figures):
    """The bounded figures as bars, each group on its own scale."""
    shown = [one for one in comparisons(figures) if one.bound]
    height = 70 + len(shown) * (3 * BAR + GAP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
           'font-family="sans-serif" font-size="12" fill="#111827">',
           f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           '<text x="20" y="28" font-size="16" font-weight="bold">What a proxy costs: less is better</text>',
           '<text x="20" y="46" fill="#4b5563">medians; thin line: smallest to largest round; dashed: what garde may cost at most</text>']
    for index, one in enumerate(shown):
        out += _group(one, 66 + index * (3 * BAR + GAP))
    return "\n".join([*out, "</svg>", ""])


def write(folder, figures, conditions):
    folder.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join("  " + json.dumps(figure, ensure_ascii=False) for figure in figures)
    (folder / "throughput.json").write_text(f"[\n{rows}\n]\n")
    (folder / "throughput.md").write_text(markdown(figures, conditions))
    (folder / "throughput.svg").write_text(svg(figures))
