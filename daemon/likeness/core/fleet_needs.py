"""What of a terminal needs a person, in plain words, the worst first.

The points only put terminals in an order; they are no measurement. What keeps results
from the carrier, or lets in what is none, stands above what keeps a shop from working,
and that above what will do so later. Leaves to others: how it is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from likeness.core import fleet
from likeness.core.fleet import Facts, Standing, State

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
KIB_PER_MIB = 1024
FULL_MIB, TIGHT_MIB = 64, 256  # the store takes no visit below 16 MiB
HOT_C, WARM_C = 80.0, 70.0  # a Pi throttles from 80 °C on
# A person who changed the key, or the database, has asked for these.
WANTED_ALARMS = frozenset({"key_changed", "new_epoch"})
URGENT, SOON = 80, 40


class Level(StrEnum):
    """How soon somebody should look."""

    URGENT = "urgent"
    SOON = "soon"
    WATCH = "watch"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is not as it should be."""

    points: int
    what: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal as it is now."""

    facts: Facts
    state: State
    standing: Standing
    oldest_s: float | None
    needs: tuple[Need, ...]

    @property
    def points(self) -> int:
        """Of the worst that it has."""
        return self.needs[0].points if self.needs else 0

    @property
    def level(self) -> Level:
        """How soon somebody should look."""
        if self.points >= URGENT:
            return Level.URGENT
        if self.points >= SOON:
            return Level.SOON
        return Level.WATCH if self.needs else Level.WELL

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts those first that need somebody most."""
        return -self.points, -len(self.needs), self.facts.device


def terminal(facts: Facts, now: float, watching_s: float) -> Terminal:
    """Judge a terminal; times are UTC seconds."""
    state = fleet.state_of(facts, now, watching_s)
    standing = fleet.standing_of(facts)
    oldest_s = fleet.oldest_s(facts, now)
    found = [
        *_of_records(facts, oldest_s),
        *_of_state(facts, state, now),
        *_of_parts(facts),
        *_of_machine(facts),
        *_of_orders(facts, standing, now),
        *_of_scores(facts),
    ]
    needs = tuple(sorted(found, key=lambda need: -need.points))
    return Terminal(facts, state, standing, oldest_s, needs)


def lasting(seconds: float) -> str:
    """Say how long, coarsely: what is shown must not change with each second."""
    if seconds < 90:  # noqa: PLR2004 - one word for a terminal that is heard all the time
        return "a minute"
    if seconds < 90 * MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 36 * HOUR:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"


def _of_records(facts: Facts, oldest_s: float | None) -> Iterator[Need]:
    alarms, told = facts.alarms, facts.telemetry
    bad = [kind for kind in alarms.kinds if kind not in WANTED_ALARMS]
    if bad:
        yield Need(
            100,
            f"the carrier found its records wrong: {', '.join(bad)}",
            "read 'likeness carrier alarms'; a copied disk or a stolen key looks so",
        )
    elif alarms.kinds:
        said = ", ".join(alarms.kinds)
        yield Need(46, f"alarm: {said}", "was it you who changed key or database?")
    if told.set_aside:
        yield Need(
            90,
            f"{told.set_aside} records that the carrier will never take",
            "look at 'likeness outbox' there, and at our alarms",
        )
    if oldest_s is not None and oldest_s >= 15 * MINUTE:
        points = 95 if oldest_s >= HOUR else 60
        yield Need(
            points,
            f"{told.waiting} records without receipt, the oldest for"
            f" {lasting(oldest_s)}",
            "do not reset it; nothing is lost while its disk is there",
        )


