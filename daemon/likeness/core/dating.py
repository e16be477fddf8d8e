"""When a record was made, though its terminal's clock was not set: from a later anchor.

A terminal whose clock has just been set says, signed, which second on its boot clock
was which time. What it made earlier in the same boot is then dated by the difference.
Both sides use this: the terminal to know when an anchor is due, the carrier to date.
Leaves to others: signing, sending, keeping.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from likeness.core.time_floor import BELIEVED, NTP, RTC
from likeness.core.vocabulary import Moment

STEP_MS = 2_000  # a clock that moved by more was set anew
LATE_S = 300  # clocks of honest machines differ less


class Source(StrEnum):
    """Where a date comes from, the best first."""

    OWN = "own"  # the terminal's clock was set when it made the record
    ANCHOR = "anchor"  # from a signed anchor of the same boot
    RECEIVED = "received"  # not later than the carrier received it; nothing better


@dataclass(frozen=True, slots=True)
class Dated:
    """The best that can be said about when a record was made."""

    utc_s: int
    source: Source
    clock_ahead: bool = False  # a clock that was set, but to a time to come


def is_due(said: Moment | None, now: Moment) -> bool:
    """Say whether a new anchor must be said.

    Args:
        said: what the last anchor of this boot said; None: there was none.
        now: this moment, judged against the floor.
    """
    if now.quality not in BELIEVED:
        return False
    return said is None or not agree(said, now)


def agree(one: Moment, other: Moment) -> bool:
    """Say whether two moments tell the same about the same boot."""
    apart_ms = _boot_began_ms(one) - _boot_began_ms(other)
    return (one.boot, one.quality) == (other.boot, other.quality) and (
        abs(apart_ms) <= STEP_MS
    )


def is_ahead(record: Moment, received_utc_s: int) -> bool:
    """Say whether a clock that was set showed a time after the record was received."""
    return record.quality in BELIEVED and record.utc_s > received_utc_s + LATE_S


def dated(record: Moment, anchors: Iterable[Moment], received_utc_s: int) -> Dated:
    """Say when a record was made.

    A clock set over the network comes before a battery clock, the record's own before
    an anchor, a near anchor before a far one. A date after the record was received
    cannot be right, and is passed over.

    Args:
        record: what the record says about its moment.
        anchors: what the same terminal said later or earlier; of any boot.
        received_utc_s: when the carrier had it, by the carrier's clock.
    """
    ahead = is_ahead(record, received_utc_s)
    same_boot = [one for one in anchors if one.boot == record.boot]
    same_boot.sort(key=lambda one: abs(one.mono_ms - record.mono_ms))
    for quality in (NTP, RTC):
        found = [(record.utc_s, Source.OWN)] if record.quality == quality else []
        found += [
            ((_boot_began_ms(one) + record.mono_ms) // 1000, Source.ANCHOR)
            for one in same_boot
            if one.quality == quality
        ]
        for utc_s, source in found:
            if 0 <= utc_s <= received_utc_s + LATE_S:
                return Dated(utc_s, source, ahead)
    return Dated(received_utc_s, Source.RECEIVED, ahead)


def _boot_began_ms(moment: Moment) -> int:
    return moment.utc_s * 1000 - moment.mono_ms
