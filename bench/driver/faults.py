"""The faults of the failover bench. Where a fault does not say otherwise it meets probes and requests alike, as real ones do."""

import dataclasses

REPLY = "reply"
BUSINESS_FAULT = "SOA-03001"
SLOW_MS = 4000  # four times the attempt time-out
FLAP_SECONDS = 3


def _order(*faults):
    return lambda site: site.order(*faults)


def _no_fault(site):
    site.order()


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    says: str
    strike: object  # what happens to the primary; gets its Site
    heal: object = _no_fault
    wanted: str = REPLY  # what a good answer is while it lasts
    least_seconds: float = 0  # it lasts at least so long


ALL = (
    Fault("sigkill", "the process is killed, and started again", lambda site: site.kill(), lambda site: site.restart()),
    Fault("sigstop", "the process is stopped: its sockets stay, nothing answers", lambda site: site.suspend(),
          lambda site: site.resume()),
    Fault("black-hole", "packets to and from it vanish, on open connections and new ones", lambda site: site.cut_off(),
          lambda site: site.connect_again()),
    Fault("503-probes-failing", "503 to everything", _order({"kind": "http_status", "status": 503})),
    Fault("503-probes-fine", "503 to requests, probes answered", _order({"kind": "http_status", "status": 503, "for": "traffic"})),
    Fault("slow-probes-failing", f"every answer comes after {SLOW_MS / 1000:.0f} s", _order({"kind": "slow", "delay_ms": SLOW_MS})),
    Fault("slow-probes-fine", f"requests are answered after {SLOW_MS / 1000:.0f} s, probes as ever",
          _order({"kind": "slow", "delay_ms": SLOW_MS, "for": "traffic"})),
    Fault("death-in-body", "head and half of the body, then a reset", _order({"kind": "die_mid_body"})),
    Fault("half-failing", "503 to half of everything, by chance", _order({"kind": "http_status", "status": 503, "share": 0.5})),
    Fault("flapping", f"refuses connections for {FLAP_SECONDS} s, works for {FLAP_SECONDS} s, and so on",
          _order({"kind": "refuse", "flap_ms": 2000 * FLAP_SECONDS}), least_seconds=3 * FLAP_SECONDS),
    Fault("reset-after-head", "the whole head, then a reset", _order({"kind": "reset", "when": "body"})),
    Fault("truncated-chunks", "a chunked answer ends in good order, but before its last chunk", _order({"kind": "short_chunked"})),
    Fault("soap-fault-in-500", "SOA-02002, temporarily not available, in a 500", _order({"kind": "soa_fault", "code": "SOA-02002"})),
    Fault("soap-fault-in-200", "the same in a 200", _order({"kind": "soa_fault", "code": "SOA-02002", "status": 200})),
    Fault("garbage-in-200", "a page of HTML in a 200", _order({"kind": "non_xml_200"})),
    Fault("business-fault-in-500", "requests get SOA-03001 in a 500: an answer, to be delivered as it is; probes answered",
          _order({"kind": "soa_fault", "code": BUSINESS_FAULT, "for": "traffic"}), wanted=BUSINESS_FAULT),
)
