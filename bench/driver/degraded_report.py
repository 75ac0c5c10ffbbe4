"""The degraded bench's files in bench/results: the bounds, and a table."""

import json
import operator

from . import report

PROXIES = ("garde", "nginx")
# Of nginx's median with the identical body as key, which it never has in real traffic.
CPU_RATIO = 0.7

BOUNDS = {
    "hit_ratio/realistic": (operator.ge, 99.9),
    "p99_ms/memory": (operator.lt, 2),
    "p99_ms/disk": (operator.lt, 10),
    "bytes_on_disk_per_entry": (operator.le, 600),
    "start_ms/1M": (operator.le, 1000),
    "admission_cpu_percent/cached": (operator.le, 3),
    "admission_cpu_percent/uncached": (operator.le, 0.05),  # it is asked whether there is a cache: a dozen instructions
}
SIGNS = {operator.ge: "≥", operator.le: "≤", operator.lt: "<"}


def verdict(name, by_proxy):
    """Whether the bound holds; empty where there is none."""
    mine, peer = by_proxy.get("garde"), by_proxy.get("nginx")
    if name == "cpu_us_per_answer" and mine and peer:
        ratio = mine["median"] / peer["median"]
        overlap = "ranges overlap" if mine["min"] <= CPU_RATIO * peer["max"] else "**no**"
        return f"{ratio:.2f} of nginx, at most {CPU_RATIO}: " + ("yes" if ratio <= CPU_RATIO else overlap)
    if name not in BOUNDS or not mine:
        return ""
    compare, bound = BOUNDS[name]
    return f"{SIGNS[compare]} {bound:g}: " + ("yes" if compare(mine["median"], bound) else "**no**")


def markdown(figures, conditions):
    """`conditions`: lines that say how it was measured."""
    rows = []
    for name, by_proxy in report.by_name(figures).items():
        unit = next(iter(by_proxy.values()))["unit"]
        rows.append([f"`{name}`", unit, *(report.cell(by_proxy.get(proxy)) for proxy in PROXIES), verdict(name, by_proxy)])
    return "\n".join(["# Without backends", "", "Made by `./dev bench degraded`; medians over the rounds, with the smallest and the largest.",
                      "", *report.table(["figure", "unit", "garde", "nginx", "bound"], rows), *report.conditions_section(conditions)])


def write(folder, figures, conditions):
    folder.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join("  " + json.dumps(figure, ensure_ascii=False) for figure in figures)
    (folder / "degraded.json").write_text(f"[\n{rows}\n]\n")
    (folder / "degraded.md").write_text(markdown(figures, conditions))
