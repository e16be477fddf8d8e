"""Waits between openings of a reader that does not last."""

from likeness.core.card_trouble import Trouble
from likeness.errors import CardMute, DeviceLost, DeviceRefused
from likeness.service.reopening import REOPEN_AFTER_S, Reopening, trouble_of


class HandClock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


def waits(*lasted_s: float) -> list[float]:
    clock = HandClock()
    reopening = Reopening(clock, REOPEN_AFTER_S)
    found = []
    for one_s in lasted_s:
        reopening.begin()
        clock.time += one_s
        found.append(reopening.wait_s())
    return found


def test_what_does_not_last_is_opened_ever_more_rarely() -> None:
    assert waits(0.0, 5.0, 0.0, 14.9, 0.0, 0.0) == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_what_lasted_is_opened_again_soon() -> None:
    assert waits(0.0, 0.0, 15.0, 0.0, 3600.0) == [1.0, 2.0, 1.0, 2.0, 1.0]


def test_what_is_said_of_it() -> None:
    assert trouble_of(DeviceLost("gone")).kind is Trouble.READER_ABSENT
    assert trouble_of(DeviceRefused("in use")).kind is Trouble.READER_CONFIG
    assert trouble_of(CardMute("out of turn")).kind is Trouble.READER_FAULT
