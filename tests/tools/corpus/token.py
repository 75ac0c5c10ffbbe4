"""The token service: SAML holder-of-key assertions of both versions, each signed as a document of its own."""

import secrets
from dataclasses import dataclass, field

from lxml import etree

from .keys import Holder
from .names import (
    BEARER, ENVELOPED, EXC, HOLDER, HOUR, MINUTE, NOW, PROVIDER_ATTRIBUTE, SAML11, SAML20, SHA256, XS, XSI,
    stamp, tag,
)  # fmt: skip
from .signing import Plan, Reference, key_info, sign_with_xmlsec1, transform
from .tree import Style, parse, restyled

X509_NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
NAME_QUALIFIER = "CN=Example Issuing CA,O=Example,C=BE"
ATTRIBUTE_NAMESPACE = "urn:be:fgov:certified-namespace:ehealth"
NAMESPACE = {"saml11": SAML11, "saml20": SAML20}
ID_ATTRIBUTE = {"saml11": "AssertionID", "saml20": "ID"}
OTHER_ATTRIBUTES = [
    ("urn:be:fgov:ehealth:1.0:pharmacy:nihii-number:recognisedpharmacy:boolean", "true"),
    ("urn:be:fgov:ehealth:1.0:pharmacy:nihii-number:person:ssin:ehealth:1.0:pharmacy-holder:boolean", "true"),
    ("urn:be:fgov:person:ssin", "00000000199"),
]


@dataclass
class Token:
    """An assertion to be made. `confirmations` are (method, keys as children of KeyInfo); forgeries change one field."""

    kind: str
    holder: Holder
    service: Holder
    provider: str | None = "00000101"
    provider_attribute: str = PROVIDER_ATTRIBUTE
    identifier: str = field(default_factory=lambda: "_" + secrets.token_hex(16))
    issuer: str = "urn:be:example:sts:1_0"
    begin: object = NOW - HOUR
    end: object = NOW + 11 * HOUR
    conditions: bool = True
    confirmations: list | None = None
    confirmation_end: object = NOW + 11 * HOUR
    typed_values: bool = False  # xsi:type on attribute values and on what confirms
    audience: str | None = None
    confirm_every_statement: bool = False
    style: Style = field(default_factory=Style)
    method: str | None = None  # as the key wants it
    digest: str = SHA256
    inclusive: str | None = None
    transforms: list | None = None
    extra_references: list = field(default_factory=list)
    signature_key_info: object = "certificate"  # of the token service; or another KeyInfo, or none
    other_attributes: bool = True
    edit: object = None  # changes the tree before it is signed

    @property
    def namespace(self):
        return NAMESPACE[self.kind]

    @property
    def subject(self):
        return self.holder.subject

    def add(self, parent, name, text=None, **attributes):
        out = etree.SubElement(parent, tag(self.namespace, name), attributes)
        out.text = text
        return out

    def add_conditions(self, root, restriction):
        """`restriction`: what this version of SAML calls the element around the audience."""
        if not self.conditions:
            return
        conditions = self.add(root, "Conditions", NotBefore=stamp(self.begin), NotOnOrAfter=stamp(self.end))
        if self.audience is not None:
            self.add(self.add(conditions, restriction), "Audience", self.audience)

    def confirmed(self):
        if self.confirmations is not None:
            return self.confirmations
        return [(HOLDER[self.kind], [self.holder.x509_data()])]

    def attributes(self):
        provider = [] if self.provider is None else [(self.provider_attribute, self.provider)]
        return provider + (OTHER_ATTRIBUTES if self.other_attributes else [])

    def unsigned(self):
        scopes = {self.style.prefix(XS): XS, self.style.prefix(XSI): XSI} if self.typed_values else {}
        root = etree.Element(tag(self.namespace, "Assertion"), nsmap=scopes)
        root.set(ID_ATTRIBUTE[self.kind], self.identifier)
        root.set("IssueInstant", stamp(NOW - HOUR))
        (_saml11 if self.kind == "saml11" else _saml20)(self, root)
        if self.edit is not None:
            self.edit(root)
        return root

    def plan(self):
        transforms = self.transforms or [transform(ENVELOPED), transform(EXC, inclusive=self.inclusive)]
        return Plan(
            references=[Reference(f"#{self.identifier}", transforms, self.digest), *self.extra_references],
            method=self.method or self.service.signature_method(),
            key_info=key_info(self.service.x509_data()) if self.signature_key_info == "certificate" else self.signature_key_info,
        )

    def signed(self, *, around=None, hmac=None):
        """The assertion, signed; `around`: an element that it stands in while it is signed."""
        root = self.unsigned()
        root.insert(len(root) if self.kind == "saml11" else 1, self.plan().template())
        root = restyled(root, self.style)
        if around is not None:
            around.append(root)
            root = around
        where = "//*[local-name()='Assertion']/*[local-name()='Signature']"
        signed = parse(sign_with_xmlsec1(etree.tostring(root), where, self.service.key, hmac=hmac))
        return signed if around is None else signed[-1]


