"""What becomes of an examined chip: one card record, with its doubts and facts."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from likeness.core.card_fields import Unreadable
from likeness.core.card_trouble import Trouble
from likeness.core.chip_card import Examination, to_card
from likeness.core.mrz import check_digit
from likeness.core.tlv import write
from likeness.core.vocabulary import Card, CardDoubt, CardKind, Reason, Sex

TODAY = date(2026, 11, 22)
JPEG = b"\xff\xd8\xff\xe0pixels"
RECORD = (
    b"FAC\0"
    + b"010\0"
    + (14 + 32 + len(JPEG)).to_bytes(4)
    + b"\0\1"
    + (32 + len(JPEG)).to_bytes(4)
    + bytes(16)
    + bytes([1, 0, 0, 9, 0, 9])
    + bytes(6)
    + JPEG
)
TEMPLATE = write(0x7F60, write(0xA1, b""), write(0x5F2E, RECORD))
DG2 = write(0x75, write(0x7F61, write(0x02, b"\1"), TEMPLATE))
SOD = write(0x77, b"signed")
FACTS = ("pace", "group_hashes", "sod_signature", "signer_valid", "issuer_chain")


def zone(
    birth: str = "740812",
    sex: str = "F",
    expiry: str = "320415",
    name: str = "ERIKSSON<<ANNA<MARIA",
    number: str = "L898902C3",
) -> str:
    """Write a passport's lines with right check digits."""
    line = f"{number}{check_digit(number)}UTO{birth}{check_digit(birth)}{sex}"
    line += f"{expiry}{check_digit(expiry)}" + "<" * 14 + "0"
    line += str(check_digit(line[:10] + line[13:20] + line[21:]))
    return f"P<UTO{name}".ljust(44, "<") + line


def dg1(lines: str) -> bytes:
    return write(0x61, write(0x5F1F, lines.encode()))


def dg11(name: str = "", birth: str = "") -> bytes:
    fields = [write(0x5F0E, name.encode())] * bool(name)
    return write(0x6B, *fields, *[write(0x5F2B, birth.encode())] * bool(birth))


def examined(lines: str = "", **groups: bytes) -> Examination:
    held = {"SOD": SOD, "DG1": dg1(lines or zone()), "DG2": DG2} | groups
    return Examination(FACTS, ("clone:not_offered",), (), held)


def card(examination: Examination) -> Card:
    found = to_card(examination, TODAY, "pcsc 00")
    assert isinstance(found, Card)
    return found


def test_a_passport() -> None:
    assert card(examined()) == Card(
        kind=CardKind.ICAO_PASSPORT,
        number="L898902C3",
        name="ERIKSSON, ANNA MARIA",
        sex=Sex.FEMALE,
        birth=date(1974, 8, 12),
        valid_to=date(2032, 4, 15),
        issuer="UTO",
        nationality="UTO",
        checked=FACTS,
        unchecked=("clone:not_offered",),
        reader_id="pcsc 00",
        portrait_record=JPEG,
        evidence_sha256=sha256(SOD + dg1(zone()) + DG2).hexdigest(),
    )


@pytest.mark.parametrize(
    "lines",
    [
        "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6"
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6",
    ],
)
def test_a_card_of_the_small_forms(lines: str) -> None:
    found = card(examined(lines))
    assert (found.kind, found.number) == (CardKind.ICAO_ID, "D23145890")
    assert (found.name, found.valid_to) == ("ERIKSSON, ANNA MARIA", date(2012, 4, 15))
    assert found.doubts == ()


def test_the_name_as_its_bearer_writes_it_comes_first() -> None:
    found = card(examined(DG11=dg11("Ériksson<<Änna<Maria", "19740812")))
    assert found.name == "Ériksson, Änna Maria"
    assert found.other_name == "ERIKSSON, ANNA MARIA"
    assert (found.birth, found.doubts) == (date(1974, 8, 12), ())
    held = (SOD, dg1(zone()), DG2, dg11("Ériksson<<Änna<Maria", "19740812"))
    assert found.evidence_sha256 == sha256(b"".join(held)).hexdigest()


def test_the_full_day_of_birth_has_its_own_century() -> None:
    found = card(examined(zone(birth="200102"), DG11=dg11(birth="19200102")))
    assert (found.birth, found.doubts) == (date(1920, 1, 2), ())


