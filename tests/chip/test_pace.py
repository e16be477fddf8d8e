"""PACE, by the worked example of ICAO 9303-11 appendix G.1, and each way to fail."""

import pytest

from chip_talks import Drawn, Scripted, hold
from likeness.chip.card_access import PaceInfo, pace_infos, read_card_access
from likeness.chip.channel import Channel, ReadingStats, Talk
from likeness.chip.ciphers import SessionKeys, Suite
from likeness.chip.key_agreement import CURVES_BY_ID, BadPublicKey, CurveGroup
from likeness.chip.pace import (
    PaceFailed,
    PaceUnsupported,
    best_way,
    open_by_pace,
    password_key,
)
from likeness.chip.secure_messaging import SecureMessaging
from likeness.chip.trouble import ChipTrouble
from likeness.core import tlv
from likeness.core.apdu import Command
from likeness.core.card_trouble import Trouble
from likeness.core.mrz import AccessKey

KEY = AccessKey(mrz_information="T22000129364081251010318")
CARD_ACCESS = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
OFFERED = pace_infos(read_card_access(CARD_ACCESS))
CURVE = CURVES_BY_ID[13]
SK_MAP_IFD = 0x7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99
SK_DH_IFD = 0xA73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595
PK_MAP_IC = (
    "04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
    "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54"
)
PK_MAP_IFD = (
    "047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
    "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D"
)
PK_DH_IFD = (
    "042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
    "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462"
)
PK_DH_IC = (
    "049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
    "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094"
)
SEALED_NONCE = "95A3A016522EE98D01E76CB6B98B42C3"
BEGIN = ("0022C1A40F800A04007F00070202040202830101", "9000")
NONCE = ("10860000027C0000", f"7C128010{SEALED_NONCE}9000")
MAPPED = (
    f"10860000457C438141{PK_MAP_IFD}00",
    f"7C438241{PK_MAP_IC}9000",
)
AGREED = (f"10860000457C438341{PK_DH_IFD}00", f"7C438441{PK_DH_IC}9000")
PROVED = ("008600000C7C0A8508C2B0BD78D94BA86600", "7C0A86083ABB9674BCE93C089000")


def drawn(private: int) -> bytes:
    """Return what must be drawn to get this private number."""
    return (private - 1).to_bytes(40)


def opened(*lines: tuple[str, str], key: AccessKey = KEY) -> Channel:
    channel = Channel(ReadingStats(), most_commands=9)
    chip = Scripted(*lines)
    random = Drawn(drawn(SK_MAP_IFD), drawn(SK_DH_IFD))

    def talk() -> Talk[None]:
        yield from open_by_pace(channel, key, OFFERED, random=random, long_lengths=True)

    hold(talk(), chip.answer)
    assert chip.done
    return channel


def test_the_key_of_the_password() -> None:
    expected = bytes.fromhex("89DED1B26624EC1E634C1989302849DD")
    assert password_key(KEY, Suite.AES_128) == expected


def test_the_worked_example() -> None:
    channel = opened(BEGIN, NONCE, MAPPED, AGREED, PROVED)
    assert channel.session is not None
    of_the_example = SecureMessaging(
        SessionKeys(
            Suite.AES_128,
            bytes.fromhex("F5F0E35C0D7161EE6724EE513A0D9A7F"),
            bytes.fromhex("FE251C7858B356B24514B3BD5F4297D1"),
        ),
        counter=0,
    )
    select = Command(0x00, 0xA4, 0x04, 0x0C, bytes.fromhex("A0000002471001"))
    assert channel.session.protect(select) == of_the_example.protect(select)


def test_the_mapped_generator_of_the_example() -> None:
    nonce = bytes.fromhex("3F00C4D39D153F2B2A214A078D899B22")
    group = CurveGroup.of(CURVE).mapped(nonce, SK_MAP_IFD, bytes.fromhex(PK_MAP_IC))
    assert group.public(1) == bytes.fromhex(
        "048CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"
        "8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522"
    )
    assert group.secret(SK_DH_IFD, bytes.fromhex(PK_DH_IC)) == bytes.fromhex(
        "28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925"
    )


def wrong_key(*lines: tuple[str, str]) -> ChipTrouble:
    with pytest.raises(ChipTrouble) as caught:
        opened(*lines)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "left"),
    [
        ("6300", Trouble.ACCESS_KEY_WRONG, None),
        ("63C2", Trouble.ACCESS_KEY_WRONG, 2),
        ("6982", Trouble.ACCESS_KEY_WRONG, None),
        ("63C0", Trouble.ACCESS_KEY_BLOCKED, 0),
        ("6983", Trouble.ACCESS_KEY_BLOCKED, 0),
    ],
)
def test_a_refused_token_is_a_wrong_key(
    status: str, kind: Trouble, left: int | None
) -> None:
    trouble = wrong_key(BEGIN, NONCE, MAPPED, AGREED, (PROVED[0], status))
    assert (trouble.kind, trouble.tries_left) == (kind, left)


@pytest.mark.parametrize("status", ["63C0", "63C1", "6983"])
def test_a_blocked_key_is_not_tried_nor_the_last_try_used(status: str) -> None:
    assert wrong_key((BEGIN[0], status)).kind is Trouble.ACCESS_KEY_BLOCKED


def test_a_warning_of_few_tries_is_no_refusal() -> None:
    assert opened((BEGIN[0], "63C2"), NONCE, MAPPED, AGREED, PROVED).session


def test_a_chip_without_a_can_wants_the_mrz() -> None:
    with pytest.raises(ChipTrouble) as caught:
        opened((BEGIN[0][:-2] + "02", "6A88"), key=AccessKey.from_can("123456"))
    assert caught.value.kind is Trouble.ACCESS_KEY_OF_MRZ


