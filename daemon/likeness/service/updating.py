"""Carries the trial of new models: watches what vision does, and keeps what follows.

Stands between the terminal and its `Sight`, so that neither knows of a trial. Leaves to
others: the rules (`core.health_window`), the disk, how a set came here.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NoReturn, assert_never

from likeness.core import health_window as health
from likeness.core import update
from likeness.core.seen import Attention, Embedding, Observation
from likeness.errors import ModelError, ModelsReturned
from likeness.service.ports import Clock, Frame, Sight

log = logging.getLogger(__name__)

Change = Callable[[update.Ledger], update.Ledger]


class WatchedSight:
    """A `Sight` that tells a trial how it fares; without a trial it only passes on."""

    def __init__(
        self,
        sight: Sight,
        *,
        clock: Clock,
        digest: str,
        trial: update.Trial | None,
        rules: health.HealthRules,
        keep: Callable[[Change], object],
    ) -> None:
        """Begin this run's share of a trial.

        Args:
            sight: what looks.
            clock: monotonic seconds.
            digest: of the set that is in use.
            trial: how far it has come; None: there is none.
            rules: what it asks for.
            keep: changes the ledger on the disk; may raise OSError.
        """
        self._sight = sight
        self._clock = clock
        self._digest = digest
        self._keep = keep
        self._window = (
            None if trial is None else health.HealthWindow(trial, rules, clock.now())
        )
        self._looked = False
        self._face_seen = False
        self._returned = asyncio.Event()
        self._why = ""

    @property
    def looking(self) -> bool:
        """Whether a frame of this visit was looked at."""
        return self._looked

    async def enrol(self, portrait: bytes) -> Embedding | None:
        """Embed the card's portrait; None if it is not usable."""
        try:
            return await self._sight.enrol(portrait)
        except (ModelError, RuntimeError, ValueError) as fault:
            self._failed(fault)

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        """Understand one frame."""
        try:
            seen = await self._sight.look(frame, attention)
        except (ModelError, RuntimeError, ValueError) as fault:
            self._failed(fault)
        self._looked = True
        self._face_seen |= seen.faces > 0
        return seen

    def forget(self) -> None:
        """Drop the tracked face: the visit is over."""
        self._sight.forget()
        if self._looked:
            self._take(health.VisitOver(face_seen=self._face_seen))
        self._looked = self._face_seen = False

    async def run(self) -> NoReturn:
        """Wait for what time brings, until cancelled.

        Raises:
            ModelsReturned: the set was given back; start again with the one before it.
        """
        while not self._returned.is_set():
            deadline = self._window.deadline if self._window else None
            wait_s = None if deadline is None else deadline - self._clock.now()
            try:
                async with asyncio.timeout(wait_s):
                    await self._returned.wait()
            except TimeoutError:
                self._take(health.TimePassed())
        raise ModelsReturned(
            f"models {self._digest[:12]} were given back: {self._why}; the set before"
            " them is used from the next start on"
        )

    def ended_in_order(self) -> None:
        """Note that this run was stopped, and did not fall: a good start so far."""
        if self._window is None:
            return
        try:
            self._keep(lambda ledger: update.ended_in_order(ledger, self._digest))
        except OSError as problem:  # then it counts
            log.warning("event=trial_not_kept why=%s", problem.strerror)

    def _failed(self, fault: Exception) -> NoReturn:
        # Of other faults only the kind is told: their text is not ours.
        told = str(fault) if isinstance(fault, ModelError) else type(fault).__name__
        self._take(health.VisionFailed(told))
        raise fault

    def _take(self, event: health.Event) -> None:
        if self._window is None:
            return
        for effect in self._window.handle(event, self._clock.now()):
            try:
                self._carry_out(effect)
            except OSError as problem:
                # Not kept: the trial takes longer, or the next start finds it again.
                log.warning("event=trial_not_kept why=%s", problem.strerror)

    def _carry_out(self, effect: health.Effect) -> None:
        match effect:
            case health.Keep(trial):
                self._keep(lambda ledger: update.keep(ledger, self._digest, trial))
            case health.Confirm():
                self._keep(lambda ledger: update.confirm(ledger, self._digest))
                log.info("event=models_confirmed set=%s", self._digest[:12])
            case health.GoBack(why):
                self._why = why
                self._returned.set()
                self._keep(lambda ledger: update.go_back(ledger, self._digest, why))
                log.error("event=models_returned set=%s why=%s", self._digest[:12], why)
            case _:
                assert_never(effect)
