"""Decides what to send next, and what to do with each answer.

The outbox holds signed records until the carrier has said, signed, that it keeps them.
A PUBACK only says that the broker has a record: it moves the window, nothing else.
This module only decides; it never touches a disk, a socket or a clock.

    QUEUED --send--> SENT --receipt that covers it--> (forgotten)
       ^              |  |
       |              |  +--refusal of just this one--> SET ASIDE
       +--line lost, or no receipt for a while

The line:

    OFFLINE <--> ONLINE --broker refuses--> BARRED --slow retry--> ONLINE

A fork: when the carrier signs for a record that we never made, or for another one at a
place of ours, this database is an old copy of itself (a card restored from its image).
Then a new epoch must begin. To find out before a visit takes a place twice, the first
thing said on the first line is the newest record, once more if it is receipted.

No storm: what is sent but not receipted is at most `AHEAD`, and it is sent again only
after a wait that doubles. Each wait without an answer also halves how much is sent,
down to one record that asks whether the carrier is back; each new record lets one more
go. An answer that makes progress starts both over. Each epoch has a lane of its own for
this: one whose records nobody can receipt any more (a database was damaged, and some
before them are gone) must not keep back those of another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import assert_never

from likeness.core.chain import EpochReason, Link
from likeness.core.outbox_lane import AHEAD as AHEAD  # noqa: PLC0414 - for users
from likeness.core.outbox_lane import RECEIPT_TO_S as RECEIPT_TO_S  # noqa: PLC0414
from likeness.core.outbox_lane import Lane

# paho is handed at most 20 unacknowledged messages: beyond that it queues on its own.
WINDOW = 16

# MQTT v5, 3.4.2.1: PUBACK reason codes.
NO_MATCHING_SUBSCRIBERS = 0x10
FAILURE_FROM = 0x80

FORK = "fork"  # the carrier's refusal: another record has this place, or the one before


@dataclass(frozen=True, slots=True)
class Stored:
    """A record is safe on disk and may now be sent."""

    record: Link


@dataclass(frozen=True, slots=True)
class Online:
    """The broker connection is up, and nothing is in flight on it.

    `window` is how many the broker lets wait for their PUBACK (Receive Maximum).
    """

    window: int = WINDOW


@dataclass(frozen=True, slots=True)
class Offline:
    """The broker connection is gone; what was in flight is unknown."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker answered a publish with this reason code."""

    epoch: str
    seq: int
    code: int


@dataclass(frozen=True, slots=True)
class Receipted:
    """The carrier signed that it keeps everything up to here.

    `kept` is the hash of our own record at that place, empty when we have none.
    """

    upto: Link
    kept: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier signed that it will never take this one record."""

    record: Link
    reason: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


Event = Stored | Online | Offline | Acknowledged | Receipted | Refused | TimePassed


@dataclass(frozen=True, slots=True)
class Send:
    """Publish this record."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Forget:
    """The carrier keeps this epoch's records up to here: they need no sending."""

    epoch: str
    upto: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """Keep this record, stop sending it and tell an operator."""

    epoch: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class BeginEpoch:
    """This chain is not the one that the carrier knows: begin a new one."""

    reason: EpochReason


class Trouble(StrEnum):
    """What an operator must hear of, or see counted."""

    BROKER_REFUSES = "broker_refuses"  # an access rule is wrong
    NOBODY_LISTENS = "nobody_listens"  # the carrier is not subscribed
    RECEIPT_UNKNOWN = "receipt_unknown"  # for a record that we do not have
    RECEIPT_DIFFERS = "receipt_differs"  # for another record at the same place
    REFUSAL_DIFFERS = "refusal_differs"


@dataclass(frozen=True, slots=True)
class Report:
    """Count this and say it in the log; nothing else has changed."""

    trouble: Trouble
    epoch: str
    seq: int


Effect = Send | Forget | SetAside | BeginEpoch | Report


class Line(Enum):
    """Whether we can talk to the carrier."""

    OFFLINE = auto()
    ONLINE = auto()
    BARRED = auto()  # connected, but the broker refuses our records


