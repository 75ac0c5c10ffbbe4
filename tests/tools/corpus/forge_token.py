"""Assertions and Timestamps that say the wrong thing, well signed: of another issuer, key, time or provider."""

from lxml import etree

from .consult import OTHER_PROVIDER, Consult
from .forging import built
from .names import BEARER, DAY, DS, HOLDER, HOUR, MINUTE, NOW, PROVIDER_ATTRIBUTE, VOUCHES, stamp, tag
from .signing import key_info


@built("assertion-signature", holds=False)
def _service_of_its_own(shop):
    return shop.token_forgery("saml11", service="sts-own")


@built("assertion-signature", kind="saml20", holds=False)
def _service_of_the_same_name(shop):
    return shop.token_forgery("saml20", service="sts-same-name", signature_key_info="certificate")


@built("assertion-signature", holds=False)
def _holder_is_its_own_service(shop):
    return shop.token_forgery("saml11", service="secp256r1")


@built("assertion-signature", kind="saml20", holds=False)
def _service_shown_is_not_the_one_that_signed(shop):
    """KeyInfo has the real certificate; another key signed."""
    return shop.token_forgery("saml20", service="sts-own", signature_key_info=key_info(shop.keys["sts-rsa"].x509_data()))


@built("issuer-not-valid")
def _service_whose_certificate_has_ended(shop):
    return shop.token_forgery("saml11", service="sts-former")


CONFIRMATION = ("not-holder-of-key", "bad-key")


def _confirmed(shop, kind, confirmations, **changes):
    """`confirmations` gets the holder's certificate and key, and the attacker's."""
    return shop.token_forgery(kind, confirmations=confirmations(shop.keys["secp256r1"], shop.keys["attacker"]), **changes)


@built("not-holder-of-key")
def _saml11_bearer(shop):
    return _confirmed(shop, "saml11", lambda own, other: [(BEARER["saml11"], [])], message={"key_information": "certificate"})


@built("not-holder-of-key", kind="saml20")
def _saml20_bearer(shop):
    return _confirmed(shop, "saml20", lambda own, other: [(BEARER["saml20"], [own.x509_data()])])


@built("not-holder-of-key")
def _saml11_sender_vouches(shop):
    return _confirmed(shop, "saml11", lambda own, other: [(VOUCHES["saml11"], [own.x509_data()])])


@built("not-holder-of-key", kind="saml20")
def _saml20_sender_vouches(shop):
    return _confirmed(shop, "saml20", lambda own, other: [(VOUCHES["saml20"], [])], message={"key_information": "certificate"})


@built("not-holder-of-key", kind="saml20")
def _confirmation_of_the_other_saml_version(shop):
    return _confirmed(shop, "saml20", lambda own, other: [(HOLDER["saml11"], [own.x509_data()])])


@built(*CONFIRMATION)
def _no_confirmation(shop):
    return _confirmed(shop, "saml11", lambda own, other: [], message={"key_information": "certificate"})


@built(*CONFIRMATION, kind="saml20")
def _holder_of_no_key(shop):
    return _confirmed(shop, "saml20", lambda own, other: [(HOLDER["saml20"], [])], message={"key_information": "certificate"})


@built(*CONFIRMATION)
def _holder_of_a_named_key(shop):
    name = etree.Element(tag(DS, "KeyName"))
    name.text = "pharmacy one"
    return _confirmed(shop, "saml11", lambda own, other: [(HOLDER["saml11"], [name])], message={"key_information": "certificate"})


@built("message-signature", kind="saml20")
def _holder_of_another_key(shop):
    shown = {"key_information": "certificate"}
    return _confirmed(shop, "saml20", lambda own, other: [(HOLDER["saml20"], [other.x509_data()])], message=shown)


@built(*CONFIRMATION, kind="saml20")
def _two_certificates_in_one_confirmation_other_first(shop):
    return _confirmed(shop, "saml20", lambda own, other: [(HOLDER["saml20"], [other.x509_data(), own.x509_data()])])


@built(*CONFIRMATION, kind="saml20")
def _key_value_and_another_certificate(shop):
    return _confirmed(shop, "saml20", lambda own, other: [(HOLDER["saml20"], [own.key_value(), other.x509_data()])])


@built(*CONFIRMATION, "message-signature", kind="saml20")
def _two_confirmations_of_two_keys(shop):
    def both(own, other):
        return [(HOLDER["saml20"], [key.x509_data()]) for key in (other, own)]

    return _confirmed(shop, "saml20", both)