@pytest.mark.parametrize(
    ("examination", "doubt"),
    [
        (examined(zone()[:-1] + "9"), CardDoubt.CHECK_DIGIT),
        (examined(DG11=dg11(birth="19740813")), CardDoubt.BIRTH),
        (examined(zone(birth="741312")), CardDoubt.BIRTH),
        (examined(DG11=dg11(birth="20740812")), CardDoubt.BIRTH),  # to come
        (examined(zone(sex="A")), CardDoubt.SEX),
        (examined(zone(expiry="320431")), CardDoubt.EXPIRY),
        (examined(zone(expiry="<<<<<<")), CardDoubt.EXPIRY),
        (examined(DG11=b"\x6b\x05abc"), CardDoubt.DETAILS),
        (examined(DG11=dg11("王\ue000")), CardDoubt.NAME_PRIVATE_USE),
    ],
)
def test_what_does_not_fit_is_a_doubt(
    examination: Examination, doubt: CardDoubt
) -> None:
    assert card(examination).doubts == (doubt,)


def test_an_unknown_birth_is_no_doubt_and_no_day() -> None:
    found = card(examined(zone(birth="74<<<<"), DG11=dg11(birth="19740000")))
    assert (found.birth, found.doubts) == (None, ())


def test_a_sex_that_is_not_stated() -> None:
    assert card(examined(zone(sex="<"))).sex is Sex.NOT_STATED


@pytest.mark.parametrize(
    ("dg2", "why"),
    [
        (write(0x75, b""), "portrait:broken"),
        (DG2.replace(b"\xff\xd8", b"GI"), "portrait:unsupported_encoding"),
        (DG2.replace(b"FAC", b"FIR"), "portrait:unsupported_encoding"),
    ],
)
def test_no_portrait_has_its_reason(dg2: bytes, why: str) -> None:
    found = card(examined(DG2=dg2))
    assert (found.portrait_record, found.unchecked[-1]) == (b"", why)


def test_a_portrait_that_is_not_vouched_for_is_none() -> None:
    whole = examined()
    groups = {name: file for name, file in whole.groups.items() if name != "DG2"}
    found = card(replace(whole, groups=groups))
    assert found.portrait_record == b""
    assert found.unchecked == ("clone:not_offered", "portrait:not_vouched_for")


@pytest.mark.parametrize(
    ("concerns", "groups", "expected"),
    [
        ((Reason.CARD_TAMPERED,), {}, Unreadable(Trouble.CARD_TAMPERED, "SOD")),
        (
            (Reason.ISSUER_NOT_VERIFIED, Reason.CARD_TAMPERED),
            {"SOD": SOD, "DG2": DG2},
            Unreadable(Trouble.CARD_TAMPERED, "DG1"),
        ),
        ((Reason.CARD_UNSUPPORTED,), {}, Unreadable(Trouble.CARD_UNSUPPORTED, "SOD")),
        ((), {"SOD": SOD}, Unreadable(Trouble.CARD_INCONSISTENT, "DG1")),
        (
            (),
            {"SOD": SOD, "DG1": dg1("nothing")},
            Unreadable(Trouble.CARD_INCONSISTENT, "DG1"),
        ),
        (
            (),
            {"SOD": SOD, "DG1": dg1(zone(name=""))},
            Unreadable(Trouble.CARD_INCONSISTENT, "MRZ"),
        ),
        (
            (),
            {"SOD": SOD, "DG1": dg1(zone(number="<" * 9))},
            Unreadable(Trouble.CARD_INCONSISTENT, "MRZ"),
        ),
    ],
)
def test_without_a_zone_that_is_vouched_for_there_is_no_card(
    concerns: tuple[Reason, ...], groups: dict[str, bytes], expected: Unreadable
) -> None:
    assert to_card(Examination((), (), concerns, groups), TODAY) == expected


def test_an_operator_may_let_an_unknown_issuer_pass_and_it_stays_a_fact() -> None:
    unknown = replace(
        examined(),
        unchecked=("issuer_chain:no_store",),
        concerns=(Reason.ISSUER_NOT_VERIFIED, Reason.CARD_CLONED),
    )
    assert card(unknown).concerns == (Reason.ISSUER_NOT_VERIFIED, Reason.CARD_CLONED)
    waived = frozenset({Reason.ISSUER_NOT_VERIFIED})
    found = to_card(unknown, TODAY, waived=waived)
    assert isinstance(found, Card)
    assert found.concerns == (Reason.CARD_CLONED,)
    assert found.unchecked == ("issuer_chain:no_store",)


@pytest.mark.parametrize(
    "reason", [Reason.CARD_TAMPERED, Reason.CARD_CLONED, Reason.SIGNER_REVOKED]
)
def test_nothing_else_can_be_let_pass(reason: Reason) -> None:
    with pytest.raises(ValueError, match="waived"):
        to_card(examined(), TODAY, waived=frozenset({reason}))


def test_nothing_personal_shows() -> None:
    examination = examined(DG11=dg11("Ériksson<<Änna"))
    shown = repr(examination) + repr(card(examination))
    for secret in ("ERIKSSON", "Ériksson", "L898902C3", "1974", "pixels"):
        assert secret not in shown