POINT_OFF_CURVE = PK_DH_IC[:-2] + "95"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([(BEGIN[0], "6A80")], "6A80"),
        ([BEGIN, (NONCE[0], "6300")], "6300"),
        ([BEGIN, (NONCE[0], "7C0880060102030405069000")], "another size"),
        ([BEGIN, (NONCE[0], "9000")], "not one element"),
        ([BEGIN, (NONCE[0], "7C0281009000")], "no element 80"),
        ([BEGIN, NONCE, (MAPPED[0], f"7C438241{PK_MAP_IFD}9000")], "our own"),
        ([BEGIN, NONCE, (MAPPED[0], "7C038201009000")], "another form"),
        ([BEGIN, NONCE, (MAPPED[0], f"7C43824104{'00' * 64}9000")], "no point"),
        ([BEGIN, NONCE, (MAPPED[0], f"7C438241{POINT_OFF_CURVE}9000")], "no point"),
        ([BEGIN, NONCE, MAPPED, (AGREED[0], f"7C438441{PK_DH_IFD}9000")], "our own"),
        (
            [BEGIN, NONCE, MAPPED, (AGREED[0], f"7C438441{POINT_OFF_CURVE}9000")],
            "no point",
        ),
        (
            [BEGIN, NONCE, MAPPED, AGREED, (PROVED[0], f"7C0A8608{'00' * 8}9000")],
            "token",
        ),
        # Our own token back proves nothing.
        (
            [BEGIN, NONCE, MAPPED, AGREED, (PROVED[0], "7C0A8608C2B0BD78D94BA8669000")],
            "token",
        ),
        ([BEGIN, NONCE, MAPPED, AGREED, (PROVED[0], "6F00")], "6F00"),
    ],
)
def test_pace_fails_otherwise(lines: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(PaceFailed, match=said):
        opened(*lines)


def test_a_mapping_to_infinity_is_refused() -> None:
    """A chip that knew our number could force it: nonce x G + H is nothing."""
    group, order = CurveGroup.of(CURVE), int(CURVE.order)
    nonce = 5
    theirs = group.public(order - nonce)  # ours is 1, so H is -5 G
    with pytest.raises(BadPublicKey, match="infinity"):
        group.mapped(nonce.to_bytes(16), 1, theirs)


def offer(mapping: int, suite: int, parameters: int | None) -> bytes:
    protocol = tlv.write(
        0x06, bytes.fromhex("04007F00070202 04") + bytes([mapping, suite])
    )
    number = b"" if parameters is None else tlv.write(0x02, bytes([parameters]))
    return tlv.write(0x30, protocol, tlv.write(0x02, b"\2"), number)


def offers(*infos: tuple[int, int, int | None]) -> tuple[PaceInfo, ...]:
    file = tlv.write(0x31, *(offer(*info) for info in infos))
    return pace_infos(read_card_access(file))


def test_the_strongest_known_way_is_chosen() -> None:
    ways = offers(
        (6, 4, 16), (2, 2, 16), (2, 4, 12), (2, 4, 13), (2, 4, 15), (4, 4, 18)
    )
    way, _ = best_way(ways, long_lengths=True)
    assert way == offers((2, 4, 15))[0]


@pytest.mark.parametrize(
    "info", [(1, 2, 3), (3, 2, 1), (4, 2, 13), (6, 2, 13), (2, 2, 31), (2, 2, None)]
)
def test_an_unknown_way_is_unsupported(info: tuple[int, int, int | None]) -> None:
    with pytest.raises(PaceUnsupported):
        best_way(offers(info), long_lengths=True)


def test_a_curve_goes_before_numbers() -> None:
    way, group = best_way(offers((1, 4, 2), (2, 1, 8)), long_lengths=True)
    assert way == offers((2, 1, 8))[0]
    assert group == CurveGroup.of(CURVES_BY_ID[8])


def test_long_numbers_need_a_reader_that_carries_them() -> None:
    ways = offers((1, 4, 2), (1, 2, 0))
    assert best_way(ways, long_lengths=True)[0] == ways[0]
    assert best_way(ways, long_lengths=False)[0] == ways[1]
    with pytest.raises(PaceUnsupported):
        best_way(ways[:1], long_lengths=False)


@pytest.mark.parametrize("other", [(2, 2, 12), (2, 1, 12), (4, 2, 15)])
def test_one_of_two_groups_is_named(other: tuple[int, int, int]) -> None:
    """Also where the protocol alone would tell: the standard asks for it."""
    chip = Scripted((BEGIN[0][:8] + "12" + BEGIN[0][10:] + "84010D", "6A80"))
    channel = Channel(ReadingStats(), most_commands=9)
    ways = offers((2, 2, 13), other)
    with pytest.raises(PaceFailed):
        talk = open_by_pace(channel, KEY, ways, random=Drawn(), long_lengths=True)
        hold(talk, chip.answer)
    assert chip.done


@pytest.mark.parametrize("number", sorted(CURVES_BY_ID))
def test_both_sides_agree_over_every_curve(number: int) -> None:
    group = CurveGroup.of(CURVES_BY_ID[number])
    ours = group.private(lambda size: bytes(range(size)))
    theirs = group.private(lambda size: bytes(range(1, size + 1)))
    nonce = bytes(range(16))
    mapped = group.mapped(nonce, ours, group.public(theirs))
    assert mapped == group.mapped(nonce, theirs, group.public(ours))
    assert mapped.secret(ours, mapped.public(theirs)) == mapped.secret(
        theirs, mapped.public(ours)
    )
