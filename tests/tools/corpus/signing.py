"""Signatures by xmlsec1's command line, from templates; and by hand where xmlsec1 refuses to make what an attacker would."""

import base64
import hashlib
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from .names import DS, EXC, SHA256, tag

# Elements of any name may carry an id: xmlsec1 wants to be told by element.
ID_ATTRIBUTES = [
    ("Id", "Body"), ("Id", "Timestamp"), ("AssertionID", "Assertion"), ("ID", "Assertion"), ("Id", "BinarySecurityToken"),
    ("Id", "SecurityTokenReference"), ("Id", "Manifest"), ("ID", "Response"),
    ("Id", "GetInsurabilityForPharmacistRequest"),
]  # fmt: skip


def transform(algorithm, *, inclusive=None, content=None):
    """`inclusive`: an InclusiveNamespaces PrefixList; `content`: a child, such as an XPath."""
    element = etree.Element(tag(DS, "Transform"), Algorithm=algorithm)
    _add_inclusive(element, inclusive)
    if content is not None:
        element.append(content)
    return element


def _add_inclusive(element, prefixes):
    if prefixes is not None:
        etree.SubElement(element, tag(EXC, "InclusiveNamespaces"), PrefixList=prefixes)


@dataclass
class Reference:
    uri: str | None
    transforms: list = field(default_factory=lambda: [transform(EXC)])
    digest: str = SHA256
    attributes: dict = field(default_factory=dict)
    value: str | None = None  # the digest where it is not xmlsec1 that computes it

    def element(self):
        uri = {} if self.uri is None else {"URI": self.uri}
        out = etree.Element(tag(DS, "Reference"), {**uri, **self.attributes})
        if self.transforms:
            etree.SubElement(out, tag(DS, "Transforms")).extend(self.transforms)
        etree.SubElement(out, tag(DS, "DigestMethod"), Algorithm=self.digest)
        etree.SubElement(out, tag(DS, "DigestValue")).text = self.value
        return out


@dataclass
class Plan:
    """What a signature is to be made of."""

    references: list
    method: str
    canonicalization: str = EXC
    canonicalization_inclusive: str | None = None
    key_info: object = None  # an element, or none
    objects: list = field(default_factory=list)
    identifier: str | None = None

    def template(self):
        out = etree.Element(tag(DS, "Signature"), {} if self.identifier is None else {"Id": self.identifier})
        info = etree.SubElement(out, tag(DS, "SignedInfo"))
        canonicalization = etree.SubElement(info, tag(DS, "CanonicalizationMethod"), Algorithm=self.canonicalization)
        _add_inclusive(canonicalization, self.canonicalization_inclusive)
        etree.SubElement(info, tag(DS, "SignatureMethod"), Algorithm=self.method)
        info.extend(reference.element() for reference in self.references)
        etree.SubElement(out, tag(DS, "SignatureValue"))
        if self.key_info is not None:
            out.append(self.key_info)
        out.extend(self.objects)
        return out


def key_info(*content):
    out = etree.Element(tag(DS, "KeyInfo"))
    out.extend(content)
    return out


def sign_with_xmlsec1(document: bytes, where: str, key, *, hmac=None, url_map=None) -> bytes:
    """The document with the template at XPath `where` filled in; `key` is a PEM file, `hmac` a secret instead."""
    with tempfile.TemporaryDirectory() as folder:
        unsigned, signed, secret = (Path(folder) / name for name in ("unsigned.xml", "signed.xml", "secret"))
        unsigned.write_bytes(document)
        command = ["xmlsec1", "--sign", "--output", str(signed), "--node-xpath", where]
        for attribute, element in ID_ATTRIBUTES:
            command += [f"--id-attr:{attribute}", element]
        if url_map:
            (Path(folder) / "mapped").write_bytes(url_map[1])
            command += [f"--url-map:{url_map[0]}", str(Path(folder) / "mapped")]
        if hmac is None:
            command += ["--privkey-pem", str(key)]
        else:
            secret.write_bytes(hmac)
            command += ["--hmackey", str(secret)]
        done = subprocess.run([*command, str(unsigned)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"xmlsec1 did not sign: {done.stderr}")
        return signed.read_bytes()


def sign_by_hand(root, where: str, key: Path) -> bytes:
    """For references that xmlsec1 would not make: exclusive, RSA, SHA-256; a digest that is there already stays."""
    signature = root.xpath(where)[0]
    for reference in signature.iter(tag(DS, "Reference")):
        value = reference.find(tag(DS, "DigestValue"))
        if not value.text:
            (target,) = root.xpath("//*[@*[local-name()='Id'] = $id]", id=reference.get("URI")[1:])
            value.text = base64.b64encode(hashlib.sha256(_canonical(target)).digest()).decode()
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    value = private.sign(_canonical(signature.find(tag(DS, "SignedInfo"))), padding.PKCS1v15(), hashes.SHA256())
    signature.find(tag(DS, "SignatureValue")).text = base64.b64encode(value).decode()
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _canonical(element):
    return etree.tostring(element, method="c14n", exclusive=True)
