"""The chip's key in DG14, in every form that it is written in."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from likeness.chip.card_access import Agreement, ChipKey
from likeness.chip.chip_key import (
    BAD_KEYS_MOST,
    PKCS_3,
    STANDARDISED,
    X9_42,
    usable_key,
)
from likeness.chip.ciphers import Suite
from likeness.chip.dh_group import DhGroup
from likeness.chip.key_agreement import CURVES_BY_ID, CurveGroup
from likeness.chip.rfc5114 import GROUPS_BY_ID
from likeness.core import tlv

NAMED = ec.generate_private_key(ec.BrainpoolP256R1()).public_key()
NAMED_INFO = NAMED.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
POINT = NAMED.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
GROUP = GROUPS_BY_ID[1]


def offered(
    info: bytes,
    agreement: Agreement = Agreement.ECDH,
    suite: Suite = Suite.AES_128,
) -> ChipKey:
    return ChipKey(agreement, b"protocol", suite, info)


def key_info(oid: bytes, parameters: bytes, public: bytes) -> bytes:
    algorithm = tlv.write(0x30, tlv.write(0x06, oid), parameters)
    return tlv.write(0x30, algorithm, tlv.write(0x03, b"\0" + public))


def integer(value: int) -> bytes:
    return tlv.write(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def dh_info(oid: bytes, *numbers: int, public: int) -> bytes:
    parameters = tlv.write(0x30, *map(integer, numbers))
    return key_info(oid, parameters, integer(public))


def test_a_named_curve() -> None:
    found = usable_key([offered(NAMED_INFO)])
    assert found is not None
    assert found.group == CurveGroup.of(CURVES_BY_ID[13])
    assert found.public == POINT


def test_a_curve_by_its_number() -> None:
    found = usable_key([offered(key_info(STANDARDISED, integer(13), POINT))])
    assert found is not None
    assert found.group == CurveGroup.of(CURVES_BY_ID[13])


def test_numbers_modulo_a_prime() -> None:
    public = pow(GROUP.generator, 12345, GROUP.prime)
    with_order = dh_info(
        X9_42, GROUP.prime, GROUP.generator, GROUP.order or 0, public=public
    )
    found = usable_key([offered(with_order, Agreement.DH)])
    assert found is not None
    assert found.group == GROUP
    without = dh_info(PKCS_3, GROUP.prime, GROUP.generator, public=public)
    found = usable_key([offered(without, Agreement.DH)])
    assert found is not None
    assert found.group == DhGroup(GROUP.prime, GROUP.generator, None)


def test_the_strongest_that_can_be_used() -> None:
    good, best = offered(NAMED_INFO), offered(NAMED_INFO, suite=Suite.AES_256)
    broken = offered(b"\x30\x00", suite=Suite.AES_256)
    found = usable_key([good, broken])
    assert found is not None
    assert found.key == good
    found = usable_key([good, best])
    assert found is not None
    assert found.key == best


OFF_CURVE = POINT[:-1] + bytes([POINT[-1] ^ 1])


@pytest.mark.parametrize(
    "info",
    [
        b"",
        key_info(STANDARDISED, integer(31), POINT),  # no curve has it
        key_info(STANDARDISED, integer(14), POINT),  # of another size
        key_info(STANDARDISED, integer(13), OFF_CURVE),
        key_info(STANDARDISED, integer(13), b"\4" + bytes(64)),
        key_info(STANDARDISED, tlv.write(0x04, b"\x0d"), POINT),
        NAMED_INFO.replace(POINT, OFF_CURVE),
        NAMED_INFO[:-1],
        NAMED_INFO + b"\1",
    ],
    ids=range(9),
)
def test_a_key_of_no_curve_is_not_used(info: bytes) -> None:
    assert usable_key([offered(info)]) is None


GOOD = GROUP.prime, GROUP.generator


@pytest.mark.parametrize(
    "info",
    [
        dh_info(X9_42, *GOOD, GROUP.order or 0, public=1),
        dh_info(X9_42, *GOOD, GROUP.order or 0, public=GROUP.prime - 1),
        dh_info(X9_42, *GOOD, GROUP.order or 0, public=3),  # outside of the subgroup
        dh_info(X9_42, *GOOD, 1, public=GROUP.generator),
        dh_info(PKCS_3, GROUP.prime, 1, public=5),
        dh_info(PKCS_3, GROUP.prime - 1, 2, public=5),  # no prime: even
        dh_info(PKCS_3, (1 << 512) - 1, 2, public=5),  # too small
        dh_info(PKCS_3, (1 << 5000) - 1, 2, public=5),  # to keep us computing
        dh_info(b"\1\2", *GOOD, public=5),
        dh_info(PKCS_3, GROUP.prime, public=5),
    ],
    ids=range(10),
)
def test_numbers_of_no_group_are_not_used(info: bytes) -> None:
    assert usable_key([offered(info, Agreement.DH)]) is None


def test_many_bad_keys_do_not_keep_us_computing() -> None:
    outside = (*GOOD, GROUP.order or 0)  # a power modulo the prime tells, each time
    bad = [dh_info(X9_42, *outside, public=n) for n in range(3, 3 + BAD_KEYS_MOST)]
    good = offered(NAMED_INFO)
    keys = [
        offered(info, Agreement.DH, suite)
        for info in bad[1:]
        for suite in (Suite.AES_128, Suite.AES_192, Suite.AES_256)
    ]
    found = usable_key([*keys, good])  # a bad one counts once, whatever its ciphers
    assert found is not None
    assert found.key is good
    keys.append(offered(bad[0], Agreement.DH, Suite.AES_256))
    assert usable_key([*keys, good]) is None


@given(
    st.binary(max_size=60),
    st.integers(0, len(NAMED_INFO) - 1),
    st.sampled_from(Agreement),
)
def test_any_key_is_used_or_not(data: bytes, at: int, agreement: Agreement) -> None:
    spoiled = NAMED_INFO[:at] + data + NAMED_INFO[at + len(data) :]
    for info in (data, spoiled):
        key = replace(offered(info), agreement=agreement)
        found = usable_key([key])
        assert found is None or found.key is key
