"""How often one card may fail before an attendant takes over."""

from dataclasses import replace

import visits as v
from likeness.core.tries import Tries

CARD, OTHER = v.card(1), v.card(2)


def tries() -> Tries:
    return Tries(most=3, within_s=600.0, key=b"k" * 32)


def test_the_fourth_try_is_one_too_many() -> None:
    counted = tries()
    for at in range(3):
        assert not counted.used_up(CARD, at)
        counted.failed(CARD, at)
    assert counted.used_up(CARD, 3) and not counted.used_up(OTHER, 3)


def test_tries_are_forgotten_after_a_while_and_after_a_success() -> None:
    counted = tries()
    for _ in range(3):
        counted.failed(CARD, 10.0)
        counted.failed(OTHER, 10.0)
    assert counted.used_up(CARD, 609.9)
    counted.succeeded(OTHER)
    assert not counted.used_up(OTHER, 609.9)
    assert not counted.used_up(CARD, 610.0)


def test_a_card_without_a_number_is_nobodys() -> None:
    counted = tries()
    nobody = replace(CARD, number="")
    for _ in range(5):
        counted.failed(nobody, 1.0)
    assert not counted.used_up(nobody, 1.0)


def test_no_number_is_kept() -> None:
    counted = tries()
    counted.failed(CARD, 1.0)
    assert CARD.number not in repr(vars(counted))
    assert all(isinstance(known, bytes) for known in counted._failed)
