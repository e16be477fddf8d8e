"""What is heard of one terminal, and what that means for a wish it was sent.

A report is not signed (decision 20): it says how a rollout goes, and gives nobody
anything. Leaves to others: the whole rollout (`rollout`), hearing.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from likeness.core.orders import DesiredState
from likeness.core.rollout_plan import Stop


class Stage(StrEnum):
    """How far a terminal is."""

    WAITING = "waiting"  # untouched
    SENT = "sent"
    APPLIED = "applied"
    FAILED = "failed"
    RETURNING = "returning"  # sent what it had before
    RETURNED = "returned"
    LEFT = "left"  # it did not come back, or has a newer wish


class Fault(StrEnum):
    """Why it failed, or did not come back."""

    REFUSED = "refused"  # or given back later: it did not live
    SILENT = "silent"
    LOST = "lost"
    HOLDS_RESULTS = "holds_results"  # nobody has receipted them
    OVERTAKEN = "overtaken"  # by a newer wish than ours
    BARRED = "barred"  # it was not touched


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal's share of a rollout; times in seconds since 1970."""

    device: str
    wave: int
    stage: Stage = Stage.WAITING
    version: int = 0  # of the last wish that it was sent here
    sent_s: float = 0.0
    changed_s: float = 0.0  # it first said that the wish is in force
    fault: Fault | None = None
    why: str = ""

    @property
    def is_touched(self) -> bool:
        """Whether it was sent the wish, and not yet what it had before."""
        if self.stage is Stage.FAILED:
            return self.fault is not Fault.BARRED
        return self.stage in (Stage.SENT, Stage.APPLIED)

    @property
    def is_open(self) -> bool:
        """Whether an answer is waited for."""
        return self.stage in (Stage.SENT, Stage.RETURNING)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a terminal has said last; None: nothing about it was heard."""

    version: int | None = None  # that it reports about
    state: DesiredState = "pending"
    why: str = ""
    refused: int = 0  # another version, refused beside it
    refused_why: str = ""
    lost_s: float | None = None  # without a line, for so long
    oldest_s: int = 0  # so long its oldest result has waited


def after_wish(
    one: Terminal, seen: Seen, stop: Stop, heard_from_s: float, now: float
) -> Terminal:
    """Return a terminal as it stands after what was heard of it."""
    if not one.is_touched:
        return one
    said = _answer(one, seen)
    if said is not None:
        return said
    if seen.version == one.version and seen.state == "applied":
        applied = replace(one, changed_s=one.changed_s or now)
        return _in_force(applied, seen, stop)
    if seen.version is None and one.stage is Stage.APPLIED:
        return _in_force(one, seen, stop)
    return _silent(one, stop, heard_from_s, now, Stage.FAILED, Stage.SENT)


def after_back(
    one: Terminal, seen: Seen, stop: Stop, heard_from_s: float, now: float
) -> Terminal:
    """Return a terminal on its way back as it stands after what was heard of it."""
    back = (Stage.RETURNING, Stage.RETURNED, Stage.LEFT)
    if one.stage not in back or one.fault is Fault.BARRED:
        return one
    said = _answer(one, seen)
    if said is not None:
        return replace(said, stage=Stage.LEFT)
    if seen.version == one.version and seen.state == "applied":
        return replace(one, stage=Stage.RETURNED, fault=None, why="")
    if seen.version is None and one.stage is Stage.RETURNED:
        return one
    return _silent(one, stop, heard_from_s, now, Stage.LEFT, Stage.RETURNING)


def _answer(one: Terminal, seen: Seen) -> Terminal | None:
    """Return it as failed, if what it says of our wish is a refusal."""
    failed = replace(one, stage=Stage.FAILED)
    if seen.version == one.version:
        if seen.state == "refused":
            return replace(failed, fault=Fault.REFUSED, why=seen.why)
    elif seen.refused == one.version:
        return replace(failed, fault=Fault.REFUSED, why=seen.refused_why)
    if seen.version is not None and seen.version > one.version:
        why = f"version {seen.version} came after ours"
        return replace(failed, fault=Fault.OVERTAKEN, why=why)
    return None


def _in_force(one: Terminal, seen: Seen, stop: Stop) -> Terminal:
    failed = replace(one, stage=Stage.FAILED)
    if seen.lost_s is not None and seen.lost_s >= stop.lost_after_s:
        return replace(
            failed, fault=Fault.LOST, why=f"no line for {round(seen.lost_s)} s"
        )
    if 0 < stop.outbox_oldest_s < seen.oldest_s:
        why = f"a result has waited for {seen.oldest_s} s"
        return replace(failed, fault=Fault.HOLDS_RESULTS, why=why)
    return replace(one, stage=Stage.APPLIED, fault=None, why="")


def _silent(
    one: Terminal,
    stop: Stop,
    heard_from_s: float,
    now: float,
    late: Stage,
    waits: Stage,
) -> Terminal:
    """It has its time, counted only while somebody listens."""
    if now < max(one.sent_s, heard_from_s) + stop.report_within_s:
        return replace(one, stage=waits, fault=None, why="")
    why = f"no report within {stop.report_within_s} s"
    return replace(one, stage=late, fault=Fault.SILENT, why=why)
