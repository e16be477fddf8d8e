"""What is known of one terminal, and how it is: facts in, a row out; time is given.

    (nothing) ──→ UNKNOWN ←──────── says online, and is not heard for long
    online    ──→ ONLINE  ←──────── is heard although it was said to be lost
    stopping  ──→ STOPPING          it was stopped in order
    lost      ──→ LOST              its last will: the line broke

A will may come late, when the terminal is long back after a new boot: one that names
another boot than the one that is online says nothing. Leaves to others: reading
(`fleet_words`), what needs a person (`fleet_needs`), where facts come from.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from likeness.core.fleet_words import (
    Birth,
    Reported,
    Said,
    Status,
    Telemetry,
    Unread,
)

TELEMETRY_EVERY_S = 30.0  # where a terminal does not say its own
SILENT_AFTER = 4  # telemetries that should have come
SILENT_S = 180.0  # and not sooner than that
STUCK_S = 60.0  # a record that waits for longer is not just on its way
# Telemetry and a last will come by two ways; who is heard this much later is there.
LATER_S = 15.0


class State(StrEnum):
    """How a terminal stands to the broker; the words of `/metrics`."""

    ONLINE = "online"
    STOPPING = "stopping"
    LOST = "lost"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """What was desired, against what is reported."""

    NOTHING = "nothing desired"
    AS_DESIRED = "as desired"
    PENDING = "pending"
    REFUSED = "refused"
    UNTOLD = "not reported"
    ANOTHER = "another one"


@dataclass(frozen=True, slots=True)
class Desired:
    """The newest configuration that the carrier has signed for a terminal."""

    version: int
    digest: str
    made_s: float


@dataclass(frozen=True, slots=True)
class Alarms:
    """What the carrier's side has found wrong of late."""

    kinds: tuple[str, ...] = ()  # of `carrier.verify.Problem`
    count: int = 0
    newest_s: float = 0.0


NO_BIRTH, NO_TELEMETRY, NO_ALARMS = Birth(), Telemetry(), Alarms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of a terminal. Times are UTC seconds of our own clock."""

    device: str
    is_enrolled: bool = True  # the carrier has a key of it
    status: Status | None = None
    status_s: float | None = None  # since when; or when we heard of it,
    is_dated: bool = True  # where the broker had kept it from a time that is not known
    boot: str = ""  # that was online last
    heard_s: float | None = None  # when it said something itself
    birth: Birth = NO_BIRTH
    telemetry: Telemetry = NO_TELEMETRY
    telemetry_s: float | None = None
    reported: Reported | None = None
    unread: tuple[str, ...] = ()  # topics on which it said what nobody can read
    desired: Desired | None = None
    alarms: Alarms = NO_ALARMS
    labels: tuple[str, ...] = ()
    drifting: tuple[str, ...] = ()  # scores that stand apart from the fleet's


def hear(facts: Facts, said: Said, now: float, *, is_live: bool) -> Facts:
    """Take in one message.

    Args:
        facts: as they were.
        said: what was read.
        now: UTC seconds.
        is_live: it was said now; else the broker has kept it for us.
    """
    leaf = _LEAVES.get(type(said), "")
    if is_live and not (isinstance(said, Status) and said.word == State.LOST):
        facts = replace(facts, heard_s=now)
    if leaf in facts.unread:
        unread = tuple(one for one in facts.unread if one != leaf)
        facts = replace(facts, unread=unread)
    match said:
        case Status():
            return _with_status(facts, said, now, is_live=is_live)
        case Birth():
            return replace(facts, birth=said)
        case Telemetry():
            return replace(facts, telemetry=said, telemetry_s=now)
        case Reported():
            return replace(facts, reported=said)
        case Unread(leaf):
            return replace(facts, unread=tuple(sorted({*facts.unread, leaf})))
        case _:
            assert_never(said)


_LEAVES = {
    Status: "status",
    Birth: "birth",
    Telemetry: "telemetry",
    Reported: "reported",
}


def _with_status(facts: Facts, said: Status, now: float, *, is_live: bool) -> Facts:
    if said == facts.status:
        return facts
    before = facts.status.word if facts.status else ""
    is_another = bool(facts.boot) and said.boot != facts.boot
    if said.word == State.LOST and before == State.ONLINE and is_another:
        return facts  # a late will
    boot = said.boot if said.word == State.ONLINE else facts.boot
    return replace(facts, status=said, status_s=now, is_dated=is_live, boot=boot)


def state_of(facts: Facts, now: float, watching_s: float) -> State:
    """Return how it stands; `watching_s`: since when we have had a line (UTC)."""
    if facts.status is None or facts.status.word not in list(State):
        return State.UNKNOWN
    word = State(facts.status.word)
    if word is State.UNKNOWN:
        return word
    if word is not State.ONLINE:
        gone_s = facts.status_s or 0.0
        if (facts.heard_s or 0.0) < gone_s + LATER_S:
            return word
    return (
        State.UNKNOWN
        if now - last_s(facts, watching_s) > silent_s(facts)
        else (State.ONLINE)
    )


def last_s(facts: Facts, watching_s: float) -> float:
    """Return when it could have been heard last: it counts only while we listen."""
    return max(facts.heard_s or 0.0, watching_s)


def silent_s(facts: Facts) -> float:
    """Return for how long it may say nothing."""
    said = facts.reported.telemetry_every_s if facts.reported else None
    return max(SILENT_S, SILENT_AFTER * (said or TELEMETRY_EVERY_S))


def oldest_s(facts: Facts, now: float) -> float | None:
    """Return the age of its oldest record without receipt, in seconds, if it has one.

    What was stuck when it said so goes on to age while it says nothing; what was only
    on its way has most likely come.
    """
    told, said_s = facts.telemetry, facts.telemetry_s
    if not told.waiting or told.oldest_s is None or said_s is None:
        return None
    is_stuck = told.oldest_s >= STUCK_S
    return told.oldest_s + (max(0.0, now - said_s) if is_stuck else 0.0)


def standing_of(facts: Facts) -> Standing:
    """Compare what is desired with what is reported."""
    wanted, told = facts.desired, facts.reported
    if wanted is None:
        return Standing.NOTHING
    if told is None:
        return Standing.UNTOLD
    if told.version < wanted.version:
        return Standing.PENDING
    if (told.version, told.digest) != (wanted.version, wanted.digest):
        return Standing.ANOTHER
    match told.state:
        case "applied":
            return Standing.AS_DESIRED
        case "refused":
            return Standing.REFUSED
        case _:
            return Standing.PENDING
