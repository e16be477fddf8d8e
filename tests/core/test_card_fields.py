"""Texts here are laid out by hand from card-readers A.9, not by the simulator."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.card_fields import (
    Unreadable,
    read_addresses,
    read_card,
    validity,
)
from likeness.core.card_trouble import Trouble
from likeness.core.vocabulary import Card, CardDoubt, CardKind, Reason, Sex

READER = "05.01-20110511-0001234567-0987654321"


def laid_out(fields: dict[int, str], mark: str = " ") -> bytes:
    """Put texts at byte offsets of a block of spaces."""
    block = bytearray(" ".encode("utf-16-le") * 128)
    for offset, text in ({248: mark} | fields).items():
        raw = text.encode("utf-16-le", errors="surrogatepass")
        block[offset : offset + len(raw)] = raw
    assert len(block) == 256
    return bytes(block)


RESIDENT = {
    0: "测试员·一 二",
    30: "2",
    32: "01",
    36: "19491231",
    52: "北京市朝阳区某路1号",
    122: "11010519491231002X",
    158: "某市公安局",
    188: "20200102",
    204: "20400102",
}
PERMIT = RESIDENT | {
    30: "1",
    32: "  ",
    36: "19900101",
    122: "810000199001010019",
    220: "H00000001",
    238: "01",
}
FOREIGNER_2017 = {
    0: "SAMPLE, SPECIMEN ANNA",
    120: "2",
    122: "CAN110081080319",
    152: "CAN",
    158: "样本",
    188: "20180203",
    204: "20280202",
    220: "19810803",
    236: "01",
    240: "1500",
}
FOREIGNER_2023 = {
    0: "样本",
    30: "2",
    32: "01",
    36: "19800101",
    52: "ABCDEFGHIJKLMNOPQRSTUVWXYZ ABCDEFGH",  # 35, all of the first part
    122: "931586198001010028",
    188: "20240101",
    204: "20331231",
    220: " SPECIMEN",
    242: "PAK",
    250: "440",
}


def read(text: bytes, portrait: bytes = b"wlt") -> Card:
    card = read_card(text, portrait, READER)
    assert isinstance(card, Card)
    return card


def unread(text: bytes) -> Unreadable:
    card = read_card(text, b"", READER)
    assert isinstance(card, Unreadable)
    return card


def test_resident() -> None:
    text = laid_out(RESIDENT)
    assert read(text) == Card(
        kind=CardKind.RESIDENT,
        number="11010519491231002X",
        name="测试员·一 二",
        sex=Sex.FEMALE,
        birth=date(1949, 12, 31),
        valid_from=date(2020, 1, 2),
        valid_to=date(2040, 1, 2),
        issuer="某市公安局",
        checked=("sam_authenticated",),
        reader_id=READER,
        portrait_record=b"wlt",
        evidence_sha256=sha256(text + b"wlt").hexdigest(),
    )


def test_permit_of_hong_kong_macao_taiwan() -> None:
    card = read(laid_out(PERMIT, "J"))
    assert card.kind is CardKind.HK_MACAO_TAIWAN
    assert card.number == "810000199001010019"
    assert card.doubts == ()


def test_foreigner_2017() -> None:
    card = read(laid_out(FOREIGNER_2017, "I"))
    assert card.kind is CardKind.FOREIGNER_2017
    assert (card.name, card.other_name) == ("SAMPLE, SPECIMEN ANNA", "样本")
    assert (card.number, card.nationality) == ("CAN110081080319", "CAN")
    assert (card.birth, card.sex) == (date(1981, 8, 3), Sex.FEMALE)
    assert (card.valid_from, card.valid_to) == (date(2018, 2, 3), date(2028, 2, 2))
    assert card.issuer == "1500"
    assert card.doubts == ()


def test_foreigner_2023_joins_the_two_parts_of_the_name() -> None:
    card = read(laid_out(FOREIGNER_2023, "Y"))
    assert card.kind is CardKind.FOREIGNER_2023
    assert card.name == "ABCDEFGHIJKLMNOPQRSTUVWXYZ ABCDEFGH SPECIMEN"
    assert card.other_name == "样本"
    assert (card.number, card.nationality) == ("931586198001010028", "PAK")
    assert card.birth == date(1980, 1, 1)
    assert card.doubts == ()


def test_long_term_and_padding_with_nul() -> None:
    text = laid_out(RESIDENT | {204: "长期      "}, "\0").replace(b" \0" * 8, bytes(16))
    card = read(text)
    assert card.long_term
    assert card.valid_to is None
    assert card.name == "测试员·一 二"


def test_address_and_ethnic_group_are_not_read() -> None:
    changed = laid_out(RESIDENT | {32: "\ud800", 52: "\ud800"})
    assert read(changed) == replace(
        read(laid_out(RESIDENT)), evidence_sha256=sha256(changed + b"wlt").hexdigest()
    )


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        ({122: "11010519491231002x"}, ()),
        ({122: "110105194912310020"}, (CardDoubt.CHECK_DIGIT,)),
        ({36: "19491230"}, (CardDoubt.BIRTH,)),
        ({30: "1"}, (CardDoubt.SEX,)),
        ({30: "0"}, ()),
        ({30: "9"}, ()),
        ({204: "20200101"}, (CardDoubt.VALIDITY_ORDER,)),
        ({204: "20200102"}, ()),
        ({0: "\ue000"}, (CardDoubt.NAME_PRIVATE_USE,)),
        ({0: "\U00100000"}, (CardDoubt.NAME_PRIVATE_USE,)),
        ({0: "\U00020000"}, ()),  # a rare character in plane 2 is an ordinary one
        ({122: "12345".ljust(18)}, tuple(CardDoubt)[:3]),
    ],
)
def test_doubts_of_a_resident(
    changed: dict[int, str], doubts: tuple[CardDoubt, ...]
) -> None:
    assert read(laid_out(RESIDENT | changed)).doubts == doubts


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        ({122: "CAN11008108031X"}, (CardDoubt.CHECK_DIGIT,)),
        ({220: "19810804"}, (CardDoubt.BIRTH,)),
    ],
)
def test_doubts_of_a_foreigner_2017(
    changed: dict[int, str], doubts: tuple[CardDoubt, ...]
) -> None:
    assert read(laid_out(FOREIGNER_2017 | changed, "I")).doubts == doubts


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({0: " " * 15}, "name"),
        ({0: "\ud800" + " " * 14}, "name"),
        ({30: "3"}, "sex"),
        ({30: " "}, "sex"),
        ({36: "19491301"}, "birth"),
        ({122: " " * 18}, "number"),
        ({188: " " * 8}, "valid_from"),
        ({204: "长期有效"}, "valid_to"),
        ({204: " 长期"}, "valid_to"),
        ({158: "\udfff"}, "issuer"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(
    changed: dict[int, str], field: str
) -> None:
    problem = unread(laid_out(RESIDENT | changed))
    assert problem == Unreadable(Trouble.CARD_INCONSISTENT, field)


@pytest.mark.parametrize("mark", ["X", "i", "中", "\ud800"])
def test_an_unknown_layout_is_not_parsed(mark: str) -> None:
    problem = unread(laid_out(RESIDENT, mark))
    assert problem == Unreadable(Trouble.CARD_UNSUPPORTED, "layout")


@pytest.mark.parametrize("size", [0, 255, 257, 1024])
def test_a_text_of_another_size_is_not_parsed(size: int) -> None:
    assert unread(b" \0" * size).kind is Trouble.CARD_UNSUPPORTED


@given(st.binary(min_size=256, max_size=256), st.sampled_from(" JIY\0"))
def test_no_text_raises(block: bytes, mark: str) -> None:
    text = block[:248] + mark.encode("utf-16-le") + block[250:]
    assert isinstance(read_card(text, b"", READER), Card | Unreadable)


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        (date(2020, 1, 1), Reason.CARD_NOT_YET_VALID),
        (date(2020, 1, 2), None),
        (date(2040, 1, 2), None),
        (date(2040, 1, 3), Reason.CARD_EXPIRED),
    ],
)
def test_validity(today: date, reason: Reason | None) -> None:
    assert validity(read(laid_out(RESIDENT)), today) is reason


def test_without_a_clock_a_card_may_have_expired_but_is_never_too_young() -> None:
    """The day is then the earliest that it can be."""
    card = read(laid_out(RESIDENT))
    assert validity(card, date(1970, 1, 1), is_known=False) is None
    assert validity(card, date(2040, 1, 2), is_known=False) is None
    expired = validity(card, date(2040, 1, 3), is_known=False)
    assert expired is Reason.CARD_EXPIRED


def test_long_term_never_expires() -> None:
    card = read(laid_out(RESIDENT | {204: "长期      "}))
    assert validity(card, date(2999, 1, 1)) is None


def test_nothing_personal_shows_in_a_repr() -> None:
    shown = repr(read(laid_out(RESIDENT)))
    for secret in ("测试员", "11010519491231002X", "1949", "公安局", "wlt"):
        assert secret not in shown


def address(text: str) -> bytes:
    return text.ljust(35).encode("utf-16-le")


def test_addresses_added_later_are_decoded_without_their_padding() -> None:
    two = address("样本市一路1号") + address("样本市 二路 2号")
    assert read_addresses(two + address("") * 2) == ("样本市一路1号", "样本市 二路 2号")
    assert read_addresses(two[:80]) == ("样本市一路1号", "样本市 二")
    assert read_addresses(b"") == ()


@pytest.mark.parametrize("appended", [b"\x00\xd8" * 35, b"odd", bytes(280)])
def test_addresses_that_are_none_cost_no_card(appended: bytes) -> None:
    assert read_addresses(appended) == ()
    card = read_card(laid_out(RESIDENT), b"wlt", READER, appended)
    assert isinstance(card, Card)
    assert card.addresses == ()


def test_addresses_stand_on_the_card_and_in_no_repr() -> None:
    card = read_card(laid_out(RESIDENT), b"wlt", READER, address("样本市一路1号"))
    assert isinstance(card, Card)
    assert card.addresses == ("样本市一路1号",)
    assert "样本市" not in repr(card)
