"""What time it is as far as anybody here knows: the wall clock, judged by the floor.

The floor (`core.time_floor`) is raised by what the carrier has signed, and kept in the
store, so that a restart without a clock does not bring the past back. Leaves to others:
the rules, the clock itself, telling the carrier (`anchoring`).
"""

import logging
from datetime import UTC, datetime

from likeness import RELEASED_UTC_S
from likeness.core import time_floor
from likeness.core.vocabulary import Moment, Today
from likeness.errors import StoreFull
from likeness.service.ports import WallClock
from likeness.service.ports_keeping import Memory

log = logging.getLogger(__name__)

REMEMBERED = "time_floor"


class Timekeeping:
    """`WallClock` of `service.ports`, with the doubt that belongs to it."""

    def __init__(self, wall: WallClock, *, released_s: int = RELEASED_UTC_S) -> None:
        """Take a clock, and a time that has certainly been reached."""
        self._wall = wall
        self._released_s = self._floor_s = released_s
        self._memory: Memory | None = None

    async def open(self, memory: Memory) -> None:
        """Take up the floor where it was; without this it ends with the process."""
        kept = await memory.recall(REMEMBERED) or ""
        self._memory = memory
        if kept.isdecimal():
            self._floor_s = max(self._floor_s, int(kept))

    @property
    def floor_s(self) -> int:
        """Seconds since 1970 that have certainly passed."""
        return self._floor_s

    def moment(self) -> Moment:
        """Return this moment; "unsynced" if its wall clock cannot be right."""
        return time_floor.judged(self._wall.moment(), self._floor_s)

    def believed_now(self) -> int | None:
        """Return seconds since 1970, or None while nobody knows."""
        return time_floor.believed_now(self._wall.moment(), self._floor_s)

    def earliest_now(self) -> int:
        """Return the least that the time can be; what expired before has expired."""
        return time_floor.earliest_now(self._wall.moment(), self._floor_s)

    def earliest_of_broker(self) -> int:
        """Return the same for a broker's certificate: floor and clock may disagree."""
        return time_floor.earliest_of_broker(
            self._wall.moment(), self._floor_s, self._released_s
        )

    def today(self) -> Today:
        """Return the day in UTC, or the earliest that it can be."""
        day = datetime.fromtimestamp(self.earliest_now(), UTC).date()
        return Today(day, is_known=self.believed_now() is not None)

    async def heard(self, said_s: int, *, fresh: bool = False) -> None:
        """Take note of a time that the carrier has signed, and we have verified.

        Args:
            said_s: seconds since 1970.
            fresh: it answers a question of ours that nobody could foresee.
        """
        moment, floor_s = self._wall.moment(), self._floor_s
        if fresh:
            floor_s = time_floor.mended(floor_s, said_s, moment, self._released_s)
        floor_s = time_floor.raised(floor_s, said_s, moment)
        if floor_s == self._floor_s:
            return
        if floor_s < self._floor_s:
            log.warning("event=time_floor_mended from=%d to=%d", self._floor_s, floor_s)
        self._floor_s = floor_s
        if self._memory is None:
            return
        try:
            await self._memory.remember(REMEMBERED, str(floor_s))
        except StoreFull as fault:
            log.error("event=time_floor_not_kept why=%r", str(fault))  # noqa: TRY400
