"""Honest messages by xmlsec1's command line, in the ways in which real software writes them."""

from dataclasses import dataclass

from lxml import etree

from .consult import Consult
from .envelope import Message, direct_reference
from .names import (
    C14N, CORE, DS, EXC, HOLDER, MINUTE, NOW, PROTOCOL, RSA_SHA384, RSA_SHA512, SAML11,
    SAML20, SHA384, SHA512, SOAP11, SOAP12, WSSE, WSU, XS, XSI, tag,
)  # fmt: skip
from .signing import Reference, key_info, transform
from .token import Token, brief
from .tree import Style


@dataclass
class Made:
    """A message and what the check must find in it."""

    text: bytes
    kind: str
    issuer: str
    subject: str

    def facts(self):
        return {"kind": self.kind, "issuer": self.issuer, "subject": self.subject}


def made(keys, kind, *, holder="rsa2048", service="sts-rsa", token=None, message=None):
    """A message by xmlsec1; `token` and `message` hold what differs from the usual one."""
    assertion = Token(kind, keys[holder], keys[service], **token or {})
    out = Message(kind, assertion.signed(), keys[holder], assertion.identifier, **message or {})
    return Made(out.signed(), kind, assertion.issuer, assertion.subject)


OPENSAML_PREFIXES = "code ds kind rw saml samlp typens #default xsd xsi"
WITHOUT_PREFIX = {SOAP11: None, PROTOCOL: None, SAML11: None, DS: None}


def _saml11(keys):
    yield "saml11-plain", made(keys, "saml11")
    yield "saml11-indented", made(
        keys, "saml11", token={"style": Style(indent="  "), "inclusive": "saml"},
        message={"style": Style(indent="    "), "timestamp_inclusive": "wsse soapenv", "body_inclusive": "",
                 "consult": Consult(holder_name="Élise Müller")},
    )  # fmt: skip
    yield "saml11-default-namespaces", made(
        keys, "saml11", token={"style": Style(WITHOUT_PREFIX)}, message={"style": Style(WITHOUT_PREFIX)}
    )
    yield "saml11-declared-on-envelope", made(
        keys, "saml11", message={"style": Style({SOAP11: "S", WSU: "u", WSSE: "o"}, hoisted=True),
                                 "namespaces": {"saml": SAML11, "x": "urn:example:unused"}},
    )  # fmt: skip
    yield "saml11-prefix-list", made(
        keys, "saml11", token={"inclusive": OPENSAML_PREFIXES, "typed_values": True, "audience": "urn:example:assurability"},
        message={"body_inclusive": "p c", "timestamp_inclusive": "wsse soapenv",
                 "signature": {"canonicalization_inclusive": "soapenv"}},
    )  # fmt: skip
    yield "saml11-key-value", made(
        keys, "saml11", token={"confirmations": [(HOLDER["saml11"], [keys["rsa2048"].key_value()])]},
        message={"key_information": "value"},
    )  # fmt: skip
    yield "saml11-ec", made(
        keys, "saml11", holder="secp256r1", message={"key_information": "certificate"}
    )
    yield "saml11-inclusive-signed-info", made(
        keys, "saml11", holder="rsa3072", message={"signature": {"canonicalization": C14N, "method": RSA_SHA512}}
    )


def _odd(keys):
    """Ways of writing that are seldom and right."""
    # Java on Windows ends the lines of its base64 with a carriage return, which is then written as a reference.
    certificate = keys["rsa2048"].x509_data(line_end="\r\n")
    yield "saml11-carriage-returns", made(keys, "saml11", token={"confirmations": [(HOLDER["saml11"], [certificate])]})

    def comment(root):
        root.insert(0, etree.Comment(" to the service "))
        next(root.iter(tag(PROTOCOL, "CommonInput"))).addprevious(etree.Comment(" who asks "))

    commented = made(keys, "saml20", message={"edit": comment})
    start = commented.text.index(b"<soapenv:Envelope")
    commented.text = b"<!-- without a declaration -->" + commented.text[start:]
    yield "saml20-comments", commented

    token = Token("saml20", keys["rsa2048"], keys["sts-rsa"])
    reference = key_info(direct_reference("saml20", token.identifier))
    message = Message("saml20", token.signed(), keys["rsa2048"], token.identifier, key_information=reference)
    yield "saml20-direct-reference", Made(message.signed(), "saml20", token.issuer, token.subject)


def _brief(keys):
    """The bases of most forgeries, which are many."""
    for kind in ("saml11", "saml20"):
        yield f"{kind}-brief", made(
            keys, kind, holder="secp256r1", service="sts-ec", token=brief(kind, keys["secp256r1"]),
            message={"style": Style(hoisted=True)},
        )  # fmt: skip


def _saml20(keys):
    yield "saml20-plain", made(keys, "saml20")
    yield "saml20-soap12", made(
        keys, "saml20", token={"style": Style({SAML20: None, DS: None})},
        message={"soap": SOAP12, "style": Style({SOAP12: "env"}, indent="\t"), "order": ("assertion", "timestamp", "signature")},
    )  # fmt: skip
    yield "saml20-declared-on-envelope", made(
        keys, "saml20", token={"typed_values": True, "inclusive": "xs", "audience": "urn:example:assurability"},
        message={"style": Style({PROTOCOL: "ins", CORE: "core"}, hoisted=True), "order": ("signature", "timestamp", "assertion"),
                 "namespaces": {"saml2": SAML20, "xs": XS, "xsi": XSI, "unused": "urn:example:unused"}},
    )  # fmt: skip
    ec = keys["secp384r1"]
    yield "saml20-ec-key-value", made(
        keys, "saml20", holder="secp384r1", service="sts-ec",
        token={"confirmations": [(HOLDER["saml20"], [ec.key_value()])], "digest": SHA384}, message={"key_information": None},
    )  # fmt: skip
    yield "saml20-eleven-digits", made(
        keys, "saml20", token={"provider": "00000101000", "digest": SHA512},
        message={"signature": {"method": RSA_SHA384}, "consult": Consult(provider="00000101")},
    )  # fmt: skip
    yield "saml20-late-clock", made(keys, "saml20", message={"created": NOW - 4 * MINUTE, "expires": NOW - 3 * MINUTE})


def _with_third_reference(keys):
    for kind in ("saml11", "saml20"):
        token = Token(kind, keys["rsa2048"], keys["sts-rsa"])
        message = Message(kind, token.signed(), keys["rsa2048"], token.identifier)
        # The assertion's own signature is made before, so that it counts as content here.
        message.references = [*message.usual_references(), Reference(f"#{token.identifier}", [transform(EXC)])]
        yield f"{kind}-third-reference", Made(message.signed(), kind, token.issuer, token.subject)


def honest(keys):
    for part in (_saml11, _saml20, _odd, _brief, _with_third_reference):
        for name, message in part(keys):
            yield f"xmlsec1-{name}.xml", message


def disputed(keys):
    """What a strict reading of one confirmation with one key refuses."""
    message = made(keys, "saml11", token={"confirm_every_statement": True})
    yield "xmlsec1-saml11-confirmed-twice.xml", message, "every statement's subject has the confirmation, of one and the same key"
