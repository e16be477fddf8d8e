"""PACE modulo a prime, by the worked example of ICAO 9303-11 appendix G.2."""

import pytest

from chip_talks import Drawn, Scripted, hold
from likeness.chip.card_access import pace_infos, read_card_access
from likeness.chip.channel import Channel, ReadingStats
from likeness.chip.ciphers import SessionKeys, Suite
from likeness.chip.pace import PaceFailed, open_by_pace
from likeness.chip.rfc5114 import GROUPS_BY_ID
from likeness.chip.secure_messaging import SecureMessaging
from likeness.core.apdu import Command
from likeness.core.mrz import AccessKey

KEY = AccessKey(mrz_information="T22000129364081251010318")
OFFERED = pace_infos(
    read_card_access(bytes.fromhex("31143012060A04007F00070202040102020102020100"))
)
NONCE = bytes.fromhex("FA5B7E3E49753A0DB9178B7B9BD898C8")
SK_MAP_IFD = 0x5265030F751F4AD18B08AC565FC7AC952E41618D
PK_MAP_IFD = (
    "23FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3E"
    "B71C343DB13D1DEBCE9A3666DBCFC920B49174A602CB47965CAA73DC702489A4"
    "4D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490D01B03AD54022D"
    "CB4F57FAD6322497D7A1E28D46710F461AFE710FBBBC5F8BA166F4311975EC6C"
)
PK_MAP_IC = (
    "78879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E6"
    "23EA5738B26381E4DA19E004706FACE7B235C2DBF2F38748312F3C98C2DD4882"
    "A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783FE42C9F24"
    "49400306254C8AE8EE9DD812A804C0B66E8CAFC14F84D8258950A91B44126EE6"
)
MAPPED_GENERATOR = (
    "7C9CBFE98F9FBDDA8D143506FA7D9306F4CB17E3C71707AFF5E1C1A123702496"
    "84D64EE37AF44B8DBD9D45BF6023919CBAA027AB97ACC771666C8E98FF483301"
    "BFA4872DEDE9034EDFACB70814166B7F360676829B826BEA57291B5AD69FBC84"
    "EF1E779032A305803F74341793E869742D401325B37EE8565FFCDEE618342DC5"
)
SK_DH_IFD = 0x89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA
PK_DH_IFD = (
    "907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD91155"
    "1B9AE4D04369F29A02626C86FBC6747CC7BC352645B6161A2A42D44EDA80A08F"
    "A8D61B76D3A154AD8A5A51786B0BC07147057871A922212C5F67F43173172236"
    "B7747D1671E6D692A3C7D40A0C3C5CE397545D015C175EB5130551EDBC2EE5D4"
)
PK_DH_IC = (
    "075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152B"
    "D8B3A213F53820C42ADC79AB5D0AEEC3AEFB91394DA476BD97B9B14D0A65C1FC"
    "71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46DB974064"
    "386CD456743585F8E5D90CC8B4004B1F6D866C79CE0584E49687FF61BC29AEA1"
)
BEGIN = ("0022C1A40F800A04007F00070202040102830101", "9000")
SEALED = ("10860000027C0000", "7C128010854D8DF5827FA6852D1A4FA701CDDDCA9000")
MAPPED = (
    f"10860000867C8183818180{PK_MAP_IFD}00",
    f"7C8183828180{PK_MAP_IC}9000",
)
AGREED = (
    f"10860000867C8183838180{PK_DH_IFD}00",
    f"7C8183848180{PK_DH_IC}9000",
)
PROVED = ("008600000C7C0A8508B46DD9BD4D98381F00", "7C0A8608917F37B5C0E6D8D19000")
PRIME = GROUPS_BY_ID[0].prime


def opened(*lines: tuple[str, str]) -> Channel:
    channel = Channel(ReadingStats(), most_commands=9)
    chip = Scripted(*lines)
    drawn = [(private - 1).to_bytes(28) for private in (SK_MAP_IFD, SK_DH_IFD)]
    talk = open_by_pace(channel, KEY, OFFERED, random=Drawn(*drawn), long_lengths=False)
    hold(talk, chip.answer)
    assert chip.done
    return channel


def test_the_worked_example() -> None:
    channel = opened(BEGIN, SEALED, MAPPED, AGREED, PROVED)
    of_the_example = SecureMessaging(
        SessionKeys(
            Suite.AES_128,
            bytes.fromhex("2F7F46ADCC9E7E521B45D192FAFA9126"),
            bytes.fromhex("805A1D27D45A5116F73C54469462B7D8"),
        )
    )
    read = Command(0x00, 0xB0, 0x00, 0x00, expected=4)
    assert channel.session is not None
    assert channel.session.protect(read) == of_the_example.protect(read)


def test_the_mapped_generator_of_the_example() -> None:
    group = GROUPS_BY_ID[0].mapped(NONCE, SK_MAP_IFD, bytes.fromhex(PK_MAP_IC))
    assert group.public(1) == bytes.fromhex(MAPPED_GENERATOR)


@pytest.mark.parametrize("number", sorted(GROUPS_BY_ID))
def test_each_group_is_one(number: int) -> None:
    group = GROUPS_BY_ID[number]
    assert group.order is not None
    assert pow(group.generator, group.order, group.prime) == 1
    assert (group.prime - 1) % group.order == 0
    for candidate in (group.prime, group.order):
        assert pow(3, candidate - 1, candidate) == 1  # as a prime has it


@pytest.mark.parametrize(
    "key",
    [
        0,
        1,
        PRIME - 1,  # of order two: the secret would be one of two
        PRIME,
        PRIME + 5,
        2,  # outside of the subgroup
    ],
)
def test_a_public_key_outside_of_the_group_is_refused(key: int) -> None:
    answer = f"7C8183828180{key:0256X}9000"
    with pytest.raises(PaceFailed, match="public key"):
        opened(BEGIN, SEALED, (MAPPED[0], answer))


def test_our_own_public_key_is_refused() -> None:
    with pytest.raises(PaceFailed, match="our own"):
        opened(BEGIN, SEALED, (MAPPED[0], f"7C8183828180{PK_MAP_IFD}9000"))
