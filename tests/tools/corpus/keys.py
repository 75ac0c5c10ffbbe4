"""Keys and certificates of the corpus: made for one run in a folder that is deleted after it, never committed."""

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from .names import DAY, DS, DS11, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, NOW, RSA_SHA256, tag

CURVES = {"secp256r1": "urn:oid:1.2.840.10045.3.1.7", "secp384r1": "urn:oid:1.3.132.0.34"}
TOKEN_SERVICE_LIFE = 30 * 365 * DAY


@dataclass(frozen=True)
class Holder:
    """Somebody with a key and a certificate, both as files."""

    subject: str  # RFC 2253
    key: Path
    certificate: Path

    def _loaded(self):
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())

    def certificate_text(self):
        """Base64 in lines of 76, as most software writes it."""
        return base64.encodebytes(self._loaded().public_bytes(serialization.Encoding.DER)).decode().strip()

    def public_pem(self):
        return self._loaded().public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def is_rsa(self):
        return isinstance(self._loaded().public_key(), rsa.RSAPublicKey)

    def signature_method(self):
        public = self._loaded().public_key()
        if self.is_rsa():
            return RSA_SHA256
        return {256: ECDSA_SHA256, 384: ECDSA_SHA384, 521: ECDSA_SHA512}[public.curve.key_size]

    def x509_data(self, *, line_end="\n"):
        data = etree.Element(tag(DS, "X509Data"))
        etree.SubElement(data, tag(DS, "X509Certificate")).text = self.certificate_text().replace("\n", line_end)
        return data

    def key_value(self):
        value = etree.Element(tag(DS, "KeyValue"))
        public = self._loaded().public_key()
        if self.is_rsa():
            numbers = public.public_numbers()
            pair = etree.SubElement(value, tag(DS, "RSAKeyValue"))
            etree.SubElement(pair, tag(DS, "Modulus")).text = _number(numbers.n)
            etree.SubElement(pair, tag(DS, "Exponent")).text = _number(numbers.e)
        else:
            point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
            pair = etree.SubElement(value, tag(DS11, "ECKeyValue"))
            etree.SubElement(pair, tag(DS11, "NamedCurve"), URI=CURVES[public.curve.name])
            etree.SubElement(pair, tag(DS11, "PublicKey")).text = base64.b64encode(point).decode()
        return value


def _number(value):
    return base64.b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()


def _name(text):
    oids = {
        "CN": NameOID.COMMON_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "O": NameOID.ORGANIZATION_NAME,
        "C": NameOID.COUNTRY_NAME,
    }  # fmt: skip
    parts = [part.split("=", 1) for part in text.split(",")]
    return x509.Name([x509.NameAttribute(oids[kind], value) for kind, value in reversed(parts)])


class KeyRing:
    """All holders of one run, by a short name."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._holders = {}

    def __getitem__(self, short):
        return self._holders[short]

    def add(self, short, subject, key, *, begin=NOW - 365 * DAY, life=3 * 365 * DAY):
        """`key`: "rsa2048" (any size), or the name of a curve. Self-signed: nobody here builds chains."""
        if key.startswith("rsa"):
            private = rsa.generate_private_key(65537, int(key[3:]))
        else:
            private = ec.generate_private_key(getattr(ec, key.upper())())
        name = _name(subject)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin.replace(tzinfo=None))
            .not_valid_after((begin + life).replace(tzinfo=None))
            .sign(private, hashes.SHA256())
        )
        key_file, certificate_file = self._folder / f"{short}.key", self._folder / f"{short}.pem"
        key_file.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self._holders[short] = Holder(subject, key_file, certificate_file)
        return self._holders[short]


def usual_keys(folder: Path) -> KeyRing:
    """Two token services, a former one, impostors; pharmacies by kind of key; and an attacker, a pharmacy of its own."""
    ring = KeyRing(folder)
    service = "CN=Example Token Service,O=Example,C=BE"
    ring.add("sts-rsa", service, "rsa2048", life=TOKEN_SERVICE_LIFE)
    ring.add("sts-ec", "CN=Example Token Service EC,O=Example,C=BE", "secp384r1", life=TOKEN_SERVICE_LIFE)
    ring.add("sts-former", "CN=Example Token Service 2015,O=Example,C=BE", "rsa2048", begin=NOW - 4000 * DAY, life=3 * 365 * DAY)
    ring.add("sts-same-name", service, "rsa2048", life=TOKEN_SERVICE_LIFE)
    ring.add("sts-own", "CN=Own Token Service,O=Attacker,C=BE", "rsa2048", life=TOKEN_SERVICE_LIFE)
    pharmacy = "CN=NIHII-PHARMACY 00000101,OU=Example Pharmacy One,O=Example,C=BE"
    for key in ("rsa2048", "rsa3072", "rsa1024", "secp256r1", "secp384r1", "secp521r1"):
        ring.add(key, pharmacy, key)
    ring.add("attacker", "CN=NIHII-PHARMACY 00000202,OU=Example Pharmacy Two,O=Example,C=BE", "secp256r1")
    return ring


