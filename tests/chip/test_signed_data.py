"""Signed messages: what is signed is what came, and nothing less is taken."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chip_states import signer, state
from likeness.chip.certificate import read_certificate
from likeness.chip.der import BadDer, Unsupported
from likeness.chip.signatures import BadSignature
from likeness.chip.signed_data import read_signed
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_der import integer, octets, oid, sequence, set_of, tlv
from likeness.simulators.emrtd_keys import Scheme, digest_algorithm
from likeness.simulators.emrtd_signed_data import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SECURITY_OBJECT,
    SIGNED_DATA,
    signed_data,
)

CONTENT = sequence(integer(7))
KIND = oid("1.2.3.4")


def good() -> bytes:
    return signed_data("1.2.3.4", CONTENT, signer())


def attribute(kind: str, *values: bytes) -> bytes:
    return sequence(oid(kind), set_of(*values))


def digest_of(content: bytes) -> bytes:
    return octets(hashlib.sha256(content).digest())


def message(
    *attributes: bytes,
    times: int = 1,
    kind: bytes = oid(SIGNED_DATA),
    raw_set: bool = False,
) -> bytes:
    """Lay out a message with these signed attributes, signed by as many signers."""
    one = signer()
    body = b"".join(attributes) if raw_set else b""
    signed = tlv(0x31, body) if raw_set else set_of(*attributes)
    info = sequence(
        integer(1),
        sequence(one.issuer, integer(one.serial)),
        digest_algorithm("sha256"),
        b"\xa0" + signed[1:] if attributes else b"",
        one.key.algorithm(),
        octets(one.key.sign(signed if attributes else CONTENT)),
    )
    inside = sequence(
        integer(3),
        set_of(digest_algorithm("sha256")),
        sequence(KIND, tlv(0xA0, octets(CONTENT))),
        tlv(0xA0, one.certificate),
        tlv(0x31, info * times),
    )
    return sequence(kind, tlv(0xA0, inside))


def check(der: bytes) -> None:
    found = read_signed(der)
    certificate = found.certificate()
    assert certificate is not None
    found.check_digest()
    found.check_signature(certificate)


TYPE = attribute(CONTENT_TYPE, KIND)
DIGEST = attribute(MESSAGE_DIGEST, digest_of(CONTENT))


def test_a_message_in_order() -> None:
    check(good())
    check(message(TYPE, DIGEST))
    found = read_signed(good())
    assert (found.kind, found.content) == ("1.2.3.4", CONTENT)
    assert found.signed_at is not None


def test_attributes_are_checked_in_the_order_in_which_they_came() -> None:
    # Not sorted as DER wants it: some signers do so, and sign it so.
    wrong_way = sorted((TYPE, DIGEST), reverse=True)
    assert wrong_way != sorted((TYPE, DIGEST))
    check(message(*wrong_way, raw_set=True))


def test_another_content_is_seen() -> None:
    changed = good().replace(CONTENT, sequence(integer(8)))
    with pytest.raises(BadSignature, match="not what was signed"):
        check(changed)


def test_another_kind_of_content_is_seen() -> None:
    # The signature of something harmless must not make a security object.
    changed = good().replace(KIND, oid("1.2.3.5"), 1)
    assert changed != good()
    with pytest.raises(BadSignature, match="kind"):
        check(changed)


def test_another_digest_is_seen() -> None:
    found = read_signed(good())
    with pytest.raises(BadSignature):
        replace(found, stated_digest=bytes(32)).check_digest()


def test_a_signature_of_another_is_seen() -> None:
    found = read_signed(good())
    for other in (CountryAuthority("UT"), CountryAuthority("XO", Scheme.RSA)):
        certificate = read_certificate(other.certificate)
        with pytest.raises((BadSignature, Unsupported)):
            found.check_signature(certificate)


def test_changed_attributes_are_seen() -> None:
    found = read_signed(good())
    certificate = found.certificate()
    assert certificate is not None
    for at in range(len(found.attributes)):
        changed = bytearray(found.attributes)
        changed[at] ^= 1
        with pytest.raises(BadSignature):
            replace(found, attributes=bytes(changed)).check_signature(certificate)


def test_the_signer_is_found_by_the_identifier_of_its_key() -> None:
    found = read_signed(good())
    certificate = read_certificate(signer().certificate)
    by_key = replace(found, signer=certificate.key_id)
    assert by_key.certificate() == certificate
    assert replace(found, signer=b"other").certificate() is None


@pytest.mark.parametrize(
    "der",
    [
        message(),  # no signed attributes: RFC 5652 allows it, ICAO 9303 does not
        message(TYPE, DIGEST, times=2),
    ],
)
def test_forms_that_are_not_taken(der: bytes) -> None:
    with pytest.raises(Unsupported):
        read_signed(der)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        message(TYPE),
        message(DIGEST),
        message(TYPE, DIGEST, DIGEST, raw_set=True),
        message(TYPE, attribute(MESSAGE_DIGEST, digest_of(CONTENT), digest_of(b""))),
        message(TYPE, attribute(MESSAGE_DIGEST)),
        message(TYPE, DIGEST, kind=oid("1.2.840.113549.1.7.1")),
        message(TYPE, DIGEST, times=0),
    ],
)
def test_what_is_broken_is_refused(der: bytes) -> None:
    with pytest.raises((BadDer, Unsupported)):
        read_signed(der)


def test_a_certificate_that_cannot_be_read_is_no_signers() -> None:
    extra = sequence(integer(5))
    found = read_signed(signed_data("1.2.3.4", CONTENT, signer(), extra=(extra,)))
    assert found.certificate() is not None


def test_too_many_certificates() -> None:
    extra = (state().certificate,) * 64
    with pytest.raises(BadDer):
        read_signed(signed_data("1.2.3.4", CONTENT, signer(), extra=extra))


def test_a_message_that_is_too_long() -> None:
    with pytest.raises(BadDer, match="too long"):
        read_signed(bytes(16_000_001))


def test_nothing_of_the_content_shows() -> None:
    secret = signed_data(SECURITY_OBJECT, octets(b"ERIKSSON"), signer())
    assert "ERIKSSON" not in repr(read_signed(secret))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises((BadDer, Unsupported)):
        read_signed(data)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_any_change_is_read_or_refused(at: int, by: int) -> None:
    changed = bytearray(good())
    changed[at % len(changed)] ^= by
    try:
        found = read_signed(bytes(changed))
        found.check_digest()
        certificate = found.certificate()
        if certificate is not None:
            found.check_signature(certificate)
    except (BadDer, BadSignature, Unsupported):
        return
    assert found.content == CONTENT
