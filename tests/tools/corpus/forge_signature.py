"""Signatures over less than they seem to: transforms that leave something out, references to elsewhere, nothing signed at all."""

import base64

from lxml import etree

from .consult import OTHER_PATIENT
from .envelope import SIGNATURE, token_reference
from .forging import SAML20_BRIEF, Parts, built, data_object, edited
from .names import (
    BASE64, C14N, CORE, DS, ENVELOPED, EXC, EXC_COMMENTS, PROTOCOL, SOAP11, WRAPPER, WSU, XPATH, XPATH2, XSL, XSLT, tag,
)  # fmt: skip
from .signing import Reference, key_info, sign_by_hand, transform
from .tree import Style


def _with_other_patient(text):
    """What an attacker does once the signature does not cover it."""
    parts = Parts(text)
    next(parts.body.iter(tag(CORE, "CareReceiver")))[0].text = OTHER_PATIENT
    return parts.text()


def _transformed(shop, kind, transforms):
    """A message whose Body reference has these transforms."""
    message = shop.message(shop.token(kind))
    message.references = message.usual_references()
    message.references[0].transforms = transforms
    message.style = Style()  # a stylesheet is read apart from the message, and needs its declarations itself
    return message.signed()


def _xpath(namespace, text, **attributes):
    out = etree.Element(tag(namespace, "XPath"), attributes)
    out.text = text
    return out


@built("transform", "message-reference")
def _xpath_leaves_the_patient_out(shop):
    content = _xpath(DS, "not(ancestor-or-self::*[local-name()='CareReceiver'])")
    return _with_other_patient(_transformed(shop, "saml11", [transform(XPATH, content=content), transform(EXC)]))


@built("transform", "message-reference", kind="saml20")
def _xpath_filter_leaves_the_patient_out(shop):
    content = _xpath(XPATH2, "//*[local-name()='CareReceiver']", Filter="subtract")
    return _with_other_patient(_transformed(shop, "saml20", [transform(XPATH2, content=content), transform(EXC)]))


@built("transform", "message-reference")
def _xslt_makes_a_constant(shop):
    sheet = etree.Element(tag(XSL, "stylesheet"), version="1.0", nsmap={"xsl": XSL})
    etree.SubElement(etree.SubElement(sheet, tag(XSL, "template"), match="/"), "constant")
    return _with_other_patient(_transformed(shop, "saml11", [transform(EXC), transform(XSLT, content=sheet), transform(C14N)]))


@built("transform", "message-reference", holds=False)
def _base64_of_the_text(shop):
    message = shop.message(shop.token("saml11", holder="rsa2048"))
    message.references = message.usual_references()
    message.references[0].transforms = [transform(BASE64)]
    message.references[0].value = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # of nothing
    return sign_by_hand(message.unsigned(), SIGNATURE, message.signer.key)


@built("transform", "message-reference")
def _reference_with_comments(shop):
    return _transformed(shop, "saml11", [transform(EXC_COMMENTS)])


@built("transform", "message-reference")
def _reference_inclusive(shop):
    return _transformed(shop, "saml11", [transform(C14N)])


@built("transform", "weak-algorithm")
def _signed_info_with_comments(shop):
    return shop.message_forgery("saml11", signature={"canonicalization": EXC_COMMENTS})


@built("transform", "assertion-reference", kind="saml20")
def _assertion_xpath_leaves_the_attributes_out(shop):
    """Signed by the token service; what nobody signed is changed afterwards."""
    content = _xpath(DS, "not(ancestor-or-self::*[local-name()='AttributeStatement'])")
    transforms = [transform(ENVELOPED), transform(XPATH, content=content), transform(EXC)]
    parts = Parts(shop.token_forgery("saml20", provider="00000202", transforms=transforms))
    parts.assertion.find("{*}AttributeStatement")[0][0].text = "00000101"
    return parts.text()


@built("transform", "assertion-reference")
def _assertion_with_comments(shop):
    return shop.token_forgery("saml11", transforms=[transform(ENVELOPED), transform(EXC_COMMENTS)])


@built("transform", "message-reference", "several-bodies", kind="saml11")
def _namespace_injection(shop):
    """The prefix in the XPath is declared where nothing is signed; declared anew, the path leads into a wrapper."""
    message = shop.message(shop.token("saml11"), namespaces={"x": SOAP11})
    content = etree.Element(tag(DS, "XPath"))
    content.text = f"ancestor-or-self::*[@*[local-name()='Id']='{message.body_id}'][parent::x:Envelope]"
    message.references = [Reference("", [transform(XPATH, content=content), transform(EXC)]), message.usual_references()[1]]
    parts = Parts(message.signed())
    signed = parts.replace_body(parts.evil_body("id-EVIL"))
    etree.SubElement(parts.header, tag(WRAPPER, "Envelope"), nsmap={"w": WRAPPER}).append(signed)
    before, start, after = parts.text().rpartition(b"<ds:Signature ")
    return before + start + f'xmlns:x="{WRAPPER}" '.encode() + after


@edited("several-signatures", "structure", "message-signature", "message-reference", "none-there", holds=False)
def _no_signature(parts):
    parts.security.remove(parts.signature)


