import pytest

from likeness.core.card_answers import Command, Meaning
from likeness.core.card_removal import Lying, Seen


@pytest.mark.parametrize(
    ("meaning", "seen"),
    [
        (Meaning.OK, Seen.STAYS),
        (Meaning.NO_CONTENT, Seen.STAYS),
        (Meaning.RETRY, Seen.GONE),  # 41, as a halted card that was lifted
        (Meaning.UNKNOWN, Seen.GONE),
        (Meaning.NO_CARD, Seen.UNSURE),
    ],
)
def test_what_an_answer_to_the_test_says(meaning: Meaning, seen: Seen) -> None:
    assert Lying().tested(meaning) is seen


def test_after_a_reset_only_an_answer_of_the_card_itself_counts() -> None:
    lying = Lying()
    lying.sure = False
    assert lying.tested(Meaning.RETRY) is Seen.UNSURE
    assert lying.tested(Meaning.OK) is Seen.STAYS
    assert lying.tested(Meaning.RETRY) is Seen.GONE


def test_one_test_after_the_other_until_none_is_left() -> None:
    lying = Lying()
    tests = [lying.test]
    assert lying.tested(Meaning.NOT_SUPPORTED) is Seen.STAYS
    tests.append(lying.test)
    assert lying.tested(Meaning.NOT_SUPPORTED) is Seen.UNTOLD
    lying.reader_is_new()
    tests.append(lying.test)
    assert tests == [
        Command.READ_APPENDED,
        Command.READ_CHIP_NUMBER,
        Command.READ_APPENDED,
    ]


def test_two_finds_in_a_row_without_it() -> None:
    lying = Lying()
    found = [Meaning.NO_CARD, Meaning.FOUND, Meaning.NO_CARD, Meaning.NO_CARD]
    assert [lying.sought(one) for one in found] == [*[Seen.STAYS] * 3, Seen.GONE]
