"""The failover bench's files in bench/results: what must hold, tables and a chart."""

import json

from . import faults, report
from .proxies import FAILOVER
from .trial import ATTEMPT_MS, SERVICE_MS

PROXIES = tuple(kind.name for kind in FAILOVER)

# What a machine whose cores also carry load and backends may add to a request.
BUSY_MACHINE_MS = 150
LONGEST_MS = ATTEMPT_MS + SERVICE_MS + BUSY_MACHINE_MS

# Figure -> title, unit, and how its values are written.
KINDS = {
    "failed": ("Requests failed", "requests", report.count),
    "slow": ("Requests that took longer than one attempt time-out and the service time", "requests", report.count),
    "longest_ms": ("The longest request", "ms", report.number),
    "first_good_ms": ("From the fault's begin to the first good answer of a request sent after it", "ms", report.number),
    "normal_ms": ("From the fault's begin until the last request was sent that failed or was slow", "ms", report.number),
}

# What garde must keep in each round, whatever the peers do.
LIMITS = {"failed": 0, "longest_ms": LONGEST_MS}

# Three requests and the time in which they are due, with a millisecond for what they take: when a fault strikes between two of
# them, and when the next probe comes, is chance. Such differences and smaller ones say nothing.
RESOLUTION = {"requests": 3, "ms": 21}


def verdict(kind, fault, named):
    """Whether garde keeps its own limit, and is not worse than the best peer: by its median, or as the rounds' ranges overlap.

    Peers that failed more requests are left out where it is about time: failing is quick. `named`: report.by_name."""
    by_proxy = named[f"{kind}/{fault}"]
    garde = by_proxy.get("garde")
    if not garde:
        return ""
    if kind in LIMITS and garde["max"] > LIMITS[kind]:
        return "**no**"
    failed = {proxy: figure["median"] for proxy, figure in named[f"failed/{fault}"].items()}
    peers = [figure for proxy, figure in by_proxy.items()
             if proxy != "garde" and (kind == "failed" or failed[proxy] <= failed["garde"])]
    if not peers:
        return "yes"
    best = min(peers, key=lambda figure: figure["median"])
    if garde["median"] <= best["median"] + RESOLUTION[garde["unit"]]:
        return "yes"
    return "ranges overlap" if garde["min"] <= best["max"] else "**worse**"


def _table(kind, figures):
    _, _, form = KINDS[kind]
    rows = []
    for fault in faults.ALL:
        by_proxy = figures.get(f"{kind}/{fault.name}")
        if by_proxy:
            cells = [report.cell(by_proxy.get(proxy), form) for proxy in PROXIES]
            rows.append([f"`{kind}/{fault.name}`", *cells, verdict(kind, fault.name, figures)])
    return report.table(["figure", *(report.TITLES[proxy] for proxy in PROXIES), "holds"], rows)


def markdown(figures, conditions):
    """`conditions`: lines that say how it was measured."""
    named = report.by_name(figures)
    lines = ["# Failover", "", "Made by `./dev bench failover`; medians over the rounds, with the smallest and the largest. Less is better.",
             "The last column says whether garde is as good as the best of the others, by its median or as the rounds' ranges",
             f"overlap; differences of {RESOLUTION['requests']} requests or {RESOLUTION['ms']} ms are none, and who fails more "
             "requests is no measure for how fast they", f"are. And `failed` must be 0 and `longest_ms` at most {LONGEST_MS} in every "
             f"round: one attempt time-out of {ATTEMPT_MS} ms,", f"the service time of {SERVICE_MS} ms, and {BUSY_MACHINE_MS} ms for a "
             "machine whose cores carry load and backends as well.", ""]
    for kind, (title, unit, _) in KINDS.items():
        lines += [f"## {title} ({unit})", "", *_table(kind, named), ""]
    lines += ["## The faults", "", "On the primary, while the backup works. Probes are met like requests unless it says otherwise.", "",
              *report.table(["fault", "what happens"], [[f"`{fault.name}`", fault.says] for fault in faults.ALL])]
    return "\n".join([*lines, *report.conditions_section(conditions)])


WIDTH, LEFT, BAR_SPACE = 1180, 190, 260
PANELS = {"failed": LEFT, "longest_ms": LEFT + 500}


def svg(figures):
    """For each fault what failed, and the longest request; one scale for all faults."""
    named = report.by_name(figures)
    step = len(PROXIES) * report.BAR + report.GAP
    shown = [fault for fault in faults.ALL if f"failed/{fault.name}" in named]
    content = []
    for kind, left in PANELS.items():
        longest = max((figure["max"] for figure in figures if figure["name"].startswith(f"{kind}/")), default=0)
        scale = BAR_SPACE / (longest or 1)
        for index, fault in enumerate(shown):
            content += report.bars(named[f"{kind}/{fault.name}"], PROXIES, left, 86 + index * step, scale, KINDS[kind][2])
        content.append(f'<text x="{left}" y="72" font-weight="bold">{KINDS[kind][0].lower()}</text>')
    content += [report.group_title(fault.name, LEFT - 12, 86 + index * step, len(PROXIES)) for index, fault in enumerate(shown)]
    return report.chart(WIDTH, 90 + len(shown) * step, "What a fault of the primary costs its callers: less is better",
                        "medians; thin line: smallest to largest round", content)


def with_earlier(folder, figures):
    """These and those of other faults that the folder has of earlier runs, in the order of the tables."""
    file = folder / "failover.json"
    measured = {figure["name"] for figure in figures}
    earlier = json.loads(file.read_text()) if file.exists() else []
    place = {f"{kind}/{fault.name}": index for index, (kind, fault) in enumerate((k, f) for k in KINDS for f in faults.ALL)}
    kept = [figure for figure in earlier if figure["name"] not in measured and figure["name"] in place]
    return sorted(kept + figures, key=lambda figure: (place[figure["name"]], PROXIES.index(figure["proxy"])))


def write(folder, figures, conditions):
    report.write(folder, "failover", figures, markdown(figures, conditions), svg(figures))
