"""From what became of each request of a run to the run's figures. Pure."""

import dataclasses

from .faults import BUSINESS_FAULT, REPLY

PRIMARY = "dc1"


@dataclasses.dataclass(frozen=True)
class Request:
    """Times in seconds of the monotonic clock; `due` is when it had to be sent, whenever it was."""

    due: float
    end: float
    status: int  # 0: no whole answer came
    what: str  # as garde-load tells it: `reply`, a fault's code, `other`, or why no answer came
    site: str

    @property
    def took(self):
        return self.end - self.due


@dataclasses.dataclass(frozen=True)
class Spell:
    """When the fault was there: it struck between `before` and `begun`, and ended between `ending` and `after`."""

    before: float
    begun: float
    ending: float
    after: float

    def met_whole(self, request):
        return request.due >= self.begun and request.end <= self.ending

    def met_part(self, request):
        return request.end >= self.before and request.due <= self.after


def is_good(request, spell, wanted):
    """Whether it got what it asked for. `wanted`: what a good answer is while the fault lasts."""
    reply = request.what == REPLY and request.status == 200
    if wanted == REPLY:
        return reply
    # An answer of the primary that a proxy must deliver; a backup's reply in its place overrules the insurer.
    business = request.what == BUSINESS_FAULT and request.status == 500 and request.site == PRIMARY
    if spell.met_whole(request):
        return business
    return reply or (business and spell.met_part(request))


@dataclasses.dataclass(frozen=True)
class Judged:
    """The requests of one run, judged. `slow_s`: longer than this is slow."""

    requests: tuple
    spell: Spell
    wanted: str
    slow_s: float

    def good(self, request):
        return is_good(request, self.spell, self.wanted)

    def slow(self, request):
        return request.took > self.slow_s

    def trouble(self, request):
        return self.slow(request) or not self.good(request)

    @property
    def touched(self):
        """Those that were not over when the fault struck."""
        return [request for request in self.requests if request.end >= self.spell.before]

    def early_trouble(self):
        """Failed, slow or not answered by the primary although no fault was there yet: then the run says nothing."""
        return [request for request in self.requests
                if request.end < self.spell.before and (self.trouble(request) or request.site != PRIMARY)]

    def figures(self, name):
        """As report.Samples takes them, `name` being the fault's. Times count from the fault's begin."""
        begin = self.spell.before
        last = max(request.end for request in self.touched)
        first_good = min((r.end for r in self.touched if r.due >= self.spell.begun and self.good(r)), default=last)
        normal = max((r.due for r in self.touched if self.trouble(r)), default=begin)
        return {
            f"failed/{name}": ("requests", sum(not self.good(r) for r in self.touched)),
            f"slow/{name}": ("requests", sum(self.slow(r) for r in self.touched)),
            f"longest_ms/{name}": ("ms", 1000 * max(r.took for r in self.touched)),
            f"first_good_ms/{name}": ("ms", 1000 * (first_good - begin)),
            f"normal_ms/{name}": ("ms", 1000 * max(0.0, normal - begin)),
        }
