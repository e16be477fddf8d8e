"""Carries out what heat asks: fewer pictures shown, fewer taken, at last no visits.

A camera's rate changes between visits only: some cameras must stop for that. Leaves to
others: when (`core.thermal`), feeling it (edges/heat.py), saying it to the visitor.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol, assert_never

from likeness.core.frame_pace import slower
from likeness.core.thermal import (
    Adopt,
    Effect,
    FellSilent,
    Felt,
    Level,
    Measures,
    Thermal,
)
from likeness.service.ports import Clock

log = logging.getLogger(__name__)

ANSWERS_WITHIN_S = 5.0
SILENT_TODO = (
    "look whether /sys/class/thermal still tells a temperature; if not, restart the"
    " machine, then change the board"
)


class Paced(Protocol):
    """What shows pictures; see edges/preview.py."""

    def set_pace(self, per_s: float | None) -> None:
        """Show at most so many per second; None: as many as are drawn in time."""
        ...


class Cooling:
    """One for the daemon.

    Args:
        clock: monotonic seconds.
        feel: measures.
        rules: judge.
        fps: frames per second that are configured; fewer are never made more.
        set_rate: wishes for a camera's rate; None: as configured.
        at_rest: returns as soon as no visit goes on.
        preview: is shown at the pace that a level allows; None: there is no page.
        changed: told when visits may begin no more, and when they may again.
        within_s: a measurement that takes longer says nothing.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        feel: Callable[[], Felt],
        rules: Thermal,
        fps: float,
        set_rate: Callable[[float | None], None],
        at_rest: Callable[[], Awaitable[object]],
        preview: Paced | None = None,
        changed: Callable[[], None] = lambda: None,
        within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        self._clock = clock
        self._feel = feel
        self._rules = rules
        self._fps = fps
        self._set_rate = set_rate
        self._at_rest = at_rest
        self._preview = preview
        self._changed = changed
        self._within_s = within_s
        self._feeling: asyncio.Task[Felt] | None = None
        self._wanted = asyncio.Event()  # another rate than the camera was told
        self._measures = Measures()
        self.felt = Felt(None)  # what was measured last, for telemetry

    @property
    def level(self) -> Level:
        """How far it has come, for telemetry."""
        return self._rules.level

    @property
    def serves(self) -> bool:
        """Whether a visit may begin."""
        return self._measures.serves

    async def run(self) -> None:
        """Feel and cool until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_feeling())
            group.create_task(self._keep_rate())

    async def _keep_feeling(self) -> NoReturn:
        while True:
            self.felt = await self._answer()
            for effect in self._rules.handle(self.felt, self._clock.now()):
                self._carry_out(effect)
            await asyncio.sleep(max(0.0, self._rules.deadline - self._clock.now()))

    async def _answer(self) -> Felt:
        """Return what is felt; nothing while an answer is held back.

        Sensors are files of the kernel, and firmware may be slow, or hang. Then it is
        not asked once more: each question would hold a thread.
        """
        if self._feeling is None:
            self._feeling = asyncio.create_task(asyncio.to_thread(self._feel))
        await asyncio.wait([self._feeling], timeout=self._within_s)
        if not self._feeling.done():
            return Felt(None)
        feeling, self._feeling = self._feeling, None
        return feeling.result()

    async def _keep_rate(self) -> NoReturn:
        while True:
            await self._wanted.wait()
            await self._at_rest()
            self._wanted.clear()
            wanted = self._measures.fps
            self._set_rate(None if wanted is None else slower(self._fps, wanted))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Adopt():
                self._adopt(effect)
            case FellSilent(level):
                log.warning(
                    "event=thermal_silent level=%s what_to_do=%r",
                    level.name.lower(),
                    SILENT_TODO,
                )
            case _:
                assert_never(effect)

    def _adopt(self, adopt: Adopt) -> None:
        before, self._measures = self._measures, adopt.measures
        level = logging.INFO if adopt.measures.serves else logging.WARNING
        log.log(
            level,
            "event=thermal level=%s celsius=%s",
            adopt.level.name.lower(),
            "unknown" if adopt.celsius is None else f"{adopt.celsius:.1f}",
        )
        if self._preview is not None:
            self._preview.set_pace(adopt.measures.preview_per_s)
        if adopt.measures.fps != before.fps:
            self._wanted.set()
        if adopt.measures.serves != before.serves:
            self._changed()
