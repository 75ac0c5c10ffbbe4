"""Signature wrapping of Body, Timestamp and Envelope: what is signed stays whole, what is read is another.

After McIntosh and Austel (2005), Gajek, Liao and Schwenk (2009), Somorovsky et al. (2011, 2012).
"""

from lxml import etree

from .forging import SAML20_BRIEF, Parts, built, clone, data_object, edited, wrapper
from .names import DS, HOUR, MINUTE, NOW, SOAP11, SOAP12, WSSE, WSU, XML, stamp, tag

SEVERAL = ("several-bodies", "structure", "duplicate-id", "message-reference")


@edited("several-bodies", "structure", "message-reference")
def _body_in_header_wrapper(parts):
    parts.header.append(wrapper(parts.replace_body(parts.evil_body("id-EVIL"))))


@edited("several-bodies", "structure", "message-reference", base="soap-saml20-plain.xml")
def _body_in_header_wrapper_before_security(parts):
    parts.header.insert(0, wrapper(parts.replace_body(parts.evil_body())))


@edited(*SEVERAL, base="zeep-saml11-plain.xml")
def _body_in_header_same_id(parts):
    parts.header.append(wrapper(parts.replace_body(parts.evil_body(parts.body_id))))


@edited("several-bodies", "structure", "message-reference", base=SAML20_BRIEF)
def _body_in_security(parts):
    parts.security.append(parts.replace_body(parts.evil_body("id-EVIL")))


@edited("several-bodies", "structure", "message-reference")
def _body_in_signature_object(parts):
    parts.signature.append(data_object(parts.replace_body(parts.evil_body("id-EVIL"))))


@edited("several-bodies", "structure", "message-reference", base=SAML20_BRIEF)
def _body_in_key_info(parts):
    parts.signature.find(tag(DS, "KeyInfo")).append(parts.replace_body(parts.evil_body("id-EVIL")))


@edited("several-bodies", "structure", "message-reference")
def _body_in_assertion_signature_object(parts):
    """The enveloped-signature transform takes the assertion's Signature out of what is signed, and this with it."""
    parts.assertion.find(tag(DS, "Signature")).append(data_object(parts.replace_body(parts.evil_body("id-EVIL"))))


@edited("several-bodies", "structure", "message-reference")
def _body_inside_the_new_body(parts):
    evil = parts.evil_body("id-EVIL")
    evil.append(wrapper(parts.replace_body(evil)))


@edited("several-bodies", "structure", "message-reference")
def _body_in_wrapper_after_the_new_body(parts):
    parts.root.append(wrapper(parts.replace_body(parts.evil_body("id-EVIL"))))


@edited("several-bodies", "structure", "message-reference")
def _two_bodies_new_one_first(parts):
    parts.body.addprevious(parts.evil_body("id-EVIL"))


@edited("several-bodies", "structure", "message-reference", base=SAML20_BRIEF)
def _two_bodies_new_one_last(parts):
    parts.body.addnext(parts.evil_body("id-EVIL"))


@edited(*SEVERAL)
def _two_bodies_same_id_new_one_first(parts):
    parts.body.addprevious(parts.evil_body(parts.body_id))


@edited(*SEVERAL, base=SAML20_BRIEF)
def _two_bodies_same_id_new_one_last(parts):
    parts.body.addnext(parts.evil_body(parts.body_id))


def _new_body_with(parts, attribute):
    evil = parts.evil_body()
    evil.set(attribute, parts.body_id)
    parts.header.append(wrapper(parts.replace_body(evil)))


@edited(*SEVERAL)
def _same_id_as_xml_id(parts):
    _new_body_with(parts, tag(XML, "id"))


@edited(*SEVERAL, base=SAML20_BRIEF)
def _same_id_as_saml20_id(parts):
    _new_body_with(parts, "ID")


@edited(*SEVERAL)
def _same_id_as_saml11_assertion_id(parts):
    _new_body_with(parts, "AssertionID")


@edited(*SEVERAL)
def _same_id_as_id_without_namespace(parts):
    _new_body_with(parts, "Id")


@edited("duplicate-id", "structure")
def _same_id_on_another_element(parts):
    """One Body only: a second element claims its id, of another kind and another place."""
    other = wrapper()
    other.set(tag(XML, "id"), parts.body_id)
    parts.header.insert(0, other)


@edited("duplicate-id", "structure", base=SAML20_BRIEF)
def _same_id_lower_case_on_another_element(parts):
    other = wrapper()
    other.set("id", parts.timestamp.get(tag(WSU, "Id")))
    parts.header.append(other)


