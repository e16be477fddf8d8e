"""What scanners and hands enter becomes a key, or a word about what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.key_lines import WAITS_S, KeyLines, NotAKey
from likeness.core.mrz import AccessKey

TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
CARD = AccessKey(mrz_information="D23145890774081221204159")
PASSPORT = AccessKey(mrz_information="L898902C3674081221204159")


def enter(*lines: str, every_s: float = 0.1) -> list[AccessKey | NotAKey | None]:
    entry = KeyLines()
    return [entry.add(line, at * every_s) for at, line in enumerate(lines)]


def test_six_digits_are_a_can() -> None:
    assert enter("123456\r\n") == [AccessKey(can="123456")]
    assert enter("123 456") == [AccessKey(can="123456")]


def test_a_card_needs_its_first_two_lines() -> None:
    assert enter(*TD1) == [None, CARD, None]  # the third is passed over
    assert enter("".join(TD1)) == [CARD]


def test_a_passport_needs_its_second_line() -> None:
    assert enter(*TD3) == [None, PASSPORT]
    assert enter(TD3[1].lower()) == [PASSPORT]
    assert enter("".join(TD3)) == [PASSPORT]


def test_three_words_are_typed() -> None:
    assert enter("L898902C3 740812 120415") == [PASSPORT]
    assert enter("l898902c3; 740812; 120415") == [PASSPORT]
    assert enter("L898902C3 12 August") == [NotAKey.UNKNOWN]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (TD3[1].replace("C36", "C37"), NotAKey.CHECK_DIGIT),
        (TD3[1].replace("7408122", "7408132"), NotAKey.CHECK_DIGIT),
        ("12345", NotAKey.UNKNOWN),
        ("hello", NotAKey.UNKNOWN),
        ("9" * 500, NotAKey.UNKNOWN),
        ("١٢٣٤٥٦", NotAKey.UNKNOWN),  # digits, but not ours
    ],
)
def test_what_is_no_key_is_said_in_a_word(line: str, wrong: NotAKey) -> None:
    assert enter(line) == [wrong]


def test_after_a_wrong_line_the_next_one_counts_alone() -> None:
    assert enter("hello", "123456") == [NotAKey.UNKNOWN, AccessKey(can="123456")]
    wrong = TD1[1].replace("7408122", "7408123")
    assert enter(TD1[0], wrong, *TD1[:2]) == [None, NotAKey.CHECK_DIGIT, None, CARD]


def test_a_misread_card_does_not_stand_in_the_way_of_the_next_entry() -> None:
    at_check_digit = (TD1[0], TD1[1].replace("7408122", "7408123"), TD1[2])
    too_short = (TD1[0][:-1], *TD1[1:])
    first_sign = ("1" + TD1[0][1:], *TD1[1:])
    last_line = (*TD1[:2], TD1[2][:-1])
    name_as_digits = (*TD1[:2], TD1[2].replace("O", "0"))
    cut_off = TD1[:1]
    for bad in (
        *(at_check_digit, too_short, first_sign, last_line, name_as_digits, cut_off),
        *(TD3[:1], (TD3[0], TD3[1][:-1])),
    ):
        assert CARD in enter(*bad, *TD1)[len(bad) :]
        assert enter(*bad, *TD3)[-1] == PASSPORT
        assert enter(*bad, "123456")[-1] == AccessKey(can="123456")
        words = enter(*bad, "L898902C3 740812 120415")
        assert words[-1] == PASSPORT


def test_a_hand_has_time_between_two_lines() -> None:
    assert enter(*TD1, every_s=8.0) == [None, CARD, None]
    assert enter(*TD3, every_s=WAITS_S - 1) == [None, PASSPORT]


def test_an_mrz_with_spaces_is_not_three_words() -> None:
    assert enter("L898902C36UTO 7408122F1204159 ZE184226B<<<<<10") == [PASSPORT]


def test_a_line_scanned_twice_is_one() -> None:
    assert enter(TD1[0], TD1[0], TD1[1]) == [None, None, CARD]


def test_a_whole_card_scanned_again_at_once_is_a_key_again() -> None:
    assert enter(*TD1, *TD1) == [None, CARD, None] * 2
    entry = KeyLines()
    for line in TD1:
        entry.add(line, 0.0)
    assert repr(entry) == "KeyLines(0 waiting)"  # the name is not kept


def test_a_half_is_forgotten() -> None:
    found = enter(TD1[0], TD1[1], every_s=WAITS_S)
    assert found == [None, NotAKey.UNKNOWN]
    entry = KeyLines()
    entry.add(TD1[0], 0.0)
    assert repr(entry) == "KeyLines(1 waiting)"
    entry.forget(WAITS_S)
    assert repr(entry) == "KeyLines(0 waiting)"


@given(st.lists(st.text(max_size=60) | st.sampled_from(TD1 + TD3), max_size=8))
def test_any_lines_end_in_a_word(lines: list[str]) -> None:
    for found in enter(*lines):
        assert found is None or isinstance(found, AccessKey | NotAKey)
