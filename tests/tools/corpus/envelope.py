"""Messages signed from a template by xmlsec1: the envelope, its Security header and the signature over Body and Timestamp."""

import secrets
from dataclasses import dataclass, field

from lxml import etree

from .consult import Consult
from .keys import Holder
from .names import DS, EXC, MINUTE, NOW, SOAP11, SOAP12, WSSE, WSSE11, WSU, stamp, tag
from .signing import Plan, Reference, key_info, sign_with_xmlsec1, transform
from .tree import Style, restyled, write

TOKEN_TYPE = {
    "saml11": "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1",
    "saml20": "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0",
}
KEY_IDENTIFIER = {
    "saml11": "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID",
    "saml20": "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID",
}
SIGNATURE = "/*/*[1]/*[local-name()='Security']/*[local-name()='Signature']"


def token_reference(kind, identifier):
    """A SecurityTokenReference that names an assertion by its id."""
    out = etree.Element(tag(WSSE, "SecurityTokenReference"), nsmap={"wsse11": WSSE11})
    out.set(tag(WSSE11, "TokenType"), TOKEN_TYPE[kind])
    out.set(tag(WSU, "Id"), "STR-" + secrets.token_hex(8).upper())
    etree.SubElement(out, tag(WSSE, "KeyIdentifier"), ValueType=KEY_IDENTIFIER[kind]).text = identifier
    return out


def direct_reference(kind, identifier):
    """A SecurityTokenReference that refers to an assertion as to any element."""
    out = token_reference(kind, identifier)
    out.remove(out[0])
    etree.SubElement(out, tag(WSSE, "Reference"), URI="#" + identifier)
    return out


@dataclass
class Message:
    """A message to be made; forgeries change one field."""

    kind: str
    assertion: object  # signed
    signer: Holder
    assertion_id: str
    consult: Consult = field(default_factory=Consult)
    soap: str = SOAP11
    style: Style = field(default_factory=Style)
    created: object = NOW
    expires: object = NOW + MINUTE
    references: list | None = None
    body_inclusive: str | None = None
    timestamp_inclusive: str | None = None
    signature: dict = field(default_factory=dict)  # what of the Plan differs
    key_information: object = "token"  # "token", "certificate", "value", none, or an element
    namespaces: dict = field(default_factory=dict)  # more declarations on the Envelope
    order: tuple = ("timestamp", "assertion", "signature")
    edit: object = None  # changes the tree before it is signed
    body_id: str = field(default_factory=lambda: "id-" + secrets.token_hex(12).upper())
    timestamp_id: str = field(default_factory=lambda: "TS-" + secrets.token_hex(12).upper())

    def body(self):
        out = etree.Element(tag(self.soap, "Body"))
        out.set(tag(WSU, "Id"), self.body_id)
        out.append(self.consult.element())
        return out

    def timestamp(self):
        out = etree.Element(tag(WSU, "Timestamp"))
        out.set(tag(WSU, "Id"), self.timestamp_id)
        for name, moment in (("Created", self.created), ("Expires", self.expires)):
            if moment is not None:
                etree.SubElement(out, tag(WSU, name)).text = stamp(moment)
        return out

    def _key_info(self):
        if self.key_information is None or not isinstance(self.key_information, str):
            return self.key_information
        content = {"token": lambda: token_reference(self.kind, self.assertion_id), "certificate": self.signer.x509_data,
                   "value": lambda: etree.Element(tag(DS, "KeyValue"))}  # fmt: skip
        return key_info(content[self.key_information]())  # xmlsec1 fills an empty KeyValue; one that is filled misleads it

    def usual_references(self):
        return [
            Reference(f"#{self.body_id}", [transform(EXC, inclusive=self.body_inclusive)]),
            Reference(f"#{self.timestamp_id}", [transform(EXC, inclusive=self.timestamp_inclusive)]),
        ]

    def plan(self):
        references = self.usual_references() if self.references is None else self.references
        usual = {
            "references": references, "method": self.signer.signature_method(), "key_info": self._key_info(),
            "identifier": "SIG-" + secrets.token_hex(8).upper(),
        }  # fmt: skip
        return Plan(**usual | self.signature)

    def unsigned(self):
        root = etree.Element(tag(self.soap, "Envelope"), nsmap=self.namespaces)
        header = etree.SubElement(root, tag(self.soap, "Header"))
        security = etree.SubElement(header, tag(WSSE, "Security"))
        security.set(tag(self.soap, "mustUnderstand"), "true" if self.soap == SOAP12 else "1")
        security.append(self.timestamp())
        security.append(self.plan().template())
        root.append(self.body())
        if self.edit is not None:
            self.edit(root)
        return self._with_assertion(restyled(root, self.style))

    def _with_assertion(self, root):
        """Puts the assertion, whose signature is made, where `order` wants it, after all white space is."""
        security = root.find(f"{tag(self.soap, 'Header')}/{tag(WSSE, 'Security')}")
        parts = {name.lower(): security.find("{*}" + name) for name in ("Timestamp", "Signature")} | {"assertion": self.assertion}
        tails = [security[0].tail, security[0].tail, security[-1].tail]
        for place, tail in zip(self.order, tails, strict=True):
            part = parts[place]
            if part is not None:
                security.append(part)
                part.tail = tail
        return root

    def signed(self, *, hmac=None, url_map=None) -> bytes:
        return sign_with_xmlsec1(write(self.unsigned()), SIGNATURE, self.signer.key, hmac=hmac, url_map=url_map)
