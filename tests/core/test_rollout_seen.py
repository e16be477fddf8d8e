"""What is heard of one terminal, and what that makes of it."""

from dataclasses import replace

import pytest

from likeness.core.rollout_plan import Stop
from likeness.core.rollout_seen import (
    Fault,
    Seen,
    Stage,
    Terminal,
    after_back,
    after_wish,
)

STOP = Stop(report_within_s=100, lost_after_s=50, outbox_oldest_s=200)
OURS, BEFORE = 7, 6
SENT = Terminal("shop-1", 0, Stage.SENT, version=OURS, sent_s=1000.0)
APPLIED = replace(SENT, stage=Stage.APPLIED, changed_s=1010.0)
SILENT = replace(SENT, stage=Stage.FAILED, fault=Fault.SILENT, why="no report")
RETURNING = replace(SENT, stage=Stage.RETURNING)
RETURNED = replace(SENT, stage=Stage.RETURNED)
NOW, LATE = 1050.0, 1101.0


def said(version: int | None = OURS, state: str = "applied", **more: object) -> Seen:
    return Seen(version=version, state=state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "seen", "now", "stage", "fault"),
    [
        (SENT, Seen(), NOW, Stage.SENT, None),
        (SENT, said(BEFORE), NOW, Stage.SENT, None),
        (SENT, said(state="pending"), NOW, Stage.SENT, None),
        (SENT, said(), NOW, Stage.APPLIED, None),
        (SENT, said(state="refused"), NOW, Stage.FAILED, Fault.REFUSED),
        (SENT, said(BEFORE, refused=OURS), NOW, Stage.FAILED, Fault.REFUSED),
        # It was refused as too early and then taken: what it runs counts.
        (SENT, said(refused=OURS), NOW, Stage.APPLIED, None),
        (SENT, said(OURS + 1), NOW, Stage.FAILED, Fault.OVERTAKEN),
        (SENT, Seen(), LATE, Stage.FAILED, Fault.SILENT),
        (SENT, said(BEFORE), LATE, Stage.FAILED, Fault.SILENT),
        (SENT, said(state="pending"), LATE, Stage.FAILED, Fault.SILENT),
        (SILENT, said(), LATE, Stage.APPLIED, None),  # late, but it came
        (SILENT, Seen(), LATE, Stage.FAILED, Fault.SILENT),
        (APPLIED, said(), LATE, Stage.APPLIED, None),
        (APPLIED, Seen(), LATE, Stage.APPLIED, None),  # we have just come
        (APPLIED, said(state="refused"), LATE, Stage.FAILED, Fault.REFUSED),
        (APPLIED, said(BEFORE), LATE, Stage.FAILED, Fault.SILENT),  # an old copy
        (APPLIED, said(lost_s=49.0), NOW, Stage.APPLIED, None),
        (APPLIED, said(lost_s=50.0), NOW, Stage.FAILED, Fault.LOST),
        (APPLIED, said(oldest_s=200), NOW, Stage.APPLIED, None),
        (APPLIED, said(oldest_s=201), NOW, Stage.FAILED, Fault.HOLDS_RESULTS),
    ],
)
def test_after_a_wish(
    before: Terminal, seen: Seen, now: float, stage: Stage, fault: Fault | None
) -> None:
    after = after_wish(before, seen, STOP, 900.0, now)
    assert (after.stage, after.fault) == (stage, fault)
    assert bool(after.why) is (fault is Fault.SILENT) or fault is not None


@pytest.mark.parametrize(
    ("before", "seen", "now", "stage", "fault"),
    [
        (RETURNING, Seen(), NOW, Stage.RETURNING, None),
        (RETURNING, said(), NOW, Stage.RETURNED, None),
        (RETURNING, said(lost_s=500.0), NOW, Stage.RETURNED, None),
        (RETURNING, said(state="refused"), NOW, Stage.LEFT, Fault.REFUSED),
        (RETURNING, said(OURS + 1), NOW, Stage.LEFT, Fault.OVERTAKEN),
        (RETURNING, Seen(), LATE, Stage.LEFT, Fault.SILENT),
        (RETURNED, Seen(), LATE, Stage.RETURNED, None),
        (RETURNED, said(state="refused"), LATE, Stage.LEFT, Fault.REFUSED),
        (APPLIED, said(state="refused"), LATE, Stage.APPLIED, None),  # not its turn
        (SENT, Seen(), LATE, Stage.SENT, None),
    ],
)
def test_on_the_way_back(
    before: Terminal, seen: Seen, now: float, stage: Stage, fault: Fault | None
) -> None:
    after = after_back(before, seen, STOP, 900.0, now)
    assert (after.stage, after.fault) == (stage, fault)


def test_silence_counts_only_while_somebody_listens() -> None:
    assert after_wish(SENT, Seen(), STOP, 1090.0, LATE).stage is Stage.SENT
    assert after_wish(SENT, Seen(), STOP, 1090.0, 1190.0).fault is Fault.SILENT


def test_who_was_not_touched_is_not_judged() -> None:
    waiting = Terminal("shop-1", 0)
    barred = replace(waiting, stage=Stage.FAILED, fault=Fault.BARRED, why="x")
    for one in (waiting, barred):
        for seen in (Seen(), said(0), said(5), said(0, "refused")):
            assert after_wish(one, seen, STOP, 0.0, LATE) == one
            assert after_back(one, seen, STOP, 0.0, LATE) == one
        assert not one.is_touched


def test_the_moment_of_the_change_stays_the_first() -> None:
    first = after_wish(SENT, said(), STOP, 900.0, NOW)
    assert first.changed_s == NOW
    assert after_wish(first, said(), STOP, 900.0, LATE).changed_s == NOW


def test_zero_means_that_no_age_is_too_old() -> None:
    never = Stop(outbox_oldest_s=0)
    assert after_wish(APPLIED, said(oldest_s=10**6), never, 900.0, NOW).fault is None