@edited("none-there", "structure", holds=False)
def _no_security(parts):
    parts.header.remove(parts.security)


@edited("none-there", "several-assertions", "structure", "assertion-unsigned", base=SAML20_BRIEF, holds=False)
def _no_assertion(parts):
    parts.security.remove(parts.assertion)


@edited("structure", "none-there", holds=False)
def _no_header(parts):
    parts.root.remove(parts.header)


@built("message-reference", holds=False)
def _nothing_signed(shop):
    message = shop.message(shop.token("saml11", holder="rsa2048"), references=[])
    return sign_by_hand(message.unsigned(), SIGNATURE, message.signer.key)


def _referring(shop, kind, references, holder="secp256r1", **changes):
    """`references` gets the message and its two usual ones."""
    message = shop.message(shop.token(kind, holder=holder), **changes)
    message.references = references(message, *message.usual_references())
    return message


@built("message-reference")
def _body_not_signed(shop):
    return _with_other_patient(_referring(shop, "saml11", lambda m, body, timestamp: [timestamp]).signed())


@built("message-reference", kind="saml20")
def _timestamp_not_signed(shop):
    return _referring(shop, "saml20", lambda m, body, timestamp: [body]).signed()


@built("message-reference")
def _body_signed_twice(shop):
    return _referring(shop, "saml11", lambda m, body, timestamp: [body, m.usual_references()[0]]).signed()


@built("message-reference", kind="saml20")
def _assertion_signed_in_place_of_the_timestamp(shop):
    return _referring(shop, "saml20", lambda m, body, timestamp: [body, Reference("#" + m.assertion_id)]).signed()


@built("message-reference", "transform")
def _whole_document_signed(shop):
    whole = Reference("", [transform(ENVELOPED), transform(EXC)])
    return _referring(shop, "saml11", lambda m, body, timestamp: [whole]).signed()


@built("message-reference", holds=False)
def _reference_without_uri(shop):
    nothing = Reference(None, value=base64.b64encode(bytes(32)).decode())
    message = _referring(shop, "saml11", lambda m, body, timestamp: [nothing, timestamp], holder="rsa2048")
    return sign_by_hand(message.unsigned(), SIGNATURE, message.signer.key)


@built("message-reference")
def _third_reference_elsewhere(shop):
    token = shop.token("saml11")
    reference = token_reference("saml11", token.identifier)
    message = shop.message(token, key_information=key_info(reference))
    message.references = [*message.usual_references(), Reference("#" + reference.get(tag(WSU, "Id")))]
    return message.signed()


@built("message-reference")
def _payload_signed_not_body(shop):
    """The Body's child is signed; the Body could be given another one."""
    def mark(root):
        next(root.iter(tag(PROTOCOL, "GetInsurabilityForPharmacistRequest"))).set("Id", "payload-1")

    return _referring(shop, "saml11", lambda m, body, timestamp: [Reference("#payload-1"), timestamp], edit=mark).signed()


ELSEWHERE = "http://assurability.invalid/body.xml"


@built("message-reference", holds=False)
def _external_reference_for_the_body(shop):
    message = _referring(shop, "saml11", lambda m, body, timestamp: [Reference(ELSEWHERE, []), timestamp])
    return message.signed(url_map=(ELSEWHERE, b"<Body/>"))


@built("message-reference", kind="saml20", holds=False)
def _external_reference_as_third(shop):
    message = _referring(shop, "saml20", lambda m, body, timestamp: [body, timestamp, Reference("file:///etc/hostname", [])])
    return message.signed(url_map=("file:///etc/hostname", b"somewhere\n"))


@built("message-reference")
def _xpointer_reference(shop):
    return _referring(shop, "saml11", lambda m, body, timestamp: [Reference(f"#xpointer(id('{m.body_id}'))"), timestamp]).signed()


@built("message-reference", kind="saml11")
def _manifest_with_the_body(shop):
    """Only the Manifest is signed; that the digests in it hold is nobody's business."""
    message = shop.message(shop.token("saml11"))
    body, timestamp = message.usual_references()
    manifest = etree.Element(tag(DS, "Manifest"), Id="manifest-1")
    manifest.append(body.element())
    message.signature = {"objects": [data_object(manifest)]}
    message.references = [Reference("#manifest-1", attributes={"Type": DS + "Manifest"}), timestamp]
    return _with_other_patient(message.signed())


@edited("message-signature", holds=False)
def _body_changed_afterwards(parts):
    next(parts.body.iter(tag(CORE, "CareReceiver")))[0].text = OTHER_PATIENT


@edited("message-signature", holds=False)
def _timestamp_changed_afterwards(parts):
    parts.timestamp[1].text = "2026-03-02T09:31:01.000Z"


@edited("message-signature", base=SAML20_BRIEF, holds=False)
def _signature_value_of_another_message(parts):
    own = parts.assertion.find(f"{tag(DS, 'Signature')}/{tag(DS, 'SignatureValue')}")
    parts.signature.find(tag(DS, "SignatureValue")).text = own.text


@edited("several-signatures", "structure")
def _second_signature_in_security(parts):
    second = etree.SubElement(parts.security, tag(DS, "Signature"))
    etree.SubElement(second, tag(DS, "SignatureValue")).text = "AAAA"
