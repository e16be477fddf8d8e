"""Parts owe answers; the watchdog starves when one is owed for too long."""

from collections.abc import Mapping

import pytest

from likeness.core.wellness import (
    EVERY_S,
    LIMITS_S,
    Feed,
    Looked,
    Part,
    TellHung,
    TellWell,
    Wellness,
)


def nothing_owed(**owed: float) -> Looked:
    since: dict[Part, float | None] = dict.fromkeys(Part)
    since.update({Part(name): at for name, at in owed.items()})
    return Looked(since)


def test_all_well_is_fed_every_time() -> None:
    rules = Wellness()
    for now in (0.0, 5.0, 1000.0):
        assert rules.handle(nothing_owed(), now) == [Feed()]
        assert rules.deadline == now + EVERY_S
    assert rules.hung == ()


@pytest.mark.parametrize("part", Part)
def test_each_part_may_be_late_up_to_its_limit(part: Part) -> None:
    rules, limit = Wellness(), LIMITS_S[part]
    owed = nothing_owed(**{part: 100.0})
    assert rules.handle(owed, 100.0 + limit) == [Feed()]
    assert rules.handle(owed, 101.0 + limit) == [TellHung(part, limit + 1.0)]
    assert rules.handle(owed, 102.0 + limit) == []  # told once, fed no more
    assert rules.hung == (part,)


def test_who_answers_again_is_told_and_fed() -> None:
    rules = Wellness()
    rules.handle(nothing_owed(store=0.0), 31.0)
    assert rules.handle(nothing_owed(store=31.5), 36.0) == [
        TellWell(Part.STORE),
        Feed(),
    ]
    assert rules.hung == ()


def test_two_that_hang_are_two() -> None:
    rules = Wellness()
    both = nothing_owed(store=0.0, vision=5.0)
    assert rules.handle(both, 31.0) == [
        TellHung(Part.STORE, 31.0),
        TellHung(Part.VISION, 26.0),
    ]
    assert rules.handle(nothing_owed(vision=5.0), 32.0) == [TellWell(Part.STORE)]
    assert rules.hung == (Part.VISION,)


def test_a_part_that_is_not_asked_owes_nothing() -> None:
    empty: Mapping[Part, float | None] = {}
    assert Wellness().handle(Looked(empty), 1e9) == [Feed()]


def test_the_unit_waits_for_more_than_one_beat() -> None:
    assert EVERY_S * 3 <= 30.0  # WatchdogSec, see systemd/likeness.service
