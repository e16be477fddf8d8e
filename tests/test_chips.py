"""Simulated chips, read over a PN532 on a pty by all that a terminal has for it."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chip_stage import TODAY, Told, read, trusted
from likeness import chips, config
from likeness.core.card_moments import CardRemoved, CardTrouble
from likeness.core.card_trouble import Trouble
from likeness.core.chip_moments import (
    ChipProgress,
    KeyNotUnderstood,
    KeyWanted,
    KeyWrong,
)
from likeness.core.vocabulary import Card, CardKind, Reason, Today
from likeness.errors import ConfigError
from likeness.service.chip_reading import ChipReading
from likeness.service.reading import CardPresented
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.pn532 import Pn532Simulator
from simulated_chips import CAN, chip_of, mrz_of, powered, state
from simulated_chips import read as read_at_once

PROVED = ("pace", "group_hashes", "sod_signature", "signer_valid", "issuer_chain")
NO_STORE = config.Trust()


def over_pn532(path: str, **more: Any) -> config.Chip:
    return config.Chip(kind="pn532", path=path, scanner="-", **more)


def printed(chip: Chip) -> list[str]:
    """The first two lines on a TD1 card, or both of a passport: what is scanned."""
    dg1 = chip.files[0x0101]
    width = 44 if len(dg1) in range(88, 94 + 1) else 30
    signs = dg1[-(88 if width == 44 else 90) :].decode()
    return [signs[:width], signs[width : 2 * width]]


def lay(
    chip: Chip,
    trust: config.Trust,
    *keys: str,
    faults: Iterable[str] = (),
    reader_faults: Iterable[str] = (),
    **reader: Any,
) -> tuple[Card | CardTrouble, Told]:
    """Lay the chip, enter the keys, and return what is said of the card."""
    said: list[Card | CardTrouble] = []

    async def script(reading: ChipReading, told: Told) -> None:
        await told.hears(KeyWanted)
        for line in keys or (CAN,):
            reading.enter(line)
        end = await told.hears(CardPresented, CardTrouble)
        said.append(end.card if isinstance(end, CardPresented) else end)

    card = EmrtdCard(chip, faults=faults)
    with Pn532Simulator(card, faults=reader_faults) as simulator:
        told = read(over_pn532(simulator.path, **reader), trust, script)
    return said[0], told


def card_of(chip: Chip, trust: config.Trust, *keys: str, **more: Any) -> Card:
    card, _ = lay(chip, trust, *keys, **more)
    assert isinstance(card, Card), card
    return card


def test_without_a_clock_no_signer_is_in_its_time() -> None:
    chip = chip_of(access={"pace": []}, proofs={"active": "none"})
    record = read_at_once(powered(chip), mrz_of(chip))
    understand = chips.understanding(NO_STORE, lambda: Today(TODAY, is_known=False))
    card = understand(record, "reader")
    assert isinstance(card, Card)
    assert "signer_valid:day_unknown" in card.unchecked


def test_pace_with_a_can_and_all_that_is_proved(tmp_path: Path) -> None:
    chip = chip_of(number="D23145890", image="jp2", full_name="SPECIMEN<<SAMPLE")
    card = card_of(chip, trusted(tmp_path))
    assert card.kind is CardKind.ICAO_ID
    assert card.number == "D23145890"
    assert card.checked == (*PROVED, "revocation", "active_authentication")
    assert card.unchecked == ()
    assert card.concerns == ()
    assert card.reader_id == "PN532 firmware 1.6"
    assert card.portrait_record.startswith(b"\x00\x00\x00\x0cjP  ")


def test_the_mrz_opens_what_has_no_can(tmp_path: Path) -> None:
    chip = chip_of(can="", image="jpeg", proofs={"active": "none", "chip": "aes-128"})
    card = card_of(chip, trusted(tmp_path), *printed(chip))
    assert "pace" in card.checked
    assert "chip_authentication" in card.checked
    assert card.portrait_record.startswith(b"\xff\xd8\xff")


def test_an_old_passport_opens_by_bac_which_is_recorded(tmp_path: Path) -> None:
    chip = chip_of(form="td3", access={"pace": []}, proofs={"active": "none"})
    card = card_of(chip, trusted(tmp_path), *printed(chip))
    assert card.kind is CardKind.ICAO_PASSPORT
    assert "bac" in card.checked
    assert "clone:not_offered" in card.unchecked


def test_bac_can_be_forbidden(tmp_path: Path) -> None:
    chip = chip_of(access={"pace": []})
    said, _ = lay(chip, NO_STORE, *printed(chip), allow_bac=False)
    assert isinstance(said, CardTrouble)
    assert said.kind is Trouble.DOWNGRADE


def test_a_downgrade_is_refused_or_recorded() -> None:
    chip = chip_of()
    said, _ = lay(chip, NO_STORE, *printed(chip), faults=["pace-fails"])
    assert isinstance(said, CardTrouble)
    assert said.kind is Trouble.DOWNGRADE
    lines = printed(chip)
    card = card_of(chip, NO_STORE, *lines, faults=["pace-fails"], allow_downgrade=True)
    assert "bac_downgrade" in card.checked
    assert "pace" not in card.checked


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("tampered-dg2", Reason.CARD_TAMPERED),
        ("bad-signature", Reason.CARD_TAMPERED),
        ("wrong-signer", Reason.ISSUER_NOT_VERIFIED),
        ("expired-signer", Reason.SIGNER_EXPIRED),
        ("cloned", Reason.CARD_CLONED),
    ],
)
def test_each_forgery_has_an_outcome_of_its_own(
    tmp_path: Path, fault: str, reason: Reason
) -> None:
    said, _ = lay(chip_of(faults=[fault]), trusted(tmp_path))
    if fault == "bad-signature":  # nothing of it can be believed
        assert isinstance(said, CardTrouble)
        assert said.kind is Trouble.CARD_TAMPERED
    else:
        assert isinstance(said, Card)
        assert said.concerns == (reason,)


def test_a_revoked_signer(tmp_path: Path) -> None:
    trust = trusted(tmp_path)
    (tmp_path / "0.crl").write_bytes(state().crl(666))
    card = card_of(chip_of(faults=["revoked-signer"]), trust)
    assert Reason.SIGNER_REVOKED in card.concerns


def test_without_a_revocation_list_the_result_says_so(tmp_path: Path) -> None:
    trust = trusted(tmp_path)
    assert "revocation" in card_of(chip_of(), trust).checked
    (tmp_path / "0.crl").unlink()
    assert "revocation:no_list" in card_of(chip_of(), trust).unchecked


@pytest.mark.parametrize(
    ("policy", "concerns"),
    [
        ("refer", (Reason.ISSUER_NOT_VERIFIED,)),
        ("refuse", (Reason.ISSUER_REFUSED,)),
        ("accept", ()),
    ],
)
def test_what_an_unverified_issuer_does_is_the_operators_word(
    tmp_path: Path, policy: str, concerns: tuple[Reason, ...]
) -> None:
    trust = trusted(tmp_path, CountryAuthority("XX"))
    trust = msgspec.structs.replace(trust, issuer_unverified=policy)
    card = card_of(chip_of(), trust)
    assert card.concerns == concerns
    assert any(fact.startswith("issuer_chain:") for fact in card.unchecked)


def test_without_a_store_the_issuer_is_never_verified() -> None:
    card = card_of(chip_of(), NO_STORE)
    assert "issuer_chain:no_store" in card.unchecked
    assert card.concerns == (Reason.ISSUER_NOT_VERIFIED,)


def test_a_store_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    trust = config.Trust(dir=str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"make the folder, or leave trust\.dir"):
        chips.trust_of(trust)


def test_a_store_that_changed_is_told_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = chips.trust_of(trusted(tmp_path))
    assert folder is not None
    folder.current()
    (tmp_path / "1.cer").write_bytes(CountryAuthority("XX").certificate)
    folder.current()
    told = [one for one in caplog.messages if one.startswith("event=trust_store ")]
    assert [one.split()[1] for one in told] == ["issuers=1", "issuers=2"]


def wrong_cans(chip: Chip) -> list[KeyWrong | CardTrouble]:
    """Enter a wrong CAN again and again, as long as it is asked for."""
    said: list[KeyWrong | CardTrouble] = []

    async def script(reading: ChipReading, told: Told) -> None:
        await told.hears(KeyWanted)
        while not said or isinstance(said[-1], KeyWrong):
            reading.enter(f"{len(said):06}")
            said.append(await told.hears(KeyWrong, CardTrouble))

    with Pn532Simulator(EmrtdCard(chip)) as simulator:
        read(over_pn532(simulator.path), NO_STORE, script)
    return said


def test_a_wrong_can_is_asked_for_three_times_and_then_blocked() -> None:
    blocked = CardTrouble(Trouble.ACCESS_KEY_BLOCKED, "")
    assert wrong_cans(chip_of()) == [KeyWrong(2), KeyWrong(1), blocked]


def test_a_chip_that_counts_keeps_its_last_try() -> None:
    chip = chip_of(access={"can_tries": 3})
    blocked = CardTrouble(Trouble.ACCESS_KEY_BLOCKED, "")
    assert wrong_cans(chip) == [KeyWrong(1), blocked]


def three_lines(chip: Chip) -> tuple[str, str, str]:
    signs = chip.files[0x0101][-90:].decode()
    return signs[:30], signs[30:60], signs[60:]


@pytest.mark.parametrize("then", ["the MRZ", "the CAN", "three words"])
@pytest.mark.parametrize("first", ["misread", "another's"])
def test_after_a_wrong_mrz_the_next_entry_opens_the_card(first: str, then: str) -> None:
    chip = chip_of()
    right = three_lines(chip)
    check = str((int(right[1][6]) + 1) % 10)  # behind the day of birth
    wrong = {
        "misread": (right[0], right[1][:6] + check + right[1][7:], right[2]),
        "another's": (
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ),
    }[first]
    words = (right[0][5:14], right[1][:6], right[1][8:14])
    entry = {"the MRZ": right, "the CAN": (CAN,), "three words": (" ".join(words),)}

    async def script(reading: ChipReading, told: Told) -> None:
        await told.hears(KeyWanted)
        for line in wrong:
            reading.enter(line)
        await told.hears(KeyNotUnderstood, KeyWrong)
        for line in entry[then]:
            reading.enter(line)
        await told.card()

    with Pn532Simulator(EmrtdCard(chip)) as simulator:
        read(over_pn532(simulator.path), NO_STORE, script)


def test_a_card_torn_away_in_mid_file_is_read_when_it_comes_back() -> None:
    async def script(reading: ChipReading, told: Told) -> None:
        reading.enter(CAN)
        await told.hears(CardRemoved)
        await told.hears(KeyWanted)  # the key went with the card
        reading.enter(CAN)
        await told.card()

    card = EmrtdCard(chip_of(), faults=["removed:1@DG2"])
    with Pn532Simulator(card) as simulator:
        told = read(over_pn532(simulator.path), NO_STORE, script)
    assert not any(isinstance(event, CardTrouble) for event in told.events)


@pytest.mark.parametrize(
    "fault", ["sm-bad-mac:1@DG1", "sm-6988:1@DG1", "session-lost:1"]
)
def test_a_broken_talk_is_begun_anew_once(fault: str) -> None:
    said, told = lay(chip_of(), NO_STORE, faults=[fault])
    assert isinstance(said, Card)
    assert told.events.count(ChipProgress(0)) == 2


def test_a_talk_that_always_breaks_is_over() -> None:
    said, told = lay(chip_of(), NO_STORE, faults=["sm-bad-mac"])
    assert isinstance(said, CardTrouble)
    assert said.kind is Trouble.CARD_COMM
    assert told.events.count(ChipProgress(0)) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("oversize", Trouble.CARD_UNSUPPORTED), ("truncated", Trouble.CARD_COMM)],
)
def test_files_of_a_wrong_size(fault: str, kind: Trouble) -> None:
    said, _ = lay(chip_of(faults=[fault]), NO_STORE)
    assert isinstance(said, CardTrouble)
    assert said.kind is kind
