"""When too many have failed, and when visitors are refused more often than before."""

import random
from dataclasses import replace

import pytest

from likeness.core.exact_test import Share
from likeness.core.rollout_plan import Refusals, Stop
from likeness.core.rollout_seen import Fault, Stage, Terminal
from likeness.core.rollout_stop import (
    Looks,
    is_to_be_looked_at,
    refuses_more,
    too_many_failed,
)

RULE = Refusals(level=0.01, rise=0.03, results=100)
FLEET = Share(500, 10_000)  # 5 %


def wave(number: int, size: int, *faults: Fault) -> list[Terminal]:
    whole = [Terminal(f"shop-{number}-{n}", number, Stage.APPLIED) for n in range(size)]
    for place, fault in enumerate(faults):
        whole[place] = replace(
            whole[place], stage=Stage.FAILED, fault=fault, why="the reason"
        )
    return whole


@pytest.mark.parametrize(
    ("failed", "size", "faults", "stops"),
    [
        ("0", 10, 0, False),
        ("0", 10, 1, True),
        ("2", 10, 2, False),
        ("2", 10, 3, True),
        ("5 %", 1, 1, True),
        ("5 %", 19, 1, True),  # 5 % of 19 is none
        ("5 %", 20, 1, False),
        ("5 %", 20, 2, True),
        ("100 %", 3, 3, False),
    ],
)
def test_so_many_may_fail_and_not_one_more(
    failed: str, size: int, faults: int, stops: bool
) -> None:
    whole = wave(0, size, *[Fault.SILENT] * faults)
    assert bool(too_many_failed(Stop(failed=failed), 0, whole)) is stops


def test_it_says_who_and_why() -> None:
    whole = wave(0, 4, Fault.SILENT, Fault.REFUSED, Fault.REFUSED)
    assert too_many_failed(Stop(failed="1"), 0, whole) == (
        "wave 1: 3 of 4 failed (2 refused, 1 silent), at most 1 may; the first:"
        " shop-0-0: the reason"
    )


def test_of_former_waves_only_who_refused_counts() -> None:
    """A shop that closes in the evening is no sign; one that gives it back is."""
    stop = Stop(failed="0")
    for fault, stops in (
        (Fault.LOST, False),
        (Fault.SILENT, False),
        (Fault.HOLDS_RESULTS, False),
        (Fault.REFUSED, True),
    ):
        both = wave(0, 3, fault) + wave(1, 3)
        assert bool(too_many_failed(stop, 1, both)) is stops
        assert too_many_failed(stop, 0, both)


def test_each_wave_has_an_allowance_of_its_own() -> None:
    both = wave(0, 10, Fault.REFUSED) + wave(1, 10, Fault.REFUSED)
    assert not too_many_failed(Stop(failed="1"), 1, both)


@pytest.mark.parametrize(
    ("since", "worse"),
    [
        (Share(5, 100), False),
        (Share(9, 100), False),  # chance
        (Share(20, 100), True),
        (Share(100, 100), True),
        (Share(700, 10_000), False),  # no chance, but it matters little
        (Share(900, 10_000), True),
        (Share(0, 100), False),
    ],
)
def test_a_rise_must_be_sure_and_matter(since: Share, worse: bool) -> None:
    said = refuses_more(RULE, Looks(1, since.of), since, FLEET)
    assert bool(said) is worse


def test_it_says_both_shares() -> None:
    said = refuses_more(RULE, Looks(1, 100), Share(20, 100), FLEET)
    assert said.startswith("20 of 100 visitors refused (20.0%), before it was 5.0% of")


def test_later_looks_must_be_surer() -> None:
    since = Share(13, 100)
    assert refuses_more(RULE, Looks(1, 100), since, FLEET)
    assert not refuses_more(RULE, Looks(8, 100), since, FLEET)


def test_when_it_is_looked() -> None:
    def looked(of: int, at: int, *, last: bool = False) -> bool:
        return is_to_be_looked_at(RULE, Looks(1, at), Share(0, of), last=last)

    assert not looked(99, 0, last=True)
    assert looked(100, 0)
    assert not looked(199, 100)
    assert looked(200, 100)
    assert looked(150, 100, last=True)
    without = Refusals(results=0)
    assert not is_to_be_looked_at(without, Looks(), Share(9, 9), last=True)


def test_a_change_that_changes_nothing_is_rarely_stopped() -> None:
    """A rollout of four waves: with a probability of `level` at most."""
    draw = random.Random(7)  # noqa: S311 - no secret is drawn
    assert sum(any(_waves(draw, 0.05)) for _ in range(500)) <= 5


def test_a_change_that_doubles_refusals_is_mostly_found() -> None:
    draw = random.Random(7)  # noqa: S311 - no secret is drawn
    assert sum(any(_waves(draw, 0.15)) for _ in range(100)) >= 95


def _waves(draw: random.Random, share: float) -> list[bool]:
    looks, found = Looks(), []
    for results in (100, 200, 400, 400):
        looks = replace(looks, results=0)
        refused = 0
        for done in range(1, results + 1):
            refused += draw.random() < share
            since = Share(refused, done)
            if is_to_be_looked_at(RULE, looks, since, last=done == results):
                looks = looks.one_more(since)
                found.append(bool(refuses_more(RULE, looks, since, FLEET)))
    return found
