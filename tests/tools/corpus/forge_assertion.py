"""Wrapping of assertions, in all positions of "On Breaking SAML: Be Whoever You Want to Be" that a Security header has.

An attacker, a pharmacy with a genuine assertion of its own, makes another one that has the victim's number.
"""

import secrets

from lxml import etree

from .envelope import direct_reference, token_reference
from .forging import SAML20_BRIEF, Parts, built, clone, data_object, edited, wrapper
from .names import DS, EXC, PROVIDER_ATTRIBUTE, SAMLP20, WSSE, tag
from .signing import Plan, Reference, key_info, sign_with_xmlsec1, transform
from .tree import Style, parse, restyled

SEVERAL = (
    "several-assertions", "structure", "assertion-unsigned", "assertion-reference", "several-signatures", "assertion-signature",
)  # fmt: skip


def _evil(parts, *, same_id=False, signed=False):
    """The attacker's assertion with the victim's number; `signed`: with the signature that was made for the other."""
    out = clone(parts.assertion)
    for attribute in out.iter("{*}Attribute"):
        if PROVIDER_ATTRIBUTE in attribute.attrib.values():
            attribute[0].text = "00000101"
    if not same_id:
        out.set("AssertionID" if "AssertionID" in out.attrib else "ID", "_" + secrets.token_hex(16))
    if not signed:
        out.remove(out.find(tag(DS, "Signature")))
    return out


def _wrapped(*refusals, kinds=("saml11", "saml20"), holds=True):
    """The function places the evil assertion; once for each version of SAML."""

    def register(function):
        for kind in kinds:

            def make(shop, kind=kind):
                parts = shop.stolen_name(kind)
                function(parts)
                return parts.text()

            name = f"{kind}-{function.__name__.removeprefix('_').replace('_', '-')}"
            built(*refusals, kind=kind, holds=holds, name=name)(make)
        return function

    return register


@_wrapped(*SEVERAL)
def _evil_before(parts):
    parts.assertion.addprevious(_evil(parts))


@_wrapped(*SEVERAL, kinds=("saml20",))
def _evil_after(parts):
    parts.assertion.addnext(_evil(parts))


@_wrapped(*SEVERAL, kinds=("saml11",))
def _evil_before_with_the_other_signature(parts):
    parts.assertion.addprevious(_evil(parts, signed=True))


@_wrapped(*SEVERAL, "duplicate-id", kinds=("saml20",))
def _evil_before_same_id(parts):
    parts.assertion.addprevious(_evil(parts, same_id=True))


@_wrapped(*SEVERAL, "duplicate-id", kinds=("saml11",))
def _evil_after_same_id(parts):
    parts.assertion.addnext(_evil(parts, same_id=True))


@_wrapped(*SEVERAL, holds=False)
def _signed_in_object_of_evil(parts):
    """What is signed lies in the signature, which xmlsec1's enveloped-signature transform takes out; other libraries' do not."""
    evil = _evil(parts)
    signature = parts.assertion.find(tag(DS, "Signature"))
    parts.security.replace(parts.assertion, evil)
    evil.insert(1, signature)
    signature.append(data_object(parts.assertion))


@_wrapped(*SEVERAL)
def _signed_in_advice_of_evil(parts):
    evil = _evil(parts)
    parts.security.replace(parts.assertion, evil)
    conditions = evil.find("{*}Conditions")
    conditions.addnext(etree.Element(conditions.tag.replace("Conditions", "Advice")))
    conditions.getnext().append(parts.assertion)


@_wrapped(*SEVERAL, kinds=("saml20",))
def _signed_as_child_of_evil(parts):
    evil = _evil(parts)
    parts.security.replace(parts.assertion, evil)
    evil.append(parts.assertion)


@_wrapped(*SEVERAL, kinds=("saml20",))
def _evil_in_object_of_signed(parts):
    parts.assertion.find(tag(DS, "Signature")).append(data_object(_evil(parts)))


@_wrapped(*SEVERAL, kinds=("saml11",), holds=False)
def _evil_in_advice_of_signed(parts):
    """Inside what is signed: the signature breaks."""
    conditions = parts.assertion.find("{*}Conditions")
    conditions.addnext(etree.Element(conditions.tag.replace("Conditions", "Advice")))
    conditions.getnext().append(_evil(parts))


@_wrapped(*SEVERAL, kinds=("saml11",))
def _signed_in_header_wrapper(parts):
    evil = _evil(parts, signed=True)
    parts.security.replace(parts.assertion, evil)
    parts.header.append(wrapper(parts.assertion))


@_wrapped(*SEVERAL, "duplicate-id", kinds=("saml20",))
def _signed_in_header_wrapper_same_id(parts):
    evil = _evil(parts, signed=True, same_id=True)
    parts.security.replace(parts.assertion, evil)
    parts.header.insert(0, wrapper(parts.assertion))


