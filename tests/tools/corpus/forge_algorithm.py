"""Algorithms and keys that anybody can forge with: SHA-1, MD5, a public key taken for a secret, short keys."""

from lxml import etree

from .forging import built, edited
from .names import (
    DS, ECDSA_SHA1, HMAC_SHA1, HMAC_SHA256, MD5, RSA_MD5, RSA_SHA1, SHA1, tag,
)  # fmt: skip


@built("weak-algorithm")
def _rsa_sha1(shop):
    return shop.message_forgery("saml11", holder="rsa2048", signature={"method": RSA_SHA1})


@built("weak-algorithm", kind="saml20")
def _rsa_md5(shop):
    return shop.message_forgery("saml20", holder="rsa2048", signature={"method": RSA_MD5})


@built("weak-algorithm", kind="saml20")
def _ecdsa_sha1(shop):
    return shop.message_forgery("saml20", holder="secp256r1", signature={"method": ECDSA_SHA1})


def _digested(shop, kind, algorithm):
    message = shop.message(shop.token(kind))
    message.references = message.usual_references()
    message.references[0].digest = algorithm
    return message.signed()


@built("weak-algorithm")
def _digest_sha1(shop):
    return _digested(shop, "saml11", SHA1)


@built("weak-algorithm", kind="saml20")
def _digest_md5(shop):
    return _digested(shop, "saml20", MD5)


@built("weak-algorithm")
def _hmac_with_the_public_key(shop):
    """A verifier that lets the message choose the algorithm takes the key that everybody knows for a secret."""
    message = shop.message(shop.token("saml11", holder="rsa2048"), signature={"method": HMAC_SHA256})
    return message.signed(hmac=message.signer.public_pem())


@edited("weak-algorithm", holds=False)
def _hmac_of_eight_bits(parts):
    method = parts.signature.find(f"{tag(DS, 'SignedInfo')}/{tag(DS, 'SignatureMethod')}")
    method.set("Algorithm", HMAC_SHA1)
    etree.SubElement(method, tag(DS, "HMACOutputLength")).text = "8"
    parts.signature.find(tag(DS, "SignatureValue")).text = "AA=="


@edited("weak-algorithm", holds=False)
def _algorithm_that_nobody_knows(parts):
    parts.signature.find(f"{tag(DS, 'SignedInfo')}/{tag(DS, 'SignatureMethod')}").set("Algorithm", "urn:example:none")


@built("weak-algorithm", "bad-key", kind="saml20")
def _rsa_of_1024_bits(shop):
    return shop.message_forgery("saml20", holder="rsa1024")


@built("weak-algorithm", "bad-key")
def _curve_p521(shop):
    return shop.message_forgery("saml11", holder="secp521r1")


@built("weak-algorithm")
def _assertion_rsa_sha1(shop):
    return shop.token_forgery("saml11", service="sts-rsa", method=RSA_SHA1)


@built("weak-algorithm", kind="saml20")
def _assertion_digest_sha1(shop):
    return shop.token_forgery("saml20", digest=SHA1)


@built("weak-algorithm")
def _assertion_hmac_with_the_service_public_key(shop):
    """An assertion that anybody can make: the token service's certificate is public."""
    token = shop.token("saml11", holder="attacker", service="sts-rsa", method=HMAC_SHA256)
    return shop.message(token, assertion=token.signed(hmac=token.service.public_pem())).signed()


@built("bad-key", "weak-algorithm", "message-signature", "not-holder-of-key")
def _key_that_is_none(shop):
    """The token service bound bytes that are no certificate."""

    def spoil(root):
        certificate = next(root.iter(tag(DS, "X509Certificate")))
        certificate.text = "AAAA" + certificate.text[4:]

    return shop.token_forgery("saml11", edit=spoil, message={"key_information": "certificate"})
