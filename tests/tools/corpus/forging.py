"""How forgeries are told: each a function with what the check must answer, and whether a naive verifier falls for it.

`edited` forgeries change an honest message after it was signed; `built` ones are signed anew, with one thing wrong.
"""

from dataclasses import dataclass, replace
from typing import Callable

from lxml import etree

from .consult import OTHER_PATIENT, Consult
from .envelope import Message
from .keys import KeyRing
from .names import CORE, DS, WRAPPER, WSSE, WSU, tag
from .token import Token, brief
from .tree import Style, clone, parse, write

# Honest messages by xmlsec1 with small keys and certificates: most forgeries are made from these.
SAML11_BRIEF = "xmlsec1-saml11-brief.xml"
SAML20_BRIEF = "xmlsec1-saml20-brief.xml"
BRIEF = {"saml11": SAML11_BRIEF, "saml20": SAML20_BRIEF}


class Parts:
    """A message taken apart."""

    def __init__(self, text: bytes):
        self.root = parse(text)
        self.soap = parse(text).nsmap[self.root.prefix]
        self.header, self.body = self.root.find(tag(self.soap, "Header")), self.root.find(tag(self.soap, "Body"))
        self.security = self.header.find(tag(WSSE, "Security"))
        self.timestamp = self.security.find(tag(WSU, "Timestamp"))
        self.signature = self.security.find(tag(DS, "Signature"))
        self.assertion = self.security.find("{*}Assertion")

    @property
    def body_id(self):
        return self.body.get(tag(WSU, "Id"))

    def evil_body(self, identifier=None):
        """The Body, asking about another patient; under another id, or none."""
        out = clone(self.body)
        next(out.iter(tag(CORE, "CareReceiver"))).find(tag(CORE, "Ssin")).text = OTHER_PATIENT
        del out.attrib[tag(WSU, "Id")]
        if identifier is not None:
            out.set(tag(WSU, "Id"), identifier)
        return out

    def replace_body(self, new):
        """Puts another Body in the place of the signed one, which is returned."""
        self.root.replace(self.body, new)
        return self.body

    def text(self):
        return write(self.root)


def wrapper(*content):
    out = etree.Element(tag(WRAPPER, "Wrapper"), nsmap={"w": WRAPPER})
    out.extend(content)
    return out


def data_object(*content):
    out = etree.Element(tag(DS, "Object"), nsmap={"ds": DS})
    out.extend(content)
    return out


@dataclass
class Workshop:
    """What forgeries are made from."""

    keys: KeyRing
    honest: dict  # file name -> bytes

    def token(self, kind, *, holder="secp256r1", service="sts-ec", **changes):
        usual = brief(kind, self.keys[holder])
        return Token(kind, self.keys[holder], self.keys[service], **usual | changes)

    def message(self, token, *, signer=None, assertion=None, **changes):
        """Not signed yet; by the token's holder when no other signer is named."""
        assertion = token.signed() if assertion is None else assertion
        signer = self.keys[signer] if signer else token.holder
        return Message(token.kind, assertion, signer, token.identifier, style=Style(hoisted=True), **changes)

    def token_forgery(self, kind, *, signer=None, message=None, **changes):
        """A message that is honest but for its assertion, which the real token service signed."""
        return self.message(self.token(kind, **changes), signer=signer, **(message or {})).signed()

    def message_forgery(self, kind, *, holder="secp256r1", **changes):
        """A message that is honest but for what its own signer did."""
        return self.message(self.token(kind, holder=holder), **changes).signed()

    def stolen_name(self, kind):
        """An attacker's message for a victim's pharmacy, with the attacker's genuine assertion, to be taken apart."""
        token = self.token(kind, holder="attacker", provider="00000202")
        return Parts(self.message(token, consult=replace(Consult(), patient=OTHER_PATIENT)).signed())


@dataclass
class Case:
    name: str
    refusals: list
    base: str
    holds: bool
    make: Callable[[Workshop], bytes]


CASES: list[Case] = []


def _named(function):
    return function.__name__.removeprefix("_").replace("_", "-")


def edited(*refusals, base=SAML11_BRIEF, holds=True):
    """The function changes the Parts of the base, or returns bytes; `holds`: a naive verifier accepts the result."""

    def register(function):
        def make(shop):
            parts = Parts(shop.honest[base])
            changed = function(parts)
            return parts.text() if changed is None else changed

        CASES.append(Case(_named(function), list(refusals), base, holds, make))
        return function

    return register


def built(*refusals, kind="saml11", holds=True, name=None):
    """The function makes the message with the Workshop; `base` is the honest message that it differs from in one thing."""

    def register(function):
        CASES.append(Case(name or _named(function), list(refusals), BRIEF[kind], holds, function))
        return function

    return register


def rewritten(*refusals, base=SAML11_BRIEF, holds=True):
    """The function gets the base's bytes and returns others."""

    def register(function):
        CASES.append(Case(_named(function), list(refusals), base, holds, lambda shop: function(shop.honest[base])))
        return function

    return register
