"""Asks the carrier which numbers stand under the name of who was just accepted.

The question names the result and carries a key made for this visit alone; an answer
counts only if the carrier signed it for just this question, and sealed it to just this
key. Nothing of it touches disk or log; what stays until the visit is over is what the
carrier calls the numbers, so that a dispute can name them. Leaves to others: showing
and clearing (the stage), keeping a dispute (`statements`), signatures, sealing.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from likeness.core import asks, jws
from likeness.core.chain import Link, Stored
from likeness.core.scene import NumberLine
from likeness.core.vocabulary import Conclusion
from likeness.errors import KeyLost, Untrusted, UsageError
from likeness.service.commanding import Say
from likeness.service.notary import Notary
from likeness.service.ports_carrier import AnswerVerifier, VisitKey
from likeness.service.ports_parts import Answered, Statements
from likeness.service.timekeeping import Timekeeping

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 10.0
ASK_AGAIN_S = 1.5  # the result may still be on its way to the carrier


@dataclass(slots=True)
class _Asked:
    visit: int
    transaction: str
    result: Link
    jti: str
    hash: str
    token: bytes = field(repr=False)
    key: VisitKey = field(repr=False)
    answered: Answered = field(repr=False)
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Known:
    """What can be disputed."""

    visit: int
    transaction: str
    result: Link
    answer: str  # its jti
    refs: tuple[str, ...]


class CarrierInquiry:
    """`Inquiry` of `service.ports_parts`; one question at a time.

    Args:
        notary: signs the question.
        verifier: knows the carrier's answer key.
        make_key: makes a key for one visit.
        statements: keep a dispute.
        time: what time it is, for expiry.
        say: publishes.
        within_s: how long an answer is waited for.
        again_s: after how long the same question is said again.
    """

    def __init__(
        self,
        *,
        notary: Notary,
        verifier: AnswerVerifier,
        make_key: Callable[[], VisitKey],
        statements: Statements,
        time: Timekeeping,
        say: Say,
        within_s: float = ANSWER_WITHIN_S,
        again_s: float = ASK_AGAIN_S,
    ) -> None:
        self._notary = notary
        self._verifier = verifier
        self._make_key = make_key
        self._statements = statements
        self._time = time
        self._say = say
        self._within_s = within_s
        self._again_s = again_s
        self._asked: _Asked | None = None
        self._known: _Known | None = None
        self._questions: asyncio.Queue[_Asked] = asyncio.Queue()

    # --- from the stage -------------------------------------------------------------
    def ask(self, conclusion: Conclusion, stored: Stored, answered: Answered) -> None:
        """Ask; `answered` is told on the loop, at most once."""
        self._drop()
        visit = conclusion.visit
        result = Link(stored.epoch, stored.seq, jws.chain_hash(stored.token))
        jti, key = secrets.token_hex(16), self._make_key()
        try:
            token = self._notary.ask(
                asks.QUESTION,
                jti,
                conclusion.transaction,
                result,
                ask="check_numbers",
                key=key.public,
            ).encode()
        except (KeyLost, UsageError) as fault:
            log.warning("event=numbers_not_asked visit=%d why=%s", visit, fault)
            asyncio.get_running_loop().call_soon(answered, visit, None)
            return
        self._asked = _Asked(
            visit,
            conclusion.transaction,
            result,
            jti,
            jws.chain_hash(token),
            token,
            key,
            answered,
        )
        self._questions.put_nowait(self._asked)

    async def dispute(self, visit: int, places: Sequence[int]) -> str:
        """State that these lines are not the visitor's; return when it is safe."""
        known = self._known
        if known is None or known.visit != visit:
            raise UsageError("no numbers of this visit are known any more")
        wanted = sorted(set(places))
        if not wanted or not 0 <= wanted[0] <= wanted[-1] < len(known.refs):
            raise UsageError("there is no such line among the numbers")
        return await self._statements.dispute(
            transaction=known.transaction,
            result=known.result,
            answer=known.answer,
            numbers=[known.refs[place] for place in wanted],
        )

    def forget(self, visit: int) -> None:
        """Drop what was asked for and answered to this visit."""
        if self._known is not None and self._known.visit == visit:
            self._known = None
        if self._asked is not None and self._asked.visit == visit:
            self._drop()

    # --- from the line --------------------------------------------------------------
    def hear_sealed(self, sealed: bytes) -> None:
        """Take in a list of numbers.

        Raises:
            Untrusted: it is not the answer to our question.
        """
        asked = self._asked
        if asked is None:
            raise Untrusted("a sealed answer that nobody waits for")
        claims = self._verifier.numbers(
            asked.key.open(sealed), self._time.believed_now()
        )
        meant = (asked.jti, asked.hash, asked.transaction, asked.key.public.kid)
        if (claims.ask, claims.of, claims.transaction, claims.key) != meant:
            raise Untrusted("an answer to another question")
        refs = tuple(one.ref for one in claims.numbers)
        if len(set(refs)) != len(refs):
            raise Untrusted("two numbers by one name")
        self._known = _Known(
            asked.visit, asked.transaction, asked.result, claims.jti, refs
        )
        log.info("event=numbers_answered visit=%d", asked.visit)
        self._end(
            asked,
            tuple(
                NumberLine(number=one.number, place=one.place, since=one.since)
                for one in claims.numbers
            ),
        )

    def takes(self, answer: asks.Answer) -> bool:
        """Say whether this answer, without numbers, was ours; then that was all."""
        asked = self._asked
        if asked is None or (answer.ask, answer.of) != (asked.jti, asked.hash):
            return False
        log.warning(
            "event=numbers_refused visit=%d reason=%r", asked.visit, answer.reason
        )
        self._end(asked, None)
        return True

    async def run(self) -> None:
        """Put questions until cancelled."""
        while True:
            asked = await self._questions.get()
            await self._put(asked)
            if not asked.over.is_set():
                log.warning("event=numbers_not_answered visit=%d", asked.visit)
                self._end(asked, None)
            del asked  # its key goes with it

    # --- inside ---------------------------------------------------------------------
    async def _put(self, asked: _Asked) -> None:
        """Say it, and again, until there is an answer or nobody waits any longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._within_s):
                while not asked.over.is_set():
                    self._say("ask", asked.token)
                    # Not wait_for: in 3.11 it may swallow the end of this task.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._again_s):
                            await asked.over.wait()

    def _end(self, asked: _Asked, lines: tuple[NumberLine, ...] | None) -> None:
        self._drop()
        asked.answered(asked.visit, lines)

    def _drop(self) -> None:
        """Wait for no answer any more; the key goes with the question."""
        if self._asked is not None:
            self._asked.over.set()
        self._asked = None


class NoInquiry:
    """Where the terminal has no key to know answers by: it cannot be asked here."""

    def ask(self, conclusion: Conclusion, _stored: Stored, answered: Answered) -> None:
        """Say so."""
        loop = asyncio.get_running_loop()
        loop.call_soon(answered, conclusion.visit, None)

    async def dispute(self, _visit: int, _places: Sequence[int]) -> str:
        """Nothing was answered that could be disputed."""
        raise UsageError("no numbers are known: keys.carrier_answer_key is not set")

    def forget(self, _visit: int) -> None:
        """There is nothing."""
