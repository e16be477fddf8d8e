"""Asks the parts how they are and feeds the watchdog, on the loop itself.

A loop that hangs feeds nothing, and a part that hangs keeps it from feeding. Leaves to
others: when a part hangs (`core.wellness`), what systemd does then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn, assert_never

from likeness.core.wellness import Feed, Looked, Part, TellHung, TellWell, Wellness
from likeness.service.ports import Clock

log = logging.getLogger(__name__)

PROBE_EVERY_S = 10.0

OwesSince = Callable[[], float | None]  # on the clock's seconds; None: owes nothing


class Wellbeing:
    """One for the daemon.

    Args:
        clock: monotonic seconds.
        owes: since when each part owes an answer, but the store.
        probe: goes to the store's thread and its disk, and back.
        notify: takes a word for systemd, e.g. "WATCHDOG=1".
        rules: judges; tests give shorter limits.
        probe_every_s: how long a store that has answered is left alone.
        told: of each part that begins to hang.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        owes: Mapping[Part, OwesSince],
        probe: Callable[[], Awaitable[None]],
        notify: Callable[[str], None],
        rules: Wellness | None = None,
        probe_every_s: float = PROBE_EVERY_S,
        told: Callable[[Part], None] = lambda _part: None,
    ) -> None:
        self._clock = clock
        self._owes: dict[Part, OwesSince] = {**owes, Part.STORE: self._store_owes}
        self._probe = probe
        self._notify = notify
        self._rules = rules or Wellness()
        self._probe_every_s = probe_every_s
        self._told = told
        self._probed_s: float | None = None

    @property
    def hung(self) -> tuple[str, ...]:
        """The names of the parts that hang, for telemetry."""
        return tuple(str(part) for part in self._rules.hung)

    def _store_owes(self) -> float | None:
        return self._probed_s

    async def run(self) -> None:
        """Look and feed until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_probing())
            group.create_task(self._keep_looking())

    async def _keep_probing(self) -> NoReturn:
        while True:
            self._probed_s = self._clock.now()
            await self._probe()
            self._probed_s = None
            await asyncio.sleep(self._probe_every_s)

    async def _keep_looking(self) -> NoReturn:
        while True:
            found = Looked({part: since() for part, since in self._owes.items()})
            for effect in self._rules.handle(found, self._clock.now()):
                self._carry_out(effect)
            await asyncio.sleep(max(0.0, self._rules.deadline - self._clock.now()))

    def _carry_out(self, effect: Feed | TellHung | TellWell) -> None:
        match effect:
            case Feed():
                self._notify("WATCHDOG=1")
            case TellHung(part, for_s):
                log.error("event=part_hangs part=%s for_s=%.1f", part, for_s)
                self._notify(f"STATUS={part} hangs: waiting to be started again")
                self._told(part)
            case TellWell(part):
                log.warning("event=part_answers_again part=%s", part)
                self._notify("STATUS=serving")
            case _:
                assert_never(effect)
