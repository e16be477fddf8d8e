"""How warm the terminal is, and what it does about that, least harm first.

    COOL ──→ WARM ──→ HOT ──→ TOO_HOT  one step after `up_after_s` above its mark
    COOL ←── WARM ←── HOT ←── TOO_HOT  one step after `down_after_s` COOLER_C below it

WARM shows the visitor fewer pictures. HOT takes fewer frames as well, yet never fewer
than a blink needs. TOO_HOT begins no visit: it cools, for a processor that is throttled
sees no blinks, and asks people for acts in vain. A visit that goes on is left as it is:
it lasts seconds, and a camera that changes its rate in it may have to stop.

A sensor that stops answering says nothing for the better: what was lowered stays low.
TOO_HOT alone is left for HOT, or nobody would be served ever again; the processor's own
brake is below. Leaves to others: measuring, a board's marks (`boards`), doing it
(`service.cooling`).
"""

from dataclasses import dataclass
from enum import IntEnum

COOLER_C = 5.0  # than a mark, before that level is left
# Beyond these a sensor is broken, and what it says is no temperature.
LEAST_C, MOST_C = -40.0, 125.0


class Level(IntEnum):
    """How far it has come."""

    COOL = 0
    WARM = 1
    HOT = 2
    TOO_HOT = 3


@dataclass(frozen=True, slots=True)
class Measures:
    """What is done at a level.

    Attributes:
        preview_per_s: pictures shown to the visitor; None: each that is drawn in time.
        fps: frames taken; None: as configured.
        serves: whether visits begin.
    """

    preview_per_s: float | None = None
    fps: float | None = None
    serves: bool = True


# 25 frames/s are what a blink needs (profile.min_frames_per_s: 24) and some for jitter.
MEASURES = {
    Level.COOL: Measures(),
    Level.WARM: Measures(preview_per_s=10.0),
    Level.HOT: Measures(preview_per_s=5.0, fps=25.0),
    Level.TOO_HOT: Measures(preview_per_s=5.0, fps=25.0, serves=False),
}


@dataclass(frozen=True, slots=True)
class Marks:
    """From which temperature on each level counts, in °C, rising."""

    warm_c: float = 70.0
    hot_c: float = 76.0
    too_hot_c: float = 83.0

    def of(self, level: Level) -> float:
        """Return the mark of a level above COOL."""
        return (self.warm_c, self.hot_c, self.too_hot_c)[level - 1]


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient it is: a board warms within minutes, and cools more slowly."""

    every_s: float = 5.0
    up_after_s: float = 10.0
    down_after_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Felt:
    """What was measured.

    Attributes:
        celsius: of the hottest sensor; None: not known.
        slowed: whether the firmware slows the processor for heat; None: not known.
        throttled: whether it slows it for whatever reason, for telemetry.
    """

    celsius: float | None
    slowed: bool | None = None
    throttled: bool | None = None


@dataclass(frozen=True, slots=True)
class Adopt:
    """Do from now on what this level asks."""

    level: Level
    measures: Measures
    celsius: float | None


@dataclass(frozen=True, slots=True)
class FellSilent:
    """Say that the sensor, which used to answer, does not any more; once a silence."""

    level: Level


Effect = Adopt | FellSilent


class Thermal:
    """Judges what is felt every few seconds.

    A machine that never told anything counts as cool.
    """

    def __init__(self, marks: Marks | None = None, pace: Pace | None = None) -> None:
        self._marks = marks or Marks()
        self._pace = pace or Pace()
        self._level = Level.COOL
        self._deadline = float("-inf")
        self._above_since: float | None = None
        self._below_since: float | None = None
        self._silent_since: float | None = None
        self._is_known = False  # it has answered since it was last called silent
        self._celsius: float | None = None  # as it answered; None: it is silent

    @property
    def level(self) -> Level:
        """How far it has come."""
        return self._level

    @property
    def deadline(self) -> float:
        """When to feel again."""
        return self._deadline

    def handle(self, event: Felt, now: float) -> list[Effect]:
        """Take what was felt; return what must follow, at most one step."""
        self._deadline = now + self._pace.every_s
        celsius = event.celsius
        if celsius is not None and not LEAST_C <= celsius <= MOST_C:
            celsius = None
        heard = self._heard(celsius, now)
        return [*heard, *self._judged(self._celsius, event.slowed, now)]

    def _heard(self, celsius: float | None, now: float) -> list[Effect]:
        """Notice a silence; a single answer that does not come is none."""
        if celsius is not None:
            self._silent_since, self._is_known, self._celsius = None, True, celsius
            return []
        self._silent_since = _since(self._silent_since, now)
        if not self._is_known:
            return []
        if not _lasted(self._silent_since, self._pace.up_after_s, now):
            return []
        self._is_known, self._celsius = False, None
        return [FellSilent(self._level)]

    def _judged(
        self, celsius: float | None, slowed: bool | None, now: float
    ) -> list[Effect]:
        above = self._is_above(celsius, slowed=bool(slowed))
        below = self._is_below(celsius, slowed)
        self._above_since = _since(self._above_since, now) if above else None
        self._below_since = _since(self._below_since, now) if below else None
        if _lasted(self._above_since, self._pace.up_after_s, now):
            return self._step(+1, celsius)
        if _lasted(self._below_since, self._pace.down_after_s, now):
            return self._step(-1, celsius)
        return []

    def _is_above(self, celsius: float | None, *, slowed: bool) -> bool:
        """Whether the next level's mark is reached; slowed means HOT, never TOO_HOT."""
        if self._level is Level.TOO_HOT:
            return False
        if slowed and self._level < Level.HOT:
            return True
        return celsius is not None and celsius >= self._marks.of(Level(self._level + 1))

    def _is_below(self, celsius: float | None, slowed: bool | None) -> bool:
        """Whether the present level is no longer called for, with some room."""
        if self._level is Level.COOL or (slowed and self._level <= Level.HOT):
            return False
        if celsius is None:  # the firmware alone may say that it is well
            return slowed is False or self._level is Level.TOO_HOT
        return celsius < self._marks.of(self._level) - COOLER_C

    def _step(self, by: int, celsius: float | None) -> list[Effect]:
        self._level = Level(self._level + by)
        self._above_since = self._below_since = None
        return [Adopt(self._level, MEASURES[self._level], celsius)]


def _since(before: float | None, now: float) -> float:
    return now if before is None else before


def _lasted(since: float | None, for_s: float, now: float) -> bool:
    return since is not None and now - since >= for_s
