"""What is measured: each scenario is one run of garde-load against one proxy, and gives one or more figures."""

import dataclasses

PROXIES = ("garde", "haproxy", "nginx")

# Beyond this the load itself is the bottleneck, and requests per second say nothing about the proxy.
LOAD_CORE_BUSY_LIMIT = 0.8

MIB = 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Lengths:
    """How long things take, in seconds, and how many idle connections there are."""

    warm_up: float
    closed: float
    large: float
    handshakes: float
    rate: float
    pilot: float
    idle_connections: int


FULL = Lengths(warm_up=0.7, closed=3, large=2, handshakes=2.5, rate=6, pilot=2, idle_connections=5000)
QUICK = Lengths(warm_up=0.3, closed=1, large=0.7, handshakes=1, rate=2, pilot=0.7, idle_connections=1000)

PATHS = {"tls-plain": "/plain/consult", "tls-tls": "/tls/consult"}


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    options: dict
    figures: object  # Sample -> {figure's name: (unit, value)}; a value of None does not count

    @property
    def mode(self):
        return self.options["mode"]


def _rate_of(sample):
    return sample.per_second if sample.load_core_busy < LOAD_CORE_BUSY_LIMIT else None


def _closed_loop(name, path, seconds, lengths, **more):
    def figures(sample):
        return {f"cpu_us_per_request/{name}": ("µs", sample.cpu_us_each),
                f"requests_per_second/{name}": ("1/s", _rate_of(sample))}

    options = {"mode": "closed", "path": path, "connections": 32, "seconds": seconds, "warm_up": lengths.warm_up, **more}
    return Scenario(name, options, figures)


def _handshakes(kind, lengths):
    def figures(sample):
        return {f"cpu_us_per_handshake/{kind}": ("µs", sample.cpu_us_each)}

    options = {"mode": kind, "path": PATHS["tls-plain"], "connections": 16, "seconds": lengths.handshakes,
               "warm_up": lengths.warm_up}
    return Scenario(f"{kind} handshakes", options, figures)


def _half_load(backends, rate, lengths):
    name = "half-load" if backends == "tls-plain" else f"half-load-{backends}"

    def figures(sample):
        latency = sample.report["latency_us"]
        out = {f"{part}_ms/{name}": ("ms", latency[part] / 1000) for part in ("p50", "p99", "p999")}
        return {**out, f"cpu_us_per_request/{name}": ("µs", sample.cpu_us_each)}

    options = {"mode": "rate", "path": PATHS[backends], "connections": 64, "rate": rate, "seconds": lengths.rate,
               "warm_up": lengths.warm_up}
    return Scenario(name, options, figures)


def pilot(backends, lengths):
    """How much a proxy can do, to find the rate that is half load for the slowest."""
    return _closed_loop(backends, PATHS[backends], lengths.pilot, lengths)


def idle(lengths):
    """For fresh proxies only: memory that was freed before would hide what connections take."""
    def figures(sample):
        return {"kib_per_idle_connection": ("KiB", sample.pss_kib / lengths.idle_connections)}

    options = {"mode": "hold", "path": PATHS["tls-plain"], "connections": lengths.idle_connections, "seconds": 60}
    return Scenario("idle connections", options, figures)


def all_others(rates, lengths):
    """`rates`: the half load of each kind of backend, per second."""
    return [
        _closed_loop("tls-plain", PATHS["tls-plain"], lengths.closed, lengths),
        _closed_loop("tls-tls", PATHS["tls-tls"], lengths.closed, lengths),
        _handshakes("full", lengths),
        _handshakes("resumed", lengths),
        _half_load("tls-plain", rates["tls-plain"], lengths),
        _half_load("tls-tls", rates["tls-tls"], lengths),
        _closed_loop("large", "/plain/large", lengths.large, lengths, connections=8, answer_bytes=MIB),
    ]
