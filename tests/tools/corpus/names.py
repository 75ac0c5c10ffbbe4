"""Names and times that all messages of the corpus share: namespaces, algorithms, and the one `now` they were made for."""

import datetime

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
DS11 = "http://www.w3.org/2009/xmldsig11#"
SAML11 = "urn:oasis:names:tc:SAML:1.0:assertion"
SAML20 = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP20 = "urn:oasis:names:tc:SAML:2.0:protocol"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
PROTOCOL = "urn:be:fgov:ehealth:insurability:protocol:v2"
CORE = "urn:be:fgov:ehealth:insurability:core:v2"
WRAPPER = "urn:example:wrapper"

EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXC_COMMENTS = EXC + "WithComments"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH2 = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XSL = "http://www.w3.org/1999/XSL/Transform"
BASE64 = DS + "base64"

RSA_SHA1 = DS + "rsa-sha1"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_MD5 = _MORE + "rsa-md5"
RSA_SHA256, RSA_SHA384, RSA_SHA512 = (_MORE + name for name in ("rsa-sha256", "rsa-sha384", "rsa-sha512"))
ECDSA_SHA1, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 = (_MORE + f"ecdsa-sha{size}" for size in (1, 256, 384, 512))
HMAC_SHA1 = DS + "hmac-sha1"
HMAC_SHA256 = _MORE + "hmac-sha256"
SHA1 = DS + "sha1"
MD5 = _MORE + "md5"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = _MORE + "sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"

HOLDER = {"saml11": "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key", "saml20": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}
BEARER = {"saml11": "urn:oasis:names:tc:SAML:1.0:cm:bearer", "saml20": "urn:oasis:names:tc:SAML:2.0:cm:bearer"}
VOUCHES = {"saml11": "urn:oasis:names:tc:SAML:1.0:cm:sender-vouches", "saml20": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}

PROVIDER_ATTRIBUTE = "urn:be:fgov:ehealth:1.0:certificateholder:pharmacy:nihii-number"

NOW = datetime.datetime(2026, 3, 2, 9, 30, 0, tzinfo=datetime.timezone.utc)
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

USUAL_PREFIXES = {
    SOAP11: "soapenv", SOAP12: "soapenv", WSSE: "wsse", WSSE11: "wsse11", WSU: "wsu", DS: "ds", DS11: "dsig11", SAML11: "saml",
    SAML20: "saml2", SAMLP20: "saml2p", PROTOCOL: "p", CORE: "c", EXC: "ec", XS: "xs", XSI: "xsi",
    XPATH2: "filter", XSL: "xsl", WRAPPER: "w",
}  # fmt: skip


def stamp(moment, *, milliseconds=True):
    """A time as messages write it; text passes through, for times that are none."""
    if isinstance(moment, str):
        return moment
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (".000Z" if milliseconds else "Z")


def tag(namespace, name):
    return f"{{{namespace}}}{name}"
