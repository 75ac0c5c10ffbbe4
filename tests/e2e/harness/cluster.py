"""Three sites and garde in front of them."""

from .garde import Garde
from .sim import Site


class Cluster:
    """`primary`, `backups` and `garde`. `client_ca`: the sites want client certificates. Further arguments go to Garde."""

    def __init__(self, pki, folder, client_ca=None, **changes):
        replays = folder / "replays"
        replays.mkdir()
        self.sites = [Site(name, folder, pki, replays, client_ca) for name in ("dc1", "dc2", "dc3")]
        self.garde = Garde(pki, folder, self.sites, **changes)

    @property
    def primary(self):
        return self.sites[0]

    @property
    def backups(self):
        return self.sites[1:]

    def start(self):
        for site in self.sites:
            site.start()
        self.garde.start()
        return self

    def stop(self):
        """Stops everything that runs; raises the first problem only after all is stopped."""
        problems = []
        for part in (self.garde, *self.sites):
            try:
                if part.process.started:
                    part.stop()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, "\n".join(problems)

    def received(self, reference):
        """How many sites' worth of complete copies of this question there were: a number per site, the primary first."""
        return [site.received(reference) for site in self.sites]

    def answered(self, reference):
        return [site.answered(reference) for site in self.sites]

    def heal(self, seconds=15.0):
        """No faults any more, every site up, and garde back at the primary: by its mode, and by an answer, which before might be a
        trial's."""
        for site in self.sites:
            if not site.process.alive:
                site.start()
            site.clear()
            site.reset_counts()
        self.garde.wait_for_switchover("primary", seconds)
        self.garde.wait_for_mode("primary", seconds)
