"""Keys and certificates for a run, made by the project's own script."""

import pathlib
import subprocess
from dataclasses import dataclass

from . import paths
from .client import tls_context


@dataclass(frozen=True)
class KeyPair:
    certificate: pathlib.Path
    key: pathlib.Path


class Pki:
    """The development PKI in a folder. The names are those of certs/make-dev-pki."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"  # of garde's own certificate
        self.client_ca = folder / "client-ca.pem"  # of the callers' certificates
        self.backend_ca = folder / "backend-ca.pem"  # of the sites' certificate
        self.garde = self._pair("garde")
        self.backend = self._pair("backend")
        self.receipts_key = folder / "receipts.key"
        self.receipts_public = folder / "receipts.pub"

    @classmethod
    def make(cls, folder):
        done = subprocess.run([paths.PKI_SCRIPT, folder], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{paths.PKI_SCRIPT}: {done.stderr}"
        return cls(folder)

    def caller(self, number=1):
        """A pharmacy's client certificate."""
        return self._pair(f"pharmacy-{number}")

    def caller_context(self, number=1):
        return tls_context(self.ca, self.caller(number))

    def subject(self, number=1):
        """As a pharmacy's certificate names it, in RFC 2253 form."""
        done = subprocess.run(["openssl", "x509", "-in", self.caller(number).certificate, "-noout", "-subject", "-nameopt", "RFC2253"],
                              capture_output=True, text=True, check=True)
        return done.stdout.strip().removeprefix("subject=").strip()

    def anonymous_context(self):
        return tls_context(self.ca)

    def backend_context(self):
        """For asking a site directly."""
        return tls_context(self.backend_ca, self.caller())

    def _pair(self, name):
        return KeyPair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
