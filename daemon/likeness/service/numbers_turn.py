"""The carrier's answer to check_numbers: asked for, shown for a while, cleared.

One visit at a time, after its acceptance. The visitor may mark lines that are not
theirs: that becomes a signed dispute. Nothing of an answer outlives the visit. Leaves
to others: the question and the dispute themselves (inquiry.py), the page (stage.py).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from likeness.core.chain import Stored
from likeness.core.scene import NumberLine
from likeness.core.visit_events import Event, Left, Lingered
from likeness.core.vocabulary import Conclusion, Purpose, Verdict
from likeness.errors import LikenessError
from likeness.service.ports_parts import Inquiry

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 15.0  # the inquiry gives up before that
NOTHING_SHOWN_S = 8.0  # a sentence that asks for nothing
MARGIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """What stands on the screen of this turn."""

    say: str
    detail: str = ""
    numbers: tuple[NumberLine, ...] = ()


class NumbersTurn:
    """Tells `changed` whenever `said` is another.

    Args:
        inquiry: who asks the carrier; looked up when it is used, None: nobody can.
        post: takes events for the session.
        changed: told of every change.
        shown_s: how long numbers stand on the screen.
        now: monotonic seconds.
    """

    def __init__(
        self,
        *,
        inquiry: Callable[[], Inquiry | None],
        post: Callable[[Event], None],
        changed: Callable[[], None],
        shown_s: float,
        now: Callable[[], float],
    ) -> None:
        self._inquiry = inquiry
        self._post = post
        self._changed = changed
        self._shown_s = shown_s
        self._now = now
        self._visit = 0
        self._end: asyncio.TimerHandle | None = None
        self._disputed = False
        self._writing: set[asyncio.Task[None]] = set()  # the loop itself forgets them
        self.said: Said | None = None
        self.until_s: float | None = None  # when what is said leaves the screen

    def concluded(self, conclusion: Conclusion, stored: Stored) -> bool:
        """Ask, if this visit is one that asks; say whether it is."""
        if conclusion.purpose is not Purpose.CHECK_NUMBERS:
            return False
        if conclusion.verdict is not Verdict.ACCEPTED or self._inquiry() is None:
            return False
        self._visit = conclusion.visit
        self.said = Said("asking_carrier")
        loop = asyncio.get_running_loop()
        # Later: only when the result is known to be safe the session waits for a time.
        loop.call_soon(self._stay, ANSWER_WITHIN_S)
        loop.call_soon(self._ask, conclusion, stored)
        return True

    def answered(self, visit: int, lines: tuple[NumberLine, ...] | None) -> None:
        """Take what the carrier says; None: it does not, now."""
        if visit != self._visit or self.said is None:
            return
        if self.said.say != "asking_carrier":
            return
        if lines is None:
            self._say(Said("answer_missing"), NOTHING_SHOWN_S)
        elif not lines:
            self._say(Said("answer_none"), NOTHING_SHOWN_S)
        else:
            self._say(Said("answer", str(len(lines)), lines), self._shown_s)

    def not_mine(self, places: tuple[int, ...]) -> None:
        """Dispute these lines; the numbers leave the screen with it."""
        said = self.said
        if said is None or said.say != "answer" or self._disputed:
            return
        wanted = sorted(set(places))
        if not wanted or wanted[-1] >= len(said.numbers):
            log.warning("event=dispute_of_nothing visit=%d", self._visit)
            return
        self._stay(NOTHING_SHOWN_S)
        self._disputed = True
        dispute = self._dispute(self._visit, wanted)
        task = asyncio.get_running_loop().create_task(dispute)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def over(self, visit: int) -> None:
        """Forget everything; a dispute that is being written is written to its end."""
        if self._end is not None:
            self._end.cancel()
        inquiry = self._inquiry()
        if visit == self._visit and inquiry is not None:
            inquiry.forget(visit)
        self._end = self.said = self.until_s = None
        self._disputed = False
        self._visit = 0

    def _ask(self, conclusion: Conclusion, stored: Stored) -> None:
        inquiry = self._inquiry()
        if conclusion.visit == self._visit and inquiry is not None:
            inquiry.ask(conclusion, stored, self.answered)

    async def _dispute(self, visit: int, places: list[int]) -> None:
        inquiry = self._inquiry()
        if inquiry is None:
            return
        try:
            await inquiry.dispute(visit, places)
        except LikenessError as fault:
            log.warning("event=dispute_not_kept visit=%d why=%s", visit, fault)
            said = Said("dispute_not_kept")
        else:
            log.info("event=disputed visit=%d lines=%d", visit, len(places))
            said = Said("disputed", str(len(places)))
        if visit == self._visit:
            self._say(said, NOTHING_SHOWN_S)

    def _say(self, said: Said, for_s: float) -> None:
        self.said = said
        self._stay(for_s)
        self._changed()

    def _stay(self, for_s: float) -> None:
        """Keep the screen for so long, then leave."""
        if self._end is not None:
            self._end.cancel()
        loop = asyncio.get_running_loop()
        self._post(Lingered(self._visit, for_s + MARGIN_S))
        self._end = loop.call_later(for_s, self._leave, self._visit)
        self.until_s = self._now() + for_s

    def _leave(self, visit: int) -> None:
        if visit == self._visit:
            self.said = None if self.said is None else Said(self.said.say)
            self._post(Left(visit))
