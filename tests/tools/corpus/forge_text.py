"""Bytes and texts that two parsers read in two ways: comments, CDATA, entities, a DOCTYPE, half a message."""

from lxml import etree

from .forging import SAML20_BRIEF, built, edited, rewritten
from .names import PROTOCOL, PROVIDER_ATTRIBUTE, WSU, tag


def _replaced(text, old, new):
    assert text.count(old) >= 1, f"no {old} in the base message"
    return text.replace(old, new, 1)


# Canonicalisation leaves comments out: all signatures hold, and a reader of the first text node reads another name.
SUBJECT = b"CN=NIHII-PHARMACY 00000101,"
COMMENTED = b"CN=NIHII-PHARMACY 00000101<!-- -->,"


@rewritten("bad-text")
def _comment_in_name_identifier(text):
    return _replaced(text, SUBJECT, COMMENTED)


@rewritten("bad-text", base=SAML20_BRIEF)
def _comment_in_name_id(text):
    return _replaced(text, SUBJECT, COMMENTED)


@rewritten("bad-text", base=SAML20_BRIEF)
def _comment_in_issuer(text):
    return _replaced(text, b"urn:be:example:sts:1_0<", b"urn:be:example<!-- -->:sts:1_0<")


@rewritten("bad-text", "provider")
def _comment_in_the_assertion_provider(text):
    return _replaced(text, b">00000101<", b">00000<!-- -->101<")


@rewritten("bad-text", "provider", base=SAML20_BRIEF)
def _comment_in_the_body_provider(text):
    return _replaced(text, b">00000101000<", b">00000101<!-- -->000<")


@rewritten("bad-text", "timestamp")
def _comment_in_created(text):
    return _replaced(text, b"Created>2026-03-02T", b"Created>2026-03-02<!-- -->T")


@rewritten("bad-text", "not-holder-of-key")
def _comment_in_confirmation_method(text):
    return _replaced(text, b"cm:holder-of-key", b"cm:<!-- -->holder-of-key")


@rewritten("bad-text", "bad-key")
def _comment_in_the_bound_certificate(text):
    return _replaced(text, b"<ds:X509Certificate>MII", b"<ds:X509Certificate>MII<!-- -->")


@rewritten("bad-text")
def _cdata_in_name_identifier(text):
    return _replaced(text, b"00000101,OU=", b"<![CDATA[00000101]]>,OU=")


@rewritten("bad-text", "provider", base=SAML20_BRIEF)
def _cdata_in_the_assertion_provider(text):
    return _replaced(text, b">00000101<", b"><![CDATA[00000101]]><")


@built("bad-text", "provider", kind="saml20")
def _element_in_the_assertion_provider(shop):
    def split(root):
        for attribute in root.iter("{*}Attribute"):
            if attribute.get("Name") == PROVIDER_ATTRIBUTE:
                attribute[0].text = "00000"
                etree.SubElement(attribute[0], "part").tail = "101"

    return shop.token_forgery("saml20", edit=split)


@built("bad-text")
def _instruction_in_name_identifier(shop):
    def instruct(root):
        name = next(root.iter("{*}NameIdentifier"))
        name.insert(0, etree.ProcessingInstruction("reader", "stop"))

    return shop.token_forgery("saml11", edit=instruct)


@built("structure", "bad-text", "provider", kind="saml20")
def _instruction_in_the_body(shop):
    def instruct(root):
        next(root.iter(tag(PROTOCOL, "CommonInput"))).addprevious(etree.ProcessingInstruction("reader", "stop"))

    return shop.message_forgery("saml20", edit=instruct)


@edited("structure", "bad-text")
def _instruction_in_security(parts):
    parts.timestamp.addprevious(etree.ProcessingInstruction("reader", "stop"))


def _with_doctype(text, doctype):
    start = text.index(b"<soapenv:Envelope")
    return text[:start] + doctype + text[start:]


@rewritten("doctype")
def _doctype(text):
    return _with_doctype(text, b"<!DOCTYPE soapenv:Envelope>\n")


@rewritten("doctype", base=SAML20_BRIEF)
def _entity_in_name_id(text):
    text = _with_doctype(text, b'<!DOCTYPE soapenv:Envelope [<!ENTITY number "00000101">]>\n')
    return _replaced(text, b"00000101,OU=", b"&number;,OU=")


@rewritten("doctype", holds=False)
def _external_entity(text):
    text = _with_doctype(text, b'<!DOCTYPE soapenv:Envelope [<!ENTITY name SYSTEM "file:///etc/hostname">]>\n')
    return _replaced(text, b"<c:Name>EXAMPLE-PACKAGE", b"<c:Name>&name;EXAMPLE-PACKAGE")


@rewritten("doctype", "not-xml", holds=False)
def _entities_that_multiply(text):
    entities = b'<!ENTITY e0 "ha">' + b"".join(
        b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10) for level in range(1, 10)
    )
    text = _with_doctype(text, b"<!DOCTYPE soapenv:Envelope [" + entities + b"]>\n")
    return _replaced(text, b"<c:Name>EXAMPLE-PACKAGE", b"<c:Name>&e9;")


@rewritten("doctype", base=SAML20_BRIEF)
def _doctype_that_declares_ids(text):
    """The document itself says which attributes are ids."""
    return _with_doctype(text, b"<!DOCTYPE soapenv:Envelope [<!ATTLIST soapenv:Body wsu:Id ID #IMPLIED>]>\n")


@rewritten("not-xml", holds=False)
def _undeclared_entity(text):
    return _replaced(text, b"00000101,OU=", b"&number;,OU=")


@rewritten("not-xml", holds=False)
def _cut_in_the_signature(text):
    return text[: text.rindex(b"SignatureValue>") - 100]


@rewritten("not-xml", holds=False, base=SAML20_BRIEF)
def _cut_before_the_last_character(text):
    return text.rstrip()[:-1]


@rewritten("not-xml", holds=False)
def _two_documents(text):
    return text + b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"/>'


@rewritten("not-xml", holds=False)
def _bytes_that_are_no_utf_8(text):
    return _replaced(text, b"Example Holder", b"Example H\xf6lder")


@rewritten("not-xml", "structure", holds=False)
def _nested_too_deep(text):
    return _replaced(text, b"<soapenv:Header>", b"<soapenv:Header>" + b"<a>" * 300 + b"</a>" * 300)


@rewritten("not-xml", holds=False)
def _id_twice_on_the_body(text):
    """The same attribute by two prefixes for one namespace: not namespace-well-formed."""
    start = text.index(b"<soapenv:Body ")
    return text[:start] + text[start:].replace(b" wsu:Id=", b' xmlns:u="%s" u:Id="id-EVIL" wsu:Id=' % WSU.encode(), 1)
