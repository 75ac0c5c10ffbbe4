"""Consults that are signed as pharmacy software signs them, with keys and assertions made for the occasion."""

import datetime
import itertools
import os
import sys

from . import paths
from .consult import Consult

sys.path.insert(0, str(paths.PROJECT / "tests" / "tools"))

from corpus import consult as wire  # noqa: E402
from corpus.envelope import Message  # noqa: E402
from corpus.keys import KeyRing  # noqa: E402
from corpus.names import PROVIDER_ATTRIBUTE  # noqa: E402
from corpus.token import Token  # noqa: E402

HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)

_numbers = itertools.count(1)


def _now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


class TokenService:
    """It vouches for pharmacies, in SAML 1.1 or 2.0."""

    def __init__(self, folder, name="sts"):
        folder.mkdir(exist_ok=True)
        self._ring = KeyRing(folder)
        self._own = self._ring.add(name, f"CN={name},O=Example,C=BE", "rsa2048", begin=_now() - HOUR)
        self.certificate = self._own.certificate

    def pharmacy(self, number, kind="saml11", key="secp256r1"):
        name = f"pharmacy-{number}"
        holder = self._ring.add(name, f"CN=NIHII-PHARMACY {number:08d},O=Example,C=BE", key, begin=_now() - HOUR)
        now = _now()
        token = Token(kind, holder, self._own, provider=f"{number:08d}", begin=now - HOUR, end=now + 11 * HOUR,
                      confirmation_end=now + 11 * HOUR)
        return Pharmacy(number, kind, holder, token)


class Pharmacy:
    def __init__(self, number, kind, holder, token):
        self.number, self._kind, self._holder, self._token = number, kind, holder, token

    def consult(self, ssin, *, provider=None, created=None, edit=None):
        """A new signed question about the patient; `edit` changes the tree before it is signed."""
        created = created or _now()
        today = datetime.date.today().isoformat()
        reference = f"{os.getpid() % 100000:05d}{next(_numbers):09d}"

        def prepare(root):
            for date in root.iter("{*}Date"):
                date.text = today
            if edit is not None:
                edit(root)

        question = wire.Consult(provider=provider or f"{self.number:08d}000", patient=ssin, reference=reference)
        message = Message(self._kind, self._token.signed(), self._holder, self._token.identifier, consult=question,
                          created=created, expires=created + MINUTE, edit=prepare)
        return Consult(ssin, reference, f"COUNTER1-{reference[-4:]}", today, message.signed())


def settings_for(*services):
    """[assertions] for these token services; their certificates go into one file."""
    bundle = services[0].certificate.parent / "issuers.pem"
    bundle.write_bytes(b"".join(one.certificate.read_bytes() for one in services))
    return {"issuers": bundle, "provider_attributes": [PROVIDER_ATTRIBUTE]}