def brief(kind, holder):
    """What differs from the usual assertion in the brief messages: a certificate in the one kind, a key in the other."""
    confirmed = {} if kind == "saml11" else {"confirmations": [(HOLDER[kind], [holder.key_value()])]}
    return {"other_attributes": False, "signature_key_info": None} | confirmed


def _typed(token, element):
    if token.typed_values:
        element.set(tag(XSI, "type"), f"{token.style.prefix(XS)}:string")


def _saml11(token, root):
    root.set("Issuer", token.issuer)
    root.set("MajorVersion", "1")
    root.set("MinorVersion", "1")
    token.add_conditions(root, "AudienceRestrictionCondition")
    authentication = token.add(
        root, "AuthenticationStatement", AuthenticationInstant=stamp(NOW - HOUR),
        AuthenticationMethod="urn:oasis:names:tc:SAML:1.0:am:X509-PKI",
    )  # fmt: skip
    statement = token.add(root, "AttributeStatement")
    for parent, confirm in ((authentication, True), (statement, token.confirm_every_statement)):
        subject = token.add(parent, "Subject")
        token.add(subject, "NameIdentifier", token.subject, Format=X509_NAME, NameQualifier=NAME_QUALIFIER)
        for method, keys in token.confirmed() if confirm else []:
            confirmation = token.add(subject, "SubjectConfirmation")
            token.add(confirmation, "ConfirmationMethod", method)
            if keys:
                confirmation.append(key_info(*keys))
    for name, value in token.attributes():
        attribute = token.add(statement, "Attribute", AttributeName=name, AttributeNamespace=ATTRIBUTE_NAMESPACE)
        _typed(token, token.add(attribute, "AttributeValue", value))


def _saml20(token, root):
    root.set("Version", "2.0")
    token.add(root, "Issuer", token.issuer)
    subject = token.add(root, "Subject")
    token.add(subject, "NameID", token.subject, Format=X509_NAME, NameQualifier=NAME_QUALIFIER)
    for method, keys in token.confirmed():
        confirmation = token.add(subject, "SubjectConfirmation", Method=method)
        if keys or method == BEARER[token.kind]:
            data = token.add(confirmation, "SubjectConfirmationData", NotOnOrAfter=stamp(token.confirmation_end))
            if token.typed_values:
                data.set(tag(XSI, "type"), f"{token.style.prefix(SAML20)}:KeyInfoConfirmationDataType")
            if keys:
                data.append(key_info(*keys))
    token.add_conditions(root, "AudienceRestriction")
    authentication = token.add(root, "AuthnStatement", AuthnInstant=stamp(NOW - HOUR - 5 * MINUTE))
    context = token.add(authentication, "AuthnContext")
    token.add(context, "AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:X509")
    statement = token.add(root, "AttributeStatement")
    for name, value in token.attributes():
        attribute = token.add(statement, "Attribute", Name=name, NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
        _typed(token, token.add(attribute, "AttributeValue", value))
