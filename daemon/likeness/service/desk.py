"""The clerk's desk: visits of the last 24 hours, their results, and who is called.

Hears of each visit as a watch; opens and ends visits as the terminal allows. What it
knows is in memory; after a restart it is read back from the signed results. Leaves to
others: HTTP and who may ask (edges/desk_*.py), attendants' decisions
(desk_decisions.py), signing (statements.py).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from likeness.core import desk_lines, jws
from likeness.core.chain import Link, Stored
from likeness.core.desk_calls import Calls
from likeness.core.desk_words import (
    CallList,
    Decide,
    DeskEvent,
    HealthReport,
    OpenVisit,
    Refused,
    VisitLine,
    VisitList,
    VisitState,
)
from likeness.core.next_step import NextStep
from likeness.core.visit_events import Cancelled
from likeness.core.vocabulary import Conclusion, Purpose, Reason, Verdict
from likeness.service.desk_decisions import Deciding
from likeness.service.desk_kept import KEEP_S, Kept, KeptVisits
from likeness.service.desk_memory import DeskMemory
from likeness.service.ports import Clock, WallClock
from likeness.service.ports_parts import Statements
from likeness.service.terminal import Terminal

log = logging.getLogger(__name__)

CANCELLED_WITHIN_S = 5.0
LOOK_EVERY_S = 0.25


class Desk:
    """`VisitWatch` of the terminal, and the rules behind the API.

    Args:
        terminal: looked up when it is used.
        clock: for what is too old to be told.
        wall: says when a visit began.
        token: a signed record of the store, by epoch and place.
        recent: the newest records of the store, the oldest of them first.
        statements: signs and keeps decisions; None: none are taken.
        memory: knows them after a restart.
        health: how the terminal is.
        two_persons: a decision needs two attendants.
        answered: told when a call was answered, so that the visitor sees it.
    """

    def __init__(
        self,
        *,
        terminal: Callable[[], Terminal],
        clock: Clock,
        wall: WallClock,
        token: Callable[[str, int], Awaitable[str | None]],
        recent: Callable[[], Awaitable[Sequence[Stored]]],
        statements: Callable[[], Statements | None],
        memory: DeskMemory,
        health: Callable[[], HealthReport],
        two_persons: bool = False,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._terminal = terminal
        self._clock = clock
        self._wall = wall
        self._token = token
        self._recent = recent
        self._statements = statements
        self._memory = memory
        self._two_persons = two_persons
        self._answered = answered
        self._kept = KeptVisits()
        self._calls = Calls()
        self._calls_changed = 0
        self._obstacle = ""
        self._version = 1  # 0 stands for whoever knows nothing yet
        self._news = asyncio.Event()
        self.health = health

    # --- what the terminal tells ----------------------------------------------------
    def begun(self, visit: int, purpose: Purpose, transaction: str) -> None:
        """Take up a visit, whoever began it."""
        self._keep(
            Kept(
                visit,
                self._clock.now(),
                VisitLine(
                    transaction=transaction,
                    purpose=purpose,
                    state=VisitState.OPENING,
                    begun_at=self._wall.moment().utc_s,
                    next_step=NextStep.WAIT,
                ),
            )
        )

    def concluded(self, conclusion: Conclusion, stored: Stored | None) -> None:
        """Take note of the end; without `stored` there is no result, nor a verdict."""
        kept = self._kept.by_number(conclusion.visit)
        if kept is None:
            return
        if stored is not None:
            kept.deciding = self._deciding(kept.line, stored)
        kept.over.set()
        self._change(kept, desk_lines.ended(kept.line, conclusion, stored))
        if Reason.ATTENDANT_ASKED in conclusion.reasons:
            self.called(conclusion.visit)

    def over(self, visit: int) -> None:
        """Nothing to do: for the clerk it ended with its conclusion."""

    def called(self, visit: int = 0) -> None:
        """Somebody asks for an attendant; once for each visit."""
        kept = self._kept.by_number(visit) if visit else None
        transaction = kept.line.transaction if kept else ""
        if self._calls.made(transaction, self._wall.moment().utc_s):
            self._tell_calls()

    # --- what the clerk asks --------------------------------------------------------
    def visits(self) -> VisitList:
        """Return what is known, the newest first."""
        self._look()
        lines = tuple(kept.line for kept in reversed(self._kept.all))
        return VisitList(visits=lines, obstacle=self._obstacle)

    def visit(self, transaction: str) -> VisitLine | Refused:
        """Return one visit."""
        self._look()
        kept = self._kept.get(transaction)
        return kept.line if kept else Refused.UNKNOWN_VISIT

    def open(self, wanted: OpenVisit) -> tuple[VisitLine, bool] | Refused:
        """Open a visit, or find the one of this transaction; say whether it is new."""
        self._look()
        if kept := self._kept.get(wanted.transaction):
            same = kept.line.purpose is wanted.purpose
            return (kept.line, False) if same else Refused.OTHER_PURPOSE
        terminal = self._terminal()
        if obstacle := terminal.obstacle:
            return Refused.BUSY if obstacle == "busy" else Refused.OUT_OF_SERVICE
        number = terminal.begin(purpose=wanted.purpose, transaction=wanted.transaction)
        kept = self._kept.get(wanted.transaction)
        if number is None or kept is None:
            return Refused.BUSY
        log.info("event=desk_opened visit=%d purpose=%s", number, wanted.purpose)
        return kept.line, True

    async def cancel(self, transaction: str) -> VisitLine | Refused:
        """End a visit; return when it has ended, by us or a moment before us."""
        kept = self._kept.get(transaction)
        if kept is None:
            return Refused.UNKNOWN_VISIT
        if kept.line.state is not VisitState.ENDED:
            self._terminal().post(Cancelled(visit=kept.visit))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CANCELLED_WITHIN_S):
                    await kept.over.wait()
        if kept.line.state is not VisitState.ENDED or (
            Reason.CANCELLED in kept.line.reasons
        ):
            return kept.line
        return Refused.ALREADY_ENDED

    async def result(self, transaction: str) -> str | Refused:
        """Return the signed result, byte for byte as the carrier gets it."""
        kept = self._kept.get(transaction)
        if kept is None:
            return Refused.UNKNOWN_VISIT
        if kept.line.state is not VisitState.ENDED:
            return Refused.NO_RESULT_YET
        place = kept.line.result
        token = await self._token(place.epoch, place.seq) if place else None
        return token or Refused.NO_RESULT

    async def decide(self, transaction: str, wanted: Decide) -> VisitLine | Refused:
        """Take an attendant's decision about a visit that was referred."""
        kept = self._kept.get(transaction)
        if kept is None:
            return Refused.UNKNOWN_VISIT
        if kept.line.state is not VisitState.ENDED:
            return Refused.NO_RESULT_YET
        if kept.line.verdict is not Verdict.REFERRED or kept.deciding is None:
            return Refused.NOT_REFERRED
        if wanted.decision == "accept" and not kept.line.has_person:
            return Refused.NO_PERSON
        statements = self._statements()
        if statements is None:
            return Refused.NO_DECISIONS
        refused = await kept.deciding.decide(wanted, statements)
        line = kept.deciding.shown_in(kept.line)
        if line != kept.line:
            self._change(kept, line)
        return refused or line

    def calls(self) -> CallList:
        """Return who waits for an attendant."""
        return CallList(calls=self._calls.open)

    def answer(self, call: int) -> CallList | Refused:
        """Somebody goes there."""
        if not self._calls.answered(call):
            return Refused.UNKNOWN_CALL
        self._tell_calls()
        self._answered()
        return self.calls()

    # --- what changes ---------------------------------------------------------------
    async def news(self, since: int) -> tuple[int, DeskEvent]:
        """Wait until something has changed after `since`; return all that has.

        The number is for the next call; 0 gives all that there is, at once.
        """
        while self._version <= since:
            await self._news.wait()
        lines = [kept.line for kept in self._kept.all if kept.changed > since]
        calls = self._calls_changed > since or not since
        return self._version, DeskEvent(
            visits=tuple(lines),
            calls=self._calls.open if calls else None,
            obstacle=self._obstacle,
        )

    async def run(self) -> None:
        """Look at the visit that goes on, until cancelled."""
        while True:
            self._look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def restore(self) -> None:
        """Read back what was before a restart; call it before anybody asks."""
        now_s, now = self._wall.moment().utc_s, self._clock.now()
        decided = await self._memory.decided()
        for stored in await self._recent():
            line = desk_lines.of_result(stored)
            age_s = 0.0 if line is None else float(max(0, now_s - line.begun_at))
            if line is None or age_s > KEEP_S:
                continue
            before = self._kept.get(line.transaction)
            if before is not None and before.visit:
                continue  # it goes on now; else the newest speaks, as before
            kept = Kept(0, now - age_s, line)
            kept.over.set()
            kept.deciding = self._deciding(line, stored)
            if made := decided.get((stored.epoch, stored.seq)):
                kept.deciding.made_before(made)
                kept.line = kept.deciding.shown_in(line)
            self._keep(kept)

    # --- inside ---------------------------------------------------------------------
    def _deciding(self, line: VisitLine, stored: Stored) -> Deciding:
        link = Link(stored.epoch, stored.seq, jws.chain_hash(stored.token))
        return Deciding(
            self._memory, line.transaction, link, two_persons=self._two_persons
        )

    def _keep(self, kept: Kept) -> None:
        self._kept.put(kept, self._clock.now())
        self._change(kept, kept.line)

    def _look(self) -> None:
        """Bring the visit that goes on up to what the terminal says now."""
        self._kept.forget_old(self._clock.now())
        terminal = self._terminal()
        glance, obstacle = terminal.glance, terminal.obstacle
        kept = self._kept.by_number(glance.visit) if glance.visit else None
        if kept is not None and kept.line.state is not VisitState.ENDED:
            line = desk_lines.going_on(kept.line, glance)
            if line != kept.line:
                self._change(kept, line)
        if obstacle != self._obstacle:
            self._obstacle = obstacle
            self._tell()

    def _change(self, kept: Kept, line: VisitLine) -> None:
        kept.line = line
        self._tell()
        kept.changed = self._version

    def _tell_calls(self) -> None:
        self._tell()
        self._calls_changed = self._version

    def _tell(self) -> None:
        self._version += 1
        self._news.set()
        self._news = asyncio.Event()