@_wrapped(*SEVERAL, kinds=("saml20",))
def _signed_in_object_of_message_signature(parts):
    parts.security.replace(parts.assertion, _evil(parts))
    parts.signature.append(data_object(parts.assertion))


@_wrapped(*SEVERAL, kinds=("saml11",))
def _signed_embedded_in_key_info(parts):
    parts.security.replace(parts.assertion, _evil(parts))
    reference = next(parts.signature.iter(tag(WSSE, "SecurityTokenReference")))
    reference[0].getparent().replace(reference[0], etree.Element(tag(WSSE, "Embedded")))
    reference[0].append(parts.assertion)


@built(*SEVERAL, kind="saml20")
def _evil_of_the_other_saml_version(shop):
    parts = shop.stolen_name("saml20")
    evil = shop.token("saml11", holder="attacker").unsigned()
    parts.assertion.addprevious(evil)
    return parts.text()


@edited("assertion-unsigned", "several-assertions", "assertion-signature", holds=False)
def _assertion_without_signature(parts):
    parts.assertion.remove(parts.assertion.find(tag(DS, "Signature")))


@edited("several-signatures", "assertion-unsigned", "structure", base=SAML20_BRIEF)
def _assertion_signature_beside_it(parts):
    parts.assertion.addnext(parts.assertion.find(tag(DS, "Signature")))


@edited("assertion-signature", base=SAML20_BRIEF, holds=False)
def _assertion_changed_afterwards(parts):
    next(parts.assertion.iter("{*}NameID")).text = "CN=NIHII-PHARMACY 00000303,O=Example,C=BE"


def _signed_by_the_service(shop, element, reference):
    """What the real token service signed, for whatever reason."""
    service = shop.keys["sts-ec"]
    plan = Plan([Reference(reference, [transform(EXC)])], service.signature_method(), key_info=key_info(service.x509_data()))
    around = restyled(wrapper(element, plan.template()), Style())
    where = "/*/*[local-name()='Signature']"
    return parse(sign_with_xmlsec1(etree.tostring(around), where, service.key))


@built("assertion-reference", "assertion-signature", kind="saml20")
def _assertion_signature_over_another_element(shop):
    """A signature of the token service over something else of its own, put into an assertion that it never made."""
    token = shop.token("saml20", holder="attacker")
    response = etree.Element(tag(SAMLP20, "Response"), ID="_response", nsmap={"saml2p": SAMLP20})
    signed = _signed_by_the_service(shop, response, "#_response")
    assertion = token.unsigned()
    assertion.insert(1, signed[1])
    parts = Parts(shop.message(token, assertion=assertion).signed())
    parts.header.append(signed[0])
    return parts.text()


@built("assertion-reference", "assertion-signature")
def _assertion_signature_over_the_timestamp(shop):
    """What it signs is there and whole, and is not the assertion."""
    token = shop.token("saml11", holder="attacker")
    message = shop.message(token, assertion=token.unsigned())
    timestamp = restyled(message.timestamp(), message.style)
    signed = _signed_by_the_service(shop, timestamp, "#" + message.timestamp_id)
    message.assertion.append(signed[1])
    return message.signed()


@built("assertion-reference", kind="saml20")
def _assertion_signature_with_two_references(shop):
    response = etree.Element(tag(SAMLP20, "Response"), ID="_response", nsmap={"saml2p": SAMLP20})
    token = shop.token("saml20", extra_references=[Reference("#_response")])
    assertion = token.signed(around=wrapper(response))
    parts = Parts(shop.message(token, assertion=assertion).signed())
    parts.header.append(clone(response))
    return parts.text()


@built("assertion-reference", holds=False)
def _assertion_signature_with_empty_uri(shop):
    """As a document of its own it was signed; in the message the reference means the whole message."""
    token = shop.token("saml11")
    plan = token.plan()
    plan.references[0].uri = ""
    root = token.unsigned()
    root.append(plan.template())
    where = "//*[local-name()='Signature']"
    assertion = parse(sign_with_xmlsec1(etree.tostring(root), where, token.service.key))
    return shop.message(token, assertion=assertion).signed()


@built("message-signature")
def _assertion_of_somebody_else(shop):
    """The victim's genuine assertion; signed with the attacker's key, whose certificate KeyInfo shows."""
    return shop.message_forgery("saml11", signer="attacker", key_information="certificate")


@built("message-signature", kind="saml20", holds=False)
def _assertion_of_somebody_else_named_in_key_info(shop):
    return shop.message_forgery("saml20", signer="attacker")


@built("message-reference", "message-signature", "structure")
def _key_info_names_another_assertion(shop):
    return shop.message_forgery("saml11", key_information=key_info(token_reference("saml11", "_" + secrets.token_hex(16))))


@built("message-reference", "message-signature", "structure", kind="saml20")
def _key_info_refers_to_another_assertion(shop):
    return shop.message_forgery("saml20", key_information=key_info(direct_reference("saml20", "_" + secrets.token_hex(16))))
