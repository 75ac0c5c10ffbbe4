"""What the reports of all benchmarks share: medians and spread over rounds, cells of tables, bars of charts, files."""

import json
import statistics
from xml.sax.saxutils import escape

COLOURS = {"garde": "#1d4ed8", "haproxy": "#9ca3af", "haproxy-backup": "#6b7280", "nginx": "#d1d5db"}
TITLES = {"garde": "garde", "haproxy": "HAProxy", "haproxy-backup": "HAProxy `backup`", "nginx": "nginx"}
BAR, GAP = 16, 26


class Samples:
    """All values of all rounds, by figure and proxy."""

    def __init__(self, proxies):
        """`proxies`: their names, in the order of the report."""
        self.proxies = proxies
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
            for proxy in self.proxies:
                values = by_proxy.get(proxy)
                if not values or None in values:
                    continue
                out.append({"name": name, "proxy": proxy, "unit": self.units[name],
                            "median": round(statistics.median(values), 4), "min": round(min(values), 4),
                            "max": round(max(values), 4)})
        return out


def by_name(figures):
    """Figure's name -> proxy -> figure."""
    out = {}
    for figure in figures:
        out.setdefault(figure["name"], {})[figure["proxy"]] = figure
    return out


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def count(value):
    """Of requests: whole, or halved by a median."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def cell(figure, form=number):
    if not figure:
        return "–"
    return f"{form(figure['median'])} ({form(figure['min'])}–{form(figure['max'])})"


def table(head, rows):
    return ["| " + " | ".join(words) + " |" for words in (head, ["---"] * len(head), *rows)]


def conditions_section(conditions):
    """`conditions`: lines that say how it was measured."""
    return ["", "## Conditions", "", *[f"- {line}" for line in conditions], ""]


def bars(by_proxy, proxies, left, top, scale, form=number):
    """A bar for each proxy with its range. `scale`: how long one unit is."""
    out = []
    for index, proxy in enumerate(proxies):
        figure = by_proxy.get(proxy)
        if not figure:
            continue
        y = top + index * BAR
        middle = y + BAR / 2 - 1
        out += [f'<rect x="{left}" y="{y}" width="{figure["median"] * scale:.1f}" height="{BAR - 2}" fill="{COLOURS[proxy]}"/>',
                f'<path d="M{left + figure["min"] * scale:.1f} {middle}H{left + figure["max"] * scale:.1f}" stroke="#111827"/>',
                f'<text x="{left + figure["max"] * scale + 8:.1f}" y="{middle + 4}">{proxy} {form(figure["median"])} '
                f'{escape(figure["unit"])}</text>']
    return out


def group_title(text, right, top, rows):
    """Before a group of bars."""
    return f'<text x="{right}" y="{top + rows / 2 * BAR + 5}" text-anchor="end" font-weight="bold">{escape(text)}</text>'


def chart(width, height, title, legend, content):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12" fill="#111827">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="16" font-weight="bold">{escape(title)}</text>',
        f'<text x="20" y="46" fill="#4b5563">{escape(legend)}</text>', *content, "</svg>", ""])


def write(folder, name, figures, markdown, svg):
    """`name`.json, .md and .svg."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join("  " + json.dumps(figure, ensure_ascii=False) for figure in figures)
    (folder / f"{name}.json").write_text(f"[\n{rows}\n]\n")
    (folder / f"{name}.md").write_text(markdown)
    (folder / f"{name}.svg").write_text(svg)
