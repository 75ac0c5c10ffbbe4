"""A verifier as it is too often written: any id will do, any signature that holds will do, any assertion binds the key.

It shows two things: that both signatures of an honest message hold, and that a forgery is the attack it claims to be, not
only a broken file.
"""

import base64

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from .names import DS, DS11, HMAC_SHA1, HMAC_SHA256, SAML11, SAML20, WSSE, WSU, XML, tag

ID_ATTRIBUTES = [(WSU, "Id"), (XML, "id"), (None, "Id"), (None, "ID"), (None, "id"), (None, "AssertionID")]
ASSERTIONS = (tag(SAML11, "Assertion"), tag(SAML20, "Assertion"))
CURVES = {"urn:oid:1.2.840.10045.3.1.7": ec.SECP256R1, "urn:oid:1.3.132.0.34": ec.SECP384R1, "urn:oid:1.3.132.0.35": ec.SECP521R1}


def _public_pem(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _number(text):
    return int.from_bytes(base64.b64decode(text), "big")


def keys_in(element):
    """The public keys, as PEM, of all certificates and key values below an element."""
    out = []
    for certificate in (*element.iter(tag(DS, "X509Certificate")), *element.iter(tag(WSSE, "BinarySecurityToken"))):
        try:
            read = x509.load_der_x509_certificate(base64.b64decode("".join(certificate.itertext())))
        except ValueError:
            continue
        out.append(_public_pem(read.public_key()))
    for pair in element.iter(tag(DS, "RSAKeyValue")):
        numbers = rsa.RSAPublicNumbers(_number(pair.findtext(tag(DS, "Exponent"))), _number(pair.findtext(tag(DS, "Modulus"))))
        out.append(_public_pem(numbers.public_key()))
    for pair in element.iter(tag(DS11, "ECKeyValue")):
        curve = CURVES[pair.find(tag(DS11, "NamedCurve")).get("URI")]()
        point = base64.b64decode(pair.findtext(tag(DS11, "PublicKey")))
        out.append(_public_pem(ec.EllipticCurvePublicKey.from_encoded_point(curve, point)))
    return out


def issuer_keys(pem: bytes):
    end = b"-----END CERTIFICATE-----"
    return [_public_pem(x509.load_pem_x509_certificate(part + end).public_key()) for part in pem.split(end)[:-1]]


def _ids(root, last_wins):
    found = {}
    for element in root.iter("*"):
        for namespace, name in ID_ATTRIBUTES:
            value = element.get(name if namespace is None else tag(namespace, name))
            if value is not None and (last_wins or value not in found):
                found[value] = (element, name, namespace)
    return found


def _holds(signature, key_pem, ids):
    method = signature.find(f"{tag(DS, 'SignedInfo')}/{tag(DS, 'SignatureMethod')}").get("Algorithm")
    context = xmlsec.SignatureContext()
    for element, name, namespace in ids.values():
        try:
            context.register_id(element, name, namespace)
        except xmlsec.Error:  # one element with two ids
            continue
    try:
        if method in (HMAC_SHA1, HMAC_SHA256):  # the attack: what everybody knows is taken for a secret
            context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, key_pem)
        else:
            context.key = xmlsec.Key.from_memory(key_pem, xmlsec.KeyFormat.PEM)
        context.verify(signature)
    except (xmlsec.Error, TypeError):
        return False
    return True


def _within_assertion(element):
    return any(ancestor.tag in ASSERTIONS for ancestor in element.iterancestors())


def _of_assertion(signature, ids):
    """Whether it lies in an assertion or refers to one."""
    uris = [reference.get("URI", "") for reference in signature.iter(tag(DS, "Reference"))]
    targets = [ids[uri[1:]][0] for uri in uris if uri[1:] in ids]
    return _within_assertion(signature) or (len(uris) == 1 and any(target.tag in ASSERTIONS for target in targets))


def _parse(text):
    return etree.fromstring(text, etree.XMLParser(resolve_entities=True, no_network=True, collect_ids=False))


def _accepts(text, issuers, last_wins):
    root = _parse(text)
    ids = _ids(root, last_wins)
    signatures = [s for s in root.iter(tag(DS, "Signature")) if s.find(tag(DS, "SignedInfo")) is not None]
    assertions = [s for s in signatures if _of_assertion(s, ids)]
    if not any(_holds(signature, key, ids) for signature in assertions for key in issuers):
        return False
    # Bound by whatever assertion, or only shown in a KeyInfo or a BinarySecurityToken.
    keys = dict.fromkeys(key for security in root.iter(tag(WSSE, "Security")) for key in keys_in(security))
    messages = [signature for signature in signatures if not _within_assertion(signature)]
    return any(_holds(signature, key, ids) for signature in messages for key in keys)


def accepts(text: bytes, issuers) -> bool:
    """Whether a naive verifier, of which two ids are the first or the last one's, would let the message pass."""
    try:
        return any(_accepts(text, issuers, last_wins) for last_wins in (False, True))
    except etree.XMLSyntaxError:
        return False


def both_signatures_hold(text: bytes, issuers) -> bool:
    """For honest messages: one assertion, signed by an issuer, and a signature with the key that it binds."""
    root = _parse(text)
    ids = _ids(root, False)
    (assertion,) = root.iter(*ASSERTIONS)
    (confirmation, *_) = assertion.iter("{*}SubjectConfirmation")
    (own,) = assertion.findall(tag(DS, "Signature"))
    (security,) = root.iter(tag(WSSE, "Security"))
    (signature,) = security.findall(tag(DS, "Signature"))
    bound = keys_in(confirmation)
    return any(_holds(own, key, ids) for key in issuers) and any(_holds(signature, key, ids) for key in bound)
