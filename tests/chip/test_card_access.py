"""What a chip says about its protocols: every form of it, and nonsense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.chip.card_access import (
    Agreement,
    ChipKey,
    Mapping,
    PaceInfo,
    chip_keys,
    offers_pace,
    pace_infos,
    read_card_access,
    read_dg14,
)
from likeness.chip.ciphers import Suite
from likeness.core import tlv
from likeness.core.tlv import BadTlv

PROTOCOLS = "04007F00070202"
KEY = tlv.write(0x30, b"the key, of which nothing is read here")


def info(oid: str, *parts: bytes) -> bytes:
    return tlv.write(0x30, tlv.write(0x06, bytes.fromhex(oid)), *parts)


def number(value: int) -> bytes:
    return tlv.write(0x02, bytes([value]))


def dg14(*infos: bytes) -> bytes:
    return tlv.write(0x6E, tlv.write(0x31, *infos))


def test_the_example_of_the_standard() -> None:
    # EF.CardAccess of ICAO 9303-11 appendix G.1.
    file = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
    protocol = bytes.fromhex("04007F00070202040202")
    expected = PaceInfo(protocol, Mapping.ECDH_GENERIC, Suite.AES_128, 13)
    assert pace_infos(read_card_access(file)) == (expected,)


def test_what_is_not_pace_is_passed_over() -> None:
    file = tlv.write(
        0x31,
        info(PROTOCOLS + "02", number(1)),  # terminal authentication
        info(PROTOCOLS + "0402", tlv.write(0x30, b"")),  # domain parameters
        info(PROTOCOLS + "040509", number(2), number(13)),  # not known
        info(PROTOCOLS + "040204", number(2)),  # does not say which curve
    )
    infos = read_card_access(file)
    assert [way.parameters for way in pace_infos(infos)] == [None]
    assert offers_pace(infos)
    assert not offers_pace(infos[:1])


def test_a_key_goes_with_its_protocol() -> None:
    file = dg14(
        info(PROTOCOLS + "030202", number(1), number(7)),
        info(PROTOCOLS + "030204", number(1), number(8)),
        info(PROTOCOLS + "0102", KEY, number(8)),
        info(PROTOCOLS + "0102", KEY, number(7)),
        info(PROTOCOLS + "0101", KEY, number(7)),  # of no protocol named
    )
    found = chip_keys(read_dg14(file))
    assert [(key.suite, key.key_id, key.agreement) for key in found] == [
        (Suite.AES_256, 8, Agreement.ECDH),
        (Suite.AES_128, 7, Agreement.ECDH),
    ]
    assert found[0].protocol == bytes.fromhex(PROTOCOLS + "030204")
    assert found[0].key_info == KEY


def test_one_key_may_go_with_two_protocols() -> None:
    file = dg14(
        info(PROTOCOLS + "030201", number(1)),
        info(PROTOCOLS + "030203", number(1)),
        info(PROTOCOLS + "0102", KEY),
    )
    suites = [key.suite for key in chip_keys(read_dg14(file))]
    assert suites == [Suite.TRIPLE_DES, Suite.AES_192]


@pytest.mark.parametrize(("arm", "agreement"), [("01", "DH"), ("02", "ECDH")])
def test_a_key_without_any_protocol_is_for_3des(arm: str, agreement: str) -> None:
    found = chip_keys(read_dg14(dg14(info(PROTOCOLS + "01" + arm, KEY))))
    protocol = bytes.fromhex(PROTOCOLS + "03" + arm + "01")
    assert found == (ChipKey(Agreement[agreement], protocol, Suite.TRIPLE_DES, KEY),)


@pytest.mark.parametrize(
    "file",
    [
        "",
        "3000",
        "31023000",
        "310430020600",
        "31053003020101",
        "310D300B0600020101020101020101",
    ],
)
def test_nonsense_is_refused(file: str) -> None:
    with pytest.raises(BadTlv):
        read_card_access(bytes.fromhex(file))


def test_a_parameter_that_is_no_small_number_is_refused() -> None:
    for wrong in (tlv.write(0x04, b"\x0d"), tlv.write(0x02, bytes(9))):
        file = tlv.write(0x31, info(PROTOCOLS + "040202", number(2), wrong))
        with pytest.raises(BadTlv):
            pace_infos(read_card_access(file))


def test_a_list_without_an_end_is_refused() -> None:
    with pytest.raises(BadTlv, match="security infos"):
        read_card_access(tlv.write(0x31, *[info(PROTOCOLS, number(1))] * 65))


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, inside: bool) -> None:
    file = dg14(data) if inside else data
    try:
        infos = read_dg14(file)
        pace_infos(infos)
        chip_keys(infos)
    except BadTlv:
        pass
