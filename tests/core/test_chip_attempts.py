"""How often a chip is tried again, and with what."""

import pytest

from likeness.core.card_moments import CardTrouble
from likeness.core.card_trouble import Trouble
from likeness.core.chip_attempts import SMALLER_BLOCKS, Again, Attempts, Next
from likeness.core.chip_moments import KeyWanted, KeyWrong

BLOCKED = CardTrouble(Trouble.ACCESS_KEY_BLOCKED, "")


def wrong_keys(*tries_left: int | None) -> list[Next]:
    attempts = Attempts()
    return [
        attempts.failed(Trouble.ACCESS_KEY_WRONG, "", tries_left=left)
        for left in tries_left
    ]


def test_a_chip_that_does_not_count_is_asked_three_times() -> None:
    assert wrong_keys(None, None, None) == [KeyWrong(2), KeyWrong(1), BLOCKED]


def test_one_try_is_left_to_a_chip_that_counts() -> None:
    assert wrong_keys(2, 1) == [KeyWrong(1), BLOCKED]
    assert wrong_keys(1) == [BLOCKED]
    assert wrong_keys(9, 8, 7) == [KeyWrong(2), KeyWrong(1), BLOCKED]
    assert wrong_keys(0) == [BLOCKED]


def test_a_talk_that_broke_is_begun_anew_once() -> None:
    attempts = Attempts()
    assert attempts.failed(Trouble.CARD_COMM, "MAC") == Again()
    assert attempts.failed(Trouble.CARD_COMM, "MAC") == CardTrouble(
        Trouble.CARD_COMM, "MAC"
    )


def test_smaller_blocks_are_tried_beside_that_but_not_for_ever() -> None:
    attempts = Attempts()
    for block in range(SMALLER_BLOCKS, 0, -1):
        assert attempts.failed(Trouble.CARD_COMM, "", smaller_block=block) == Again()
        assert attempts.block == block
    assert attempts.failed(Trouble.CARD_COMM, "", smaller_block=1) == Again()
    ended = attempts.failed(Trouble.CARD_COMM, "", smaller_block=1)
    assert ended == CardTrouble(Trouble.CARD_COMM, "")


def test_a_can_for_a_chip_that_wants_the_mrz_is_no_wrong_key() -> None:
    attempts = Attempts()
    for _ in range(5):
        after = attempts.failed(Trouble.ACCESS_KEY_OF_MRZ, "")
        assert after == KeyWanted(mrz_only=True)


@pytest.mark.parametrize("kind", [Trouble.DOWNGRADE, Trouble.CARD_UNSUPPORTED])
def test_all_else_ends_it(kind: Trouble) -> None:
    assert Attempts().failed(kind, "why") == CardTrouble(kind, "why")