@built(*CONFIRMATION, "message-signature")
def _two_statements_of_two_keys(shop):
    """Each of the two statements has its own subject, confirmed by its own key."""

    def other_first(root):
        next(root.iter(tag(DS, "X509Certificate"))).text = shop.keys["attacker"].certificate_text()

    return shop.token_forgery("saml11", confirm_every_statement=True, edit=other_first)


@built(*CONFIRMATION, kind="saml20")
def _holder_of_key_and_bearer(shop):
    """Whichever a verifier looks at first, one of them is enough for it."""
    return _confirmed(shop, "saml20", lambda own, other: [(BEARER["saml20"], []), (HOLDER["saml20"], [own.x509_data()])])


@built("expired")
def _expired(shop):
    return shop.token_forgery("saml11", begin=NOW - 2 * DAY, end=NOW - DAY)


@built("expired", kind="saml20")
def _expired_six_minutes_ago(shop):
    return shop.token_forgery("saml20", end=NOW - 6 * MINUTE, confirmation_end=NOW - 6 * MINUTE)


@built("not-yet-valid", kind="saml20")
def _not_yet_valid(shop):
    return shop.token_forgery("saml20", begin=NOW + HOUR)


@built("not-yet-valid", "expired", "structure")
def _no_conditions(shop):
    return shop.token_forgery("saml11", conditions=False)


@built("not-yet-valid", "expired", "structure", "bad-text", kind="saml20")
def _condition_that_is_no_time(shop):
    return shop.token_forgery("saml20", end="2026-13-02T20:30:00Z")


def _timed(shop, kind, created, expires):
    return shop.message_forgery(kind, created=created, expires=expires)


@built("stale", "timestamp")
def _stale(shop):
    return _timed(shop, "saml11", NOW - HOUR, NOW - HOUR + MINUTE)


@built("stale", "timestamp", kind="saml20")
def _from_the_future(shop):
    return _timed(shop, "saml20", NOW + 6 * MINUTE, NOW + 7 * MINUTE)


@built("timestamp")
def _expires_before_created(shop):
    return _timed(shop, "saml11", NOW, NOW - MINUTE)


@built("timestamp")
def _lives_for_a_day(shop):
    return _timed(shop, "saml11", NOW, NOW + DAY)


@built("timestamp", kind="saml20")
def _never_expires(shop):
    return _timed(shop, "saml20", NOW, None)


@built("timestamp")
def _never_created(shop):
    return _timed(shop, "saml11", None, NOW + MINUTE)


@built("timestamp", "bad-text", kind="saml20")
def _created_on_no_day(shop):
    return _timed(shop, "saml20", "2026-02-30T09:30:00Z", NOW + MINUTE)


@built("timestamp", "bad-text")
def _created_in_no_zone(shop):
    """Without a zone nobody knows which moment is meant."""
    return _timed(shop, "saml11", f"{NOW:%Y-%m-%dT%H:%M:%S}", NOW + MINUTE)


@built("timestamp", "structure")
def _created_twice(shop):
    def again(root):
        created = next(root.iter("{*}Created"))
        created.addnext(etree.Element(created.tag))
        created.getnext().text = stamp(NOW - DAY)

    return shop.message_forgery("saml11", edit=again)


@built("timestamp", "structure", "message-reference", "none-there", kind="saml20")
def _no_timestamp(shop):
    message = shop.message(shop.token("saml20"))
    message.references = message.usual_references()[:1]
    message.edit = lambda root: next(root.iter("{*}Timestamp")).getparent().remove(next(root.iter("{*}Timestamp")))
    return message.signed()


@built("provider")
def _another_provider_in_the_body(shop):
    return shop.message_forgery("saml11", consult=Consult(provider=OTHER_PROVIDER))


@built("provider", kind="saml20")
def _provider_that_begins_alike(shop):
    """Seven digits are no number: nothing is compared by its beginning but whole numbers of 8 digits."""
    return shop.token_forgery("saml20", provider="0000010")


@built("provider")
def _no_provider_in_the_assertion(shop):
    return shop.token_forgery("saml11", provider=None)


@built("provider", "bad-text", kind="saml20")
def _empty_provider_in_the_assertion(shop):
    return shop.token_forgery("saml20", provider="")


@built("provider")
def _provider_in_another_attribute(shop):
    return shop.token_forgery("saml11", provider_attribute=PROVIDER_ATTRIBUTE + "-of-a-colleague")
