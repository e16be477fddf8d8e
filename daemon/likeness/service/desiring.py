"""Takes the configuration that the carrier desires, and reports what became of it.

What is taken is put on the disk, then the daemon starts anew between two visits: one
way for every value, also after a crash. Leaves to others: the rules (`core.desired`),
what a start makes of the file (`desired_in_force`), bundles (`updates`).
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from likeness.core import desired, messages, orders
from likeness.core.desired import Ledger, Refused, Why, Wish
from likeness.core.desired_report import DesiredReport
from likeness.core.line import Arrived
from likeness.errors import (
    ConfigError,
    ModelError,
    Restarting,
    StoreFull,
    UpdateRefused,
)
from likeness.service.commanding import Say
from likeness.service.ports import Clock
from likeness.service.ports_carrier import OrderVerifier
from likeness.service.ports_keeping import LedgerFile
from likeness.service.ports_parts import Visits
from likeness.service.timekeeping import Timekeeping

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 300.0  # one that was refused is tried again, and not before

Running = Callable[[], Mapping[str, object]]
# Switches to a bundle from the next start on and calls what it is given; if that
# raises, all is as it was. Raises UpdateRefused.
Use = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """What this run was started with."""

    wish: Wish | None  # None: the file's own values
    refused: Refused | None = None  # one that was given back at this start


class Desiring:
    """Takes one wish at a time; of those that come meanwhile, the newest waits.

    Args:
        device: our name.
        standing: what this run was started with.
        file: where the next start finds it.
        verifier: knows the carrier's command key.
        time: what time it is at least.
        clock: monotonic seconds.
        restarts_from: on that clock; nothing is taken and no end comes before.
        visits: nothing changes in the middle of one.
        fits: raises ConfigError if the values do not fit this terminal.
        fetch: brings a bundle here, tries it and returns what switches to it; raises
            UpdateRefused, ModelError or ConfigError.
        running: what is in force now.
        unmet: what of the wish in force is not so after all; empty: all is.
        say: publishes.
    """

    def __init__(
        self,
        *,
        device: str,
        standing: Standing,
        file: LedgerFile,
        verifier: OrderVerifier,
        time: Timekeeping,
        clock: Clock,
        visits: Visits,
        fits: Callable[[orders.Overrides], None],
        fetch: Callable[[orders.Bundle], Awaitable[Use]],
        running: Running,
        unmet: Callable[[], str],
        say: Say,
        restarts_from: float = 0.0,
    ) -> None:
        self._device = device
        self._in_force = standing.wish
        self._file = file
        self._verifier = verifier
        self._time = time
        self._clock = clock
        self._restarts_from = restarts_from
        self._visits = visits
        self._fits = fits
        self._fetch = fetch
        self._running = running
        self._unmet = unmet
        self._say = say
        self._next: Wish | None = None  # waits until the one before it is done with
        self._came = asyncio.Event()
        self._tried: Wish | None = None  # the last one that was begun with
        self._again_at = 0.0
        self._report = DesiredReport(standing.wish, standing.refused)
        self.counts: Counter[str] = Counter()
        if standing.refused is not None:
            _log("refused", standing.refused)

    # --- from outside ---------------------------------------------------------------
    def hear(self, message: Arrived) -> None:
        """Take in a message from `desired`.

        Raises:
            Untrusted: the carrier's command key has not signed it: no word about it.
        """
        signed = self._verifier.order(message.payload)
        wish = desired.read(signed, message.payload.decode("ascii"), self._device)
        if isinstance(wish, Refused):
            self._note("refused", desired.unread(wish, self._file.read()))
        elif self._is_in_force(wish):
            self.counts["repeated"] += 1
        elif (refused := self._judge(wish)) is not None:
            self._note("refused", refused)
        elif self._was_tried(wish):
            self.counts["repeated"] += 1
        else:
            self._let_wait(wish)

    def report(self) -> None:
        """Say what became of the last wish, and what runs; retained."""
        said = msgspec.structs.replace(self._report.said, running=dict(self._running()))
        if said.state == "applied" and (why := self._unmet()):
            reason = why[: orders.REASON_CHARS]
            said = msgspec.structs.replace(said, state="refused", reason=reason)
        self._say("reported", messages.to_json(said), retain=True)

    async def run(self) -> None:
        """Take wishes until cancelled.

        Raises:
            Restarting: one was taken, and the next start uses it.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._live())
            while True:
                await self._take(await self._newest())

    def ended_in_order(self) -> None:
        """Note that this run was stopped, and did not fall: no start against it."""
        if self._in_force is not None:
            before = self._file.read()
            after = desired.ended_in_order(before, self._in_force.token)
            if after != before:
                self._keep(after)

    # --- one wish -------------------------------------------------------------------
    def _let_wait(self, wish: Wish) -> None:
        """Keep the newest only: an older one is never wanted beside it."""
        if self._next is None or wish.version > self._next.version:
            self._next = wish
            self._came.set()

    async def _newest(self) -> Wish:
        while self._next is None:
            self._came.clear()
            await self._came.wait()
        wish, self._next = self._next, None
        return wish

    def _judge(self, wish: Wish) -> Refused | None:
        if self._report.is_superseded(wish.version):
            return Refused(Why.STALE, wish.version, wish.digest)
        time = self._time
        return desired.judge(
            wish, self._file.read(), time.earliest_now(), time.believed_now()
        )

    def _is_in_force(self, wish: Wish) -> bool:
        return self._in_force is not None and wish.is_same_as(self._in_force)

    def _was_tried(self, wish: Wish) -> bool:
        """Say whether it is in work, or was refused not long ago."""
        tried = self._tried is not None and wish.is_same_as(self._tried)
        return tried and self._clock.now() < self._again_at

    async def _take(self, wish: Wish) -> None:
        self._tried, self._again_at = wish, math.inf
        await self._time.heard(wish.issued_s)
        try:
            self._fits(wish.overrides)
            self._note("pending", wish)
            await asyncio.sleep(self._restarts_from - self._clock.now())
            await self._visits.at_rest()
            use = await self._bring(wish.overrides.bundle)
            if (refused := self._judge(wish)) is None:
                # The bundle first: after a crash between, the wish is heard again.
                use(lambda: self._accept(wish))
        except (UpdateRefused, ModelError, ConfigError, StoreFull) as fault:
            refused = Refused(str(fault), wish.version, wish.digest)
        if refused is not None:
            self._again_at = self._clock.now() + AGAIN_AFTER_S
            self._note("refused", refused)
            return
        await self._visits.at_rest()
        self._visits.close("restarting")
        raise Restarting(f"configuration {wish.version} is used from the next start on")

    async def _bring(self, bundle: orders.Bundle | None) -> Use:
        return at_once if bundle is None else await self._fetch(bundle)

    def _accept(self, wish: Wish) -> None:
        try:
            self._file.keep(desired.accept(self._file.read(), wish))
        except OSError as problem:
            raise StoreFull(f"it cannot be kept: {problem.strerror}") from problem

    async def _live(self) -> None:
        """What has run for a while is no trial any more."""
        ledger = self._file.read()
        if not ledger.on_trial:
            return
        await asyncio.sleep(desired.LIVES_AFTER_S)
        if (now := self._file.read()).current == ledger.current:
            self._keep(desired.lived(now))

    def _keep(self, ledger: Ledger) -> None:
        try:
            self._file.keep(ledger)
        except OSError as problem:  # the next start counts once more
            log.warning("event=desired_not_kept why=%s", problem.strerror)

    # --- what we say ----------------------------------------------------------------
    def _note(self, state: orders.DesiredState, about: Wish | Refused) -> None:
        """Say and log it, if it is news; count it if it is a refusal."""
        self.counts[state] += 1
        if self._report.note(about, self._clock.now()):
            _log(state, about)
            self.report()


def _log(state: orders.DesiredState, about: Wish | Refused) -> None:
    why = about.why if isinstance(about, Refused) else ""
    level = logging.ERROR if why else logging.WARNING
    log.log(
        level, "event=desired version=%d state=%s why=%r", about.version, state, why
    )


def at_once(keep: Callable[[], None]) -> None:
    """Stand for a bundle where none is to be switched to."""
    keep()