def _of_state(facts: Facts, state: State, now: float) -> Iterator[Need]:
    gone_s = now - (facts.status_s or now)
    # What the broker had kept is as old as that at least.
    least = "" if facts.is_dated else "at least "
    match state:
        case State.LOST:
            points = 40 if facts.is_dated and gone_s < 5 * MINUTE else 70
            yield Need(
                points,
                f"lost for {least}{lasting(gone_s)}",
                "ask the shop: is it on, is there a line?",
            )
        case State.STOPPING if gone_s >= DAY:
            yield Need(
                38,
                f"stopped {least}{lasting(gone_s)} ago",
                "is this shop still in use?",
            )
        case State.STOPPING:
            yield Need(10, f"stopped in order {least}{lasting(gone_s)} ago")
        case State.UNKNOWN if facts.status is None:
            yield Need(
                35, "never seen at this broker", "is it installed, and by this name?"
            )
        case State.UNKNOWN if facts.status and facts.status.word in list(State):
            yield Need(
                68,
                "says that it is online, and nothing is heard of it",
                "restart it, and keep its journal",
            )
        case State.UNKNOWN:
            yield Need(
                56, "its status is none that we know", "see which release it runs"
            )
        case State.ONLINE:
            pass
    if not facts.is_enrolled:
        yield Need(
            57,
            "the carrier has no key of this name: nothing that it signs is taken",
            "enrol it, or find out who connects by this name",
        )
    if facts.unread:
        yield Need(
            56,
            f"cannot be read: {', '.join(facts.unread)}",
            "see which release it runs, and who else has its certificate",
        )


def _of_parts(facts: Facts) -> Iterator[Need]:
    told = facts.telemetry
    if told.hung:
        yield Need(
            88, f"hangs: {', '.join(told.hung)}", "it restarts itself; if not, do so"
        )
    if told.reader == "lost":
        yield Need(86, "no card reader", "is it plugged in? run 'likeness doctor'")
    if told.camera == "missing":
        yield Need(85, "no camera", "is it plugged in? run 'likeness doctor'")
    if told.screen == "none" and "page" in facts.birth.capabilities:
        yield Need(82, "no page is shown on its screen", "restart likeness-screen")
    if told.line_fault:
        yield Need(65, f"line: {told.line_fault}", "its journal says what to do")
    if told.is_slow:
        yield Need(30, "vision is slow", "see the runtime, and what else runs there")
    if told.clock == "unsynced":
        yield Need(50, "its clock is not set", "let it reach an NTP server")


def _of_machine(facts: Facts) -> Iterator[Need]:
    told = facts.telemetry
    if told.disk_free_kib is not None:
        free = told.disk_free_kib // KIB_PER_MIB
        if free < TIGHT_MIB:
            points = 84 if free < FULL_MIB else 45
            yield Need(points, f"{free} MiB of disk left", "free some room")
    if told.is_throttled:
        yield Need(48, "its processor is slowed", "see to its air and its supply")
    if told.temperature_c is not None and told.temperature_c >= WARM_C:
        is_hot = told.temperature_c >= HOT_C
        said = f"{told.temperature_c:.0f} °C"
        yield Need(52 if is_hot else 20, said, "give it air or a heat sink")


def _of_orders(facts: Facts, standing: Standing, now: float) -> Iterator[Need]:
    wanted = facts.desired
    reason = facts.reported.reason if facts.reported else ""
    waits_s = now - wanted.made_s if wanted else 0.0
    match standing:
        case Standing.REFUSED:
            yield Need(55, f"refused its configuration: {reason}", "desire another")
        case Standing.PENDING | Standing.UNTOLD if waits_s >= HOUR:
            yield Need(
                42,
                f"its configuration is pending for {lasting(waits_s)}",
                "it is taken at a start, between two visits",
            )
        case Standing.ANOTHER:
            yield Need(
                54,
                "it reports a configuration that was not the last one desired here",
                "who else can sign for it? compare the versions",
            )
        case _:
            pass
    if facts.birth.models_returned:
        yield Need(
            53,
            f"gave new models back: {facts.birth.models_returned}",
            "its journal says more; do not roll them out further",
        )


def _of_scores(facts: Facts) -> Iterator[Need]:
    if facts.drifting:
        yield Need(
            58,
            f"scores unlike the fleet's: {', '.join(facts.drifting)}",
            "clean the lens, look at the light, then at who tries what there",
        )
