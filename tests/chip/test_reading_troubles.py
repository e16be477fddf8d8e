"""Chips that refuse, fail, lie or are listened to: each ends in its own trouble."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chip_talks import hold
from likeness.chip.access_policy import AccessPolicy, BacUse
from likeness.chip.channel import ReadingStats
from likeness.chip.reading import DEFAULT_POLICY, read_chip
from likeness.chip.record import Access, ChipRecord
from likeness.chip.trouble import ChipTrouble
from likeness.core import tlv
from likeness.core.card_trouble import Trouble
from likeness.core.mrz import AccessKey
from likeness.simulators import emrtd_files
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_crypto import AES_128
from simulated_chips import CAN, Answering, chip_of, mrz_of, powered, read

BAC_ONLY: dict[str, object] = {"pace": []}
NO_PROOFS = {"active": "none"}
WRONG_MRZ = AccessKey.from_parts("X99999999", "900102", "391231")
WRONG_CAN = AccessKey.from_can("654321")


def trouble(
    card: Answering, key: AccessKey, policy: AccessPolicy = DEFAULT_POLICY
) -> ChipTrouble:
    with pytest.raises(ChipTrouble) as caught:
        read(card, key, policy)
    return caught.value


# --- the key ------------------------------------------------------------------------
@pytest.mark.parametrize("pace", [[], ["aes-128"]], ids=["bac", "pace"])
def test_a_wrong_mrz(pace: list[str]) -> None:
    card = powered(chip_of(access={"pace": pace}))
    wrong = trouble(card, WRONG_MRZ)
    assert (wrong.kind, wrong.tries_left) == (Trouble.ACCESS_KEY_WRONG, None)


def test_a_wrong_can_costs_one_try_and_says_how_many_are_left() -> None:
    """Never two by itself, and BAC is not tried behind it."""
    card = powered(chip_of(access={"can_tries": 3}))
    for left in (2, 1):
        wrong = trouble(card, WRONG_CAN)
        assert (wrong.kind, wrong.tries_left) == (Trouble.ACCESS_KEY_WRONG, left)
        card.power_on()
    assert trouble(card, WRONG_CAN).kind is Trouble.ACCESS_KEY_BLOCKED
    card.power_on()
    assert trouble(card, AccessKey.from_can(CAN)).kind is Trouble.ACCESS_KEY_BLOCKED


def test_the_right_can_after_a_wrong_one_opens() -> None:
    card = powered(chip_of(access={"can_tries": 3}))
    trouble(card, WRONG_CAN)
    card.power_on()
    assert read(card, AccessKey.from_can(CAN)).access is Access.PACE


def test_after_a_wrong_key_nothing_more_is_sent() -> None:
    """No other way in is tried with it, whatever the policy allows."""
    sent = list[bytes]()
    card = powered(chip_of())

    class Heard:
        def answer(self, command: bytes) -> bytes:
            sent.append(command)
            return card.answer(command)

    trouble(Heard(), WRONG_MRZ, AccessPolicy(bac=BacUse.PACE_FAILED))
    assert sent[-1][:2] == b"\x00\x86"


@pytest.mark.parametrize("known", [False, True])
def test_a_can_where_only_the_mrz_opens(*, known: bool) -> None:
    chip = chip_of(access={} if known else BAC_ONLY, can="")
    wrong = trouble(powered(chip), AccessKey.from_can(CAN))
    assert wrong.kind is Trouble.ACCESS_KEY_OF_MRZ


def test_a_chip_that_opens_by_neither_way() -> None:
    chip = chip_of(access={"pace": [], "bac": False})
    assert trouble(powered(chip), mrz_of(chip)).kind is Trouble.CARD_UNSUPPORTED


@pytest.mark.parametrize("status", ["6A82", "6D00", "6E00"])
def test_another_card(status: str) -> None:
    with pytest.raises(ChipTrouble) as caught:
        talk = read_chip(WRONG_MRZ, random=os.urandom)
        hold(talk, lambda _command: bytes.fromhex(status))
    assert caught.value.kind is Trouble.WRONG_CARD


# --- downgrades ---------------------------------------------------------------------
def test_pace_that_fails_is_no_reason_for_bac() -> None:
    chip = chip_of()
    card = powered(chip, "pace-fails")
    assert trouble(card, mrz_of(chip)).kind is Trouble.DOWNGRADE


def test_bac_after_failed_pace_is_recorded() -> None:
    chip = chip_of()
    card = powered(chip, "pace-fails")
    record = read(card, mrz_of(chip), AccessPolicy(bac=BacUse.PACE_FAILED))
    assert record.access is Access.BAC_DOWNGRADE


def of_unknown_pace() -> Chip:
    """Its only PACE is by integrated mapping."""
    chip, master = chip_of(proofs=NO_PROOFS), {}
    info = tlv.write(
        0x30,
        tlv.write(0x06, bytes.fromhex("04007F00070202040402")),
        tlv.write(0x02, b"\x02"),
        tlv.write(0x02, b"\x0d"),
    )
    master[emrtd_files.CARD_ACCESS] = tlv.write(0x31, info)
    return replace(chip, master=master)


def test_bac_in_place_of_unknown_pace_is_recorded() -> None:
    chip = of_unknown_pace()
    record = read(powered(chip), mrz_of(chip))
    assert record.access is Access.BAC_DOWNGRADE
    assert record.files["CardAccess"] == chip.master[emrtd_files.CARD_ACCESS]


def test_bac_in_place_of_unknown_pace_may_be_forbidden() -> None:
    chip = of_unknown_pace()
    policy = AccessPolicy(bac=BacUse.NO_PACE)
    assert trouble(powered(chip), mrz_of(chip), policy).kind is Trouble.DOWNGRADE


def test_bac_may_be_forbidden() -> None:
    chip = chip_of(access=BAC_ONLY)
    policy = AccessPolicy(bac=BacUse.NEVER)
    assert trouble(powered(chip), mrz_of(chip), policy).kind is Trouble.DOWNGRADE


def with_card_access(chip: Chip, file: str) -> Chip:
    return replace(chip, master={emrtd_files.CARD_ACCESS: bytes.fromhex(file)})


@pytest.mark.parametrize("file", ["3003020101", "310430020601", "31023000"])
def test_a_card_access_of_nonsense_is_no_reason_for_bac(file: str) -> None:
    """Who garbles it must gain nothing."""
    chip = with_card_access(chip_of(), file)
    assert trouble(powered(chip), mrz_of(chip)).kind is Trouble.DOWNGRADE


@pytest.mark.parametrize("file", ["31820004", "31", "3005AABB"])
def test_a_card_access_that_is_cut_is_no_reason_for_bac(file: str) -> None:
    chip = with_card_access(chip_of(), file)
    assert trouble(powered(chip), mrz_of(chip)).kind is Trouble.CARD_COMM


@pytest.mark.parametrize("file", ["3100", "3110300E060904007F000702020302020101"])
def test_a_card_access_without_pace_leaves_bac(file: str) -> None:
    chip = with_card_access(chip_of(), file)
    assert read(powered(chip), mrz_of(chip)).access is Access.BAC


def robbed_of_card_access() -> Chip:
    """Somebody in between hides EF.CardAccess; DG14 is signed and still names PACE."""
    made = chip_of()
    dg14 = emrtd_files.group_14(emrtd_files.pace_info(AES_128, "brainpoolP256r1"))
    files = dict(made.files) | {
        emrtd_files.DG14: dg14,
        emrtd_files.COM: emrtd_files.common([1, 2, 14]),
    }
    return replace(made, files=files, master={})


def test_pace_that_was_hidden_shows_in_dg14() -> None:
    chip = robbed_of_card_access()
    assert trouble(powered(chip), mrz_of(chip)).kind is Trouble.DOWNGRADE
    record = read(powered(chip), mrz_of(chip), AccessPolicy(bac=BacUse.PACE_FAILED))
    assert record.access is Access.BAC_DOWNGRADE


UNKNOWN_PACE = "31143012060A04007F0007020204040202010202010D"  # integrated mapping


def test_pace_that_was_changed_into_an_unknown_one_shows_in_dg14() -> None:
    chip = with_card_access(robbed_of_card_access(), UNKNOWN_PACE)
    assert trouble(powered(chip), mrz_of(chip)).kind is Trouble.DOWNGRADE
    record = read(powered(chip), mrz_of(chip), AccessPolicy(bac=BacUse.PACE_FAILED))
    assert record.access is Access.BAC_DOWNGRADE
    honest = with_card_access(chip_of(), UNKNOWN_PACE)  # its DG14 names no other
    assert read(powered(honest), mrz_of(honest)).access is Access.BAC_DOWNGRADE


# --- the talk -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "fault",
    [
        "sm-bad-mac:1@DG1",
        "sm-no-status:1@SOD",
        "sm-other-status:1@DG2",
        "sm-6987:1@COM",
        "sm-6988:1@DG15",
        "session-lost",
        "removed",
        "silent:1@DG1",
        "truncated",
        "truncated@SOD",
    ],
)
@pytest.mark.parametrize("pace", [[], ["aes-128"]], ids=["bac", "pace"])
def test_a_broken_talk(fault: str, pace: list[str]) -> None:
    chip = chip_of(access={"pace": pace}, faults=[fault])
    card = powered(chip, fault)
    assert trouble(card, mrz_of(chip)).kind is Trouble.CARD_COMM


def test_a_talk_that_broke_once_succeeds_anew() -> None:
    chip = chip_of()
    card = powered(chip, "sm-bad-mac:1@DG1")
    trouble(card, mrz_of(chip))
    card.power_on()
    assert "DG2" in read(card, mrz_of(chip)).files


@pytest.mark.parametrize("fault", ["short-answers", "late"])
def test_what_only_takes_longer(fault: str) -> None:
    chip = chip_of(proofs=NO_PROOFS)
    record = read(powered(chip, fault), mrz_of(chip))
    assert record.files["DG2"] == chip.files[emrtd_files.DG2]


@pytest.mark.parametrize("file", ["DG2", "DG1", "SOD", "COM"])
def test_an_oversize_file_is_not_read(file: str) -> None:
    chip = chip_of(faults=[f"oversize@{file}"])
    card = powered(chip)
    assert trouble(card, mrz_of(chip)).kind is Trouble.CARD_UNSUPPORTED
    assert card.commands < 120


def test_the_limit_of_a_file_is_the_policys() -> None:
    made = chip_of(proofs=NO_PROOFS)
    file = tlv.write(0x75, bytes(30_000))
    chip = replace(made, files=dict(made.files) | {emrtd_files.DG2: file})
    exact, less = AccessPolicy(most_bytes=len(file)), AccessPolicy(most_bytes=30_000)
    assert read(powered(chip), mrz_of(chip), exact).files["DG2"] == file
    assert trouble(powered(chip), mrz_of(chip), less).kind is Trouble.CARD_UNSUPPORTED


def test_a_file_that_is_no_tlv() -> None:
    made = chip_of()
    chip = replace(
        made, files=dict(made.files) | {emrtd_files.DG1: b"\x61\x80" + bytes(9)}
    )
    assert trouble(powered(chip), mrz_of(chip)).kind is Trouble.CARD_UNSUPPORTED


class Touchy:
    """Ends the session with a bare status if more than `most` bytes are asked for."""

    def __init__(self, card: EmrtdCard, most: int, status: str) -> None:
        self._card = card
        self._most = most
        self._status = bytes.fromhex(status)

    def answer(self, command: bytes) -> bytes:
        if command[:2] == b"\x0c\xb0" and command[7] > self._most:  # object 97
            self._card.power_on()
            return self._status
        return self._card.answer(command)


@pytest.mark.parametrize("status", ["6700", "6C64", "6C00"])
def test_a_chip_that_breaks_off_over_large_blocks_says_which_would_do(
    status: str,
) -> None:
    chip = chip_of(proofs=NO_PROOFS)
    policy = AccessPolicy()
    for _ in range(4):
        card = Touchy(powered(chip), 100, status)
        try:
            record = read(card, mrz_of(chip), policy)
            break
        except ChipTrouble as broken:
            assert broken.kind is Trouble.CARD_COMM
            assert broken.smaller_block is not None
            policy = replace(policy, block_bytes=broken.smaller_block)
    assert record.files["DG2"] == chip.files[emrtd_files.DG2]


def test_a_bare_refusal_to_sign_loses_nothing_that_was_read() -> None:
    """All files are read by then; that the chip would not sign is kept."""
    chip = chip_of(proofs={"active": "ecdsa"})
    card = powered(chip)

    class Unwilling:
        def answer(self, command: bytes) -> bytes:
            if command[1] == 0x88:
                card.power_on()
                return b"\x69\x85"
            return card.answer(command)

    record = read(Unwilling(), mrz_of(chip))
    assert record.active is not None
    assert record.active.response == b""
    assert record.files["DG2"] == chip.files[emrtd_files.DG2]


# --- any bytes ----------------------------------------------------------------------
ANSWERS = st.one_of(
    st.binary(max_size=40),
    st.binary(max_size=300).map(lambda data: data + b"\x90\x00"),
    st.sampled_from(
        [b"\x90\x00", b"\x61\x05", b"\x61\x00", b"\x6c\x04", b"\x62\x82", b"\x67\x00"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=12), by_can=st.booleans())
def test_any_answers_end_in_a_trouble(answers: list[bytes], *, by_can: bool) -> None:
    key = WRONG_CAN if by_can else WRONG_MRZ
    policy = AccessPolicy(bac=BacUse.PACE_FAILED, most_commands=300)
    stats = ReadingStats()
    talk = read_chip(key, random=os.urandom, policy=policy, stats=stats)

    def answer(_command: bytes) -> bytes:
        return answers[stats.commands % len(answers)]

    with pytest.raises(ChipTrouble):
        hold(talk, answer)
    assert stats.commands <= 300


def meddled(
    chip: Chip, at: int, change: Callable[[bytes], bytes]
) -> ChipRecord | ChipTrouble:
    """Read while somebody changes one answer."""
    card = powered(chip)

    class Meddler:
        def answer(self, command: bytes) -> bytes:
            answer = card.answer(command)
            return change(answer) if card.commands == at else answer

    try:
        return read(Meddler(), mrz_of(chip), AccessPolicy(most_commands=400))
    except ChipTrouble as trouble:
        return trouble


@cache
def listened_to(*, pace: bool) -> Chip:
    made = chip_of(proofs={"chip": "aes-128", "active": "ecdsa"}, image="jpeg")
    small = {emrtd_files.DG2: tlv.write(0x75, bytes(range(200)) * 3)}
    master = made.master if pace else {}
    return replace(made, files=dict(made.files) | small, master=master)


@settings(max_examples=150, deadline=None)
@given(
    pace=st.booleans(),
    at=st.integers(1, 60),
    place=st.integers(0, 300),
    flip=st.integers(1, 255),
)
def test_whoever_changes_an_answer_changes_no_file(
    at: int, place: int, flip: int, *, pace: bool
) -> None:
    chip = listened_to(pace=pace)

    def change(answer: bytes) -> bytes:
        spoiled = bytearray(answer)
        spoiled[place % len(answer)] ^= flip
        return bytes(spoiled)

    outcome = meddled(chip, at, change)
    if isinstance(outcome, ChipRecord):
        names = emrtd_files.NAMES
        true = {names[number]: file for number, file in chip.files.items()}
        assert {n: f for n, f in outcome.files.items() if n != "CardAccess"} == true


@settings(max_examples=60, deadline=None)
@given(pace=st.booleans(), at=st.integers(1, 60), answer=st.binary(max_size=60))
def test_whoever_puts_in_an_answer_changes_no_file(
    at: int, answer: bytes, *, pace: bool
) -> None:
    chip = listened_to(pace=pace)
    outcome = meddled(chip, at, lambda _answer: answer)
    if isinstance(outcome, ChipRecord):
        assert outcome.files["DG2"] == chip.files[emrtd_files.DG2]
