"""Questions as pharmacy software asks them: a new reference, time stamp and signature in each one, about 8 KB."""

import base64
import datetime
import itertools
import os
import re
import threading
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

SOAP_ACTION = "urn:be:fgov:ehealth:insurability:protocol:v2:GetInsurabilityForPharmacist"
INSURERS = ("130", "203", "306", "319", "407", "509", "602", "910")
PASSWORD = "Zeer-geheim:wachtwoord/42"
HOLDER_NAME = "Houder Voorbeeldapotheek"
PROVIDER = "11111111111"

_numbers = itertools.count(1)
_lock = threading.Lock()


def patient(number):
    """A synthetic national number: 000000 and five digits. The last two may make the patient special (see garde-sim)."""
    return f"{number:011d}"


def insurer_of(ssin):
    """The insurer that garde-sim gives a patient."""
    return INSURERS[int(ssin) % len(INSURERS)]


def ssin_of_insurer(mutuality, start=100):
    """The first ordinary patient from `start` on whose insurer this is."""
    for number in itertools.count(start):
        if number % len(INSURERS) == INSURERS.index(mutuality) and number % 100 < 90:
            return patient(number)


@dataclass
class Consult:
    """One question: `body` is what is sent, the rest is what its answer can be checked against."""

    ssin: str
    reference: str
    user_reference: str
    date: str
    body: bytes = field(repr=False)

    def matches(self, reply_body):
        """True when the reply is an envelope that echoes the references and names the patient."""
        text = reply_body.decode("utf-8", "replace")
        return (
            re.search(r":Envelope>\s*$", text) is not None
            and element(text, "UserReference") == self.user_reference
            and element(text, "Reference", self.reference) == self.reference
            and element(text, "Ssin") == self.ssin
        )


def element(text, name, wanted=None):
    """The text of the first element of this local name (or of the first whose text is `wanted`); None without one."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    for found in re.finditer(rf"<(?:[\w.-]+:)?{name}(?:\s[^>]*)?>([^<]*)</", text):
        if wanted is None or found.group(1) == wanted:
            return found.group(1)
    return None


def fault_code(body):
    """SOA-NNNNN of a fault; None for anything else."""
    text = body.decode("utf-8", "replace")
    return element(text, "Code") if re.search(r"<(?:[\w.-]+:)?Fault[\s>]", text) else None


def _new_reference():
    with _lock:
        number = next(_numbers)
    # Unique over processes that run one after the other, and 14 digits as the schema wants.
    return f"{os.getpid() % 100000:05d}{number:09d}"


def _random(size):
    return base64.b64encode(os.urandom(size)).decode()


def _security(created, expires):
    stamp = "%Y-%m-%dT%H:%M:%S.000Z"
    return f"""<wsse:Security soapenv:mustUnderstand="1" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><wsu:Timestamp wsu:Id="TS-1"><wsu:Created>{created.strftime(stamp)}</wsu:Created><wsu:Expires>{expires.strftime(stamp)}</wsu:Expires></wsu:Timestamp><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_{os.urandom(16).hex()}" Issuer="urn:example:sts" MajorVersion="1" MinorVersion="1"><saml:AttributeStatement><saml:Subject><saml:NameIdentifier>CN=voorbeeld</saml:NameIdentifier></saml:Subject></saml:AttributeStatement><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignatureValue>{_random(256)}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{_random(2400)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature></saml:Assertion><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:Reference URI="#B-1"><ds:DigestValue>{_random(32)}</ds:DigestValue></ds:Reference><ds:Reference URI="#TS-1"><ds:DigestValue>{_random(32)}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>{_random(1400)}</ds:SignatureValue></ds:Signature></wsse:Security>"""


def _care_receiver(ssin, registration):
    if registration is None:
        return f"<c:Ssin>{ssin}</c:Ssin>"
    number, mutuality = registration
    return f"<c:RegNrWithMut>{number}</c:RegNrWithMut><c:Mutuality>{mutuality}</c:Mutuality>"


def consult(ssin=None, *, provider=PROVIDER, date=None, registration=None, password=PASSWORD, life_s=60, doctype=""):
    """A new question about the patient; `registration` is (number, insurer), to ask that way instead."""
    ssin = ssin or patient(100)
    reference = _new_reference()
    user_reference = f"BALIE1-{reference}"
    now = datetime.datetime.now(datetime.timezone.utc)
    date = date or now.strftime("%Y-%m-%d")
    security = _security(now, now + datetime.timedelta(seconds=life_s))
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
{doctype}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:be:fgov:ehealth:insurability:protocol:v2" xmlns:c="urn:be:fgov:ehealth:insurability:core:v2"><soapenv:Header>{security}</soapenv:Header><soapenv:Body xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" u:Id="B-1"><p:GetInsurabilityForPharmacistRequest><p:CommonInput><c:Request><c:IsTest>false</c:IsTest></c:Request><c:Origin><c:Package><c:Name>PROEF-PAKKET</c:Name><c:License><c:Username>proef</c:Username><c:Password>{escape(password)}</c:Password></c:License></c:Package><c:CareProvider><c:Nihii><c:Quality>PHARMACY-HOLDER</c:Quality><c:Value>{provider}</c:Value></c:Nihii><c:PhysicalPerson><c:Name>{escape(HOLDER_NAME)}</c:Name><c:Ssin>00000000198</c:Ssin></c:PhysicalPerson><c:Organization><c:Name>Proefapotheek</c:Name><c:Nihii><c:Quality>PHARMACY</c:Quality><c:Value>22222222</c:Value></c:Nihii></c:Organization></c:CareProvider></c:Origin></p:CommonInput><p:RecordCommonInput><c:Reference>{reference}</c:Reference><c:UserReference>{user_reference}</c:UserReference></p:RecordCommonInput><p:InsurabilityRequest><c:Date>{date}</c:Date><c:RequestType>0</c:RequestType><c:CareReceiver>{_care_receiver(ssin, registration)}</c:CareReceiver></p:InsurabilityRequest></p:GetInsurabilityForPharmacistRequest></soapenv:Body></soapenv:Envelope>"""
    return Consult(ssin, reference, user_reference, date, body.encode())