@edited("several-bodies", "structure", "message-reference")
def _body_of_another_soap_version(parts):
    evil = parts.evil_body("id-EVIL")
    evil.tag = tag(SOAP12, "Body")
    parts.header.append(wrapper(parts.replace_body(evil)))


@edited("structure", "several-bodies", "none-there", "message-reference")
def _envelope_of_another_soap_version(parts):
    """SOAP 1.2 outside, what is signed of SOAP 1.1: no reader of the one sees the other."""
    outer = etree.Element(tag(SOAP12, "Envelope"), nsmap={"env": SOAP12})
    for name, content in (("Header", parts.security), ("Body", parts.evil_body()[0])):
        etree.SubElement(outer, tag(SOAP12, name)).append(content)
    outer[0].append(wrapper(parts.body))
    parts.root = outer


def _outer(parts):
    outer = etree.Element(tag(SOAP11, "Envelope"), nsmap={"soapenv": SOAP11})
    etree.SubElement(outer, tag(SOAP11, "Header")).append(parts.security)
    outer.append(parts.evil_body("id-EVIL"))
    return outer


@edited("several-bodies", "structure", "message-reference")
def _envelope_in_the_header(parts):
    outer = _outer(parts)
    outer[0].append(wrapper(parts.root))
    parts.root = outer


@edited("several-bodies", "structure", "message-reference", base=SAML20_BRIEF)
def _envelope_in_the_body(parts):
    outer = _outer(parts)
    outer[1].append(parts.root)
    parts.root = outer


@edited("structure", "several-bodies", "none-there")
def _two_envelopes(parts):
    evil = clone(parts.root)
    evil.remove(evil.find(tag(SOAP11, "Body")))
    evil.remove(evil.find(tag(SOAP11, "Header")))
    evil.append(parts.evil_body("id-EVIL"))
    parts.root = wrapper(evil, parts.root)


@edited("structure", "several-assertions", "several-signatures", "none-there")
def _second_security_for_another_actor(parts):
    second = etree.SubElement(parts.header, tag(WSSE, "Security"))
    second.set(tag(SOAP11, "actor"), "http://schemas.xmlsoap.org/soap/actor/next")


@edited("structure", "several-assertions", "timestamp", "none-there", base=SAML20_BRIEF)
def _signed_security_for_another_actor(parts):
    """What is signed is for somebody else; what is for us has an assertion that nobody signed, and its own Timestamp."""
    parts.security.set(tag(SOAP11, "actor"), "urn:example:other")
    ours = etree.SubElement(parts.header, tag(WSSE, "Security"))
    timestamp, assertion = clone(parts.timestamp), clone(parts.assertion)
    timestamp.set(tag(WSU, "Id"), "TS-EVIL")
    assertion.set("ID", "_evil")
    assertion.remove(assertion.find(tag(DS, "Signature")))
    ours.extend((timestamp, assertion))


@edited("structure", "none-there")
def _security_in_a_wrapper(parts):
    parts.header.append(wrapper(parts.security))


@edited("structure", "none-there")
def _security_beside_the_header(parts):
    parts.header.addnext(parts.security)


@edited("structure")
def _two_headers(parts):
    parts.header.addprevious(etree.Element(parts.header.tag))


@edited("structure", base=SAML20_BRIEF)
def _body_before_the_header(parts):
    parts.header.addprevious(parts.body)


@edited("structure")
def _something_between_header_and_body(parts):
    parts.header.addnext(wrapper())


def _stale(shop, kind):
    message = shop.message(shop.token(kind), created=NOW - 3 * HOUR, expires=NOW - 3 * HOUR + MINUTE)
    parts = Parts(message.signed())
    fresh = clone(parts.timestamp)
    for element, moment in zip(fresh, (NOW, NOW + MINUTE), strict=True):
        element.text = stamp(moment)
    return parts, fresh


@built("timestamp", "structure", "message-reference", "stale")
def _timestamp_in_header_wrapper(shop):
    parts, fresh = _stale(shop, "saml11")
    fresh.set(tag(WSU, "Id"), "TS-EVIL")
    parts.security.replace(parts.timestamp, fresh)
    parts.header.append(wrapper(parts.timestamp))
    return parts.text()


@built("timestamp", "structure", "message-reference", "stale", kind="saml20")
def _two_timestamps(shop):
    parts, fresh = _stale(shop, "saml20")
    fresh.set(tag(WSU, "Id"), "TS-EVIL")
    parts.timestamp.addprevious(fresh)
    return parts.text()


@built("timestamp", "structure", "duplicate-id", "message-reference", "stale")
def _timestamp_in_signature_object_same_id(shop):
    parts, fresh = _stale(shop, "saml11")
    parts.security.replace(parts.timestamp, fresh)
    parts.signature.append(data_object(parts.timestamp))
    return parts.text()