class Outbox:
    """In order, at most a window in flight, nothing forgotten without a receipt."""

    def __init__(
        self,
        waiting: Sequence[Link],
        choose: Callable[[], float],
        newest: Link | None = None,
    ) -> None:
        """Take what there is.

        Args:
            waiting: the records without a receipt, oldest first.
            choose: gives 0 … 1, for the jitter.
            newest: the last record of the epoch that is written into.
        """
        self._choose = choose
        self._lanes: dict[str, Lane] = {}  # by epoch
        for record in waiting:
            self._lane(record.epoch).waiting.append(record)
        self._newest = newest
        self._asked_after_newest = False
        self._in_flight: set[tuple[str, int]] = set()
        self._window = WINDOW
        self._line = Line.OFFLINE

    @property
    def deadline(self) -> float | None:
        """When to come back with TimePassed, if nothing happens first."""
        set_ones = (one.deadline for one in self._lanes.values())
        return min((one for one in set_ones if one is not None), default=None)

    @property
    def line(self) -> Line:
        """Whether records can go out."""
        return self._line

    @property
    def waiting(self) -> int:
        """How many records have no receipt."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in one event; return what must now be done, in order."""
        done: list[Effect] = []
        match event:
            case Stored(record):
                lane = self._lane(record.epoch)
                lane.waiting.append(record)
                lane.ahead = min(lane.ahead + 1, AHEAD)
                self._newest = record
            case Online(window):
                self._line = Line.ONLINE
                self._window = min(window, WINDOW)
                for lane in self._lanes.values():
                    lane.patience.reset()
                    lane.begin_anew()
                done += self._ask_after_newest()
            case Offline():
                self._line = Line.OFFLINE
                self._in_flight.clear()
                self._begin_anew()
            case Acknowledged():
                done += self._acknowledged(event, now)
            case Receipted(upto, kept):
                done += self._receipted(upto, kept, now)
            case Refused(record, reason):
                done += self._refused(record, reason)
            case TimePassed():
                self._time_passed(now)
            case _:
                assert_never(event)
        return done + self._send_more(now)

    def _ask_after_newest(self) -> list[Effect]:
        """Send the newest record once more, so that the carrier tells its own head."""
        newest, asked = self._newest, self._asked_after_newest
        self._asked_after_newest = True
        if asked or newest is None or self._waits(newest):
            return []
        place = (newest.epoch, newest.seq)
        self._in_flight.add(place)
        return [Send(*place)]

    def _acknowledged(self, answer: Acknowledged, now: float) -> list[Effect]:
        place = (answer.epoch, answer.seq)
        if place not in self._in_flight:
            return []  # of an earlier connection
        self._in_flight.remove(place)
        if answer.code >= FAILURE_FROM:
            first = self._line is Line.ONLINE
            self._line = Line.BARRED
            if first:
                self._begin_anew()
                self._lane(answer.epoch).wait(now)
            return [Report(Trouble.BROKER_REFUSES, *place)]
        if answer.code == NO_MATCHING_SUBSCRIBERS:
            return [Report(Trouble.NOBODY_LISTENS, *place)]
        return []

    def _receipted(self, upto: Link, kept: str, now: float) -> list[Effect]:
        lane = self._lanes.get(upto.epoch, Lane(self._choose))
        covered = sum(record.seq <= upto.seq for record in lane.waiting)
        if kept != upto.hash:
            trouble = Trouble.RECEIPT_DIFFERS if kept else Trouble.RECEIPT_UNKNOWN
            forked = bool(kept) or self._is_beyond(upto)
            return [
                Report(trouble, upto.epoch, upto.seq),
                *self._fork(upto.epoch, forked=forked),
            ]
        if not covered:
            return []
        del lane.waiting[:covered]  # they stand in order
        lane.sent = max(lane.sent - covered, 0)
        lane.patience.reset()
        lane.ahead = AHEAD
        if self._line is Line.ONLINE:
            lane.deadline = None
            if lane.sent:
                lane.wait(now)
        return [Forget(upto.epoch, upto.seq)]

    def _refused(self, record: Link, reason: str) -> list[Effect]:
        lane = self._lanes.get(record.epoch, Lane(self._choose))
        for place, ours in enumerate(lane.waiting):
            if ours.seq != record.seq:
                continue
            if ours.hash != record.hash:
                return [Report(Trouble.REFUSAL_DIFFERS, record.epoch, record.seq)]
            del lane.waiting[place]
            lane.sent -= place < lane.sent
            lane.ahead = AHEAD
            return [
                SetAside(record.epoch, record.seq, reason),
                *self._fork(record.epoch, forked=reason == FORK),
            ]
        return []

    def _is_beyond(self, upto: Link) -> bool:
        """Say if it was made after all of ours; an older one may have been deleted."""
        return self._newest is not None and upto.seq > self._newest.seq

    def _fork(self, epoch: str, *, forked: bool) -> list[Effect]:
        """Begin anew if this is the epoch that is still written into."""
        written = self._newest is not None and self._newest.epoch == epoch
        return [BeginEpoch(EpochReason.FORKED)] if forked and written else []

    def _time_passed(self, now: float) -> None:
        for lane in self._lanes.values():
            if lane.deadline is None or now < lane.deadline:
                continue
            if self._line is Line.BARRED:
                self._line = Line.ONLINE
            lane.ahead = max(lane.ahead // 2, 1)
            lane.begin_anew()

    def _begin_anew(self) -> None:
        for lane in self._lanes.values():
            lane.begin_anew()

    def _lane(self, epoch: str) -> Lane:
        return self._lanes.setdefault(epoch, Lane(self._choose))

    def _waits(self, record: Link) -> bool:
        return record in self._lane(record.epoch).waiting

    def _by_turn(self) -> list[Lane]:
        """Return the lanes: of the epoch that is written into first."""
        written = self._newest.epoch if self._newest else ""
        return [self._lanes[one] for one in sorted(self._lanes, key=written.__ne__)]

    def _send_more(self, now: float) -> list[Effect]:
        done: list[Effect] = []
        if self._line is not Line.ONLINE:
            return done
        for lane in self._by_turn():
            while lane.may_send and len(self._in_flight) < self._window:
                record = lane.waiting[lane.sent]
                lane.sent += 1
                place = (record.epoch, record.seq)
                if place not in self._in_flight:  # else the connection still has it
                    self._in_flight.add(place)
                    done.append(Send(*place))
            if lane.sent and lane.deadline is None:
                lane.wait(now)
        return done
