"""Honest messages by zeep and python-xmlsec: zeep builds the envelope and signs it, the assertion is put in first."""

from pathlib import Path

import xmlsec
import zeep
from lxml import etree
from zeep.wsse import BinarySignature, Signature, utils

from .consult import Consult
from .honest_xmlsec1 import Made
from .names import DS, MINUTE, NOW, SAML20, stamp
from .token import Token
from .tree import Style

WSDL = Path(__file__).with_name("consult.wsdl")


class AssertionAndTimestamp:
    """What zeep does not make by itself; it signs the Timestamp that it finds, and Bodies always."""

    def __init__(self, assertion, timestamp_first=True):
        self._assertion = assertion
        self._timestamp_first = timestamp_first

    def apply(self, envelope, headers):
        created, expires = (
            utils.WSU(name, stamp(moment, milliseconds=False))
            for name, moment in (("Created", NOW), ("Expires", NOW + 5 * MINUTE))
        )
        parts = [utils.WSU.Timestamp(created, expires), self._assertion]
        utils.get_security_header(envelope).extend(parts if self._timestamp_first else reversed(parts))
        return envelope, headers


def _message(token, *, port="Consult11", signature=Signature, method=xmlsec.Transform.RSA_SHA256, digest=xmlsec.Transform.SHA256,
             timestamp_first=True):  # fmt: skip
    sign = signature(str(token.holder.key), str(token.holder.certificate), signature_method=method, digest_method=digest)
    client = zeep.Client(str(WSDL), wsse=[AssertionAndTimestamp(token.signed(), timestamp_first), sign])
    service = client.bind("ConsultService", port)
    envelope = client.create_message(service, "getInsurabilityForPharmacist", **Consult().values())
    # As zeep's transport writes it.
    text = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return Made(text, token.kind, token.issuer, token.subject)


def honest(keys):
    def token(kind, holder="rsa2048", service="sts-rsa", **changes):
        return Token(kind, keys[holder], keys[service], **changes)

    yield "zeep-saml11-plain.xml", _message(token("saml11"))
    yield "zeep-saml11-binary-token.xml", _message(token("saml11"), signature=BinarySignature, timestamp_first=False)
    yield "zeep-saml11-ec.xml", _message(token("saml11", "secp256r1"), method=xmlsec.Transform.ECDSA_SHA256)
    without_prefix = Style({SAML20: None, DS: None}, indent=" ")
    yield "zeep-saml20-plain.xml", _message(token("saml20", style=without_prefix))
    yield "zeep-saml20-soap12.xml", _message(
        token("saml20", "rsa3072", "sts-ec"),
        port="Consult12", method=xmlsec.Transform.RSA_SHA512, digest=xmlsec.Transform.SHA512,
    )  # fmt: skip
    yield "zeep-saml20-binary-token.xml", _message(token("saml20"), signature=BinarySignature)
