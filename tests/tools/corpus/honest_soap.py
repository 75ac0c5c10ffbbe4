"""Honest messages by node's `soap`: it builds, signs (by xml-crypto) and writes them; the assertion goes in as text."""

import json
import subprocess
from pathlib import Path

from lxml import etree

from .consult import Consult
from .honest_xmlsec1 import Made
from .names import DS, EXC, NOW, RSA_SHA256, RSA_SHA512, SAML11, SHA512
from .token import Token
from .tree import Style

HERE = Path(__file__).parent
MODULES = HERE.parents[2] / "build/corpus/node_modules"

USUAL = {
    "hasTimeStamp": True,
    "signatureTransformations": [EXC],
    "signatureAlgorithm": RSA_SHA256,
    "signerOptions": {"idMode": "wssecurity", "prefix": "ds", "attrs": {"Id": "Signature"}},
}


def message(token, *, soap12=False, **options):
    order = {
        "modules": str(MODULES),
        "wsdl": str(HERE / "consult.wsdl"),
        "now": int(NOW.timestamp() * 1000),
        "values": Consult().values(),
        "key": token.holder.key.read_text(),
        "certificate": token.holder.certificate.read_text(),
        "options": {"appendElement": etree.tostring(token.signed()).decode()} | options,
        "soap12": soap12,
    }
    done = subprocess.run(
        ["node", str(HERE / "soap_client.mjs")], input=json.dumps(order).encode(), capture_output=True, check=True
    )
    return Made(done.stdout, token.kind, token.issuer, token.subject)


def honest(keys):
    def token(kind, holder="rsa2048", **changes):
        return Token(kind, keys[holder], keys["sts-rsa"], **changes)

    yield "soap-saml11-plain.xml", message(token("saml11"), **USUAL)
    style = Style({SAML11: None, DS: None}, indent="  ")
    yield "soap-saml11-sha512.xml", message(
        token("saml11", style=style), **USUAL | {"signatureAlgorithm": RSA_SHA512, "digestAlgorithm": SHA512}
    )
    yield "soap-saml20-plain.xml", message(token("saml20"), **USUAL)
    yield "soap-saml20-soap12.xml", message(token("saml20", "rsa3072"), soap12=True, **USUAL)


def disputed(keys):
    """As the client does it by itself: what a strict reading refuses."""
    why = "Body and Timestamp have enveloped-signature among their transforms, as soap@1.13 does unless told otherwise"
    token = Token("saml20", keys["rsa2048"], keys["sts-rsa"])
    options = {name: value for name, value in USUAL.items() if name != "signatureTransformations"}
    yield "soap-saml20-enveloped.xml", message(token, **options), why
    token = Token("saml11", keys["rsa2048"], keys["sts-rsa"])
    yield "soap-saml11-default.xml", message(token), why + "; their ids have no namespace, as they do without an idMode"
