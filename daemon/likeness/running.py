"""Runs the parts of one daemon together, and ends them together.

Leaves to others: making them (`wiring`), signals (`serving`).
"""

import asyncio
from dataclasses import dataclass

from likeness import clerk, climate, front, remote, talk
from likeness.edges.store import SqliteStore
from likeness.errors import Restarting, first_fault
from likeness.service.delivery import Delivery
from likeness.service.diagnosing import Diagnosing
from likeness.service.housekeeping import keep_house
from likeness.service.readers import Readers
from likeness.service.terminal import Terminal
from likeness.service.timekeeping import Timekeeping
from likeness.service.updating import WatchedSight
from likeness.service.wellbeing import Wellbeing


@dataclass(frozen=True, slots=True)
class Daemon:
    """All parts of one running terminal."""

    terminal: Terminal
    reading: Readers
    delivery: Delivery
    store: SqliteStore
    sight: WatchedSight
    wall: Timekeeping
    well: Wellbeing
    far: remote.Remote | None = None
    talks: talk.Talk | None = None
    desk: clerk.Clerk | None = None
    page: front.Front | None = None
    diagnosing: Diagnosing | None = None
    weather: climate.Climate | None = None

    async def run(self) -> None:
        """Serve until cancelled; a rule that raises ends the daemon.

        Raises:
            Restarting: the carrier wants it.
            StoreBroken: the database failed; the next start sets it aside.
            ModelsReturned: new models failed; the next start uses those before.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.terminal.run())
                group.create_task(self.reading.run())
                group.create_task(self.delivery.run())
                group.create_task(self.sight.run())
                if self.far is not None:
                    group.create_task(self.far.run())
                if self.talks is not None:
                    group.create_task(self.talks.run())
                if self.page is not None:
                    group.create_task(self.page.run())
                if self.desk is not None:
                    group.create_task(self.desk.server.run())
                group.create_task(self.well.run())
                if self.weather is not None:
                    group.create_task(self.weather.cooling.run())
                group.create_task(
                    keep_house(
                        self.store.prune,
                        idle=lambda: self.terminal.idle,
                        now_s=self.wall.believed_now,
                    )
                )
        except asyncio.CancelledError:
            self._ended_in_order()
            raise
        except BaseExceptionGroup as faults:
            fault = first_fault(faults)
            wanted = faults.split(Restarting)[1] is None
            if self.diagnosing is not None and not wanted:
                self.diagnosing.crashed(faults)
            if fault is None:
                raise
            if wanted:
                self._ended_in_order()
            raise fault from faults

    def _ended_in_order(self) -> None:
        # Who stops one that hangs has only been quicker than the watchdog.
        if not self.well.hung:
            self.sight.ended_in_order()
            if self.far is not None:
                self.far.ended_in_order()
